"""Draws by lot what a person is asked to do, and asks for one act after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.messages import Hint

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_NS: Final = (400_000_000, 1_200_000_000)
"""Between these spans after the intent the first act is asked for, and ..."""
NEXT_NS: Final = (100_000_000, 400_000_000)
"""... between these after its answer the next: no film is made for a moment that nobody knows."""
PLAIN: Final = (Hint.TURN_SLIGHTLY,)
"""Asked where no cue judges the answer: only the turn's relief counts, whichever side it is to."""
SIDES: Final = (Hint.TURN_LEFT, Hint.TURN_RIGHT)
OTHERS: Final = (Hint.NOD_SLIGHTLY, Hint.BLINK, Hint.COME_CLOSER)
"""They show no relief that a sheet could not, so each of them comes with a turn."""


def draw_acts(below: Callable[[int], int], *, again: bool) -> tuple[Hint, ...]:
    """Return what to ask for, in order: a turn to one side, and another act of who was refused.

    Args:
        below: gives an unforeseeable number from 0 to below its argument, `secrets.randbelow`.
        again: face was refused here a short while ago.

    """
    turn = SIDES[below(len(SIDES))]
    if not again:
        return (turn,)
    other = OTHERS[below(len(OTHERS))]
    return (turn, other) if below(2) else (other, turn)


class Challenge:
    """The acts of one visit.

    Args:
        acts: in order, at least one.
        intent_ns: when the person came, monotonic nanoseconds.
        below: as in `draw_acts`.

    """

    def __init__(self, acts: tuple[Hint, ...], intent_ns: int, below: Callable[[int], int]) -> None:
        self._acts = acts
        self._below = below
        self._asked = 0
        self._due_ns: int | None = intent_ns + self._drawn(FIRST_NS)

    @property
    def prompts(self) -> int:
        """How many answers are owed: none before the first act is asked for, then all."""
        return len(self._acts) if self._asked else 0

    def open(self, now_ns: int) -> bool:
        """Whether the moment has come from which something may be asked for."""
        return self._asked > 0 or self._due_ns is None or now_ns >= self._due_ns

    def due(self, met: int, now_ns: int) -> Hint | None:
        """Return the act to ask for now, each once, the next after the last was answered.

        Args:
            met: how many were answered.
            now_ns: monotonic nanoseconds.

        """
        if self._asked == len(self._acts) or met < self._asked:
            return None
        if self._due_ns is None:
            self._due_ns = now_ns + self._drawn(NEXT_NS)
        if now_ns < self._due_ns:
            return None
        self._asked, self._due_ns = self._asked + 1, None
        return self._acts[self._asked - 1]

    def _drawn(self, span_ns: tuple[int, int]) -> int:
        first, last = span_ns
        return first + self._below(last - first)
