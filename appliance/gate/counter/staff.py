"""How staff log in: with their card and PIN; and how the first manager of a gate comes to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import OperatorError
from appliance.gate.counter.form import BACK, NEXT, Form, View, close, go, leave, stay, to
from appliance.gate.counter.wants import WRITE_FAULTS, CardShown, CardWritten, Want
from appliance.gate.store.operator_record import Role
from appliance.gate.store.operators import Operator
from appliance.gate.store.pins import LONGEST, check_pin
from appliance.gate.store.records import Profile
from appliance.terminal import Choice, Entry, Ground, Pad, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session

HOMES = {
    Role.MANAGER: "manager.home",
    Role.AUDITOR: "audit.reason",
    Role.TECHNICIAN: "tech.list",
}
LONGEST_NAME = 60
OFFICE = "office"
"""The household of staff on the roster: their cards open the door as anybody's."""


def _card(session: Session) -> View:
    first = (Choice("first", Weight.PART),) if _nobody(session) else ()
    return View(choices=(BACK, *first), wants=frozenset({Want.CARD}))


def _shown(session: Session, shown: CardShown) -> Turn:
    operator = session.tools.operators.of_person(shown.holder)
    if operator is None:
        # Refused as a card nobody knows: who lives here and who works here is nobody's business.
        return stay("unknown-card")
    session.draft.update(operator=operator, person=shown.holder)
    return go("staff.pin")


def _pin(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.PIN, LONGEST))


def _login(session: Session, touch: Touch) -> Turn:
    operator, operators = session.draft.get("operator"), session.tools.operators
    if not isinstance(operator, Operator):
        return close()
    try:
        found = operators.login(operator.name, touch.text, operator.role)
    except OperatorError:
        wait = operators.waits(operator.name)
        return stay("paused", str(wait)) if wait else stay("wrong-pin")
    return _enter(session, found, session.draft["person"])


def _enter(session: Session, operator: Operator, person: str) -> Turn:
    session.draft.clear()
    session.operator, session.person = operator, person
    return go(HOMES[operator.role])


def _nobody(session: Session) -> bool:
    return not session.tools.operators.all()


def _first(session: Session, _touch: Touch) -> Turn:
    return go("first.name") if _nobody(session) else stay("not-allowed")


def _name(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.TEXT, LONGEST_NAME), step=1, steps=4)


def _named(session: Session, touch: Touch) -> Turn:
    name = touch.text.strip()
    if not name:
        return stay("empty")
    session.draft["name"] = name
    return go("first.card")


def _new_card(_session: Session) -> View:
    issue = 1
    wants = frozenset({Want.NEW_CARD})
    return View(choices=(BACK,), wants=wants, detail=issue, step=2, steps=4)


def _written(session: Session, event: CardWritten) -> Turn:
    session.draft["card"] = event.made
    return go("first.pin")


def _new_pin(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.PIN, LONGEST), step=3, steps=4)


def _chosen(session: Session, touch: Touch) -> Turn:
    try:
        check_pin(touch.text)
    except OperatorError:
        return stay("weak-pin")
    session.draft["pin"] = touch.text
    return go("first.pin-again")


def _again(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.PIN, LONGEST), step=4, steps=4)


def _repeated(session: Session, touch: Touch) -> Turn:
    """Make the first manager, with a card on the roster: all of it or nothing."""
    draft = session.draft
    if touch.text != draft.pop("pin", None):
        return go("first.pin", "pins-differ")
    if not _nobody(session):
        return close()
    archive, made = session.tools.archive, draft["card"]
    with archive.roster.store.transaction():
        profile = Profile(OFFICE, draft["name"], frozenset({"card"}))
        person = archive.roster.add(profile)
        archive.journal.happened("enrolment.committed", person, face="no")
        archive.roster.add_card(person, made.number, key=made.key, uid=made.uid, issue=made.issue)
        # Refused by the operators themselves if there is a manager by now.
        operator = session.tools.operators.add(
            draft["name"], Role.MANAGER, touch.text, None, person
        )
    return _enter(session, operator, person)


FORMS = (
    Form(
        "staff.card",
        Ground.DOORSTEP,
        _card,
        {"back": leave, "first": _first},
        {CardShown: _shown},
    ),
    Form(
        "staff.pin",
        Ground.DOORSTEP,
        _pin,
        {"back": leave, "next": _login},
        faults=("wrong-pin", "paused"),
    ),
    Form(
        "first.name",
        Ground.DOORSTEP,
        _name,
        {"back": leave, "next": _named},
        faults=("empty",),
    ),
    Form(
        "first.card",
        Ground.DOORSTEP,
        _new_card,
        {"back": to("first.name")},
        {CardWritten: _written},
        faults=WRITE_FAULTS,
    ),
    Form(
        "first.pin",
        Ground.DOORSTEP,
        _new_pin,
        {"back": leave, "next": _chosen},
        faults=("weak-pin", "pins-differ"),
    ),
    Form("first.pin-again", Ground.DOORSTEP, _again, {"back": leave, "next": _repeated}),
)
