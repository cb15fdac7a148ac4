"""Notices what only a cloned card explains: one card at two places, or failing again and again.

An alarm never blocks the card by itself: whoever knows a UID could lock its owner out that way.
Blocking is the manager's decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

FAILURES = 3
WINDOW_NS = 600_000_000_000
"""Failures further apart than ten minutes are not counted together."""
MOST_UIDS = 256
"""A flood of made-up UIDs pushes out the oldest, and costs no memory."""


class Suspicion(Enum):
    """Why a card may be a clone; the codes are stable, for log and screen."""

    TWO_PLACES = "card-at-two-places"
    FAILURES = "card-failed-repeatedly"


@dataclass(frozen=True, slots=True)
class CloneWatch:
    """What was seen of cards lately; each method gives the next state and a suspicion, if any.

    Attributes:
        present: (place, insertion) to UID, for cards that are in a field now.
        failures: UID to the times of its failures, nanoseconds, oldest UID first.

    """

    present: dict[tuple[str, int], bytes] = field(default_factory=dict)
    failures: dict[bytes, tuple[int, ...]] = field(default_factory=dict)

    def came(self, place: str, card: int, uid: bytes) -> tuple[CloneWatch, Suspicion | None]:
        """Take note of a card at `place`; without a UID nothing is known of it."""
        if not uid:
            return self, None
        others = {key: one for key, one in self.present.items() if key != (place, card)}
        twice = uid in others.values()
        present = {**others, (place, card): uid}
        return replace(self, present=present), Suspicion.TWO_PLACES if twice else None

    def went(self, place: str, card: int) -> CloneWatch:
        """Take note that a card left."""
        left = {key: one for key, one in self.present.items() if key != (place, card)}
        return replace(self, present=left)

    def failed(self, uid: bytes, now_ns: int) -> tuple[CloneWatch, Suspicion | None]:
        """Take note that a card of this UID could not prove its key."""
        if not uid:
            return self, None
        recent = (*self.failures.get(uid, ()), now_ns)
        recent = tuple(one for one in recent if now_ns - one < WINDOW_NS)
        suspicion = Suspicion.FAILURES if len(recent) >= FAILURES else None
        others = {one: times for one, times in self.failures.items() if one != uid}
        kept = dict(list(others.items())[-(MOST_UIDS - 1) :])
        if suspicion is None:
            kept[uid] = recent
        return replace(self, failures=kept), suspicion
