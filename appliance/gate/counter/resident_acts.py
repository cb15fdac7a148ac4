"""What a resident does about their own data: freeze, withdraw, correct, complain, take a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.errors import EnrolmentError, RosterError, StoreError
from appliance.gate import backup
from appliance.gate.counter.form import BACK, Form, View, at, close, go, text, to, twins, word
from appliance.gate.counter.resident import face_state, keep_receipt
from appliance.gate.enrolment.data_copy import data_copy
from appliance.gate.enrolment.receipt import CONSENT, Receipt
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.tickets import TOPICS, Kind, Ticket, Tickets
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.enrolment.erasure import Copies

RECEIPT_NS = 120_000_000_000
"""A receipt stays long enough to be photographed."""
STEPS = ("stop", "destroy", "read-back")
"""What a withdrawal does, one after the other."""
DONE = Choice("done", Weight.NEXT)


def _frozen(session: Session) -> View:
    since = session.draft.get("frozen-at", 0)
    return View(rows=(Row("frozen-at", (at(since),)),), choices=twins("undo", "done"))


def _undo(session: Session, _touch: Touch) -> Turn:
    session.tools.rights.thaw(session.resident)
    return go("my.home")


def _withdraw(_session: Session) -> View:
    rows = (Row("goes"), Row("stays"))
    return View(
        rows=rows, choices=(Choice("back", Weight.TWIN), Choice("withdraw-yes", Weight.TWIN))
    )


def _withdrawn(session: Session, _touch: Touch) -> Turn:
    """Stop, destroy and read back, each shown as it happens (S102, law 7)."""
    tools, who = session.tools, session.resident
    consent = tools.archive.roster.consent(who)
    if consent is None or consent.withdrawal is not None:
        return go("my.home", "not-allowed")

    def read_back() -> Copies:
        _progress(session, 2)
        return backup.renew(tools.archive)

    _progress(session, 0)
    tools.rights.freeze(who)
    _progress(session, 1)
    try:
        rights = Rights(tools.archive, tools.config, read_back)
        _, erased = rights.withdraw(who, "on the screen", consent.given_by)
    except EnrolmentError:
        return go("my.home", "not-allowed")
    except StoreError:
        # The face is gone; only its proof is not made yet, and is made with the next erasure.
        return go("my.home", "store-failed")
    keep_receipt(session, erased.receipt)
    session.draft["clean"] = erased.report.clean
    return go("my.receipt")


def _progress(session: Session, step: int) -> None:
    session.draft["step"] = step
    session.show("my.erasing")


def _erasing(session: Session) -> View:
    now = session.draft.get("step", 0)
    states = ("done" if one < now else "running" if one == now else "waiting" for one in range(3))
    rows = (Row(key, (word(state),)) for key, state in zip(STEPS, states, strict=True))
    return View(rows=tuple(rows), idle_ns=RECEIPT_NS)


def _receipt(session: Session) -> View:
    receipt: Receipt = session.draft["receipt"]
    claims: Any = receipt.claims
    if receipt.kind == CONSENT:
        state = face_state(session)
        rows = [
            Row("number", (text(str(claims["id"])),)),
            Row("at", (at(claims["iat"]),)),
            Row("what", (word(f"consent-{'given' if state == 'in-use' else state}"),)),
        ]
    else:
        clean = "nothing-left" if session.draft.get("clean") else "not-proven"
        rows = [
            Row("number", (text(str(claims["t"])[:16]),)),
            Row("at", (at(claims["at"]),)),
            Row("what", (word("face-erased"),)),
            Row("verdict", (word(clean),)),
        ]
    return View(rows=tuple(rows), choices=(DONE,), code=receipt.token, idle_ns=RECEIPT_NS)


def _topics(kind: Kind) -> View:
    tiles = (Choice("topic", Weight.TILE, value=one, word=f"topic-{one}") for one in TOPICS[kind])
    return View(choices=(*tiles, BACK))


def _correct(session: Session, touch: Touch) -> Turn:
    return _ask(session, Kind.CORRECT, touch.value)


def _complain(session: Session, touch: Touch) -> Turn:
    return _ask(session, Kind.COMPLAIN, touch.value)


def _ask(session: Session, kind: Kind, topic: str) -> Turn:
    """Take down what is asked for, with a number and a deadline (S165)."""
    archive, now = session.tools.archive, session.tools.clock.wall()
    tickets = Tickets(archive.roster.store, archive.journal)
    try:
        session.draft["ticket"] = tickets.open(kind, topic, session.resident, now)
    except RosterError:
        return go("my.home", "too-many")
    return go("my.ticket")


def _ticket(session: Session) -> View:
    ticket: Ticket = session.draft["ticket"]
    rows = (
        Row("number", (text(str(ticket.number)),)),
        Row("topic", (word(f"topic-{ticket.topic}"),)),
        Row("due", (at(ticket.due.timestamp()),)),
    )
    return View(rows=rows, choices=(DONE,), idle_ns=RECEIPT_NS)


def _copy(session: Session) -> View:
    archive = session.tools.archive
    receipt = session.draft.get("copy")
    if receipt is None:
        receipt = data_copy(archive.roster, session.resident, session.tools.clock.wall())
        archive.journal.happened("data.copied", session.resident)
        session.draft["copy"] = receipt
    rows = (Row("at", (at(receipt.claims["iat"]),)), Row("copy"))
    return View(rows=rows, choices=(DONE,), code=receipt.token, idle_ns=RECEIPT_NS)


def _home(session: Session, _touch: Touch) -> Turn:
    if not session.resident:
        return close()
    for one in ("receipt", "clean", "step", "ticket", "copy", "frozen-at"):
        session.draft.pop(one, None)
    return go("my.home")


FORMS = (
    Form(
        "my.frozen",
        Ground.RESIDENT,
        _frozen,
        {"undo": _undo, "done": _home},
        rows=("frozen-at",),
    ),
    Form(
        "my.withdraw",
        Ground.RESIDENT,
        _withdraw,
        {"back": to("my.home"), "withdraw-yes": _withdrawn},
        rows=("goes", "stays"),
    ),
    Form(
        "my.erasing",
        Ground.RESIDENT,
        _erasing,
        rows=STEPS,
        words=("waiting", "running", "done"),
    ),
    Form(
        "my.receipt",
        Ground.RESIDENT,
        _receipt,
        {"done": _home},
        rows=("number", "at", "what", "verdict"),
        words=(
            *("consent-given", "consent-frozen", "consent-ended", "consent-withdrawn"),
            *("face-erased", "nothing-left", "not-proven"),
        ),
    ),
    Form(
        "my.correct",
        Ground.RESIDENT,
        lambda _session: _topics(Kind.CORRECT),
        {"topic": _correct, "back": to("my.home")},
        words=tuple(f"topic-{one}" for one in TOPICS[Kind.CORRECT]),
    ),
    Form(
        "my.complain",
        Ground.RESIDENT,
        lambda _session: _topics(Kind.COMPLAIN),
        {"topic": _complain, "back": to("my.home")},
        words=tuple(f"topic-{one}" for one in TOPICS[Kind.COMPLAIN]),
    ),
    Form(
        "my.ticket",
        Ground.RESIDENT,
        _ticket,
        {"done": _home},
        rows=("number", "topic", "due"),
        words=tuple({f"topic-{one}": 0 for topics in TOPICS.values() for one in topics}),
    ),
    Form("my.copy", Ground.RESIDENT, _copy, {"done": _home}, rows=("at", "copy")),
)
