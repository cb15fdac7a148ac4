"""Gives the open page what takes a while: a card that is written, a face that is gathered."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from appliance.gate.card_writing import CardOrder
from appliance.gate.counter.wants import (
    CardWritten,
    FaceProgress,
    FaceTaken,
    NotGiven,
    Want,
)
from appliance.gate.enrolment.card_desk import CardDesk
from appliance.gate.enrolment.desk import CAPTURE_NS
from appliance.gate.enrolment.issuing import terminal_key
from appliance.messages import FaceEvidence, Gathered, Guidance, Hint, VisitAbandoned

if TYPE_CHECKING:
    from appliance.gate.cards import Cards
    from appliance.gate.counter.front import Front
    from appliance.gate.parts import Parts
    from appliance.gate.visits import Visits
    from appliance.link import Link, Said

NO_WANT: Final = -1
SHARE_STEP: Final = 25
"""Percent; a page that is drawn anew for every picture would be hard to touch."""


class Giver:
    """At most one card order and one enrolment visit, each for one want of the page.

    Args:
        front: whose page waits.
        cards: where cards are written.
        visits: through which vision is asked.
        parts: of the controller: roster, journal, clock, and whose cards are written.

    """

    def __init__(self, front: Front, cards: Cards, visits: Visits, parts: Parts) -> None:
        self._front = front
        self._cards = cards
        self._visits = visits
        self._store = parts.roster.store
        self._desk = CardDesk(parts.roster, parts.journal, parts.site)
        self._site = parts.site
        self._clock = parts.clock
        self._card_want = self._face_want = NO_WANT
        self._visit = b""
        self._until_ns = 0
        self._link: Link | None = None
        self._told = (Hint.NONE, 0)
        self._share = 0
        self._hint = Hint.NONE

    def step(self, *, face_allowed: bool) -> None:
        """Begin and end what the page waits for, and hand over what has come.

        Args:
            face_allowed: face is switched on here, signed off, and works.

        """
        self._step_card()
        self._step_face(face_allowed=face_allowed)

    def hear(self, message: Said) -> bool:
        """Take what vision says of an enrolment's visit; False if it is about something else."""
        match message:
            case Gathered(visit, share):
                if visit == self._visit:  # else of one that has ended meanwhile
                    self._share = round(100 * share)
                    self._tell_progress()
            case Guidance(_, hint) if self._visit:
                self._hint = hint
                self._tell_progress()
                return False
            case FaceEvidence() if message.visit == self._visit:
                self._visit = b""
                self._front.give(FaceTaken(message))
            case VisitAbandoned() if message.visit == self._visit:
                self._visit = b""
                self._front.give(NotGiven("no-face-in-time"))
            case _:
                return False
        return True

    def _step_card(self) -> None:
        wanted = self._front.wanted
        if not self._front.wants(Want.NEW_CARD):
            if self._card_want != NO_WANT:
                self._cards.write(None)
                self._card_want = NO_WANT
            return
        if wanted.number != self._card_want:
            self._card_want = wanted.number
            key = terminal_key(self._store)
            self._cards.write(CardOrder(self._site, key, int(wanted.detail), self._desk.taken))
        made, faults = self._cards.written()
        for fault in faults:
            self._front.give(NotGiven(fault.value))
        if made is not None:
            self._front.give(CardWritten(made, made.number))

    def _step_face(self, *, face_allowed: bool) -> None:
        if not self._front.wants(Want.FACE):
            self._end_visit()
            self._face_want = NO_WANT
            return
        wanted, now_ns = self._front.wanted, self._clock.now_ns()
        if wanted.number != self._face_want:
            self._end_visit()
            self._face_want = wanted.number
            self._begin(now_ns, face_allowed=face_allowed)
        elif self._visit and (now_ns > self._until_ns or self._visits.link is not self._link):
            self._end_visit()
            self._front.give(NotGiven("no-face-in-time"))

    def _begin(self, now_ns: int, *, face_allowed: bool) -> None:
        visit, until_ns = secrets.token_bytes(16), now_ns + CAPTURE_NS
        turn = self._front.wanted.detail.turn
        if not face_allowed or not self._visits.enrol(visit, turn, until_ns):
            self._front.give(NotGiven("face-off"))
            return
        # A second more than vision has: its own word on why comes first.
        self._visit, self._until_ns = visit, until_ns + 1_000_000_000
        self._link = self._visits.link
        self._told, self._share, self._hint = (Hint.NONE, 0), 0, Hint.NONE

    def _end_visit(self) -> None:
        if self._visit:
            self._visits.end_enrolment(self._visit)
            self._visit = b""

    def _tell_progress(self) -> None:
        now = (self._hint, self._share // SHARE_STEP * SHARE_STEP)
        if now != self._told:
            self._told = now
            self._front.give(FaceProgress(*now))
