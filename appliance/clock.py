"""Time as an argument: the monotonic and wall clocks, and one that skips idle waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock(Protocol):
    """Monotonic time for deadlines, wall time for schedules and the log."""

    def now_ns(self) -> int:
        """Return the monotonic time in nanoseconds."""
        ...

    def sleep_until_ns(self, at_ns: int) -> None:
        """Return at monotonic time `at_ns`, or at once if it has passed."""
        ...

    def wall(self) -> datetime:
        """Return the civil time, aware, in UTC."""
        ...

    def boot_ns(self) -> int:
        """Return the time since boot, sleep of the machine included, in nanoseconds.

        It passes as `wall` does and cannot be set: a clock that was set shows against it.
        """
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Return CLOCK_MONOTONIC, which all processes of one machine share."""
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        """Sleep until `at_ns`."""
        time.sleep(max(0, at_ns - self.now_ns()) / 1e9)

    def wall(self) -> datetime:
        """Return the machine's civil time."""
        return datetime.now(UTC)

    def boot_ns(self) -> int:
        """Return CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class SkippingClock:
    """The machine's clocks, with idle waiting left out.

    Work takes its time; a sleep returns at once and moves the clock on by what it would have
    lasted. Footage so plays as fast as the machine can, and a span measured on this clock is the
    one a person at a real camera would have met.

    Args:
        work_ns: counts the time that work takes, nanoseconds: `time.monotonic_ns`, or
            `time.process_time_ns`, on which nothing ages because others keep the machine busy.

    """

    def __init__(self, work_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._work_ns = work_ns
        self._skipped_ns = time.monotonic_ns() - work_ns()

    def now_ns(self) -> int:
        """Return the time work took plus all waiting left out so far."""
        return self._work_ns() + self._skipped_ns

    def sleep_until_ns(self, at_ns: int) -> None:
        """Move the clock on to `at_ns`."""
        self._skipped_ns += max(0, at_ns - self.now_ns())

    def wall(self) -> datetime:
        """Return the machine's civil time; skipped waiting does not move it."""
        return datetime.now(UTC)

    def boot_ns(self) -> int:
        """Return CLOCK_BOOTTIME; skipped waiting does not move it, as it does not move `wall`."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
