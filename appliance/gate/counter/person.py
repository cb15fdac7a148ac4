"""One resident: what is held, and what the manager may do about it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from appliance.errors import RosterError
from appliance.gate.counter.arrival import KEY, Arrival
from appliance.gate.counter.form import BACK, Form, View, at, go, stay, text, to, word
from appliance.gate.counter.office import (
    KINDS,
    card_desk,
    face_offered,
    held,
    log,
    visitor_kind,
)
from appliance.gate.counter.wants import WRITE_FAULTS, CardWritten, Want
from appliance.gate.enrolment.consent import ConsentStatus
from appliance.gate.store.records import CredentialKind
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.records import Credential, Profile, Resident

PERSON = "person"
MOST_SHOWN = 4
"""Cards, and phones, of one person on the page; the newest."""
SHOWN_DIGITS = 8
"""Of a card's or phone's id, enough to tell which."""


def chosen(session: Session) -> Resident:
    """Return the resident the manager has opened.

    Raises:
        RosterError: nobody, or erased meanwhile.
        StoreError: the store failed.

    """
    return session.tools.archive.roster.get(str(session.draft.get(PERSON, "")))


def show_person(session: Session, pseudonym: str) -> Turn:
    """Open a resident's page; that is in the log before it is shown.

    Raises:
        AuditError: it cannot be logged.

    """
    log(session, "person.viewed", pseudonym)
    session.draft[PERSON] = pseudonym
    return go("person.show")


def face_state(session: Session, resident: Resident) -> str:
    """Return the word for a resident's face.

    Raises:
        StoreError: the store failed.

    """
    archive = session.tools.archive
    consent = archive.roster.consent(resident.pseudonym)
    if consent is None:
        return "none"
    states = {
        ConsentStatus.GIVEN: "frozen" if resident.face_frozen else "active",
        ConsentStatus.WITHDRAWN: "withdrawn",
        ConsentStatus.EXPIRED: "expired",
        ConsentStatus.NOT_YET: "inactive",
    }
    return states[consent.status(archive.clock.wall())]


def who_rows(profile: Profile) -> tuple[Row, Row]:
    """Return the two rows that say whom a page is about."""
    kind = visitor_kind(profile.label)
    shown = word(kind) if kind else text(profile.label)
    return Row("household", (text(profile.household),)), Row("label", (shown,))


def _show(session: Session) -> View:
    one = chosen(session)
    profile = one.profile
    until = profile.valid_until
    face = face_state(session, one)
    has_face = face in {"active", "frozen"}
    adds = face_offered(session) and not has_face and not visitor_kind(profile.label)
    acts = (
        "change",
        "reissue",
        *(("add-face",) if adds else ()),
        *(("freeze-face",) if face == "active" else ()),
        "erase",
    )
    methods = [word(name) for name in ("card", "pass", "face") if name in profile.methods]
    return View(
        rows=(
            *who_rows(profile),
            Row("methods", tuple(methods)),
            Row("validity", (at(until.timestamp()) if until else word("always"),)),
            *_held_rows(held(session, one.pseudonym, CredentialKind.CARD), "card"),
            *_held_rows(held(session, one.pseudonym, CredentialKind.PASS), "phone"),
            Row("face", (word(face),)),
        ),
        choices=(BACK, *(Choice(act, Weight.TILE) for act in acts)),
    )


def _held_rows(found: tuple[Credential, ...], name: str) -> Iterator[Row]:
    for one in found[-MOST_SHOWN:]:
        number = one.number.hex()
        state = "active" if one.active else "blocked"
        act = f"block-{name}" if one.active else f"unblock-{name}"
        shown = text(number[SHOWN_DIGITS - 4 : SHOWN_DIGITS])
        yield Row(name, (shown, word(state)), act, number[:SHOWN_DIGITS])


def _block_card(session: Session, touch: Touch) -> Turn:
    blocked = touch.act == "block-card"
    card_desk(session).block(chosen(session).pseudonym, touch.value, blocked=blocked)
    return stay()


def _block_phone(session: Session, touch: Touch) -> Turn:
    pseudonym, blocked = chosen(session).pseudonym, touch.act == "block-phone"
    for one in held(session, pseudonym, CredentialKind.PASS):
        if one.number.hex().startswith(touch.value) and one.active is blocked:
            kind = "pass.blocked" if blocked else "pass.unblocked"
            session.tools.archive.roster.set_pass_blocked(one.number, blocked=blocked)
            log(session, kind, pseudonym, phone=one.number.hex()[:SHOWN_DIGITS])
    return stay()


def _freeze(session: Session, _touch: Touch) -> Turn:
    session.tools.rights.freeze(chosen(session).pseudonym)
    return stay()


def _add_face(session: Session, _touch: Touch) -> Turn:
    """Begin where enrolment asks for a face; whether the person is a child is asked again."""
    one = chosen(session)
    if not session.tools.archive.roster.has_other_door(one.pseudonym):
        return stay("no-other-door")
    session.draft[KEY] = Arrival(
        household=one.profile.household, label=one.profile.label, pseudonym=one.pseudonym
    )
    return go("person.age")


def _age(_session: Session) -> View:
    return View(choices=(BACK, Choice("adult", Weight.TWIN), Choice("child", Weight.TWIN)))


def _aged(session: Session, touch: Touch) -> Turn:
    session.draft[KEY].child = touch.act == "child"
    return go("enrol.notice")


def _reissue(session: Session, _touch: Touch) -> Turn:
    """Block the lost card at once; the new one comes after."""
    with suppress(RosterError):  # never had one, and gets the first
        card_desk(session).block(chosen(session).pseudonym)
    return go("reissue.card")


def _new_card(session: Session) -> View:
    one = chosen(session)
    issue = card_desk(session).next_issue(one.pseudonym)
    wants = frozenset({Want.NEW_CARD})
    return View(rows=who_rows(one.profile), choices=(BACK,), wants=wants, detail=issue)


def _written(session: Session, event: CardWritten) -> Turn:
    try:
        card_desk(session).enrol(chosen(session).pseudonym, event.made)
    except RosterError:
        return stay("card-taken")
    return go("person.show")


FORMS = (
    Form(
        "person.show",
        Ground.MANAGER,
        _show,
        {
            "back": to("find.list"),
            "change": to("person.change"),
            "block-card": _block_card,
            "unblock-card": _block_card,
            "block-phone": _block_phone,
            "unblock-phone": _block_phone,
            "reissue": _reissue,
            "add-face": _add_face,
            "freeze-face": _freeze,
            "erase": to("erase.what"),
        },
        rows=("household", "label", "methods", "validity", "card", "phone", "face"),
        words=(
            *KINDS,
            *("card", "pass", "face", "always", "active", "blocked", "none", "frozen"),
            *("withdrawn", "expired", "inactive"),
        ),
        faults=("no-other-door",),
    ),
    Form(
        "person.age",
        Ground.MANAGER,
        _age,
        {"back": to("person.show"), "adult": _aged, "child": _aged},
    ),
    Form(
        "reissue.card",
        Ground.MANAGER,
        _new_card,
        {"back": to("person.show")},
        {CardWritten: _written},
        rows=("household", "label"),
        words=KINDS,
        faults=WRITE_FAULTS,
    ),
)
