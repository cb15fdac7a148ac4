"""Draws the random, comfortable sequence of tints that a screen shows during a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.messages import Tint

if TYPE_CHECKING:
    from collections.abc import Callable

SLOT_MS = 250
RAMP_MS = 80
"""Each change is a ramp, so that it is seen as a breath of colour, not as a flash."""
SLOTS = 8
"""Two seconds."""
FEWEST = 2
"""Slots of each of the tints."""
BRIGHTNESS = (0.85, 1.0)
"""Changes at most once a second: WCAG 2.3.1 allows three flashes, a flash is two changes."""
COLOURS = {Tint.NEUTRAL: (188, 188, 188), Tint.WARM: (231, 180, 94), Tint.COOL: (137, 191, 249)}
"""sRGB; of equal relative luminance, 0.5, and none a saturated red (WCAG 2.3.1)."""


@dataclass(frozen=True, slots=True)
class LightStep:
    """One step of a sequence.

    Attributes:
        tint: what vision is told.
        colour: sRGB to fill the screen's free area with.
        brightness: 0 to 1 of the screen's own.
        after_ms: since the sequence's begin; the ramp to it begins there.

    """

    tint: Tint
    colour: tuple[int, int, int]
    brightness: float
    after_ms: int


def draw_sequence(below: Callable[[int], int]) -> tuple[LightStep, ...]:
    """Return a sequence nobody can foresee, at whose end the screen is neutral again.

    Begins and ends neutral, holds each tint at least twice, never longer than two slots.

    Args:
        below: gives an unforeseeable number from 0 to below its argument, `secrets.randbelow`.

    """
    tints = tuple(Tint)
    while True:
        drawn = [tints[below(len(tints))] for _ in range(SLOTS - 2)]
        middle = [Tint.NEUTRAL, *drawn, Tint.NEUTRAL]
        enough = all(drawn.count(one) >= FEWEST for one in (Tint.WARM, Tint.COOL))
        lasting = any(len(set(middle[at : at + 3])) == 1 for at in range(SLOTS - 2))
        if enough and not lasting:
            break
    levels = [BRIGHTNESS[below(2)] for _ in range(2)]
    steps = [
        LightStep(tint, COLOURS[tint], levels[at // (SLOTS // 2)], at * SLOT_MS)
        for at, tint in enumerate(middle)
    ]
    last = LightStep(Tint.NEUTRAL, COLOURS[Tint.NEUTRAL], levels[1], SLOTS * SLOT_MS)
    return (*steps, last)
