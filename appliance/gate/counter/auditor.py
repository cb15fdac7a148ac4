"""The auditor's pages: the log with a reason and a second person; looking at it is logged (S96)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter.form import (
    BACK,
    LEAF_ROWS,
    NEXT,
    Form,
    View,
    at,
    go,
    leave,
    stay,
    text,
    to,
    word,
)
from appliance.gate.counter.wants import CardShown, Want
from appliance.gate.store.operator_record import Role
from appliance.terminal import Choice, Entry, Ground, Pad, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.audit_event import AuditEvent

REASONS = ("complaint", "incident", "inspection", "request")
KINDS = ("all", "entry", "door", "card", "consent", "person", "operator", "config")
"""How the kinds of events begin that can be looked for."""
LONGEST_DATE = 10
VERIFIED_ROWS = 4


def _reason(_session: Session) -> View:
    reasons = (Choice("reason", Weight.TILE, value=one, word=f"reason-{one}") for one in REASONS)
    return View(choices=(*reasons, Choice("lock", Weight.BACK)))


def _reasoned(session: Session, touch: Touch) -> Turn:
    session.draft["reason"] = touch.value
    return go("audit.second")


def _second(_session: Session) -> View:
    return View(choices=(BACK,), wants=frozenset({Want.CARD}))


def _seconded(session: Session, shown: CardShown) -> Turn:
    """Let the auditor look once a manager stands beside them; that is logged first."""
    manager = session.tools.operators.of_person(shown.holder)
    auditor = session.operator
    if auditor is None or manager is None or manager.role is not Role.MANAGER:
        return stay("not-yours")
    session.tools.archive.journal.happened(
        "log.viewed",
        by=auditor.pseudonym,
        why=session.draft["reason"],
        second=manager.pseudonym,
    )
    session.draft["second"] = manager.pseudonym
    return go("audit.list")


def _list(session: Session) -> View:
    draft = session.draft
    kind, day = draft.get("kind", "all"), draft.get("day", "")
    pieces = [] if kind == "all" else [f'"kind":"{kind}.']
    pieces += [f'"at":"{day}'] if day else []
    skip = (session.leaf - 1) * LEAF_ROWS
    total, found = session.tools.archive.log.find(pieces, LEAF_ROWS, skip)
    filters = tuple(
        Choice("kind", Weight.PART, value=one, word=f"kind-{one}") for one in KINDS if one != kind
    )
    rows = (
        Row("this-view-is-logged"),
        Row("filter", (word(f"kind-{kind}"), text(day) if day else word("every-day"))),
    )
    return View(
        rows=rows,
        listed=[_row(one.sequence, one.event) for one in found],
        total=total,
        choices=(
            *filters,
            Choice("day", Weight.PART),
            Choice("verify", Weight.PART),
            Choice("lock", Weight.BACK),
        ),
    )


def _row(number: int, event: AuditEvent) -> Row:
    """Return an event as the log has it: no word of it is made nicer for an auditor."""
    words = (event.kind, event.method, event.reason, event.pseudonym or "")
    return Row("event", (text(str(number)), at(event.at.timestamp()), *map(text, words)))


def _kind(session: Session, touch: Touch) -> Turn:
    session.draft["kind"], session.leaf = touch.value, 1
    return stay()


def _day(session: Session) -> View:
    entry = Entry(Pad.DATE, LONGEST_DATE, session.draft.get("day", ""))
    choices = (BACK, Choice("every-day", Weight.PART), NEXT)
    return View(choices=choices, entry=entry)


def _dated(session: Session, touch: Touch) -> Turn:
    session.draft["day"] = touch.text
    return go("audit.list")


def _every_day(session: Session, _touch: Touch) -> Turn:
    session.draft.pop("day", None)
    return go("audit.list")


def _verify(session: Session, _touch: Touch) -> Turn:
    session.show("audit.verifying")
    log = session.tools.archive.log
    upto = log.span[1]
    findings = [one for one in log.verify() if one.tampering]
    session.draft["verified"] = (upto, findings)
    return go("audit.verified")


def _verified(session: Session) -> View:
    upto, findings = session.draft["verified"]
    verdict = "tampered" if findings else "unbroken"
    rows = [
        Row("upto", (text(str(upto)),)),
        Row("findings", (text(str(len(findings))),)),
        Row("verdict", (word(verdict),)),
        *(Row("finding", (text(str(one)),)) for one in findings[:VERIFIED_ROWS]),
    ]
    return View(rows=tuple(rows), choices=(BACK,))


FORMS = (
    Form(
        "audit.reason",
        Ground.AUDITOR,
        _reason,
        {"reason": _reasoned, "lock": leave},
        words=tuple(f"reason-{one}" for one in REASONS),
    ),
    Form(
        "audit.second",
        Ground.AUDITOR,
        _second,
        {"back": to("audit.reason")},
        {CardShown: _seconded},
    ),
    Form(
        "audit.list",
        Ground.AUDITOR,
        _list,
        {"kind": _kind, "day": to("audit.day"), "verify": _verify, "lock": leave},
        leaves=True,
        rows=("this-view-is-logged", "filter", "event"),
        words=("every-day", *(f"kind-{one}" for one in KINDS)),
    ),
    Form(
        "audit.day",
        Ground.AUDITOR,
        _day,
        {"back": to("audit.list"), "next": _dated, "every-day": _every_day},
    ),
    Form(
        "audit.verifying",
        Ground.AUDITOR,
        lambda _session: View(rows=(Row("reading", (word("running"),)),)),
        rows=("reading",),
        words=("running",),
    ),
    Form(
        "audit.verified",
        Ground.AUDITOR,
        _verified,
        {"back": to("audit.list")},
        rows=("upto", "findings", "verdict", "finding"),
        words=("unbroken", "tampered"),
    ),
)
