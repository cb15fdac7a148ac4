"""A software DESFire EV2/EV3 card that answers APDUs: for simulation sites, demo and tests.

Written for itself, from the same published facts as the gate's side and sharing no code with it,
so that the two check each other.
"""
# ruff: noqa: PLR2004 - the numbers are the wire format's bytes and lengths

from __future__ import annotations

import hmac
import secrets
import zlib
from typing import TYPE_CHECKING, Final

from hardware.sim.card_channel import DONE, INTEGRITY, LENGTH, Channel, RefusedError, cbc
from hardware.sim.card_memory import EV1, EV3, Memory, SoftApplication, SoftFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ATR: Final = bytes.fromhex("3B8180018080")
"""What a PC/SC reader makes of a DESFire's one historical byte."""
_PRODUCTION: Final = bytes.fromhex("BA5535A9B02021")
_MORE, _DENIED, _ILLEGAL, _NO_KEY = 0xAF, 0xAE, 0x1C, 0x40
_NO_APP, _NO_FILE, _TWICE = 0xA0, 0xF0, 0xDE
_RIGHT, _BOUNDARY, _PARAMETER = 0x9D, 0xBE, 0x9E
_NEVER = 15


class SoftCard:
    """One card; `transmit` is its field: an APDU in, an answer out.

    Args:
        memory: what it keeps.
        draw: gives random bytes.

    """

    def __init__(self, memory: Memory, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.memory = memory
        self._draw = draw
        self.reset()

    @classmethod
    def blank(
        cls, uid: bytes, version: tuple[bytes, bytes] = EV3, kept: Path | None = None
    ) -> SoftCard:
        """Return a card as the factory makes it; with `kept`, written there at once."""
        card = cls(Memory(uid, version, kept=kept))
        card.memory.save()
        return card

    @property
    def uid(self) -> bytes:
        """What anticollision tells."""
        return self.memory.uid

    def reset(self) -> None:
        """Forget selection and session, as a card does that leaves the field."""
        self._selected = bytes(3)
        self._channel: Channel | None = None
        self._asked: tuple[int, bytes] | None = None
        self._rest: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        """Answer one APDU."""
        if command[:2] == b"\xff\xca":
            return b"\x6a\x81"  # a reader's own command that reached a card
        if len(command) < 5 or command[0] != 0x90 or command[2:4] != b"\x00\x00":
            return b"\x6e\x00"
        data = command[5:-1]
        if len(command) > 5 and (command[4] != len(data) or command[-1] != 0):
            return b"\x67\x00"
        try:
            answer = self._native(command[1], data)
        except RefusedError as refusal:
            self._channel, self._asked, self._rest = None, None, []
            return bytes([0x91, refusal.status])
        return answer

    def _native(self, ins: int, data: bytes) -> bytes:
        if ins == _MORE:
            return self._continue(data)
        self._asked, self._rest = None, []
        work = {
            0x5A: self._select,
            0x60: self._version,
            0x71: self._begin,
            0x51: self._card_uid,
            0xAD: self._read,
            0x8D: self._write,
            0x64: self._key_version,
            0xC4: self._change_key,
            0xCA: self._create_application,
            0xCD: self._create_file,
        }.get(ins)
        if work is None:
            raise RefusedError(_ILLEGAL)
        return work(data)

    def _continue(self, data: bytes) -> bytes:
        if self._rest:
            part = self._rest.pop(0)
            return _answer(part, _MORE if self._rest else DONE)
        if self._asked is None:
            raise RefusedError(_ILLEGAL)
        number, rnd_b = self._asked
        self._asked = None
        if len(data) != 32:
            raise RefusedError(LENGTH)
        key = self._application().keys[number]
        plain = cbc(key, bytes(16), data, decrypting=True)
        rnd_a, proof = plain[:16], plain[16:]
        if not hmac.compare_digest(proof, rnd_b[1:] + rnd_b[:1]):
            raise RefusedError(_DENIED)
        ti = self._draw(4)
        self._channel = Channel.agreed(number, key, rnd_a, rnd_b, ti)
        return _answer(cbc(key, bytes(16), ti + rnd_a[1:] + rnd_a[:1] + bytes(12)))

    def _select(self, data: bytes) -> bytes:
        self._channel = None
        if len(data) != 3:
            raise RefusedError(LENGTH)
        aid = data[::-1]
        if aid != bytes(3) and aid not in self.memory.applications:
            raise RefusedError(_NO_APP)
        self._selected = aid
        return _answer()

    def _version(self, data: bytes) -> bytes:
        if data:
            raise RefusedError(LENGTH)
        hardware, software = self.memory.version
        self._rest = [software, self.uid + _PRODUCTION]
        return _answer(hardware, _MORE)

    def _begin(self, data: bytes) -> bytes:
        self._channel = None
        if len(data) < 2 or len(data) != 2 + data[1]:
            raise RefusedError(LENGTH)
        if self.memory.version == EV1:
            raise RefusedError(_ILLEGAL)  # EV1 does not know this command
        keys = self._application().keys
        if data[0] >= len(keys):
            raise RefusedError(_NO_KEY)
        rnd_b = self._draw(16)
        self._asked = (data[0], rnd_b)
        return _answer(cbc(keys[data[0]], bytes(16), rnd_b), _MORE)

    def _card_uid(self, data: bytes) -> bytes:
        channel = self._open_channel()
        channel.check(0x51, b"", data)
        return _answer(channel.sealed(self.uid))

    def _read(self, data: bytes) -> bytes:
        header, given = data[:7], data[7:]
        channel = self._open_channel()
        channel.check(0xAD, header, given)
        file, offset, length = self._file(header, channel, 0)
        return _answer(channel.sealed(bytes(file.content[offset : offset + length])))

    def _write(self, data: bytes) -> bytes:
        header, secret = data[:7], data[7:-8]
        channel = self._open_channel()
        channel.check(0x8D, header + secret, data[-8:])
        file, offset, length = self._file(header, channel, 1)
        plain = channel.opened(secret)
        if len(plain) != length:
            raise RefusedError(LENGTH)
        file.content[offset : offset + length] = plain
        self.memory.save()
        return _answer(channel.signed())

    def _key_version(self, data: bytes) -> bytes:
        number = data[:1]
        if self._channel is not None:
            self._channel.check(0x64, number, data[1:])
        versions = self._application().versions
        if not number or number[0] >= len(versions):
            raise RefusedError(_NO_KEY)
        found = bytes([versions[number[0]]])
        return _answer(self._channel.signed(found) if self._channel else found)

    def _change_key(self, data: bytes) -> bytes:
        channel, app = self._open_channel(), self._application()
        channel.check(0xC4, data[:-8], data[-8:])
        slot = data[0] if len(data) > 8 else 255
        if slot >= len(app.keys):
            raise RefusedError(_NO_KEY)
        if channel.key_number != app.settings >> 4:
            raise RefusedError(_RIGHT)
        plain = channel.opened(data[1:-8])
        own = slot == channel.key_number
        if len(plain) != (17 if own else 21):
            raise RefusedError(LENGTH)
        key = plain[:16]
        if not own:
            key = bytes(a ^ b for a, b in zip(key, app.keys[slot], strict=True))
            register = zlib.crc32(key) ^ 0xFFFFFFFF
            if plain[17:] != register.to_bytes(4, "little"):
                raise RefusedError(INTEGRITY)
        app.keys[slot], app.versions[slot] = key, plain[16]
        self.memory.save()
        if own:
            self._channel = None  # whoever changed the session's key must prove the new one
            return _answer()
        return _answer(channel.signed())

    def _create_application(self, data: bytes) -> bytes:
        if self._selected != bytes(3):
            raise RefusedError(_RIGHT)
        if len(data) != 5:
            raise RefusedError(LENGTH)
        aid, settings, count = data[2::-1], data[3], data[4]
        slots = count & 0x0F
        if count & 0xF0 != 0x80 or not 1 <= slots <= 14:
            raise RefusedError(_PARAMETER)
        if aid in self.memory.applications or aid == bytes(3):
            raise RefusedError(_TWICE)
        self.memory.applications[aid] = SoftApplication(settings, [bytes(16)] * slots, [0] * slots)
        self.memory.save()
        return _answer()

    def _create_file(self, data: bytes) -> bytes:
        body, channel, app = data[:7], self._channel, self._application()
        if channel is not None:
            channel.check(0xCD, body, data[7:])
        if (channel is None or channel.key_number != 0) and not app.settings & 0x04:
            raise RefusedError(_DENIED)
        size = int.from_bytes(body[4:7], "little")
        if len(body) != 7 or body[1] != 0x03 or not 1 <= size <= 8192:
            raise RefusedError(_PARAMETER)
        if body[0] in app.files:
            raise RefusedError(_TWICE)
        rights = (body[3] >> 4, body[3] & 15, body[2] >> 4, body[2] & 15)
        app.files[body[0]] = SoftFile(rights, bytearray(size))
        self.memory.save()
        return _answer(channel.signed() if channel else b"")

    def _application(self) -> SoftApplication:
        found = self.memory.applications.get(self._selected)
        if found is None:
            raise RefusedError(_NO_KEY)
        return found

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise RefusedError(_DENIED)
        return self._channel

    def _file(self, header: bytes, channel: Channel, right: int) -> tuple[SoftFile, int, int]:
        file = self._application().files.get(header[0])
        if file is None:
            raise RefusedError(_NO_FILE)
        allowed = {file.rights[right], file.rights[2]} - {_NEVER}
        if channel.key_number not in allowed:
            raise RefusedError(_DENIED)
        offset = int.from_bytes(header[1:4], "little")
        length = int.from_bytes(header[4:7], "little") or len(file.content) - offset
        if length <= 0 or offset + length > len(file.content):
            raise RefusedError(_BOUNDARY)
        return file, offset, length


def _answer(data: bytes = b"", status: int = DONE) -> bytes:
    return data + bytes([0x91, status])
