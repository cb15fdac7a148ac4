"""The way of preview pictures from vision to the screen: the newest only, nobody is waited for.

One message of a SOCK_SEQPACKET socket is one picture: a header of its running number and the time
of its exposure, then its JPEG bytes. A picture taken at 0 is the black one that ends a preview.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

HEADER: Final = struct.Struct("!IQ")
"""Running number, counted from 1 by each connection, and CLOCK_MONOTONIC of the exposure, ns."""
LARGEST: Final = 96 * 1024
"""Bytes of one picture; a real one has 10,000 to 40,000."""
QUEUE: Final = 128 * 1024
"""Bytes the kernel holds for a screen that does not read: a few pictures, then they are dropped."""


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
