"""Hours hold on the wall clock, over midnight, on holidays and when summer time changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.gate.access.reasons import Reason
from appliance.gate.access.schedule import (
    ALWAYS,
    EVERY_DAY,
    Period,
    Schedule,
    Validity,
    Weekday,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = Period(EVERY_DAY, 8 * 60, 18 * 60)
MONDAY_NIGHT = Period(frozenset({Weekday.MONDAY}), 22 * 60, 6 * 60)

periods = st.builds(
    lambda days, start, end: Period(days, start, end + 1 if end >= start else end or 1440),
    st.frozensets(st.sampled_from(Weekday), min_size=1),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
moments = st.datetimes(
    min_value=datetime(2024, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [
        pytest.param(frozenset[Weekday](), 0, 60, id="no day"),
        pytest.param(EVERY_DAY, -1, 60, id="before midnight"),
        pytest.param(EVERY_DAY, 1440, 60, id="start after the day"),
        pytest.param(EVERY_DAY, 0, 1441, id="end after the day"),
        pytest.param(EVERY_DAY, 60, 0, id="end before the day"),
        pytest.param(EVERY_DAY, 60, 60, id="empty"),
    ],
)
def test_a_period_that_means_nothing_is_refused(
    days: frozenset[Weekday], start: int, end: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        Period(days, start, end)


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 6, 1, 12)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="a time with its zone"):
        ALWAYS.allows(naive, SHANGHAI)
    with pytest.raises(ValueError, match="a time with its zone"):
        Validity(begins=naive)


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        pytest.param((2026, 6, 1, 7, 59), False, id="a minute early"),
        pytest.param((2026, 6, 1, 8, 0), True, id="first minute"),
        pytest.param((2026, 6, 1, 17, 59), True, id="last minute"),
        pytest.param((2026, 6, 1, 18, 0), False, id="a minute late"),
    ],
)
def test_a_period_holds_from_its_first_to_its_last_minute(
    local: tuple[int, int, int, int, int], *, allowed: bool
) -> None:
    assert Schedule((DAY,)).allows(datetime(*local, tzinfo=SHANGHAI), SHANGHAI) is allowed


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        pytest.param((2026, 6, 1, 5, 0), False, id="monday morning belongs to sunday"),
        pytest.param((2026, 6, 1, 23, 0), True, id="monday night"),
        pytest.param((2026, 6, 2, 5, 59), True, id="tuesday morning belongs to monday"),
        pytest.param((2026, 6, 2, 6, 0), False, id="ended"),
        pytest.param((2026, 6, 2, 23, 0), False, id="tuesday night"),
    ],
)
def test_a_period_over_midnight_belongs_to_the_day_it_begins(
    local: tuple[int, int, int, int, int], *, allowed: bool
) -> None:
    at = datetime(*local, tzinfo=SHANGHAI)

    assert Schedule((MONDAY_NIGHT,)).allows(at, SHANGHAI) is allowed


def test_a_holiday_has_its_own_hours_and_its_night_goes_on_into_the_next_day() -> None:
    night = Period(EVERY_DAY, 22 * 60, 2 * 60)
    schedule = Schedule((DAY,), frozenset({date(2026, 6, 1)}), (night,))

    assert not schedule.allows(datetime(2026, 6, 1, 12, tzinfo=SHANGHAI), SHANGHAI)
    assert schedule.allows(datetime(2026, 6, 1, 23, tzinfo=SHANGHAI), SHANGHAI)
    assert schedule.allows(datetime(2026, 6, 2, 1, tzinfo=SHANGHAI), SHANGHAI)
    assert not schedule.allows(datetime(2026, 6, 2, 23, tzinfo=SHANGHAI), SHANGHAI)


def test_the_hour_that_summer_time_repeats_counts_twice_and_the_skipped_one_never() -> None:
    night = Schedule((Period(EVERY_DAY, 2 * 60, 3 * 60),))
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    spring = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)

    assert [night.allows(autumn + timedelta(hours=h), BERLIN) for h in range(3)] == [
        True,
        True,
        False,
    ]
    assert not any(night.allows(spring + timedelta(minutes=m), BERLIN) for m in range(60))


@given(period=periods, at=moments, zone=st.sampled_from([SHANGHAI, BERLIN]))
def test_a_period_asks_nothing_but_the_wall_clock(
    period: Period, at: datetime, zone: ZoneInfo
) -> None:
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    today, yesterday = Weekday(local.weekday()), Weekday((local.weekday() - 1) % 7)
    length = (period.to_minute - period.from_minute) % 1440 or 1440

    expected = (today in period.weekdays and 0 <= minute - period.from_minute < length) or (
        yesterday in period.weekdays and 0 <= minute + 1440 - period.from_minute < length
    )

    assert Schedule((period,)).allows(at, zone) is expected


@given(at=moments, zone=st.sampled_from([SHANGHAI, BERLIN]))
def test_no_hours_never_allow_and_all_hours_always_do(at: datetime, zone: ZoneInfo) -> None:
    assert not Schedule(()).allows(at, zone)
    assert ALWAYS.allows(at, zone)


def test_only_unlimited_rights_need_no_clock() -> None:
    assert Schedule((DAY,)).depends_on_time
    assert Validity(ends=datetime(2026, 6, 1, tzinfo=UTC)).depends_on_time
    assert not ALWAYS.depends_on_time
    assert not Validity().depends_on_time


def test_validity_ends_by_itself() -> None:
    begins = datetime(2026, 6, 1, tzinfo=UTC)
    ends = datetime(2026, 6, 2, tzinfo=UTC)
    validity = Validity(begins, ends)

    with pytest.raises(ValueError, match="an end after the beginning"):
        Validity(ends, begins)
    assert validity.refusal(begins - timedelta(microseconds=1)) is Reason.NOT_YET_VALID
    assert validity.refusal(ends) is Reason.VALIDITY_ENDED
    assert validity.refusal(begins) is None
    assert Validity().refusal(begins) is None
