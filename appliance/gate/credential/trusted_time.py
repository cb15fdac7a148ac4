"""Whether the gate's own clock can be believed: a floor that only rises, and no leaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.gate.store.schema import Store

RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""This program did not exist before; raised with each release."""
LIFETIME = timedelta(days=25 * 365)
"""A clock that shows more than this after `RELEASED` is broken, not old."""
LEAP_S = 60.0
BACKWARD_S = 2.0
"""So far below the floor is what a time server's small corrections do."""
SETTLED_S = 3600.0
"""A clock that leapt is believed again when it ran evenly for so long."""
SAVE_NS = 60_000_000_000
FLOOR = "time_floor"


class Doubt(Enum):
    """Why a clock is not believed; the words are for the manager."""

    NONE = ""
    BEHIND = "the clock shows a time that has been already: set it, or replace the RTC battery"
    BEYOND = "the clock shows a time beyond this terminal's life: set it"
    LEAPT = "the clock leapt: set it back, or wait an hour if it is right now"


@dataclass(frozen=True, slots=True)
class Belief:
    """What is thought of the clock; the pure core, stepped by `after`.

    It is believed at first if it is neither behind the floor nor beyond the terminal's life. A
    leap against the time since boot ends that. It is believed again when it leaps back, or
    when it has run evenly for an hour with its new time, so that an honest correction heals by
    itself while whoever plays with the clock keeps the alarm ringing and codes shut.

    Attributes:
        floor: no believed clock shows less.
        doubt: why it is not believed now.
        offset_s: wall time minus time since boot when it was last believed, or None.
        strange_s: the same while it is not, to see whether it runs evenly.
        strange_ns: time since boot when it took this offset.

    """

    floor: datetime = RELEASED
    doubt: Doubt = Doubt.NONE
    offset_s: float | None = None
    strange_s: float = 0.0
    strange_ns: int = 0

    def after(self, wall: datetime, boot_ns: int) -> Belief:
        """Return what is thought after a look.

        Args:
            wall: what the clock shows, aware.
            boot_ns: CLOCK_BOOTTIME, which nobody can set.

        """
        offset_s = wall.timestamp() - boot_ns / 1e9
        if wall < self.floor - timedelta(seconds=BACKWARD_S):
            return replace(self, doubt=Doubt.BEHIND)
        if wall > RELEASED + LIFETIME:
            return replace(self, doubt=Doubt.BEYOND)
        if self.offset_s is None or abs(offset_s - self.offset_s) <= LEAP_S:
            anchor = offset_s if self.offset_s is None else self.offset_s
            return Belief(max(self.floor, wall), Doubt.NONE, anchor)
        fresh = self.doubt is not Doubt.LEAPT or abs(offset_s - self.strange_s) > 1.0
        if fresh:
            return replace(self, doubt=Doubt.LEAPT, strange_s=offset_s, strange_ns=boot_ns)
        if boot_ns - self.strange_ns < SETTLED_S * 1e9:
            return self
        return Belief(max(self.floor, wall), Doubt.NONE, offset_s)


class TrustedTime:
    """Keeps the belief, and its floor across restarts.

    Args:
        store: whose meta table holds the floor.
        newest: time of the newest event in the log. While the clock is believed the floor that is
            written down follows it within a minute; an event far above it was logged in doubt,
            with the doubtful time, and says nothing.

    Raises:
        StoreError: it cannot be read.

    """

    def __init__(self, store: Store, newest: datetime) -> None:
        self._store = store
        found = store.meta(FLOOR)
        saved = datetime.fromtimestamp(int(found), UTC) if found else None
        if saved is None or newest <= saved + timedelta(seconds=2 * LEAP_S):
            floor = max(saved or RELEASED, RELEASED, newest)
        else:
            floor = max(saved, RELEASED)
        self._belief = Belief(floor)
        self._saved = saved or RELEASED
        self._saved_ns: int | None = None

    @property
    def doubt(self) -> str:
        """Why the clock is not believed, or nothing."""
        return self._belief.doubt.value

    def look(self, wall: datetime, boot_ns: int) -> bool:
        """Say whether the clock can be believed now; as `Belief.after`."""
        self._belief = self._belief.after(wall, boot_ns)
        return self._belief.doubt is Doubt.NONE

    def save(self, boot_ns: int) -> None:
        """Write the floor down if a minute has passed since the last time.

        Raises:
            StoreError: it cannot be written.

        """
        if self._saved_ns is not None and boot_ns - self._saved_ns < SAVE_NS:
            return
        self._saved_ns = boot_ns
        if self._belief.floor <= self._saved:
            return
        self._saved = self._belief.floor
        floor = str(int(self._saved.timestamp())).encode()
        with self._store.transaction():
            self._store.set_meta(FLOOR, floor)
