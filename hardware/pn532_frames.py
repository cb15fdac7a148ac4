"""Frames between host and PN532, as bytes: NXP UM0701-02 section 6.2.1; no device here.

==========  =================================================
normal      00 00 FF LEN LCS TFI PD.. DCS 00
extended    00 00 FF FF FF LENM LENL LCS TFI PD.. DCS 00
ACK         00 00 FF 00 FF 00
NACK        00 00 FF FF 00 00
error       00 00 FF 01 FF 7F 81 00
==========  =================================================

LEN counts TFI and PD; LEN + LCS and TFI + PD + DCS are 0 modulo 256.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

ACK: Final = bytes.fromhex("0000FF00FF00")
NACK: Final = bytes.fromhex("0000FFFF0000")
START: Final = b"\x00\xff"
TO_CHIP: Final = 0xD4
TO_HOST: Final = 0xD5
ERROR_BODY: Final = b"\x7f"
MOST_BODY: Final = 265
"""TFI and packet data of the longest frame the chip takes or gives."""
MOST_FRAME: Final = 3 + 5 + MOST_BODY + 2
_LONGEST_NORMAL = 255
_SHORT_HEADER, _LONG_HEADER = 4, 7


class Kind(Enum):
    """What arrived."""

    ACK = "ack"
    NACK = "nack"
    SYNTAX_ERROR = "syntax error"
    """The chip did not understand the command."""
    DAMAGED = "damaged"
    """A checksum is wrong, or a length no frame has."""
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Received:
    """One frame from the chip; `data` is response code and packet data of `Kind.DATA`."""

    kind: Kind
    data: bytes = b""


def encode(data: bytes) -> bytes:
    """Frame a command (code and packet data) to the chip.

    Raises:
        ValueError: the command is empty or longer than the chip takes.

    """
    body = bytes((TO_CHIP,)) + data
    if not data or len(body) > MOST_BODY:
        raise ValueError(f"PN532 command of {len(data)} bytes; expected 1..{MOST_BODY - 1}")
    size = len(body)
    if size <= _LONGEST_NORMAL:
        header = bytes((size, -size & 0xFF))
    else:
        high, low = divmod(size, 256)
        header = bytes((0xFF, 0xFF, high, low, -(high + low) & 0xFF))
    return b"\x00\x00\xff" + header + body + bytes((-sum(body) & 0xFF, 0x00))


class FrameReader:
    """Finds frames in bytes that arrive in any pieces, with any junk between.

    Attributes:
        wanted: size of the frame under way, bytes from its start code; 0 while it is unknown.

    """

    def __init__(self) -> None:
        self.wanted = 0
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> None:
        """Take bytes from the wire."""
        self._bytes += piece

    def clear(self) -> None:
        """Forget what arrived."""
        self.wanted = 0
        self._bytes.clear()

    def take(self) -> Received | None:
        """Return the oldest frame, or None until more bytes arrive."""
        self.wanted = 0
        start = self._bytes.find(START)
        # The last byte may be the first half of a start code.
        del self._bytes[: start if start >= 0 else max(len(self._bytes) - 1, 0)]
        if start < 0 or len(self._bytes) < _SHORT_HEADER:
            return None
        length, check = self._bytes[2:_SHORT_HEADER]
        if (length, check) == (0x00, 0xFF):
            return self._end(_SHORT_HEADER, Kind.ACK)
        if (length, check) == (0xFF, 0x00):
            return self._end(_SHORT_HEADER, Kind.NACK)
        if (length, check) == (0xFF, 0xFF):
            if len(self._bytes) < _LONG_HEADER:
                return None
            high, low, check = self._bytes[_SHORT_HEADER:_LONG_HEADER]
            return self._body(_LONG_HEADER, 256 * high + low, high + low + check)
        return self._body(_SHORT_HEADER, length, length + check)

    def _body(self, header: int, length: int, checked: int) -> Received | None:
        if checked & 0xFF or not 0 < length <= MOST_BODY:
            return self._end(len(START), Kind.DAMAGED)
        size = header + length + 1
        if len(self._bytes) < size:
            self.wanted = size
            return None
        body, total = bytes(self._bytes[header : size - 1]), sum(self._bytes[header:size])
        if total & 0xFF:
            return self._end(size, Kind.DAMAGED)
        if body == ERROR_BODY:
            return self._end(size, Kind.SYNTAX_ERROR)
        if body[0] != TO_HOST or len(body) == 1:
            return self._end(size, Kind.DAMAGED)
        return self._end(size, Kind.DATA, body[1:])

    def _end(self, size: int, kind: Kind, data: bytes = b"") -> Received:
        del self._bytes[:size]
        return Received(kind, data)
