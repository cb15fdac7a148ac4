"""Time as an argument: real clocks run, the skipping one leaves idle waiting out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.clock import Clock, SkippingClock, SystemClock

HOUR_NS = 3600 * 1_000_000_000


@pytest.mark.parametrize("clock", [SystemClock(), SkippingClock()], ids=["system", "skipping"])
def test_monotonic_time_never_goes_back_and_wall_time_has_its_zone(clock: Clock) -> None:
    before = clock.now_ns()
    assert clock.now_ns() >= before
    assert clock.wall().utcoffset() == timedelta(0)
    assert clock.boot_ns() <= clock.boot_ns()


def test_sleeping_until_the_past_returns_at_once() -> None:
    clock = SystemClock()
    clock.sleep_until_ns(0)
    until = clock.now_ns() + 1_000_000
    clock.sleep_until_ns(until)
    assert clock.now_ns() >= until


def test_a_skipped_hour_is_over_on_the_clock_but_not_on_the_wall() -> None:
    clock = SkippingClock()
    wall, until = clock.wall(), clock.now_ns() + HOUR_NS
    boot_ns = clock.boot_ns()
    clock.sleep_until_ns(until)
    assert clock.now_ns() >= until
    assert clock.wall() - wall < timedelta(minutes=30)
    assert clock.boot_ns() - boot_ns < HOUR_NS // 2
    clock.sleep_until_ns(until)
    assert clock.now_ns() < until + HOUR_NS
