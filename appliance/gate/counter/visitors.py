"""Visitors and contractors: whose guest, what for, until when; each ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appliance.errors import RosterError
from appliance.gate.counter.enrol_issue import phone_key
from appliance.gate.counter.form import (
    BACK,
    NEXT,
    Form,
    Turn,
    View,
    at,
    go,
    stay,
    text,
    to,
    twins,
    word,
)
from appliance.gate.counter.office import (
    KINDS,
    LONGEST_HOUSEHOLD,
    VISITOR,
    card_site,
    household_key,
    household_of,
    log,
    residents_of,
    visitor_kind,
    zone,
)
from appliance.gate.counter.person_change import DATE_LENGTH, end_of, future_day
from appliance.gate.counter.wants import WRITE_FAULTS, CardWritten, PhoneShown, Want
from appliance.gate.enrolment.arrival import arrive
from appliance.gate.store.records import Profile
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.card_writing import NewCard
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session
    from appliance.terminal import Cell

DAYS: Final = {"today": 0, "days3": 2, "week1": 6}
"""Days after today whose end is meant."""
LONGEST: Final = timedelta(days=366)
STEPS: Final = 5
FIRST_ISSUE: Final = 1


def _list(session: Session) -> View:
    """Show those who may enter now or later; who has ended is gone, and is swept with its time."""
    now = session.tools.clock.wall()
    found = [
        (household_key(one.profile.household), one.profile, one.pseudonym)
        for one in session.tools.archive.roster.residents([])
        if visitor_kind(one.profile.label)
        and (one.profile.valid_until is None or one.profile.valid_until > now)
    ]
    rows = [
        Row(
            "visitor",
            (text(profile.household), word(visitor_kind(profile.label)), _until_cell(profile)),
            "end",
            pseudonym,
        )
        for _, profile, pseudonym in sorted(found, key=lambda one: (one[0], one[2]))
    ]
    return View(choices=(BACK, Choice("add", Weight.NEXT)), listed=rows)


def _until_cell(profile: Profile) -> Cell:
    until = profile.valid_until
    return at(until.timestamp()) if until else word("always")


def _end(session: Session, touch: Touch) -> Turn:
    """End a visit now; the card or phone opens nothing from this moment."""
    roster = session.tools.archive.roster
    profile = roster.get(touch.value).profile
    log(session, "visitor.ended", touch.value)
    now = session.tools.clock.wall()
    begins = profile.valid_from
    roster.update(
        touch.value,
        replace(profile, valid_until=now, valid_from=min(begins, now) if begins else None),
    )
    return stay()


def _household(_session: Session) -> View:
    entry = Entry(Pad.HOUSEHOLD, LONGEST_HOUSEHOLD)
    return View(choices=(BACK, NEXT), entry=entry, step=1, steps=STEPS)


def _invited(session: Session, touch: Touch) -> Turn:
    household = household_of(touch.text)
    if not household:
        return stay("household-form")
    home = residents_of(session, household)
    if all(visitor_kind(one.profile.label) for one in home):
        return stay("household-unknown")  # nobody lives there who could have invited
    session.draft["household"] = household
    return go("visitors.kind")


def _kind(_session: Session) -> View:
    tiles = (Choice("kind", Weight.TILE, kind, kind) for kind in KINDS)
    return View(choices=(BACK, *tiles), step=2, steps=STEPS)


def _kind_chosen(session: Session, touch: Touch) -> Turn:
    session.draft["kind"] = touch.value
    return go("visitors.until")


def _until(_session: Session) -> View:
    tiles = (Choice(one, Weight.TILE) for one in (*DAYS, "date"))
    return View(choices=(BACK, *tiles), step=3, steps=STEPS)


def _until_chosen(session: Session, touch: Touch) -> Turn:
    today = session.tools.clock.wall().astimezone(zone(session)).date()
    return _keep_until(session, end_of(session, today + timedelta(days=DAYS[touch.act])))


def _date(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.DATE, DATE_LENGTH), step=3, steps=STEPS)


def _dated(session: Session, touch: Touch) -> Turn:
    until = future_day(session, touch.text)
    if until is None or until - session.tools.clock.wall() > LONGEST:
        return stay("date-form")
    return _keep_until(session, until)


def _keep_until(session: Session, until: datetime) -> Turn:
    session.draft["until"] = until
    return go("visitors.way")


def _way(session: Session) -> View:
    offered = session.tools.config.methods
    ways = (*(("card",) if offered.card else ()), *(("phone",) if offered.qr else ()))
    return View(choices=(BACK, *twins(*ways)), step=4, steps=STEPS)


def _card(_session: Session) -> View:
    wants = frozenset({Want.NEW_CARD})
    return View(choices=(BACK,), wants=wants, detail=FIRST_ISSUE, step=5, steps=STEPS)


def _written(session: Session, event: CardWritten) -> Turn:
    return _save(session, event.made, b"")


def _phone(_session: Session) -> View:
    wants = frozenset({Want.PHONE})
    return View(choices=(BACK,), wants=wants, step=5, steps=STEPS, preview=True)


def _shown(session: Session, event: PhoneShown) -> Turn:
    point, fault = phone_key(session, event.text)
    return stay(fault) if fault else _save(session, None, point)


def _save(session: Session, card: NewCard | None, phone: bytes) -> Turn:
    draft = session.draft
    if not {"household", "kind", "until"} <= draft.keys():
        return go("visitors.list", "too-late")
    profile = Profile(
        draft["household"],
        VISITOR + draft["kind"],
        frozenset({"card"} if card else {"pass"}),
        valid_until=draft["until"],
    )
    try:
        arrive(session.tools.archive, card_site(session), profile, card, (phone,) if phone else ())
    except RosterError:
        return stay("card-taken" if card else "phone-taken")
    return go("visitors.done")


def _done(session: Session) -> View:
    draft = session.draft
    rows = (
        Row("household", (text(str(draft.get("household", ""))),)),
        Row("kind", (word(str(draft.get("kind", ""))),)),
        Row("until", (at(draft["until"].timestamp() if "until" in draft else 0),)),
    )
    return View(rows=rows, choices=(Choice("done", Weight.NEXT),))


def _finish(session: Session, _touch: Touch) -> Turn:
    session.draft.clear()
    return go("visitors.list")


FORMS = (
    Form(
        "visitors.list",
        Ground.MANAGER,
        _list,
        {"back": to("manager.home"), "add": to("visitors.household"), "end": _end},
        leaves=True,
        rows=("visitor",),
        words=(*KINDS, "always"),
    ),
    Form(
        "visitors.household",
        Ground.MANAGER,
        _household,
        {"back": to("visitors.list"), "next": _invited},
        faults=("household-form", "household-unknown"),
    ),
    Form(
        "visitors.kind",
        Ground.MANAGER,
        _kind,
        {"back": to("visitors.household"), "kind": _kind_chosen},
        words=KINDS,
    ),
    Form(
        "visitors.until",
        Ground.MANAGER,
        _until,
        {
            "back": to("visitors.kind"),
            "today": _until_chosen,
            "days3": _until_chosen,
            "week1": _until_chosen,
            "date": to("visitors.date"),
        },
    ),
    Form(
        "visitors.date",
        Ground.MANAGER,
        _date,
        {"back": to("visitors.until"), "next": _dated},
        faults=("date-form",),
    ),
    Form(
        "visitors.way",
        Ground.MANAGER,
        _way,
        {
            "back": to("visitors.until"),
            "card": to("visitors.card"),
            "phone": to("visitors.phone"),
        },
    ),
    Form(
        "visitors.card",
        Ground.MANAGER,
        _card,
        {"back": to("visitors.way")},
        {CardWritten: _written},
        faults=WRITE_FAULTS,
    ),
    Form(
        "visitors.phone",
        Ground.MANAGER,
        _phone,
        {"back": to("visitors.way")},
        {PhoneShown: _shown},
        faults=("not-a-phone-key", "phone-taken"),
    ),
    Form(
        "visitors.done",
        Ground.MANAGER,
        _done,
        {"done": _finish},
        rows=("household", "kind", "until"),
        words=KINDS,
    ),
)
