"""A resident's own hours as JSON text, and back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from appliance.errors import RosterError
from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Weekday

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS = {"periods", "holidays", "holiday_periods"}
PERIOD_KEYS = {"days", "from", "to"}


def hours(text: str) -> Schedule:
    """Return the hours of a profile.

    Args:
        text: `null` = always; otherwise `{"periods": [{"days": ["mon"], "from": 420, "to": 1320}],
            "holidays": ["2026-10-01"], "holiday_periods": []}`, in minutes after local midnight;
            the last two may be left out.

    Raises:
        RosterError: anything else; what is not understood must not mean "always".

    """
    try:
        fields = json.loads(text)
        if fields is None:
            return ALWAYS
        _require_keys(fields, {"periods"}, KEYS)
        return Schedule(
            _periods(fields["periods"]),
            frozenset(date.fromisoformat(day) for day in fields.get("holidays", [])),
            _periods(fields.get("holiday_periods", [])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RosterError("resident's schedule", repr(error), "hours as JSON, or null") from error


def schedule_text(schedule: Schedule) -> str:
    """Return the JSON text that `hours` reads as this schedule."""
    if schedule == ALWAYS:
        return "null"
    return json.dumps(
        {
            "periods": [_period_fields(period) for period in schedule.periods],
            "holidays": sorted(day.isoformat() for day in schedule.holidays),
            "holiday_periods": [_period_fields(period) for period in schedule.holiday_periods],
        }
    )


def _periods(rows: list[dict[str, Any]]) -> tuple[Period, ...]:
    if not isinstance(rows, list):
        raise TypeError(rows)
    for row in rows:
        _require_keys(row, PERIOD_KEYS, PERIOD_KEYS)
        if not (type(row["from"]) is int and type(row["to"]) is int):
            raise TypeError(row)
    return tuple(
        Period(frozenset(Weekday(DAYS.index(day)) for day in row["days"]), row["from"], row["to"])
        for row in rows
    )


def _period_fields(period: Period) -> dict[str, object]:
    days = [DAYS[day.value] for day in sorted(period.weekdays, key=lambda day: day.value)]
    return {"days": days, "from": period.from_minute, "to": period.to_minute}


def _require_keys(row: dict[str, Any], least: set[str], most: set[str]) -> None:
    if not (isinstance(row, dict) and least <= set(row) <= most):
        raise TypeError(row)
