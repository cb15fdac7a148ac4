"""The card's end of an authenticated EV2 session, for the software card."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

DONE: Final = 0x00
LENGTH: Final = 0x7E
INTEGRITY: Final = 0x1E
CODE_BYTES: Final = 8


class RefusedError(Exception):
    """The card answers with this status and no data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:02X}")
        self.status = status


@dataclass(slots=True)
class Channel:
    """Keys and counter of one session; `key_number` is the key it was opened with."""

    key_number: int
    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    ti: bytes
    counter: int = 0

    @classmethod
    def agreed(cls, number: int, key: bytes, rnd_a: bytes, rnd_b: bytes, ti: bytes) -> Channel:
        """Return the session that two random numbers and a key make."""
        # NIST SP 800-108: label, counter 1, length 128, then both random numbers mixed.
        crossed = int.from_bytes(rnd_a[2:8], "big") ^ int.from_bytes(rnd_b[:6], "big")
        tail = rnd_a[:2] + crossed.to_bytes(6, "big") + rnd_b[6:16] + rnd_a[8:16]
        enc = code(key, bytes.fromhex("A55A00010080") + tail)
        return cls(number, enc, code(key, bytes.fromhex("5AA500010080") + tail), ti)

    def check(self, ins: int, body: bytes, given: bytes) -> None:
        """Refuse a command whose MAC is wrong."""
        if len(given) != CODE_BYTES:
            raise RefusedError(LENGTH)
        if not hmac.compare_digest(given, self._code(ins, body)):
            raise RefusedError(INTEGRITY)

    def opened(self, secret: bytes) -> bytes:
        """Return the plaintext of a command's data."""
        if not secret or len(secret) % 16:
            raise RefusedError(LENGTH)
        plain = cbc(self.enc, self._vector("A55A"), secret, decrypting=True)
        end = plain.rfind(b"\x80")
        if end < len(plain) - 16 or any(plain[end + 1 :]):
            raise RefusedError(INTEGRITY)
        return plain[:end]

    def sealed(self, plain: bytes) -> bytes:
        """Return an answer in CommMode.Full; the command is counted."""
        self.counter += 1
        whole = plain + b"\x80"
        whole += b"\x00" * (-len(whole) % 16)
        secret = cbc(self.enc, self._vector("5AA5"), whole)
        return secret + self._code(DONE, secret)

    def signed(self, plain: bytes = b"") -> bytes:
        """Return an answer in CommMode.MAC; the command is counted."""
        self.counter += 1
        return plain + self._code(DONE, plain)

    def _code(self, first: int, body: bytes) -> bytes:
        whole = code(self.mac, bytes((first,)) + self._count() + self.ti + body)
        return bytes(whole[place] for place in range(1, 16, 2))

    def _vector(self, label: str) -> bytes:
        block = bytes.fromhex(label) + self.ti + self._count() + bytes(8)
        return cbc(self.enc, bytes(16), block)

    def _count(self) -> bytes:
        return bytes((self.counter & 0xFF, self.counter >> 8))


def code(key: bytes, message: bytes) -> bytes:
    """Return the AES-CMAC."""
    made = CMAC(algorithms.AES(key))
    made.update(message)
    return made.finalize()


def cbc(key: bytes, vector: bytes, content: bytes, *, decrypting: bool = False) -> bytes:
    """Encrypt or decrypt whole blocks."""
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector))
    work = cipher.decryptor() if decrypting else cipher.encryptor()
    return work.update(content) + work.finalize()
