"""The configuration's tables of presentation attack detection: which cues, from which score."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class CueSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One presentation attack cue: on or off, and from where its score counts.

    Attributes:
        on: switched off, the gate is weaker, and the self-test says so.
        supports: smallest score that supports a bona fide presentation.
        contradicts: a score below refuses; between the two the cue says nothing.
        frames: fewest pictures that count.

    Raises:
        ValueError: it would contradict what it supports.

    """

    on: bool = True
    supports: Annotated[float, Meta(ge=0.05, le=0.999)] = 0.5
    contradicts: Annotated[float, Meta(ge=0.0, le=0.999)] = 0.5
    frames: Annotated[int, Meta(ge=1, le=64)] = 3

    def __post_init__(self) -> None:
        if self.contradicts > self.supports:
            raise ValueError("contradicts at most as high as supports")


class ParallaxSection(CueSection, frozen=True):
    """The proof by relief; it never contradicts, as a grimace hides the relief of a living face."""

    supports: Annotated[float, Meta(ge=0.05, le=0.999)] = 0.6
    contradicts: Annotated[float, Meta(ge=0.0, le=0.999)] = 0.0
    frames: Annotated[int, Meta(ge=1, le=64)] = 8


class PadSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Presentation attack detection: the cues of `vision/pad/`, by name.

    The thresholds are chosen on some people of the attack workshop and reported on others, see
    appliance/vision/pad/README.md. `infrared` needs the second camera.
    """

    texture: CueSection = msgspec.field(default_factory=CueSection)
    parallax: ParallaxSection = msgspec.field(default_factory=ParallaxSection)
    coherence: CueSection = msgspec.field(default_factory=CueSection)
    motion: CueSection = msgspec.field(default_factory=CueSection)
    challenge: CueSection = msgspec.field(default_factory=CueSection)
    surface: CueSection = msgspec.field(default_factory=CueSection)
    raster: CueSection = msgspec.field(default_factory=CueSection)
    bands: CueSection = msgspec.field(default_factory=CueSection)
    camera_path: CueSection = msgspec.field(default_factory=CueSection)
