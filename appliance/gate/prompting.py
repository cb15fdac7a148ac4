"""What one person at the gate is asked for in a visit, and what is not said meanwhile."""

from __future__ import annotations

import secrets
from typing import Final

from appliance.gate.access.challenge import PLAIN, Challenge, draw_acts
from appliance.messages import Hint

ANSWER_NS: Final = 1_500_000_000
"""For so long after an act was asked for, nothing that contradicts it is said."""
CALM: Final = frozenset({Hint.NONE, Hint.LOOK_AHEAD, Hint.HOLD_STILL})


class Prompting:
    """The prompts of one visit, drawn anew for each.

    Args:
        judged: a cue judges how acts are answered; else only the relief of a turn counts.
        now_ns: the visit begins, monotonic nanoseconds.
        again: face was refused here a short while ago, so that more is asked.

    """

    def __init__(self, now_ns: int, *, judged: bool, again: bool) -> None:
        acts = draw_acts(secrets.randbelow, again=again) if judged else PLAIN
        self._challenge = Challenge(acts, now_ns, secrets.randbelow)
        self._judged = judged
        self._watched = False
        self._quiet_ns = 0

    @property
    def owed(self) -> int:
        """How many answers a cue must have judged good before anything is supported."""
        return self._challenge.prompts if self._judged else 0

    def open(self, now_ns: int) -> bool:
        """Whether the moment has come from which something may be asked for."""
        return self._challenge.open(now_ns)

    def due(self, wished: Hint, met: int, now_ns: int) -> Hint | None:
        """Return what to ask for now, each thing once.

        Args:
            wished: of `presentation.wish`; a turn stands for the act that is due.
            met: acts answered so far.
            now_ns: monotonic nanoseconds.

        """
        asked = None
        if wished is Hint.TURN_SLIGHTLY:
            asked = self._challenge.due(met, now_ns)
        elif wished is Hint.WATCH_LIGHT and not self._watched:
            self._watched = True
            asked = wished
        if asked is not None:
            self._quiet_ns = now_ns + ANSWER_NS
        return asked

    def allows(self, hint: Hint, now_ns: int) -> bool:
        """Whether vision's hint may be told: not while it contradicts what was asked."""
        return hint not in CALM or now_ns >= self._quiet_ns
