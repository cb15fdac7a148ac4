"""Steps the conversations with cards: reader events in, judged cards and suspicions out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from appliance.errors import SanmenError
from appliance.gate.access.card_proof import CardProof
from appliance.gate.access.clones import CloneWatch, Suspicion
from appliance.gate.card_writing import CardWriter
from appliance.gate.credential.scheme import Finding
from hardware.errors import DeviceError
from hardware.ports import (
    Authenticity,
    CardAnswered,
    CardGone,
    CardPresentation,
    CardsCollided,
    CardSeen,
    CardTechnology,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.card_writing import CardFault, CardOrder, NewCard
    from appliance.gate.credential.scheme import CardKey, CardScheme, Conversation, Outcome
    from hardware.ports import CardEvent, Reader

DEADLINE_NS = 1_000_000_000
"""A conversation that takes longer is over: nobody waits, and no relay has all the time."""
MOST_COMMANDS = 16
"""A card that wants more commands than this, over all schemes, is over too."""
MOST_ROUNDS = 32
"""Looks at the reader in one step; the rest waits, so that cards hold up nothing else."""
MOST_TALKS = 4
COLLISION_REST_NS = 2_000_000_000
"""Two cards lying on a reader are told once."""

_REFUSED_AT_ONCE = {
    CardTechnology.CLASSIC: CardProof.CLASSIC,
    CardTechnology.TYPE_2: CardProof.NUMBER_ONLY,
    CardTechnology.LOW_FREQUENCY: CardProof.NUMBER_ONLY,
    CardTechnology.TYPE_B: CardProof.ID_CARD,
    CardTechnology.UNKNOWN: CardProof.COPYABLE,
}
_FINDINGS = {
    Finding.PROVEN: CardProof.PROVEN,
    Finding.NOT_OURS: CardProof.NOT_OURS,
    Finding.TOO_OLD: CardProof.TOO_OLD,
    Finding.UNKNOWN: CardProof.UNKNOWN,
    Finding.MISMATCH: CardProof.MISMATCH,
    Finding.FAULT: CardProof.READER_FAULT,
}
_PRESENTED = {
    Authenticity.MUTUAL: CardProof.PROVEN,
    Authenticity.COPYABLE: CardProof.COPYABLE,
    Authenticity.FAILED: CardProof.FAILED,
}


@dataclass(frozen=True, slots=True)
class JudgedCard:
    """What became of one card.

    Attributes:
        proof: how far it was proven.
        card_id: from its protected file, 16 bytes; empty unless PROVEN.
        at_ns: monotonic clock when it was seen, nanoseconds.

    """

    proof: CardProof
    card_id: bytes
    at_ns: int


@dataclass(slots=True)
class _Talk:
    """A conversation that goes on; `left` are the schemes to try if this one is not its own."""

    seen: CardSeen
    left: list[CardScheme]
    conversation: Conversation
    commands: int = 1


class Cards:
    """The cards of one reader.

    Args:
        reader: where they are held to.
        schemes: kinds of cards that can prove themselves, the likeliest first.
        find: gives the enrolled card of a UID; if it fails, the card is judged STORE_FAILED.

    """

    def __init__(
        self,
        reader: Reader,
        schemes: tuple[CardScheme, ...],
        find: Callable[[bytes], CardKey | None],
    ) -> None:
        self._reader = reader
        self._schemes = schemes
        self._find = find
        self._talks: dict[int, _Talk] = {}
        self._watch = CloneWatch()
        self._collided_ns: int | None = None
        self._judged: list[JudgedCard] = []
        self._suspicions: list[tuple[Suspicion, bytes]] = []
        self._writer: CardWriter | None = None

    def step(self, now_ns: int) -> tuple[JudgedCard, ...]:
        """Take in what the reader saw, and say what its cards are now judged to be.

        Raises:
            DeviceError: the reader is broken for good; what was judged before comes next time.

        """
        try:
            for _ in range(MOST_ROUNDS):
                events = self._reader.poll()
                for event in events:
                    self._take(event, now_ns)
                if not events:
                    break
        finally:
            self._end_late(now_ns)
            if self._writer is not None:
                self._writer.tick(now_ns)
        judged, self._judged = tuple(self._judged), []
        return judged

    def suspicions(self) -> tuple[tuple[Suspicion, bytes], ...]:
        """Return why which UIDs may be cloned, since the last call."""
        found, self._suspicions = tuple(self._suspicions), []
        return found

    def write(self, order: CardOrder | None) -> None:
        """Make the next card held to the reader a new one; None = no longer.

        Until then no card that comes is judged. One that was being written keeps what it has, and
        is gone on with at the next order.
        """
        self._writer = None if order is None else CardWriter(self._reader, order)

    def written(self) -> tuple[NewCard | None, tuple[CardFault, ...]]:
        """Return the card that was made, which ends the order, and what went wrong meanwhile."""
        if self._writer is None:
            return None, ()
        made, faults = self._writer.made, self._writer.faults()
        if made is not None:
            self._writer = None
        return made, faults

    def _take(self, event: CardEvent, now_ns: int) -> None:
        if self._writer is not None and self._writer.take(event, now_ns):
            self._watch_written(event)
            return
        match event:
            case CardPresentation(card_id, authenticity, at_ns):
                self._judged.append(JudgedCard(_PRESENTED[authenticity], card_id, at_ns))
            case CardSeen():
                self._begin(event)
            case CardAnswered(card, response):
                self._answer(card, response, now_ns)
            case CardGone(card):
                self._watch = self._watch.went(self._reader.identity, card)
                self._end(card, CardProof.PULLED_AWAY)
            case CardsCollided(at_ns):
                self._collide(at_ns)
            case _:
                assert_never(event)

    def _watch_written(self, event: CardEvent) -> None:
        """Count presences for the clone alarm, also of cards that are written."""
        if isinstance(event, CardSeen):
            self._note_presence(event.card, event.uid)
        elif isinstance(event, CardGone):
            self._watch = self._watch.went(self._reader.identity, event.card)

    def _begin(self, seen: CardSeen) -> None:
        self._note_presence(seen.card, seen.uid)
        at_once = _REFUSED_AT_ONCE.get(seen.technology)
        if at_once is not None or not self._schemes or len(self._talks) >= MOST_TALKS:
            proof = at_once or CardProof.READER_FAULT
            self._judged.append(JudgedCard(proof, b"", seen.at_ns))
            return
        first, *left = self._schemes
        talk = _Talk(seen, left, first.begin(seen.uid, self._find))
        self._talks[seen.card] = talk
        self._send(talk)

    def _answer(self, card: int, response: bytes, now_ns: int) -> None:
        talk = self._talks.get(card)
        if talk is None:
            return  # the answer to a command of a conversation that is over
        try:
            talk.conversation.answer(response)
        except SanmenError:
            self._end(card, CardProof.STORE_FAILED)
            return
        outcome = talk.conversation.outcome
        if outcome is not None and outcome.finding is Finding.NOT_OURS and talk.left:
            talk.conversation = talk.left.pop(0).begin(talk.seen.uid, self._find)
            outcome = None
        if outcome is not None:
            self._conclude(talk, outcome, now_ns)
        elif talk.commands >= MOST_COMMANDS:
            self._end(card, CardProof.READER_FAULT)
        else:
            talk.commands += 1
            self._send(talk)

    def _conclude(self, talk: _Talk, outcome: Outcome, now_ns: int) -> None:
        if outcome.finding is Finding.PROVEN:
            self._note_presence(talk.seen.card, outcome.uid)
        elif outcome.finding is Finding.MISMATCH:
            self._watch, suspicion = self._watch.failed(outcome.uid, now_ns)
            if suspicion is not None:
                self._suspicions.append((suspicion, outcome.uid))
        self._end(talk.seen.card, _FINDINGS[outcome.finding], outcome.card_id)

    def _note_presence(self, card: int, uid: bytes) -> None:
        known = self._watch.present.get((self._reader.identity, card))
        if known == uid:
            return  # told by anticollision and now by the card: one presence
        self._watch, suspicion = self._watch.came(self._reader.identity, card, uid)
        if suspicion is not None:
            self._suspicions.append((suspicion, uid))

    def _collide(self, at_ns: int) -> None:
        for card in tuple(self._talks):
            self._end(card, None)
        if self._collided_ns is None or at_ns - self._collided_ns >= COLLISION_REST_NS:
            self._judged.append(JudgedCard(CardProof.COLLIDED, b"", at_ns))
        self._collided_ns = at_ns

    def _send(self, talk: _Talk) -> None:
        try:
            self._reader.send(talk.seen.card, talk.conversation.command)
        except DeviceError:
            self._end(talk.seen.card, CardProof.READER_FAULT)

    def _end_late(self, now_ns: int) -> None:
        late = [c for c, talk in self._talks.items() if now_ns - talk.seen.at_ns >= DEADLINE_NS]
        for card in late:
            self._end(card, CardProof.READER_FAULT)

    def _end(self, card: int, proof: CardProof | None, card_id: bytes = b"") -> None:
        talk = self._talks.pop(card, None)
        if talk is not None and proof is not None:
            self._judged.append(JudgedCard(proof, card_id, talk.seen.at_ns))
