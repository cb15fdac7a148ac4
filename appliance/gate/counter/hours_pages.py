"""The site's opening hours: the same for card, code and face (S3, S16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Weekday
from appliance.gate.counter.form import BACK, NEXT, Form, Turn, View, go, stay, text, to, word
from appliance.gate.rules import build_rules
from appliance.gate.store.settings import Settings
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session
    from appliance.terminal import Cell

DAY: Final = "day"
OPENS: Final = "opens"
WHOLE: Final = 24 * 60
WORDS: Final = (*("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),)
MOST_PERIODS: Final = 5
"""Shown of one day."""


def _settings(session: Session) -> Settings:
    archive = session.tools.archive
    return Settings(archive.roster.store, archive.journal)


def schedule_now(session: Session) -> Schedule:
    """Return the hours that hold: those set at the screen, or the configured ones.

    Raises:
        StoreError: the store failed.

    """
    set_here = _settings(session).hours()
    return build_rules(session.tools.config).policy.schedule if set_here is None else set_here


def _periods(schedule: Schedule, day: Weekday) -> list[Period]:
    if schedule == ALWAYS:
        return [Period(frozenset({day}), 0, WHOLE)]
    found = [one for one in schedule.periods if day in one.weekdays]
    return sorted(found, key=lambda one: (one.from_minute, one.to_minute))


def _show(session: Session) -> View:
    schedule = schedule_now(session)
    rows = tuple(
        Row(day.name.lower(), _cells(_periods(schedule, day)), "change", day.name.lower())
        for day in Weekday
    )
    return View(rows=rows, choices=(BACK,))


def _cells(periods: list[Period]) -> tuple[Cell, ...]:
    if not periods:
        return (word("shut"),)
    return tuple(
        word("all-day")
        if (one.from_minute, one.to_minute) == (0, WHOLE)
        else text(f"{_clock(one.from_minute)}-{_clock(one.to_minute)}")
        for one in periods[:MOST_PERIODS]
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _change(session: Session, touch: Touch) -> Turn:
    session.draft[DAY] = Weekday[touch.value.upper()]
    return go("hours.opens")


def _opens(session: Session) -> View:
    choices = (Choice("all-day", Weight.PART), Choice("shut", Weight.PART))
    return _asked(session, choices)


def _closes(session: Session) -> View:
    return _asked(session, ())


def _asked(session: Session, choices: tuple[Choice, ...]) -> View:
    day = session.draft.get(DAY)
    rows = (Row(day.name.lower()),) if isinstance(day, Weekday) else ()
    return View(rows=rows, choices=(BACK, *choices, NEXT), entry=Entry(Pad.DIGITS, 4))


def minute_of(typed: str) -> int | None:
    """Return the minute of the day of four digits, up to 2400, or None."""
    if len(typed) != 4 or not typed.isascii() or not typed.isdigit():  # noqa: PLR2004 - hhmm
        return None
    hours, minutes = int(typed[:2]), int(typed[2:])
    minute = hours * 60 + minutes
    return minute if minutes < 60 and minute <= WHOLE else None  # noqa: PLR2004 - minutes


def _opens_given(session: Session, touch: Touch) -> Turn:
    minute = minute_of(touch.text)
    if minute is None or minute == WHOLE:
        return stay("hours-form")
    session.draft[OPENS] = minute
    return go("hours.closes")


def _closes_given(session: Session, touch: Touch) -> Turn:
    minute, opens = minute_of(touch.text), session.draft.get(OPENS)
    if minute is None or opens is None or minute == opens:
        return stay("hours-form")
    # Earlier than it opens is on the next day; midnight is the end of this one.
    return _set(session, ((opens, minute or WHOLE),))


def _all_day(session: Session, _touch: Touch) -> Turn:
    return _set(session, ((0, WHOLE),))


def _shut(session: Session, _touch: Touch) -> Turn:
    return _set(session, ())


def _set(session: Session, spans: tuple[tuple[int, int], ...]) -> Turn:
    """Give one weekday other hours, and leave all others as they are."""
    changed = session.draft.get(DAY)
    if not isinstance(changed, Weekday):
        return go("hours.show", "too-late")
    schedule = schedule_now(session)
    days: dict[tuple[int, int], set[Weekday]] = {}
    for day in Weekday:
        old = ((one.from_minute, one.to_minute) for one in _periods(schedule, day))
        for span in spans if day is changed else old:
            days.setdefault(span, set()).add(day)
    periods = tuple(Period(frozenset(on), *span) for span, on in sorted(days.items()))
    _settings(session).set_hours(replace(schedule, periods=periods), session.manager)
    return go("hours.show")


FORMS = (
    Form(
        "hours.show",
        Ground.MANAGER,
        _show,
        {"back": to("manager.home"), "change": _change},
        rows=WORDS,
        words=("all-day", "shut"),
    ),
    Form(
        "hours.opens",
        Ground.MANAGER,
        _opens,
        {"back": to("hours.show"), "next": _opens_given, "all-day": _all_day, "shut": _shut},
        rows=WORDS,
        faults=("hours-form",),
    ),
    Form(
        "hours.closes",
        Ground.MANAGER,
        _closes,
        {"back": to("hours.opens"), "next": _closes_given},
        rows=WORDS,
        faults=("hours-form",),
    ),
)
