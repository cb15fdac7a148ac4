"""Enrolment, the middle: a card is written, a phone's key is read, and the resident is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import PassError, RosterError
from appliance.gate.counter.arrival import STEPS, arrival, forget
from appliance.gate.counter.form import BACK, Form, Turn, View, go, stay, text, to, word
from appliance.gate.counter.office import card_site, face_offered
from appliance.gate.counter.wants import WRITE_FAULTS, CardWritten, PhoneShown, Want
from appliance.gate.credential.pass_token import enrolled_key, key_id
from appliance.gate.enrolment.arrival import arrive
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session


def phone_key(session: Session, shown: str) -> tuple[bytes, str]:
    """Return the point in a phone's enrolment code, or nothing and the fault.

    Raises:
        StoreError: the store failed.

    """
    try:
        point = enrolled_key(shown)
    except PassError:
        return b"", "not-a-phone-key"
    if session.tools.archive.roster.find_by_pass(key_id(point)) is not None:
        return b"", "phone-taken"
    return point, ""


def _card(_session: Session) -> View:
    first_issue = 1
    wants = frozenset({Want.NEW_CARD})
    return View(choices=(BACK,), wants=wants, detail=first_issue, step=4, steps=STEPS)


def _card_written(session: Session, event: CardWritten) -> Turn:
    person = arrival(session)
    person.card = event.made
    return go("enrol.phone") if person.wants_phone else _save(session)


def _phone(_session: Session) -> View:
    wants = frozenset({Want.PHONE})
    return View(choices=(BACK,), wants=wants, step=4, steps=STEPS, preview=True)


def _phone_shown(session: Session, event: PhoneShown) -> Turn:
    point, fault = phone_key(session, event.text)
    if fault:
        return stay(fault)
    arrival(session).phone = point
    return _save(session)


def _save(session: Session) -> Turn:
    """Keep the resident with all that was chosen; valid from now on, and yet without a face."""
    person = arrival(session)
    phones = (person.phone,) if person.phone else ()
    try:
        person.pseudonym = arrive(
            session.tools.archive, card_site(session), person.profile(), person.card, phones
        )
    except RosterError:
        # Enrolled by another desk since it was looked up.
        person.card, person.phone = None, b""
        return go("enrol.methods", "card-taken" if person.wants_card else "phone-taken")
    return go("enrol.saved")


def _saved(session: Session) -> View:
    person = arrival(session)
    asks = face_offered(session)
    return View(
        rows=(
            Row("household", (text(person.household),)),
            Row("label", (text(person.name),)),
            Row("card", (word("active" if person.card else "none"),)),
            Row("phone", (word("active" if person.phone else "none"),)),
        ),
        choices=(
            Choice("no-finish", Weight.TWIN),
            *((Choice("tell-more", Weight.TWIN),) if asks else ()),
        ),
        step=5,
        steps=STEPS,
    )


def _finish(session: Session, _touch: Touch) -> Turn:
    forget(session)
    return go("manager.home")


FORMS = (
    Form(
        "enrol.card",
        Ground.MANAGER,
        _card,
        {"back": to("enrol.methods")},
        {CardWritten: _card_written},
        faults=WRITE_FAULTS,
    ),
    Form(
        "enrol.phone",
        Ground.MANAGER,
        _phone,
        {"back": to("enrol.methods")},
        {PhoneShown: _phone_shown},
        faults=("not-a-phone-key", "phone-taken"),
    ),
    Form(
        "enrol.saved",
        Ground.MANAGER,
        _saved,
        {"no-finish": _finish, "tell-more": to("enrol.notice")},
        rows=("household", "label", "card", "phone"),
        words=("active", "none"),
    ),
)
