"""What a page posts: a form's bytes -> its values, and the touch they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import msgspec

from appliance.light import LightAnswered
from appliance.terminal import Field, Touched

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 13
"""Values of one form: those of every touch, and the eight fields a page may have."""
OWN: Final = ("csrf", "tab", "act", "page", "value")


def parse(content: bytes) -> dict[str, str] | None:
    """Return the values of a form, or None for what is no form of ours.

    One that names a value twice, has more than a page can, or is no UTF-8, was sent by no page.
    """
    if not content:
        return {}
    try:
        pairs = parse_qsl(
            content.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST,
        )
    except ValueError:  # also UnicodeDecodeError
        return None
    values = dict(pairs)
    return values if len(values) == len(pairs) else None


def answer(values: Mapping[str, str], at_ns: int) -> LightAnswered | None:
    """Return the step of light a form says is shown now, or None for what is none."""
    try:
        percent = int(values.get("percent", ""))
        fields = {"tint": values.get("tint"), "brightness": percent / 100, "shown_ns": at_ns}
        return msgspec.convert(fields, LightAnswered)
    except (ValueError, msgspec.ValidationError):
        return None


def touch(values: Mapping[str, str], at_ns: int) -> Touched | None:
    """Return the touch a form stands for, or None for what gate would refuse to read."""
    try:
        page = bytes.fromhex(values.get("page", ""))
        touched = Touched(
            at_ns,
            values.get("act", ""),
            page,
            values.get("value", ""),
            tuple(Field(name, text) for name, text in values.items() if name not in OWN),
        )
        # Bounds stand in the vocabulary; a link that is given a broken one would be lost.
        return msgspec.convert(msgspec.to_builtins(touched), Touched) if touched.act else None
    except (ValueError, msgspec.ValidationError):
        return None
