"""Erasure in two steps: what, and the household once more; then the proof and its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    household_of,
    log,
    same_household,
)
from appliance.gate.counter.person import chosen, face_state, who_rows
from appliance.gate.enrolment.consent import GivenBy
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session
    from appliance.gate.enrolment.rights import Erased

WHAT: Final = "erase"
RECEIPT: Final = "erased"
STEPS: Final = ("stop", "destroy", "read-back")
FACE, ALL = "erase-face", "erase-all"


def _what(session: Session) -> View:
    one = chosen(session)
    has_face = face_state(session, one) in {"active", "frozen", "expired"}
    acts = (FACE, ALL) if has_face else (ALL,)
    return View(rows=who_rows(one.profile), choices=(BACK, *twins(*acts)), step=1, steps=2)


def _chosen_what(session: Session, touch: Touch) -> Turn:
    session.draft[WHAT] = touch.act
    return go("erase.household")


def _household(session: Session) -> View:
    return View(
        rows=who_rows(chosen(session).profile)[1:],
        choices=(BACK, NEXT),
        entry=Entry(Pad.HOUSEHOLD, LONGEST_HOUSEHOLD),
        step=2,
        steps=2,
    )


def _confirmed(session: Session, touch: Touch) -> Turn:
    """Erase the one whose household was typed once more, and nobody else."""
    one, what = chosen(session), session.draft.get(WHAT)
    typed = household_of(touch.text) or touch.text
    if not typed or not same_household(typed, one.profile.household) or what not in {FACE, ALL}:
        return stay("household-unknown")
    if what == ALL and session.tools.operators.of_person(one.pseudonym) is not None:
        return go("erase.what", "not-allowed")  # their role is taken away first
    log(session, "erasure.asked", one.pseudonym, part="face" if what == FACE else "person")
    session.show("erase.running")
    rights = session.tools.rights
    if what == FACE:
        consent = session.tools.archive.roster.consent(one.pseudonym)
        by = consent.given_by if consent else GivenBy.SELF
        _, erased = rights.withdraw(one.pseudonym, "at the manager's desk", by)
    else:
        # The one asked for last; an earlier proof that was cut short comes before it.
        erased = rights.erase(one.pseudonym)[-1]
    session.draft.clear()
    session.draft[RECEIPT] = erased
    return go("erase.receipt")


def _running(_session: Session) -> View:
    return View(rows=tuple(Row(step, (word("running"),)) for step in STEPS))


def _receipt(session: Session) -> View:
    erased: Erased | None = session.draft.get(RECEIPT)
    if erased is None:
        return View(choices=(Choice("done", Weight.NEXT),))
    report = erased.report
    what = "face-erased" if report.part.value == "face" else "all-erased"
    return View(
        rows=(
            Row("number", (text(report.tombstone[:12]),)),
            Row("at", (at(report.erased_at),)),
            Row("what", (word(what),)),
            Row("verdict", (word("nothing-left" if report.clean else "found"),)),
        ),
        choices=(Choice("done", Weight.NEXT),),
        code=erased.receipt.token,
    )


def _done(session: Session, _touch: Touch) -> Turn:
    session.draft.clear()
    return go("manager.home")


FORMS = (
    Form(
        "erase.what",
        Ground.MANAGER,
        _what,
        {"back": to("person.show"), FACE: _chosen_what, ALL: _chosen_what},
        rows=("household", "label"),
        words=KINDS,
    ),
    Form(
        "erase.household",
        Ground.MANAGER,
        _household,
        {"back": to("erase.what"), "next": _confirmed},
        rows=("label",),
        words=KINDS,
        faults=("household-unknown",),
    ),
    Form("erase.running", Ground.MANAGER, _running, rows=STEPS, words=("running",)),
    Form(
        "erase.receipt",
        Ground.MANAGER,
        _receipt,
        {"done": _done},
        rows=("number", "at", "what", "verdict"),
        words=("face-erased", "all-erased", "nothing-left", "found"),
    ),
)
