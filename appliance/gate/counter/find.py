"""Finds residents by household, never by a face; each search is in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter.form import BACK, NEXT, Form, View, go, stay, text, to, word
from appliance.gate.counter.office import (
    KINDS,
    LONGEST_HOUSEHOLD,
    household_key,
    household_of,
    log,
    same_household,
    visitor_kind,
)
from appliance.gate.counter.person import show_person
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.records import Resident
    from appliance.terminal import Cell

FOUND = "found"


def _household(_session: Session) -> View:
    return View(
        choices=(BACK, Choice("all", Weight.PART), NEXT),
        entry=Entry(Pad.HOUSEHOLD, LONGEST_HOUSEHOLD),
    )


def _search(session: Session, touch: Touch) -> Turn:
    household = household_of(touch.text)
    if not household:
        return stay("household-form")
    return _list_of(session, household)


def _all(session: Session, _touch: Touch) -> Turn:
    return _list_of(session, "")


def _list_of(session: Session, household: str) -> Turn:
    log(session, "roster.viewed")
    rows = sorted(
        (
            (household_key(one.profile.household), one.profile.label, one.pseudonym, _row(one))
            for one in session.tools.archive.roster.residents([])
            if not household or same_household(one.profile.household, household)
        ),
        key=lambda found: found[:3],
    )
    if not rows:
        return stay("household-unknown")
    session.draft[FOUND] = tuple(row for *_, row in rows)
    return go("find.list")


def _row(one: Resident) -> Row:
    kind = visitor_kind(one.profile.label)
    shown: Cell = word(kind) if kind else text(one.profile.label)
    return Row("resident", (text(one.profile.household), shown), "open", one.pseudonym)


def _list(session: Session) -> View:
    return View(choices=(BACK,), listed=session.draft.get(FOUND, ()))


def _open(session: Session, touch: Touch) -> Turn:
    if touch.value not in session.tools.archive.roster:
        return stay("household-unknown")  # erased since the list was made
    return show_person(session, touch.value)


FORMS = (
    Form(
        "find.household",
        Ground.MANAGER,
        _household,
        {"back": to("manager.home"), "next": _search, "all": _all},
        faults=("household-form", "household-unknown"),
    ),
    Form(
        "find.list",
        Ground.MANAGER,
        _list,
        {"back": to("find.household"), "open": _open},
        leaves=True,
        rows=("resident",),
        words=KINDS,
        faults=("household-unknown",),
    ),
)
