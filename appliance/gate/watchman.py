"""Watches clock and equality of the doors, and says when either is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import AuditError, StoreError
from appliance.gate import notices
from appliance.gate.access import decision
from appliance.gate.access.policy import Inequality, face_may_run
from appliance.gate.access.reasons import Method
from appliance.terminal import Doors, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.access.decision import Moment
    from appliance.gate.access.policy import DoorsWorking, FaceStanding, PortalPolicy
    from appliance.gate.faults import Faults
    from appliance.gate.parts import Parts


class Watchman:
    """What a gate keeps an eye on all the time.

    Args:
        parts: clock, time and journal.
        faults: hears of what is in doubt.
        tell: is told what was logged, and what the doors are worth.

    """

    def __init__(
        self, parts: Parts, faults: Faults, tell: Callable[[notices.Notice], None]
    ) -> None:
        self._parts = parts
        self._faults = faults
        self._tell = tell
        self._inequality = Inequality()
        self._offered: Doors | None = None

    def moment(self) -> Moment:
        """Return now, and whether the clock can be trusted."""
        wall = self._parts.clock.wall()
        sure = self._parts.time.look(wall, self._parts.clock.boot_ns())
        return decision.Moment(wall, sure=sure)

    def keep_time(self) -> None:
        """Watch the clock: in doubt codes are refused, and staff hears of it."""
        self.moment()
        doubt = self._parts.time.doubt
        if bool(doubt) is not bool(self._faults.of("clock")):
            self._log("clock.unsure" if doubt else "clock.sure")
        self._faults.note("clock", doubt)
        try:
            self._parts.time.save(self._parts.clock.boot_ns())
        except StoreError as fault:
            self._faults.note("store", str(fault))

    def keep_equal(self, policy: PortalPolicy, working: DoorsWorking) -> None:
        """Watch that another door than face works (law 1); the log tells how long none did."""
        before = self._inequality.since_ns is not None
        now_ns = self._parts.clock.now_ns()
        self._inequality = self._inequality.observe(policy, working, now_ns)
        alone = self._inequality.since_ns is not None
        if alone is not before:
            self._log("doors.unequal" if alone else "doors.equal")
        self._faults.note(
            "other doors",
            "neither card nor code works: help is needed"
            if self.standing(policy, working).alarm
            else "",
        )

    def standing(self, policy: PortalPolicy, working: DoorsWorking) -> FaceStanding:
        """Return whether face may run beside the doors that work."""
        return face_may_run(policy, working, self._inequality, self._parts.clock.now_ns())

    def offer(
        self, policy: PortalPolicy, working: DoorsWorking, *, face: bool, paused: bool, signed: bool
    ) -> None:
        """Tell what the doors are worth, when that has changed.

        Args:
            policy: what is offered here at all.
            working: which devices work.
            face: face may run now.
            paused: face waits after too many tries.
            signed: the gate is commissioned; before, face is not offered.

        """
        sure = not self._faults.of("clock")
        ready = Standing.OPEN if face else Standing.PAUSED if paused else Standing.BROKEN
        standings = {
            Method.CARD: Standing.OPEN if working.card else Standing.BROKEN,
            Method.QR: Standing.OPEN if working.qr and sure else Standing.BROKEN,
            Method.FACE: ready if signed else Standing.OFF,
        }
        card, code, seen = (
            standing if method in policy.methods else Standing.OFF
            for method, standing in standings.items()
        )
        doors = Doors(card, code, seen)
        if doors != self._offered:
            self._offered = doors
            self._tell(notices.Offered(doors))

    def _log(self, kind: str) -> None:
        try:
            self._tell(notices.Logged(self._parts.journal.happened(kind)))
        except AuditError as fault:
            self._faults.note("log", str(fault))
