"""Complaints and corrections residents ask for, each with number, topic and deadline (S165)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from appliance.errors import OperatorError, RosterError, SealBrokenError
from appliance.gate.store.operators import Role

if TYPE_CHECKING:
    from appliance.gate.journal import Journal
    from appliance.gate.store.operators import Operator
    from appliance.gate.store.schema import Store

TERM = timedelta(days=15)
"""An answer is due within it (S165)."""
MOST_OPEN = 20
"""Open tickets of one person; whoever has more is helped at the office."""


class Kind(Enum):
    """What a resident asks for."""

    CORRECT = "correct"
    COMPLAIN = "complain"


TOPICS = {
    Kind.CORRECT: ("household", "label", "methods", "validity", "other"),
    Kind.COMPLAIN: ("door", "refused", "face", "privacy", "staff", "other"),
}
"""Keys of the screen's words; nobody has to type."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One thing asked for.

    Attributes:
        number: told to the resident, from 1.
        kind: of it.
        topic: one of `TOPICS`.
        pseudonym: who asks.
        at: when, aware.
        due: until when an answer is owed, aware.
        answered: when it was answered, or None.
        by: the manager who did, or empty.

    """

    number: int
    kind: Kind
    topic: str
    pseudonym: str
    at: datetime
    due: datetime
    answered: datetime | None = None
    by: str = ""

    def encode(self) -> bytes:
        """Return it as bytes to be sealed; the number stands outside."""
        fields = {
            "kind": self.kind.value,
            "topic": self.topic,
            "pseudonym": self.pseudonym,
            "at": self.at.isoformat(),
            "due": self.due.isoformat(),
            "answered": self.answered and self.answered.isoformat(),
            "by": self.by,
        }
        return json.dumps(fields).encode()

    @classmethod
    def decode(cls, number: int, content: bytes) -> Ticket:
        """Read what `encode` wrote.

        Raises:
            SealBrokenError: not of this version.

        """
        try:
            fields = json.loads(content)
            answered = fields["answered"]
            return cls(
                number,
                Kind(fields["kind"]),
                str(fields["topic"]),
                str(fields["pseudonym"]),
                datetime.fromisoformat(fields["at"]),
                datetime.fromisoformat(fields["due"]),
                None if answered is None else datetime.fromisoformat(answered),
                str(fields["by"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SealBrokenError(f"ticket {number}", repr(error), "one of this version") from error


class Tickets:
    """The gate's tickets, in its sealed store.

    Args:
        store: where they are kept.
        journal: is told every ticket and answer.

    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def open(self, kind: Kind, topic: str, pseudonym: str, now: datetime) -> Ticket:
        """Take down what somebody asks for; return it with its number and deadline.

        Raises:
            RosterError: no such topic, or too many are open.
            StoreError: it is not kept.

        """
        if topic not in TOPICS[kind]:
            raise RosterError("ticket's topic", repr(topic)[:40], f"one of {TOPICS[kind]}")
        with self._store.transaction():
            tickets = self.all()
            mine = [one for one in tickets if one.pseudonym == pseudonym and one.answered is None]
            if len(mine) >= MOST_OPEN:
                raise RosterError("open tickets", len(mine), f"fewer than {MOST_OPEN}")
            number = 1 + max((one.number for one in tickets), default=0)
            ticket = Ticket(number, kind, topic, pseudonym, now, now + TERM)
            self._store.execute(
                "INSERT INTO ticket VALUES (?, 1, ?)", (number, self._seal(ticket, 1))
            )
            # Inside: what cannot be logged is not kept either.
            self._journal.happened(
                "ticket.opened", pseudonym, ticket=str(number), ask=kind.value, topic=topic
            )
        return ticket

    def all(self) -> tuple[Ticket, ...]:
        """Return all tickets, by number.

        Raises:
            StoreError: the store failed, or a row was altered.

        """
        rows = self._store.rows("SELECT number, revision, sealed FROM ticket ORDER BY number")
        return tuple(self._opened(*row) for row in rows)

    def answer(self, number: int, by: Operator, now: datetime) -> Ticket:
        """Note that a ticket was answered; a second time changes nothing.

        Raises:
            OperatorError: `by` is no manager.
            RosterError: there is no such ticket.
            StoreError: it is not kept.

        """
        if by.role is not Role.MANAGER:
            raise OperatorError("ticket", f"a {by.role.value}", "a manager (S141)")
        with self._store.transaction():
            rows = self._store.rows(
                "SELECT number, revision, sealed FROM ticket WHERE number = ?", (number,)
            )
            if not rows:
                raise RosterError(f"ticket {number}", "unknown", "one that was opened")
            ticket = self._opened(*rows[0])
            if ticket.answered is not None:
                return ticket
            done = replace(ticket, answered=now, by=by.pseudonym)
            revision = rows[0][1] + 1
            self._store.execute(
                "UPDATE ticket SET revision = ?, sealed = ? WHERE number = ?",
                (revision, self._seal(done, revision), number),
            )
            self._journal.happened(
                "ticket.answered", ticket.pseudonym, ticket=str(number), by=by.pseudonym
            )
        return done

    def _opened(self, number: int, revision: int, sealed: object) -> Ticket:
        place = ("ticket", str(number).encode(), "sealed", revision)
        return Ticket.decode(number, self._store.open_own(*place, sealed))

    def _seal(self, ticket: Ticket, revision: int) -> bytes:
        key = str(ticket.number).encode()
        return self._store.seal_own("ticket", key, "sealed", revision, ticket.encode())
