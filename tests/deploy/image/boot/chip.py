"""A PN532 at the far end of the machine's USB serial line, with a software card in its field."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.sim.card import SoftCard

ACK = bytes.fromhex("0000FF00FF00")
VERSION, LIST, EXCHANGE, DIAGNOSE = 0x02, 0x4A, 0x40, 0x00
ATS = bytes.fromhex("067577810280")
NOTICED_S = 300.0
GONE = b"\x01"
"""Status byte: no card answered in time."""


class Pn532:
    """The chip; QEMU listens at `path`, and takes the line for unplugged while nobody connects.

    Attributes:
        looks: how often it was asked for cards while there was none.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._card: SoftCard | None = None
        self._rest = b""
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.looks = 0

    def plug_in(self) -> None:
        """Connect; the guest meets a new USB device."""
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(self._path))
        self._thread = threading.Thread(target=self._run, args=(self._line,), name="pn532")
        self._thread.start()

    def unplug(self) -> None:
        """Disconnect."""
        if self._line is None or self._thread is None:
            return
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._line.close()
        self._line = None

    def hold(self, card: SoftCard) -> None:
        """Put a card into the field."""
        card.reset()
        self._card = card

    def take_away(self) -> None:
        """Take it out of the field, and wait until the gate looks for another one.

        A card that is back before the gate missed it never left, and opens nothing again.

        Raises:
            TimeoutError: the gate does not look.

        """
        self._card = None
        looks, until = self.looks, time.monotonic() + NOTICED_S
        while self.looks < looks + 2:
            if time.monotonic() > until:
                raise TimeoutError("the gate did not notice that the card is gone")
            time.sleep(0.02)

    def present(self, card: SoftCard, seconds: float) -> None:
        """Hold a card for so long, and take it away."""
        self.hold(card)
        time.sleep(seconds)
        self.take_away()

    def _run(self, line: socket.socket) -> None:
        with suppress(OSError):
            while piece := line.recv(4096):
                self._rest += piece
                for command in self._commands():
                    line.sendall(ACK + _frame(bytes((0xD5, command[0] + 1)) + self._do(command)))

    def _commands(self) -> list[bytes]:
        """Return the whole commands heard; wake-up, ACK and NACK are none."""
        found = []
        while (at := self._rest.find(b"\x00\xff")) >= 0:
            frame = self._rest[at + 2 :]
            if frame[:2] in {b"\x00\xff", b"\xff\x00"}:
                self._rest = frame[2:]
                continue
            long = frame[:2] == b"\xff\xff"
            head = 5 if long else 2
            if len(frame) < head:
                break
            size = 256 * frame[2] + frame[3] if long else frame[0]
            if len(frame) < head + size + 1:
                break
            found.append(frame[head + 1 : head + size])
            self._rest = frame[head + size + 1 :]
        return found

    def _do(self, command: bytes) -> bytes:
        code, data, card = command[0], command[1:], self._card
        if code == VERSION:
            return bytes.fromhex("32010607")
        if code == LIST:
            self.looks += card is None
            if card is None or data[1] != 0:
                return b"\x00"
            return bytes((1, 1, 0x03, 0x44, 0x20, len(card.uid))) + card.uid + ATS
        if code == DIAGNOSE:
            return GONE if card is None else b"\x00"
        if code == EXCHANGE:
            return GONE if card is None else b"\x00" + card.transmit(data[1:])
        return b"\x00"


def _frame(body: bytes) -> bytes:
    size = len(body)
    if size < 256:
        head = bytes((size, -size % 256))
    else:
        high, low = divmod(size, 256)
        head = bytes((255, 255, high, low, -(high + low) % 256))
    return b"\x00\x00\xff" + head + body + bytes((-sum(body) % 256, 0))
