"""Messages over a Unix socket: framing, peer check, order, age and size."""

from __future__ import annotations

import os
import socket
import stat
import struct
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.errors import LinkClosedError, LinkError
from appliance.messages import PROTOCOL

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.messages import Message
    from appliance.orders import Order
    from appliance.terminal import ScreenMessage

    Said = Message | Order | ScreenMessage

LARGEST = 16_384
"""Bytes of one message; the largest real one, face evidence, has about 2,000."""
OLDEST_NS = 2_000_000_000
"""A message this old tells of a person who may have gone."""
YOUNGEST_NS = 50_000_000
"""A message from further in the future was not sent by this machine's clock."""
BATCH = 64
"""Messages taken at one call; a flood cannot keep the reader from its other work."""
_CREDENTIALS = struct.Struct("3i")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What bytes can bring the decoder to raise: no msgpack, no UTF-8, nested without end."""


class _Envelope(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is on the wire: version, running number, time of sending, kind and body."""

    protocol: int
    number: int
    sent_ns: int
    kind: str
    body: msgspec.Raw


class Link:
    """One end of a connection between two rooms.

    A SOCK_SEQPACKET socket keeps the bounds of messages and their order. Whatever breaks a rule
    raises and leaves the connection to be closed by its owner: a room that sends nonsense once
    is not asked again, its supervisor starts it anew.

    Args:
        connection: a connected SOCK_SEQPACKET socket.
        receives: the messages this end accepts.
        clock: the clock both ends share.

    """

    def __init__(
        self, connection: socket.socket, receives: tuple[type[Any], ...], clock: Clock
    ) -> None:
        connection.setblocking(False)  # noqa: FBT003
        self._connection = connection
        self._clock = clock
        self._bodies = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in receives}
        self._envelope = msgspec.msgpack.Decoder(_Envelope)
        self._sent = 0
        self._received = 0

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._connection.fileno()

    def send(self, message: Said) -> None:
        """Send one message.

        Raises:
            LinkClosedError: the other room is gone, or has not read for so long that the socket
                is full, which is the same to whoever depends on it.

        """
        self._sent += 1
        envelope = _Envelope(
            protocol=PROTOCOL,
            number=self._sent,
            sent_ns=self._clock.now_ns(),
            kind=type(message).__name__,
            body=msgspec.Raw(msgspec.msgpack.encode(message)),
        )
        try:
            self._connection.send(msgspec.msgpack.encode(envelope))
        except OSError as fault:
            raise LinkClosedError("link", str(fault), "a room that listens") from fault

    def receive(self) -> list[Said]:
        """Return the messages waiting, oldest first; never blocks.

        Raises:
            LinkError: a message is malformed, out of order, stale or too large.
            LinkClosedError: the other room is gone.

        """
        messages: list[Said] = []
        while len(messages) < BATCH:
            try:
                content = self._connection.recv(LARGEST + 1)
            except BlockingIOError:
                break
            except OSError as fault:
                raise LinkClosedError("link", str(fault), "a connection") from fault
            if not content:
                if messages:
                    break  # what it said before it went still counts; the next call tells
                raise LinkClosedError("link", "end of connection", "a room that listens")
            messages.append(self._opened(content))
        return messages

    def close(self) -> None:
        """Close this end; closing twice is allowed."""
        self._connection.close()

    def _opened(self, content: bytes) -> Said:
        if len(content) > LARGEST:
            raise LinkError("message", "more than the limit", f"at most {LARGEST} bytes")
        try:
            envelope = self._envelope.decode(content)
        except _UNREADABLE as fault:
            raise LinkError("message", str(fault), "an envelope") from fault
        if envelope.protocol != PROTOCOL:
            raise LinkError("message version", envelope.protocol, str(PROTOCOL))
        if envelope.number != self._received + 1:
            raise LinkError("message number", envelope.number, str(self._received + 1))
        age = self._clock.now_ns() - envelope.sent_ns
        if not -YOUNGEST_NS <= age <= OLDEST_NS:
            raise LinkError("message age", f"{age / 1e9:.2f} s", f"0 to {OLDEST_NS / 1e9:.0f} s")
        decoder = self._bodies.get(envelope.kind)
        if decoder is None:
            raise LinkError("message kind", envelope.kind, f"one of {', '.join(self._bodies)}")
        self._received += 1
        try:
            message: Said = decoder.decode(envelope.body)
        except _UNREADABLE as fault:
            raise LinkError(f"message {envelope.kind}", str(fault), "its fields") from fault
        # A dataclass takes fields it does not know in silence; its one form has none.
        if msgspec.msgpack.encode(message) != bytes(envelope.body):
            raise LinkError(f"message {envelope.kind}", "another form", "its fields, no others")
        return message


class Door:
    """Where one room waits for another to connect.

    On a real gate each room is a user of its own. There the folder's set-gid bit says so: its
    group is the one room that may connect, beside our own user.

    Args:
        path: of the socket, or a link to it; in a folder that only the two rooms can enter.
        uid: the user the other room runs as.

    Raises:
        LinkError: the socket cannot be made.

    """

    def __init__(self, path: Path, uid: int | None = None) -> None:
        self._path = path = path.resolve()
        self._uid = os.getuid() if uid is None else uid
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            folder = path.parent.stat()
            self._gid = folder.st_gid if folder.st_mode & stat.S_ISGID else None
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            path.chmod(0o600 if self._gid is None else 0o660)
            self._socket.listen(1)
        except OSError as fault:
            self._socket.close()
            raise LinkError(f"socket {path}", str(fault), "a folder to make it in") from fault
        self._socket.setblocking(False)  # noqa: FBT003

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def accept(self) -> socket.socket | None:
        """Return a connection from the right user, or None if nobody waits.

        Raises:
            LinkError: a process of another user knocked; it was sent away.

        """
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return None
        packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, gid = _CREDENTIALS.unpack(packed)
        if uid != self._uid and gid != self._gid:
            connection.close()
            raise LinkError("peer", f"user {uid}", f"user {self._uid}")
        return connection

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def connect(path: Path) -> socket.socket:
    """Return a connection to a room that listens at `path`.

    Raises:
        LinkClosedError: nobody listens there.

    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.setblocking(False)  # noqa: FBT003 - a room that hangs must not hang its caller
    try:
        connection.connect(str(path))
    except OSError as fault:
        connection.close()
        raise LinkClosedError(f"socket {path}", str(fault), "a room that listens") from fault
    return connection


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected ends for rooms that share a process."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
