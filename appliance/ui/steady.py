"""One instruction at a time, held until it can have been read: no flicker between two causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.messages import Hint

HOLD_NS: Final = 1_200_000_000
"""An instruction stays at least so long."""
CAUSE_NS: Final = 300_000_000
"""A new cause must last so long before it takes the place of the old one."""

ACTS: Final = frozenset(
    {Hint.TURN_SLIGHTLY, Hint.TURN_LEFT, Hint.TURN_RIGHT, Hint.NOD_SLIGHTLY, Hint.BLINK}
)
"""Asked by gate and to be answered within a second and a half: they wait for nothing."""


@dataclass(frozen=True, slots=True)
class Steady:
    """The instruction shown, and the one that would like to be.

    Attributes:
        shown: on the screen now.
        since_ns: since when.
        waiting: the newest cause, or what is shown.
        waiting_ns: when it began.

    """

    shown: Hint = Hint.NONE
    since_ns: int = 0
    waiting: Hint = Hint.NONE
    waiting_ns: int = 0

    def after(self, hint: Hint, at_ns: int) -> Steady:
        """Return what is shown once gate's newest hint is `hint`; `Hint.NONE` never waits to go.

        The first instruction of a visit is shown at once, and so is an act that gate asks for.
        """
        if hint in ACTS and hint is not self.shown:
            return Steady(hint, at_ns, hint, at_ns)
        if hint is self.shown:
            return Steady(self.shown, self.since_ns, self.shown, at_ns)
        if Hint.NONE in {hint, self.shown} and not (hint is Hint.NONE and self._fresh(at_ns)):
            return Steady(hint, at_ns, hint, at_ns)
        begun = self.waiting_ns if hint is self.waiting else at_ns
        held = Steady(self.shown, self.since_ns, hint, begun)
        due = held.due_ns
        return Steady(hint, at_ns, hint, at_ns) if due is not None and at_ns >= due else held

    @property
    def due_ns(self) -> int | None:
        """When to ask again with the same hint, as it will then be shown; None = nothing waits."""
        if self.waiting is self.shown:
            return None
        return max(self.since_ns + HOLD_NS, self.waiting_ns + CAUSE_NS)

    def _fresh(self, at_ns: int) -> bool:
        return at_ns < self.since_ns + HOLD_NS
