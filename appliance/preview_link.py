"""The way of preview pictures from vision to the screen: the newest only, nobody is waited for.

One message of a SOCK_SEQPACKET socket is one picture: a header of its running number and the time
of its exposure, then its JPEG bytes. A picture taken at 0 is the black one that ends a preview.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Final

from appliance.errors import LinkError
from appliance.link import Door

if TYPE_CHECKING:
    from pathlib import Path

HEADER: Final = struct.Struct("!IQ")
"""Running number, counted from 1 by each connection, and CLOCK_MONOTONIC of the exposure, ns."""
LARGEST: Final = 96 * 1024
"""Bytes of one picture; a real one has 10,000 to 40,000."""
QUEUE: Final = 128 * 1024
"""Bytes the kernel holds for a screen that does not read: a few pictures, then they are dropped."""
BEGINS, ENDS = b"\xff\xd8", b"\xff\xd9"


class PreviewSender:
    """Vision's end: connects when it has something to show, and drops what is not taken at once.

    Args:
        path: of the socket on which the screen listens.

    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket: socket.socket | None = None
        self._number = 0

    def send(self, taken_ns: int, picture: memoryview) -> bool:
        """Hand over one picture; False if nobody listens, the last were not taken, or too large."""
        if len(picture) > LARGEST:
            return False
        if self._socket is None and not self._connect():
            return False
        assert self._socket is not None  # noqa: S101 - connected above
        header = HEADER.pack(self._number + 1, taken_ns)
        try:
            self._socket.sendmsg((header, picture))
        except BlockingIOError:
            return False
        except OSError:  # the screen is gone
            self.close()
            return False
        self._number = (self._number + 1) % 0xFFFF_FFFF
        return True

    def close(self) -> None:
        """Let go of the screen, which then shows nothing; closing twice is allowed."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.setblocking(False)  # noqa: FBT003
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, QUEUE)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            return False
        self._socket, self._number = connection, 0
        return True


class PreviewReceiver:
    """The screen's end: listens, and keeps one picture in memory that it overwrites.

    Args:
        path: of the socket, in a folder that only the rooms' users can enter.
        uid: the user vision runs as.

    Raises:
        LinkError: the socket cannot be made.

    """

    def __init__(self, path: Path, uid: int | None = None) -> None:
        self._door = Door(path, os.getuid() if uid is None else uid)
        self._connection: socket.socket | None = None
        self._memory = bytearray(HEADER.size + LARGEST + 1)
        self._number = 0
        self._length = 0
        self.taken_ns = 0

    def fileno(self) -> int:
        """Return the descriptor to wait on; it changes when vision comes and goes."""
        return self._door.fileno() if self._connection is None else self._connection.fileno()

    @property
    def picture(self) -> memoryview | None:
        """The newest picture, valid until the next call; None when nothing is to be shown."""
        if not self._length:
            return None
        return memoryview(self._memory)[HEADER.size : HEADER.size + self._length]

    def receive(self) -> bool:
        """Take in what waits, keep the newest; True if `picture` is another now. Never blocks.

        Raises:
            LinkError: vision sent what is no picture, or somebody else knocked; the connection is
                closed and nothing is shown.

        """
        if self._connection is None:
            self._connection, self._number = self._door.accept(), 0
            if self._connection is None:
                return False
            self._connection.setblocking(False)  # noqa: FBT003
        changed = False
        while True:
            try:
                size = self._connection.recv_into(self._memory)
            except BlockingIOError:
                return changed
            except OSError:
                size = 0
            if size == 0:  # vision is gone, and its last picture with it
                shown = self._length > 0
                self._drop()
                return changed or shown
            try:
                self._take(size)
            except LinkError:
                self._drop()
                raise
            changed = True

    def close(self) -> None:
        """Overwrite the picture and stop listening."""
        self._drop()
        self._door.close()

    def _take(self, size: int) -> None:
        length = size - HEADER.size
        if not 0 < length <= LARGEST:
            raise LinkError("preview", f"{size} bytes", f"a header and 1 to {LARGEST} bytes")
        number, taken_ns = HEADER.unpack_from(self._memory)
        if number != self._number + 1:
            raise LinkError("preview number", number, str(self._number + 1))
        picture = memoryview(self._memory)[HEADER.size : size]
        if picture[:2] != BEGINS or picture[-2:] != ENDS:
            raise LinkError("preview", "other bytes", "a JPEG picture")
        self._number, self.taken_ns = number, taken_ns
        self._length = length if taken_ns else 0
        if not taken_ns:
            self._wipe()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._length = self.taken_ns = 0
        self._wipe()

    def _wipe(self) -> None:
        self._memory[:] = bytes(len(self._memory))
