"""Derives each card's own keys from the issuing master key (NXP AN10922, AES-128)."""

from __future__ import annotations

from typing import Final

from appliance.gate.credential.secure_messaging import BLOCK, NO_IV, encrypt

CONSTANT: Final = b"\x01"
LONGEST: Final = 31
SYSTEM: Final = b"SANMEN"
KEY_BYTES: Final = 16
_MESSAGE: Final = 2 * BLOCK


def diversified(master: bytes, message: bytes) -> bytes:
    """Return the AES-128 key that AN10922 section 2.2 derives from `message`.

    The message is always padded to 32 bytes, also a short one: there plain RFC 4493 CMAC gives
    another key. So this is written out instead of calling a CMAC.

    Args:
        master: 16 bytes.
        message: 1 to 31 bytes.

    Raises:
        ValueError: master or message has another length.

    """
    if len(master) != KEY_BYTES or not 1 <= len(message) <= LONGEST:
        raise ValueError(
            f"diversification: master of {len(master)}, message of {len(message)} bytes; "
            f"expected {KEY_BYTES} and 1..{LONGEST}"
        )
    whole = CONSTANT + message
    first = _doubled(encrypt(master, NO_IV, bytes(BLOCK)))
    subkey = first
    if len(whole) < _MESSAGE:
        subkey = _doubled(first)
        whole += b"\x80" + bytes(_MESSAGE - len(whole) - 1)
    last = bytes(a ^ b for a, b in zip(whole[BLOCK:], subkey, strict=True))
    return encrypt(master, NO_IV, whole[:BLOCK] + last)[BLOCK:]


def card_key(master: bytes, uid: bytes, application: bytes, number: int) -> bytes:
    """Return key `number` of one card; the message has 17 bytes, clear of the short-input trap.

    Args:
        master: the issuing master key.
        uid: of the card, 7 bytes.
        application: AID, 3 bytes.
        number: of the key, 0 desk, 1 gates, 2 writing.

    """
    return diversified(master, uid + application + SYSTEM + bytes([number]))


def _doubled(block: bytes) -> bytes:
    """Multiply by x in GF(2^128), as the CMAC's subkeys are made (SP 800-38B section 6.1)."""
    value = int.from_bytes(block, "big") << 1
    if value >> 128:
        value = (value & ((1 << 128) - 1)) ^ 0x87
    return value.to_bytes(BLOCK, "big")
