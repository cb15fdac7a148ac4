"""How failed face attempts pause face at one gate; card and QR never ask here (S29, S124)."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.wrong import check_range

_SECOND_NS = 1_000_000_000
_DAY_NS = 24 * 3600 * _SECOND_NS

COUNTED = frozenset(
    {
        Reason.NO_MATCH,
        Reason.NOT_CLEAR,
        Reason.ATTACK_SUSPECTED,
        Reason.PRESENTATION_UNPROVEN,
    }
)
"""The failed attempts; a failure to acquire is a legitimate refusal and does not count (S29)."""


@dataclass(frozen=True, slots=True)
class LockoutPolicy:
    """When face pauses and for how long.

    Attributes:
        failures: so many failed attempts ...
        window_ns: ... within this time start a pause, nanoseconds.
        pause_ns: the first pause; each further one is twice as long, nanoseconds.
        longest_pause_ns: the cap, nanoseconds.

    Raises:
        ValueError: a number is out of range.

    """

    failures: int = 3
    window_ns: int = 120 * _SECOND_NS
    pause_ns: int = 60 * _SECOND_NS
    longest_pause_ns: int = 960 * _SECOND_NS

    def __post_init__(self) -> None:
        check_range("lockout.failures", self.failures, 1, 20)
        check_range("lockout.window_ns", self.window_ns, _SECOND_NS, _DAY_NS)
        check_range("lockout.pause_ns", self.pause_ns, _SECOND_NS, _DAY_NS)
        check_range("lockout.longest_pause_ns", self.longest_pause_ns, self.pause_ns, _DAY_NS)


@dataclass(frozen=True, slots=True)
class FaceLockout:
    """What this gate remembers of failed face attempts: times only, no person.

    Attributes:
        failed_ns: monotonic times of the failed attempts that still count, nanoseconds.
        next_pause_ns: length of the next pause, or None = the policy's first.
        paused_until_ns: end of the newest pause, monotonic nanoseconds.

    """

    failed_ns: tuple[int, ...] = ()
    next_pause_ns: int | None = None
    paused_until_ns: int = 0

    def paused(self, method: Method, now_ns: int) -> bool:
        """Tell whether `method` pauses at the monotonic time `now_ns`: only face ever does."""
        return method is Method.FACE and now_ns < self.paused_until_ns

    def failed_lately(self, now_ns: int, policy: LockoutPolicy) -> bool:
        """Tell whether a failed attempt before `now_ns` still counts."""
        return any(now_ns - at < policy.window_ns for at in self.failed_ns)

    def after(self, reason: Reason, now_ns: int, policy: LockoutPolicy) -> FaceLockout:
        """Return the state after a face attempt that ended with `reason` at `now_ns`."""
        if self.paused(Method.FACE, now_ns):
            return self
        if reason is Reason.GRANTED:
            return FaceLockout()
        if reason not in COUNTED:
            return self
        recent = (*(at for at in self.failed_ns if now_ns - at < policy.window_ns), now_ns)
        if len(recent) < policy.failures:
            return FaceLockout(recent, self.next_pause_ns, self.paused_until_ns)
        pause = policy.pause_ns if self.next_pause_ns is None else self.next_pause_ns
        return FaceLockout((), min(2 * pause, policy.longest_pause_ns), now_ns + pause)
