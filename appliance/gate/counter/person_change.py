"""Changes what is known of a resident: household, label, ways in, validity."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from appliance.gate.counter.form import BACK, NEXT, Form, Turn, View, at, go, stay, to, word
from appliance.gate.counter.office import (
    KINDS,
    LONGEST_HOUSEHOLD,
    household_of,
    log,
    visitor_kind,
    zone,
)
from appliance.gate.counter.person import chosen, who_rows
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

LONGEST_LABEL = 60
DATE_LENGTH = 10


def end_of(session: Session, day: date) -> datetime:
    """Return the end of a day in the site's civil time."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone(session))


def future_day(session: Session, typed: str) -> datetime | None:
    """Return the end of a day that was typed, or None if it is over or no day."""
    try:
        until = end_of(session, date.fromisoformat(typed))
    except (ValueError, OverflowError):
        return None
    return until if until > session.tools.clock.wall() else None


def _change(session: Session) -> View:
    profile = chosen(session).profile
    until = profile.valid_until
    household, label = who_rows(profile)
    acts = ("household",) if visitor_kind(profile.label) else ("household", "label")
    rows = (
        replace(household, act="household"),
        replace(label, act="label" if "label" in acts else ""),
        Row("methods", tuple(word(one) for one in sorted(profile.methods)), "methods"),
        Row("validity", (at(until.timestamp()) if until else word("always"),), "validity"),
    )
    return View(rows=rows, choices=(BACK,))


def _update(session: Session, **changes: Any) -> None:  # noqa: ANN401 - fields of a profile
    one = chosen(session)
    # What cannot be logged is not done; what was changed, not to what.
    log(session, "person.changed", one.pseudonym, fields=" ".join(sorted(changes)))
    session.tools.archive.roster.update(one.pseudonym, replace(one.profile, **changes))


def _household(session: Session) -> View:
    filled = household_of(chosen(session).profile.household)
    return View(choices=(BACK, NEXT), entry=Entry(Pad.HOUSEHOLD, LONGEST_HOUSEHOLD, filled))


def _moved(session: Session, touch: Touch) -> Turn:
    household = household_of(touch.text)
    if not household:
        return stay("household-form")
    _update(session, household=household)
    return go("person.change")


def _label(session: Session) -> View:
    filled = chosen(session).profile.label[:LONGEST_LABEL]
    return View(choices=(BACK, NEXT), entry=Entry(Pad.TEXT, LONGEST_LABEL, filled))


def _named(session: Session, touch: Touch) -> Turn:
    label = touch.text.strip()
    if not label:
        return stay("empty")
    if visitor_kind(label):
        return stay("not-allowed")
    _update(session, label=label)
    return go("person.change")


def _methods(session: Session) -> View:
    chosen_ones = chosen(session).profile.methods
    rows = tuple(
        Row(name, (word("on" if method in chosen_ones else "off"),), name)
        for name, method in (("card", "card"), ("phone", "pass"))
    )
    return View(rows=rows, choices=(BACK,))


def _toggle(session: Session, touch: Touch) -> Turn:
    method = "card" if touch.act == "card" else "pass"
    methods = chosen(session).profile.methods ^ {method}
    # Face is never the only way in (law 1).
    if not methods & {"card", "pass"}:
        return stay("no-other-door")
    _update(session, methods=methods)
    return stay()


def _validity(_session: Session) -> View:
    choices = (Choice("always", Weight.TILE), Choice("date", Weight.TILE))
    return View(choices=(BACK, *choices))


def _always(session: Session, _touch: Touch) -> Turn:
    _update(session, valid_until=None)
    return go("person.change")


def _date(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.DATE, DATE_LENGTH))


def _dated(session: Session, touch: Touch) -> Turn:
    until = future_day(session, touch.text)
    if until is None:
        return stay("date-form")
    _update(session, valid_until=until)
    return go("person.change")


FORMS = (
    Form(
        "person.change",
        Ground.MANAGER,
        _change,
        {
            "back": to("person.show"),
            **{one: to(f"person.{one}") for one in ("household", "label", "methods", "validity")},
        },
        rows=("household", "label", "methods", "validity"),
        words=(*KINDS, "card", "pass", "face", "always"),
    ),
    Form(
        "person.household",
        Ground.MANAGER,
        _household,
        {"back": to("person.change"), "next": _moved},
        faults=("household-form",),
    ),
    Form(
        "person.label",
        Ground.MANAGER,
        _label,
        {"back": to("person.change"), "next": _named},
        faults=("empty",),
    ),
    Form(
        "person.methods",
        Ground.MANAGER,
        _methods,
        {"back": to("person.change"), "card": _toggle, "phone": _toggle},
        rows=("card", "phone"),
        words=("on", "off"),
        faults=("no-other-door",),
    ),
    Form(
        "person.validity",
        Ground.MANAGER,
        _validity,
        {"back": to("person.change"), "always": _always, "date": to("person.date")},
    ),
    Form(
        "person.date",
        Ground.MANAGER,
        _date,
        {"back": to("person.validity"), "next": _dated},
        faults=("date-form",),
    ),
)
