"""The configuration's tables of what is heard and seen at the terminal: sound and light."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class SoundSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The loudspeaker; see hardware.ports.SoundOptions. How loud stands in [ui].

    Attributes:
        device: ALSA's name of it, as `aplay -L` lists it.

    """

    driver: Literal["none", "alsa"] = "none"
    device: Annotated[str, Meta(min_length=1, max_length=80)] = "default"


class IndicatorSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The light; see hardware.ports.IndicatorOptions."""

    driver: Literal["none", "leds"] = "none"
