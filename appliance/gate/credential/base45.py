"""Base45 of RFC 9285: bytes as the 45 characters a QR code packs densest."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
BASE = len(ALPHABET)
GROUP = 3


def encode(content: bytes) -> str:
    """Return `content` as text: three characters for two bytes, two for a single last one."""
    text = ""
    for start in range(0, len(content), 2):
        pair = content[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, BASE)
            text += ALPHABET[digit]
    return text


def decode(text: str) -> bytes:
    """Return the bytes of `text`, or raise ValueError; each content has exactly one text."""
    content = bytearray()
    for start in range(0, len(text), GROUP):
        group = text[start : start + GROUP]
        number = 0
        for character in reversed(group):
            number = number * BASE + ALPHABET.index(character)
        try:
            content += number.to_bytes(len(group) - 1, "big")
        except OverflowError as error:
            raise ValueError("base45 group too large") from error
        if len(group) == 1:
            raise ValueError("base45 text cut short")
    return bytes(content)
