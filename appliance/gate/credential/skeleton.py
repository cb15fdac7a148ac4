"""Walks over the heads of a CBOR item and refuses what no code of ours has, before it is decoded.

A decoder obliges: it builds dates, patterns, sets and shared references out of tags, and numbers
of any size. None of that is for strangers to ask for. This walk decodes nothing.
"""

from __future__ import annotations

from appliance.errors import PassError

DEEPEST = 4
MOST_ITEMS = 8
UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
"""The major types of RFC 8949, section 3.1."""
FALSE, TRUE = 20, 21
LONGEST_ARGUMENT = {24: 1, 25: 2, 26: 4, 27: 8}


def require_plain(content: bytes, tag: int | None = None) -> None:
    """Check that `content` is one item of definite length: whole numbers, bytes, booleans, lists.

    Args:
        content: of any length and from anybody.
        tag: the one tag it must begin with, or None = it has none.

    Raises:
        PassError: it is not.

    """
    start = 0
    if tag is not None:
        major, argument, start = _head(content, 0)
        if (major, argument) != (TAG, tag):
            raise PassError("code", "another tag or none", f"CBOR tag {tag}")
    end = _walk(content, start, 1)
    if end != len(content):
        raise PassError("code's CBOR", f"{len(content) - end} bytes after its end", "none")


def _walk(content: bytes, at: int, depth: int) -> int:
    """Return where the item that begins at `at` ends."""
    if depth > DEEPEST:
        raise PassError("code's CBOR", f"nested {depth} deep", f"at most {DEEPEST}")
    major, argument, at = _head(content, at)
    if major in {UNSIGNED, NEGATIVE} or (major == SIMPLE and argument in {FALSE, TRUE}):
        return at
    if major == BYTES:
        if argument > len(content) - at:
            raise PassError("code's CBOR", "cut short", f"{argument} more bytes")
        return at + argument
    if major not in {ARRAY, MAP}:
        raise PassError("code's CBOR", f"major type {major}", "numbers, bytes, lists and maps")
    if argument > MOST_ITEMS:
        raise PassError("code's CBOR", f"{argument} items", f"at most {MOST_ITEMS}")
    for _ in range(argument if major == ARRAY else 2 * argument):
        at = _walk(content, at, depth + 1)
    return at


def _head(content: bytes, at: int) -> tuple[int, int, int]:
    """Return major type, argument, and where the head ends."""
    if at >= len(content):
        raise PassError("code's CBOR", "cut short", "one more item")
    major, low = content[at] >> 5, content[at] & 31
    if low < min(LONGEST_ARGUMENT):
        return major, low, at + 1
    # 28 to 30 are reserved, 31 would be an item of indefinite length.
    length = LONGEST_ARGUMENT.get(low)
    if length is None or major == SIMPLE:
        raise PassError("code's CBOR", "an indefinite length or a float", "definite lengths")
    end = at + 1 + length
    if end > len(content):
        raise PassError("code's CBOR", "cut short", f"{length} bytes of a number")
    return major, int.from_bytes(content[at + 1 : end], "big"), end
