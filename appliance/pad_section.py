"""The configuration's tables of presentation attack detection: which cues, from which score."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

DEMANDS = MappingProxyType({"light": "screen_light", "infrared": "infrared"})
"""The cue that must support, by the word of `pad.emission`; "any" demands none by name."""


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


class MotionSection(CueSection, frozen=True):
    """The veto by too perfect a motion; between its thresholds the visit goes on."""

    supports: Annotated[float, Meta(ge=0.05, le=0.999)] = 0.8


class CoherenceSection(CueSection, frozen=True):
    """The veto by motion, grain and sharpness; must look cleaner than anything shown does."""

    supports: Annotated[float, Meta(ge=0.05, le=0.999)] = 0.93


class BandsSection(CueSection, frozen=True):
    """The veto by refresh bands; a moving head disturbs it for a moment, few pairs mislead it."""

    supports: Annotated[float, Meta(ge=0.05, le=0.999)] = 0.85
    frames: Annotated[int, Meta(ge=1, le=64)] = 6


class ChallengeSection(CueSection, frozen=True):
    """The witness of acts asked for; its frames are answers, as many as acts are owed."""

    frames: Annotated[int, Meta(ge=1, le=64)] = 1


class ScreenLightSection(CueSection, frozen=True):
    """The proof by the tints of the terminal's screen; needs a screen that shows them."""

    on: bool = False
    contradicts: Annotated[float, Meta(ge=0.0, le=0.999)] = 0.25
    frames: Annotated[int, Meta(ge=1, le=64)] = 16


class InfraredSection(CueSection, frozen=True):
    """The proof by the infrared pair; needs the second camera of `[infrared]`."""

    on: bool = False
    contradicts: Annotated[float, Meta(ge=0.0, le=0.999)] = 0.25
    frames: Annotated[int, Meta(ge=1, le=64)] = 10


class PadSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Presentation attack detection: the cues of `vision/pad/`, by name.

    How the thresholds were chosen, and on whom: appliance/vision/pad/README.md.

    Attributes:
        emission: what proves that no screen or print is held up. "any": screen light or infrared,
            or bands, raster and surface all clean; "light", "infrared": that cue must support,
            and where it cannot, as light in the sun, there is no face; card and code go on.

    Raises:
        ValueError: the cue that `emission` demands is switched off.

    """

    emission: Literal["any", "light", "infrared"] = "any"

    texture: CueSection = msgspec.field(default_factory=CueSection)
    parallax: ParallaxSection = msgspec.field(default_factory=ParallaxSection)
    coherence: CoherenceSection = msgspec.field(default_factory=CoherenceSection)
    motion: MotionSection = msgspec.field(default_factory=MotionSection)
    challenge: ChallengeSection = msgspec.field(default_factory=ChallengeSection)
    surface: CueSection = msgspec.field(default_factory=CueSection)
    raster: CueSection = msgspec.field(default_factory=CueSection)
    bands: BandsSection = msgspec.field(default_factory=BandsSection)
    camera_path: CueSection = msgspec.field(default_factory=CueSection)
    screen_light: ScreenLightSection = msgspec.field(default_factory=ScreenLightSection)
    infrared: InfraredSection = msgspec.field(default_factory=InfraredSection)

    def __post_init__(self) -> None:
        demanded = DEMANDS.get(self.emission)
        if demanded is not None and not self.cues[demanded].on:
            raise ValueError(f"pad.{demanded}.on = true for emission {self.emission!r}")

    @property
    def cues(self) -> dict[str, CueSection]:
        """Every cue's table by its name."""
        tables = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: one for name, one in tables if isinstance(one, CueSection)}
