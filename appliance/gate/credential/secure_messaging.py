"""DESFire EV2 secure messaging with AES-128: session keys, MACs, ciphertexts and counters.

Sources: NXP AN12343 (DESFire Light) and AN12196 (NTAG 424), whose published examples are the tests
of this file. The primitives are `cryptography`'s; nothing here opens a device.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK: Final = 16
MAC_BYTES: Final = 8
NO_IV: Final = bytes(BLOCK)
COMMAND_LABEL: Final = b"\xa5\x5a"
RESPONSE_LABEL: Final = b"\x5a\xa5"
MOST_COMMANDS: Final = 0xFFFF


class MessagingError(Exception):
    """What a card answered is not what a card with our key would answer."""


def cmac(key: bytes, message: bytes) -> bytes:
    """Return the AES-CMAC (NIST SP 800-38B)."""
    code = CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()


def truncated_mac(key: bytes, message: bytes) -> bytes:
    """Return the 8 bytes of a CMAC that travel: its second, fourth, ... sixteenth."""
    return cmac(key, message)[1::2]


def encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """Return the AES-CBC ciphertext of whole blocks."""
    work = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return work.update(plain) + work.finalize()


def decrypt(key: bytes, iv: bytes, secret: bytes) -> bytes:
    """Return the plaintext of whole AES-CBC blocks."""
    work = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return work.update(secret) + work.finalize()


def rotated_left(content: bytes) -> bytes:
    """Return the bytes with the first one last, as both sides prove their random numbers."""
    return content[1:] + content[:1]


def padded(content: bytes) -> bytes:
    """Return whole blocks: ISO/IEC 9797-1 method 2, a block of its own if already whole."""
    return content + b"\x80" + bytes(-(len(content) + 1) % BLOCK)


def unpadded(content: bytes) -> bytes:
    """Take off what `padded` added.

    Raises:
        MessagingError: there is no such padding.

    """
    cut = content.rstrip(b"\x00")
    if not cut.endswith(b"\x80") or len(content) - len(cut) >= BLOCK:
        raise MessagingError("padding")
    return cut[:-1]


def session_keys(key: bytes, rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """Return the session's encryption and MAC key (AN12196 section 4, AN12343 section 4).

    Args:
        key: the card's, 16 bytes.
        rnd_a: the reader's random number, 16 bytes as on the wire.
        rnd_b: the card's.

    """
    mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    context = b"\x00\x01\x00\x80" + rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    return cmac(key, COMMAND_LABEL + context), cmac(key, RESPONSE_LABEL + context)


@dataclass(slots=True)
class Session:
    """One authenticated session; both sides count commands, so nothing can be repeated or cut.

    Attributes:
        encryption_key: SesAuthENCKey, 16 bytes.
        mac_key: SesAuthMACKey, 16 bytes.
        transaction: TI, 4 bytes.
        count: CmdCtr.

    """

    encryption_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)
    transaction: bytes
    count: int = 0

    def protect(self, ins: int, header: bytes = b"", data: bytes = b"") -> bytes:
        """Return a command's body in CommMode.Full: header, ciphertext of `data` if any, MAC."""
        secret = b""
        if data:
            secret = encrypt(self.encryption_key, self.iv(COMMAND_LABEL), padded(data))
        return self.sign(ins, header + secret)

    def sign(self, ins: int, body: bytes = b"") -> bytes:
        """Return a command's body in CommMode.MAC: itself and its MAC."""
        return body + self._mac(ins, body)

    def confirm(self, status: int, body: bytes) -> bytes:
        """Return a CommMode.MAC answer without its MAC, which must be right; count the command.

        Raises:
            MessagingError: too short, or its MAC is wrong.

        """
        if len(body) < MAC_BYTES or self.count >= MOST_COMMANDS:
            raise MessagingError("length")
        self.count += 1
        content, mac = body[:-MAC_BYTES], body[-MAC_BYTES:]
        if not compare_digest(mac, self._mac(status, content)):
            raise MessagingError("MAC")
        return content

    def reveal(self, status: int, body: bytes) -> bytes:
        """Return the plaintext of a CommMode.Full answer; count the command.

        Raises:
            MessagingError: MAC, length or padding is wrong.

        """
        secret = self.confirm(status, body)
        if len(secret) % BLOCK:
            raise MessagingError("length")
        if not secret:
            return b""
        return unpadded(decrypt(self.encryption_key, self.iv(RESPONSE_LABEL), secret))

    def iv(self, label: bytes) -> bytes:
        """Return the IV of the command or answer at hand."""
        block = label + self.transaction + self._counter() + bytes(8)
        return encrypt(self.encryption_key, NO_IV, block)

    def _mac(self, code: int, body: bytes) -> bytes:
        return truncated_mac(
            self.mac_key, bytes([code]) + self._counter() + self.transaction + body
        )

    def _counter(self) -> bytes:
        return self.count.to_bytes(2, "little")


def change_key_data(new: bytes, version: int, old: bytes | None) -> bytes:
    """Return the plaintext of ChangeKey (AN12196 section 5.16).

    Args:
        new: the key to set, 16 bytes.
        version: of it, 0..255.
        old: what the slot holds now, or None if the slot is the one authenticated with.

    """
    if old is None:
        return new + bytes([version])
    mixed = bytes(a ^ b for a, b in zip(new, old, strict=True))
    # The CRC is IEEE 802.3's register without the last inversion, least byte first.
    check = (zlib.crc32(new) ^ 0xFFFFFFFF).to_bytes(4, "little")
    return mixed + bytes([version]) + check
