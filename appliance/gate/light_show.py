"""Plays one light sequence on the terminal's screen, and believes only fitting answers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.access.light_sequence import SLOT_MS
from appliance.light import ShowLight

if TYPE_CHECKING:
    from appliance.gate.access.light_sequence import LightStep
    from appliance.messages import Tint

MS = 1_000_000
LATEST_NS = 400 * MS
"""A screen that shows a step later than so long after it was told is of no use."""


class LightShow:
    """One sequence, step by step.

    An answer that does not fit ends it: nothing more is passed on, and without the screen's own
    times the light proves nothing.

    Args:
        steps: of `draw_sequence`.
        began_ns: when the first is shown.

    """

    def __init__(self, steps: tuple[LightStep, ...], began_ns: int) -> None:
        self._steps = steps
        self._began_ns = began_ns
        self._next = 0
        self._told: list[tuple[ShowLight, int]] = []
        self._shown_ns = -1
        self._broken = False

    def due(self, now_ns: int) -> ShowLight | None:
        """Return the step to show now, each once; one that was missed is left out."""
        newest = self._next
        while newest < len(self._steps) and self._at_ns(newest) <= now_ns:
            newest += 1
        if newest == self._next or self._broken:
            return None
        self._next = newest
        step = self._steps[newest - 1]
        # A slot longer than needed, so that a gate a little late makes no gap.
        until_ns = self._at_ns(newest - 1) + 2 * SLOT_MS * MS
        told = ShowLight(step.tint, step.brightness, until_ns)
        self._told.append((told, now_ns))
        return told

    def confirm(self, tint: Tint, brightness: float, shown_ns: int, now_ns: int) -> bool:
        """Return whether the screen's answer is to the oldest step not answered, and in time."""
        if self._broken or not self._told:
            return False
        step, told_ns = self._told.pop(0)
        fits = (
            (step.tint, step.brightness) == (tint, brightness)
            and told_ns <= shown_ns <= min(now_ns, told_ns + LATEST_NS)
            and shown_ns > self._shown_ns
        )
        self._broken = not fits
        self._shown_ns = shown_ns
        return fits

    def _at_ns(self, number: int) -> int:
        return self._began_ns + self._steps[number].after_ms * MS
