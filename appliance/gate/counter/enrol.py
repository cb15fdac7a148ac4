"""Enrolment, first half: household, person, ways in; nothing is kept before all is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter.arrival import STEPS, arrival, forget
from appliance.gate.counter.form import BACK, NEXT, Form, Turn, View, go, stay, text, to, word
from appliance.gate.counter.office import (
    LONGEST_HOUSEHOLD,
    household_of,
    residents_of,
    visitor_kind,
)
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

LONGEST_LABEL = 60


def _household(session: Session) -> View:
    filled = arrival(session).household
    entry = Entry(Pad.HOUSEHOLD, LONGEST_HOUSEHOLD, filled)
    return View(choices=(BACK, NEXT), entry=entry, step=1, steps=STEPS)


def _household_given(session: Session, touch: Touch) -> Turn:
    household = household_of(touch.text)
    if not household:
        return stay("household-form")
    person = arrival(session)
    person.household = household
    person.others = sum(
        not visitor_kind(one.profile.label) for one in residents_of(session, household)
    )
    return go("enrol.person")


def _cancel(session: Session, _touch: Touch) -> Turn:
    forget(session)
    return go("manager.home")


def _person(session: Session) -> View:
    person = arrival(session)
    age = {None: "open", True: "child", False: "adult"}[person.child]
    ready = person.identity and person.child is not None
    return View(
        rows=(
            Row("household", (text(person.household),)),
            Row("others", (text(str(person.others)),)),
            Row("identity", (word("yes" if person.identity else "no"),), "identity"),
            Row("age", (word(age),)),
            Row("label", (text(person.name),), "label"),
        ),
        choices=(
            BACK,
            Choice("adult", Weight.TWIN),
            Choice("child", Weight.TWIN),
            *((NEXT,) if ready else ()),
        ),
        step=2,
        steps=STEPS,
    )


def _identity(session: Session, _touch: Touch) -> Turn:
    person = arrival(session)
    person.identity = not person.identity
    return stay()


def _age(session: Session, touch: Touch) -> Turn:
    arrival(session).child = touch.act == "child"
    return stay()


def _label(session: Session) -> View:
    entry = Entry(Pad.TEXT, LONGEST_LABEL, arrival(session).name)
    return View(choices=(BACK, NEXT), entry=entry, step=2, steps=STEPS)


def _label_given(session: Session, touch: Touch) -> Turn:
    if visitor_kind(touch.text.strip()):
        return stay("not-allowed")
    arrival(session).label = touch.text.strip()
    return go("enrol.person")


def _methods(session: Session) -> View:
    person, offered = arrival(session), session.tools.config.methods
    rows = (
        *((_way("card", on=person.wants_card),) if offered.card else ()),
        *((_way("phone", on=person.wants_phone),) if offered.qr else ()),
    )
    ready = (offered.card and person.wants_card) or (offered.qr and person.wants_phone)
    choices = (BACK, *((NEXT,) if ready else ()))
    return View(rows=rows, choices=choices, step=3, steps=STEPS)


def _way(name: str, *, on: bool) -> Row:
    return Row(name, (word("on" if on else "off"),), name)


def _toggle(session: Session, touch: Touch) -> Turn:
    person = arrival(session)
    if touch.act == "card":
        person.wants_card = not person.wants_card
    else:
        person.wants_phone = not person.wants_phone
    return stay()


def _methods_chosen(session: Session, _touch: Touch) -> Turn:
    person, offered = arrival(session), session.tools.config.methods
    person.wants_card &= offered.card
    person.wants_phone &= offered.qr
    return go("enrol.card" if person.wants_card else "enrol.phone")


FORMS = (
    Form(
        "enrol.household",
        Ground.MANAGER,
        _household,
        {"back": _cancel, "next": _household_given},
        faults=("household-form",),
    ),
    Form(
        "enrol.person",
        Ground.MANAGER,
        _person,
        {
            "back": to("enrol.household"),
            "identity": _identity,
            "adult": _age,
            "child": _age,
            "label": to("enrol.label"),
            "next": to("enrol.methods"),
        },
        rows=("household", "others", "identity", "age", "label"),
        words=("yes", "no", "open", "child", "adult"),
    ),
    Form(
        "enrol.label",
        Ground.MANAGER,
        _label,
        {"back": to("enrol.person"), "next": _label_given},
    ),
    Form(
        "enrol.methods",
        Ground.MANAGER,
        _methods,
        {
            "back": to("enrol.person"),
            "card": _toggle,
            "phone": _toggle,
            "next": _methods_chosen,
        },
        rows=("card", "phone"),
        words=("on", "off"),
        faults=("card-taken", "phone-taken"),
    ),
)
