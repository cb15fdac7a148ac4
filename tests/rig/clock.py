"""A clock set by hand: no test waits, and each says what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """Monotonic and civil time that move together, only when told or slept on.

    Args:
        ns: monotonic time to begin with, nanoseconds.

    Attributes:
        ns: monotonic time.
        start: civil time at which it began.
        wall_shift: what somebody set the civil clock on by.

    """

    def __init__(self, ns: int = 100_000_000_000) -> None:
        self.ns = self._began = ns
        self.start = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
        self.wall_shift = timedelta(0)

    def now_ns(self) -> int:
        return self.ns

    def sleep_until_ns(self, at_ns: int) -> None:
        self.ns = max(self.ns, at_ns)

    def boot_ns(self) -> int:
        return self.ns

    def wall(self) -> datetime:
        passed = timedelta(microseconds=(self.ns - self._began) // 1000)
        return self.start + passed + self.wall_shift

    def pass_ms(self, span_ms: float) -> None:
        self.ns += round(span_ms * 1e6)
