"""Corrections and complaints that wait for an answer (S165)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import RosterError
from appliance.gate.counter.form import BACK, Form, View, at, go, text, to, word
from appliance.gate.store.tickets import TOPICS, Kind, Tickets
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.tickets import Ticket

CHOSEN = "ticket"
WORDS = {Kind.CORRECT: "correction", Kind.COMPLAIN: "complaint"}
STATES = ("open", "overdue", "answered")
TOPIC_WORDS = tuple({topic for topics in TOPICS.values() for topic in topics})


def _tickets(session: Session) -> Tickets:
    archive = session.tools.archive
    return Tickets(archive.roster.store, archive.journal)


def open_tickets(session: Session) -> int:
    """Return how many wait for an answer.

    Raises:
        StoreError: the store failed.

    """
    return sum(one.answered is None for one in _tickets(session).all())


def _state(session: Session, ticket: Ticket) -> str:
    if ticket.answered is not None:
        return "answered"
    return "overdue" if session.tools.clock.wall() > ticket.due else "open"


def _list(session: Session) -> View:
    found = sorted(_tickets(session).all(), key=lambda one: (one.answered is not None, one.due))
    rows = [
        Row(
            "ticket",
            (
                text(str(one.number)),
                word(one.topic),
                at(one.due.timestamp()),
                word(_state(session, one)),
            ),
            "open",
            str(one.number),
        )
        for one in found
    ]
    return View(choices=(BACK,), listed=rows)


def _open(session: Session, touch: Touch) -> Turn:
    session.draft[CHOSEN] = int(touch.value)
    return go("tickets.show")


def _show(session: Session) -> View:
    one = _chosen(session)
    waits = (Choice("answered", Weight.NEXT),) if one.answered is None else ()
    return View(
        rows=(
            Row("number", (text(str(one.number)),)),
            Row("kind", (word(WORDS[one.kind]),)),
            Row("topic", (word(one.topic),)),
            *_who(session, one),
            Row("at", (at(one.at.timestamp()),)),
            Row("due", (at(one.due.timestamp()),)),
            Row("state", (word(_state(session, one)),)),
        ),
        choices=(BACK, *waits),
    )


def _who(session: Session, ticket: Ticket) -> tuple[Row, ...]:
    """Tell who asks, unless they were erased meanwhile."""
    roster = session.tools.archive.roster
    if ticket.pseudonym not in roster:
        return (Row("household", (word("erased"),)),)
    profile = roster.get(ticket.pseudonym).profile
    return (Row("household", (text(profile.household),)), Row("label", (text(profile.label),)))


def _answered(session: Session, _touch: Touch) -> Turn:
    number = _chosen(session).number
    _tickets(session).answer(number, session.manager, session.tools.clock.wall())
    return go("tickets.list")


def _chosen(session: Session) -> Ticket:
    number = session.draft.get(CHOSEN)
    for one in _tickets(session).all():
        if one.number == number:
            return one
    raise RosterError(f"ticket {number}", "unknown", "one that was opened")


FORMS = (
    Form(
        "tickets.list",
        Ground.MANAGER,
        _list,
        {"back": to("manager.home"), "open": _open},
        leaves=True,
        rows=("ticket",),
        words=(*TOPIC_WORDS, *STATES),
    ),
    Form(
        "tickets.show",
        Ground.MANAGER,
        _show,
        {"back": to("tickets.list"), "answered": _answered},
        rows=("number", "kind", "topic", "household", "label", "at", "due", "state"),
        words=(*WORDS.values(), *TOPIC_WORDS, *STATES, "erased"),
    ),
)
