"""Who may run the gate: managers, auditors and technicians, each with one role, card and PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.errors import OperatorError, RosterError
from appliance.gate.counter.form import BACK, NEXT, Form, Turn, View, go, stay, text, to, word
from appliance.gate.counter.office import card_site
from appliance.gate.counter.staff import OFFICE
from appliance.gate.counter.wants import WRITE_FAULTS, CardWritten, Want
from appliance.gate.enrolment.arrival import arrive
from appliance.gate.store.operators import NAME_LIMIT, Role
from appliance.gate.store.pins import LONGEST, check_pin
from appliance.gate.store.records import Profile
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

LONGEST_NAME: Final = min(60, NAME_LIMIT)
STEPS: Final = 5
ROLES: Final = tuple(role.value for role in Role)
NAME, ROLE, CARD, PIN = "name", "role", "card", "pin"


def _list(session: Session) -> View:
    rows = [
        Row("operator-name", (text(one.name), word(one.role.value)), "remove", one.pseudonym)
        for one in session.tools.operators.all()
    ]
    return View(choices=(BACK, Choice("add", Weight.NEXT)), listed=rows)


def _choose(session: Session, touch: Touch) -> Turn:
    session.draft[NAME] = next(
        (one.name for one in session.tools.operators.all() if one.pseudonym == touch.value), ""
    )
    return go("operators.remove")


def _removing(session: Session) -> View:
    rows = (Row("operator-name", (text(str(session.draft.get(NAME, ""))),)),)
    return View(rows=rows, choices=(BACK, Choice("remove", Weight.NEXT)))


def _remove(session: Session, _touch: Touch) -> Turn:
    """Take a role away, and with it the card's way in."""
    name = str(session.draft.get(NAME, ""))
    found = [one for one in session.tools.operators.all() if one.name == name]
    try:
        session.tools.operators.remove(name, session.manager)
    except OperatorError:
        return go("operators.list", "last-manager" if found else "too-late")
    person = found[0].person if found else ""
    roster = session.tools.archive.roster
    if person and person in roster and roster.get(person).profile.household == OFFICE:
        session.show("operators.removing")
        session.tools.rights.erase(person)
    return go("operators.list")


def _wait(_session: Session) -> View:
    return View(rows=(Row("destroy", (word("running"),)),))


def _role(_session: Session) -> View:
    tiles = (Choice("role", Weight.TILE, role, role) for role in ROLES)
    return View(choices=(BACK, *tiles), step=1, steps=STEPS)


def _role_chosen(session: Session, touch: Touch) -> Turn:
    session.draft[ROLE] = Role(touch.value)
    return go("operators.name")


def _name(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.TEXT, LONGEST_NAME), step=2, steps=STEPS)


def _named(session: Session, touch: Touch) -> Turn:
    name = touch.text.strip()
    if not name:
        return stay("empty")
    if any(one.name.casefold() == name.casefold() for one in session.tools.operators.all()):
        return stay("name-taken")
    session.draft[NAME] = name
    return go("operators.card")


def _card(_session: Session) -> View:
    wants = frozenset({Want.NEW_CARD})
    return View(choices=(BACK,), wants=wants, detail=1, step=3, steps=STEPS)


def _written(session: Session, event: CardWritten) -> Turn:
    session.draft[CARD] = event.made
    return go("operators.pin")


def _pin(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.PIN, LONGEST), step=4, steps=STEPS)


def _pin_chosen(session: Session, touch: Touch) -> Turn:
    try:
        check_pin(touch.text)
    except OperatorError:
        return stay("weak-pin")
    session.draft[PIN] = touch.text
    return go("operators.pin-again")


def _again(_session: Session) -> View:
    return View(choices=(BACK, NEXT), entry=Entry(Pad.PIN, LONGEST), step=5, steps=STEPS)


def _add(session: Session, touch: Touch) -> Turn:
    """Keep operator and card together, or neither."""
    draft = session.draft
    if not {NAME, ROLE, CARD, PIN} <= draft.keys():
        return go("operators.list", "too-late")
    if touch.text != draft.pop(PIN):
        return go("operators.pin", "pins-differ")
    archive = session.tools.archive
    profile = Profile(OFFICE, draft[NAME], frozenset({"card"}))
    try:
        with archive.roster.store.transaction():
            person = arrive(archive, card_site(session), profile, draft[CARD])
            session.tools.operators.add(
                draft[NAME], draft[ROLE], touch.text, session.manager, person
            )
    except RosterError:
        return go("operators.list", "card-taken")
    except OperatorError:
        return go("operators.list", "name-taken")
    finally:
        draft.clear()
    return go("operators.list")


FORMS = (
    Form(
        "operators.list",
        Ground.MANAGER,
        _list,
        {"back": to("manager.home"), "add": to("operators.role"), "remove": _choose},
        leaves=True,
        rows=("operator-name",),
        words=ROLES,
        faults=("last-manager", "card-taken", "name-taken"),
    ),
    Form(
        "operators.remove",
        Ground.MANAGER,
        _removing,
        {"back": to("operators.list"), "remove": _remove},
        rows=("operator-name",),
    ),
    Form("operators.removing", Ground.MANAGER, _wait, rows=("destroy",), words=("running",)),
    Form(
        "operators.role",
        Ground.MANAGER,
        _role,
        {"back": to("operators.list"), "role": _role_chosen},
        words=ROLES,
    ),
    Form(
        "operators.name",
        Ground.MANAGER,
        _name,
        {"back": to("operators.role"), "next": _named},
        faults=("empty", "name-taken"),
    ),
    Form(
        "operators.card",
        Ground.MANAGER,
        _card,
        {"back": to("operators.name")},
        {CardWritten: _written},
        faults=WRITE_FAULTS,
    ),
    Form(
        "operators.pin",
        Ground.MANAGER,
        _pin,
        {"back": to("operators.card"), "next": _pin_chosen},
        faults=("weak-pin", "pins-differ"),
    ),
    Form(
        "operators.pin-again",
        Ground.MANAGER,
        _again,
        {"back": to("operators.pin"), "next": _add},
    ),
)
