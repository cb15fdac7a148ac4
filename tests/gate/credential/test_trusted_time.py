"""The gate's clock: dead, leaping, creeping, of another century; then a good one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.gate.credential.trusted_time import (
    RELEASED,
    Belief,
    Doubt,
    TrustedTime,
)

if TYPE_CHECKING:
    from appliance.gate.store.schema import Store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)
SECOND = 1_000_000_000


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def watched(*looks: tuple[float, float]) -> list[Doubt]:
    """Return the doubt after each look of (seconds since boot, seconds of wall past noon)."""
    belief, doubts = Belief(), []
    for boot_s, wall_s in looks:
        belief = belief.after(NOON + s(wall_s), int(boot_s * SECOND))
        doubts.append(belief.doubt)
    return doubts


@pytest.mark.parametrize(
    ("wall", "doubt"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), Doubt.BEHIND),
        (datetime(2000, 1, 1, tzinfo=UTC), Doubt.BEHIND),
        (RELEASED - s(3), Doubt.BEHIND),
        (datetime(2099, 1, 1, tzinfo=UTC), Doubt.BEYOND),
        (datetime.max.replace(tzinfo=UTC), Doubt.BEYOND),
        (RELEASED, Doubt.NONE),
        (NOON, Doubt.NONE),
    ],
)
def test_a_dead_clock_and_one_of_another_century_are_not_believed(
    wall: datetime, doubt: Doubt
) -> None:
    assert Belief().after(wall, SECOND).doubt is doubt


@pytest.mark.parametrize(
    ("leap_s", "doubt"),
    [
        (61, Doubt.LEAPT),
        (86_400, Doubt.LEAPT),
        (10_000 * 86_400, Doubt.BEYOND),
        (-61, Doubt.BEHIND),
        (-5, Doubt.BEHIND),
        (59, Doubt.NONE),
        (-1, Doubt.NONE),
    ],
)
def test_a_leap_against_the_time_since_boot_is_seen(leap_s: float, doubt: Doubt) -> None:
    assert watched((10, 0), (10.02, leap_s)) == [Doubt.NONE, doubt]


def test_many_small_steps_are_one_leap() -> None:
    looks = [(10 + n, n + 20 * n) for n in range(5)]
    assert watched(*looks) == [Doubt.NONE] * 4 + [Doubt.LEAPT]


def test_a_night_of_sleep_is_no_leap() -> None:
    assert watched((10, 0), (30_010, 30_000)) == [Doubt.NONE, Doubt.NONE]


def test_a_clock_that_comes_back_is_believed_at_once() -> None:
    assert watched((10, 0), (11, 3600), (12, 2)) == [Doubt.NONE, Doubt.LEAPT, Doubt.NONE]
    assert watched((10, 0), (11, -3600), (12, 2)) == [Doubt.NONE, Doubt.BEHIND, Doubt.NONE]


def test_a_dead_clock_that_is_set_right_is_believed() -> None:
    belief = Belief().after(datetime(1970, 1, 1, tzinfo=UTC), SECOND)
    assert belief.after(NOON, 2 * SECOND).doubt is Doubt.NONE


def test_a_corrected_clock_is_believed_after_an_even_hour_and_not_before() -> None:
    right = watched((10, 0), (20, 610), (3000, 3590), (3619, 4209), (3621, 4211))
    assert right == [Doubt.NONE, Doubt.LEAPT, Doubt.LEAPT, Doubt.LEAPT, Doubt.NONE]


def test_whoever_plays_with_the_clock_keeps_codes_shut() -> None:
    played = watched((10, 0), (20, 610), (3000, 3690), (3625, 4315), (6500, 7190))
    assert played == [Doubt.NONE] + [Doubt.LEAPT] * 4


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(-1e9, 1e9)), max_size=20))
def test_a_believed_clock_never_shows_less_than_before(steps: list[tuple[float, float]]) -> None:
    belief, boot_s, highest = Belief(), 0.0, RELEASED
    for passed, shift in steps:
        boot_s += passed
        wall = NOON + s(boot_s + shift)
        belief = belief.after(wall, int(boot_s * SECOND))
        if belief.doubt is Doubt.NONE:
            assert wall >= highest - s(2)
            highest = max(highest, wall)


# With the store


def test_a_clock_behind_the_log_is_not_believed(store: Store) -> None:
    assert not TrustedTime(store, NOON + s(3)).look(NOON, SECOND)
    assert TrustedTime(store, NOON + s(1)).look(NOON, SECOND)


def test_what_was_logged_in_doubt_does_not_shut_out_the_right_time(store: Store) -> None:
    time = TrustedTime(store, NEVER)
    time.look(NOON, SECOND)
    time.save(SECOND)
    in_doubt = NOON + timedelta(days=900)
    assert TrustedTime(store, in_doubt).look(NOON + s(60), SECOND)
    assert not TrustedTime(store, NOON + s(50)).look(NOON + s(40), SECOND)


def test_the_floor_survives_a_restart_and_a_dead_battery(store: Store) -> None:
    time = TrustedTime(store, NEVER)
    assert time.look(NOON, SECOND)
    time.save(SECOND)
    again = TrustedTime(store, NEVER)
    assert not again.look(datetime(1970, 1, 1, tzinfo=UTC), SECOND)
    assert "RTC" in again.doubt
    assert not again.look(NOON - s(60), 2 * SECOND)
    assert again.look(NOON, 3 * SECOND)
    assert again.doubt == ""


def test_the_floor_is_written_once_a_minute_and_only_if_it_rose(store: Store) -> None:
    time, written = TrustedTime(store, NEVER), []
    for second in range(200):
        time.look(NOON + s(second), second * SECOND)
        before = store.changes()
        time.save(second * SECOND)
        if store.changes() != before:
            written.append(second)
    assert written == [0, 60, 120, 180]
    time.look(datetime(1970, 1, 1, tzinfo=UTC), 300 * SECOND)
    time.save(300 * SECOND)
    before = store.changes()
    time.save(400 * SECOND)
    assert store.changes() == before
    assert TrustedTime(store, NEVER)._belief.floor == NOON + s(199)
