"""What one portal offers, and law 1: face is never the only way in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.wrong import check_range, wrong

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from appliance.gate.access.schedule import Schedule

GRACE_NS = 4 * 3600 * 1_000_000_000
"""How long face may go on alone before it is suspended, nanoseconds (law 1)."""
_DAY_NS = 24 * 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """One threshold and one margin for everybody (law 10).

    Attributes:
        threshold: smallest comparison score of a match (S126).
        margin: smallest distance to the second best subject (S129).
        second_factor: marked look-alikes must use card or QR (S129).

    Raises:
        ValueError: a number is out of range.

    """

    threshold: float
    margin: float
    second_factor: bool = True

    def __post_init__(self) -> None:
        check_range("face.threshold", self.threshold, -1.0, 1.0)
        check_range("face.margin", self.margin, 0.0, 2.0)


@dataclass(frozen=True, slots=True)
class PortalPolicy:
    """What one portal offers; there is one schedule, so no method can have other hours (S3).

    Attributes:
        methods: what is enabled.
        schedule: the portal's hours.
        zone: where its wall clock hangs.
        face: the settings of face; present exactly when FACE is enabled.
        grace_ns: how long face may go on after the last other door failed, nanoseconds.

    Raises:
        ValueError: no method, face as the only one (S2), face without settings or settings
            without face, or a grace longer than a day.

    """

    methods: frozenset[Method]
    schedule: Schedule
    zone: ZoneInfo
    face: FaceSettings | None = None
    grace_ns: int = GRACE_NS

    def __post_init__(self) -> None:
        if not self.methods:
            raise wrong("portal.methods", "none", "card, qr, or both")
        if self.methods == {Method.FACE}:
            raise wrong(
                "portal.methods", "face alone", "card or qr: face must never be the only way in"
            )
        if (Method.FACE in self.methods) != (self.face is not None):
            raise wrong("portal.face", self.face, "settings exactly when face is enabled")
        check_range("portal.grace_ns", self.grace_ns, 0, _DAY_NS)


@dataclass(frozen=True, slots=True)
class DoorsWorking:
    """Which non-biometric doors pass their self-check now."""

    card: bool
    qr: bool


@dataclass(frozen=True, slots=True)
class Inequality:
    """How long no non-biometric door has worked.

    Attributes:
        started_equal: a non-biometric door worked at least once since the gate started.
        since_ns: monotonic time at which the last one failed, or None while one works.

    """

    started_equal: bool = False
    since_ns: int | None = None

    def observe(self, policy: PortalPolicy, doors: DoorsWorking, now_ns: int) -> Inequality:
        """Return the state after looking at the doors at the monotonic time `now_ns`."""
        if other_door_works(policy, doors):
            return Inequality(started_equal=True)
        return self if self.since_ns is not None else replace(self, since_ns=now_ns)


@dataclass(frozen=True, slots=True)
class FaceStanding:
    """Whether face may run now.

    Attributes:
        allowed: face may run.
        alarm: no non-biometric door works: alarm, and show how to get help.
        reason: GRANTED, METHOD_OFF, FACE_SUSPENDED or CLOCK_UNSURE.

    """

    allowed: bool
    alarm: bool
    reason: Reason


def other_door_works(policy: PortalPolicy, doors: DoorsWorking) -> bool:
    """Tell whether an enabled non-biometric door works."""
    card = doors.card and Method.CARD in policy.methods
    qr = doors.qr and Method.QR in policy.methods
    return card or qr


def face_may_run(
    policy: PortalPolicy, doors: DoorsWorking, inequality: Inequality, now_ns: int
) -> FaceStanding:
    """Hold law 1: no start without another door, an alarm at once, suspension after the grace.

    Args:
        policy: the portal's.
        doors: what works now.
        inequality: its state after `observe` of the same doors.
        now_ns: monotonic time, nanoseconds; earlier than the inequality = face is refused.

    """
    alarm = not other_door_works(policy, doors)
    reason = Reason.GRANTED
    if policy.face is None:
        reason = Reason.METHOD_OFF
    elif alarm:
        reason = _alone(policy, inequality, now_ns)
    return FaceStanding(allowed=reason is Reason.GRANTED, alarm=alarm, reason=reason)


def _alone(policy: PortalPolicy, inequality: Inequality, now_ns: int) -> Reason:
    if not inequality.started_equal:
        return Reason.FACE_SUSPENDED
    alone_ns = now_ns - (now_ns if inequality.since_ns is None else inequality.since_ns)
    if alone_ns < 0:
        return Reason.CLOCK_UNSURE
    return Reason.GRANTED if alone_ns < policy.grace_ns else Reason.FACE_SUSPENDED
