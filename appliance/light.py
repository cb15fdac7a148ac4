"""What gate and screen say to each other about the screen's own light, and about sound."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.messages import Nanoseconds, Score, ShortText, Tint


@dataclass(frozen=True, slots=True)
class ShowLight:
    """Ramp softly to one step of a light sequence, and tell when it was shown.

    Attributes:
        tint: its colour.
        brightness: 0 to 1 of the screen's own.
        until_ns: by then the screen shows its own page again, whatever became of gate.

    """

    tint: Tint
    brightness: Score
    until_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class LightAnswered:
    """The screen shows a step since `shown_ns`, as the room of the screen knows it."""

    tint: Tint
    brightness: Score
    shown_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class PlaySound:
    """A sound to be heard now, for the technician's check.

    Attributes:
        name: as hardware.tones names it; one that is unknown is silent.

    """

    name: ShortText
