"""A resident's hours as text: what is not understood never means always."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RosterError
from appliance.gate.access.schedule import ALWAYS, EVERY_DAY, Period, Schedule, Weekday
from appliance.gate.store.hours import hours, schedule_text

DAY = {"days": ["mon"], "from": 420, "to": 1320}


def test_null_is_always_and_a_text_says_its_hours() -> None:
    assert hours("null") == ALWAYS
    assert schedule_text(ALWAYS) == "null"
    assert hours(json.dumps({"periods": [DAY], "holidays": ["2026-10-01"]})) == Schedule(
        (Period(frozenset({Weekday.MONDAY}), 420, 1320),), frozenset({date(2026, 10, 1)}), ()
    )
    assert hours('{"periods": []}') == Schedule(())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "{}",
        "[]",
        "0",
        "false",
        '"null"',
        "[" * 5000,
        json.dumps({"periods": None}),
        json.dumps({"periods": {}}),
        json.dumps({"periods": [DAY], "except": []}),
        json.dumps({"periods": [{**DAY, "days": []}]}),
        json.dumps({"periods": [{**DAY, "days": ["monday"]}]}),
        json.dumps({"periods": [{**DAY, "from": 420.5}]}),
        json.dumps({"periods": [{**DAY, "from": True}]}),
        json.dumps({"periods": [{**DAY, "from": -1}]}),
        json.dumps({"periods": [{**DAY, "to": 1441}]}),
        json.dumps({"periods": [{**DAY, "to": 420}]}),
        json.dumps({"periods": [{**DAY, "until": 1}]}),
        json.dumps({"periods": [{"days": ["mon"], "from": 1}]}),
        json.dumps({"periods": [None]}),
        json.dumps({"periods": [DAY], "holidays": ["1 October"]}),
        json.dumps({"periods": [DAY], "holidays": [20261001]}),
        json.dumps({"periods": [DAY], "holiday_periods": ["mon"]}),
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(RosterError, match="schedule"):
        hours(text)


periods = st.builds(
    Period,
    st.frozensets(st.sampled_from(sorted(EVERY_DAY, key=lambda day: day.value)), min_size=1),
    st.integers(0, 700),
    st.integers(701, 1440),
)


@given(
    st.builds(
        Schedule,
        st.lists(periods, max_size=4).map(tuple),
        st.frozensets(st.dates(), max_size=4),
        st.lists(periods, max_size=4).map(tuple),
    )
)
def test_hours_come_back_as_they_were(schedule: Schedule) -> None:
    assert hours(schedule_text(schedule)) == schedule
