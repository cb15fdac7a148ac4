"""The issuing desk: writes cards, enrols them to residents, blocks lost ones."""

from __future__ import annotations

import secrets
import select
from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import CardError, RosterError
from appliance.gate.card_writing import NewCard
from appliance.gate.credential.apdu import Steps, UnexpectedError
from appliance.gate.credential.card_layout import CardFile
from appliance.gate.credential.card_personalise import IssuedCard, card_uid, personalise
from appliance.gate.credential.secure_messaging import MessagingError
from appliance.gate.store.records import CARD_ID_BYTES, CredentialKind
from hardware.ports import CardAnswered, CardGone, CardsCollided, CardSeen, CardTechnology

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    from appliance.clock import Clock
    from appliance.gate.credential.card_layout import Site
    from appliance.gate.journal import Journal
    from appliance.gate.store.records import Credential
    from appliance.gate.store.roster import Roster
    from hardware.ports import CardEvent, Reader

    T = TypeVar("T")

BEAT_S = 0.05
ANSWER_NS = 3_000_000_000
"""Writing a chip's memory takes longer than reading it."""


class Slot:
    """A reader at the desk, used one card at a time.

    Args:
        reader: the desk's.
        clock: for the patience.

    """

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._events: list[CardEvent] = []
        self._card: CardSeen | None = None

    def wait(self, patience_ns: int) -> CardSeen:
        """Return the card at the reader, once there is one.

        Raises:
            CardError: none came in time, or one that cannot be written, or two at once.
            DeviceError: the reader is broken.

        """
        until_ns = self._clock.now_ns() + patience_ns
        while self._card is None:
            event = self._next(until_ns)
            if isinstance(event, CardsCollided):
                raise CardError("reader", "two cards", "one card at a time")
            if isinstance(event, CardSeen):
                self._card = event
        if self._card.technology is not CardTechnology.ISO_DEP:
            kind, self._card = self._card.technology.value, None
            raise CardError("card", kind, "a DESFire EV2 or EV3 card: this kind can be copied")
        return self._card

    def run(self, talk: Generator[bytes, bytes, T]) -> T:
        """Talk to the card at the reader.

        Raises:
            CardError: it was pulled away or answers nonsense: hold it to the reader again.
            DeviceError: the reader is broken.

        """
        if self._card is None:
            raise CardError("reader", "no card", "a card held to it")
        try:
            steps = Steps(talk)
            while steps.command:
                self._reader.send(self._card.card, steps.command)
                steps.answer(self._answer(self._card.card))
        except (UnexpectedError, MessagingError) as fault:
            raise CardError("card", str(fault), "the same card, held still, once more") from fault
        if steps.result is None:
            raise CardError("card", "no result", "one")
        return steps.result

    def wait_until_gone(self, patience_ns: int) -> None:
        """Return when the card was taken away.

        Raises:
            CardError: it still lies there.

        """
        until_ns = self._clock.now_ns() + patience_ns
        while self._card is not None:
            event = self._next(until_ns)
            if event == CardGone(self._card.card):
                self._card = None

    def _answer(self, card: int) -> bytes:
        until_ns = self._clock.now_ns() + ANSWER_NS
        while True:
            match self._next(until_ns):
                case CardAnswered(one, response) if one == card:
                    return response
                case CardGone(one) if one == card:
                    self._card = None
                    raise CardError("card", "pulled away", "the same card, once more")
                case _:
                    pass

    def _next(self, until_ns: int) -> CardEvent:
        while not self._events:
            self._events += self._reader.poll()
            if self._events:
                break
            if self._clock.now_ns() >= until_ns:
                raise CardError("reader", "nothing happened", "a card, held to it in time")
            descriptor = self._reader.fileno()
            select.select([descriptor] if descriptor >= 0 else [], [], [], BEAT_S)
        return self._events.pop(0)


class CardDesk:
    """Where cards are issued, for one gate's roster.

    Args:
        roster: who gets cards.
        journal: every act is logged.
        site: whose cards are written.

    """

    def __init__(self, roster: Roster, journal: Journal, site: Site) -> None:
        self._roster = roster
        self._journal = journal
        self._site = site

    def cards(self, pseudonym: str) -> tuple[Credential, ...]:
        """Return a resident's cards, blocked ones too.

        Raises:
            StoreError, RosterError: unknown, or the store failed.

        """
        held = self._roster.credentials(pseudonym)
        return tuple(one for one in held if one.kind is CredentialKind.CARD)

    def issue(self, pseudonym: str, slot: Slot, master: bytes, card_id: bytes = b"") -> IssuedCard:
        """Write the card at `slot` for a resident and enrol it.

        Args:
            pseudonym: of the resident.
            slot: where the card lies.
            master: the issuing master key.
            card_id: what to write, 16 bytes; empty = drawn now.

        Raises:
            CardError: the card cannot be written; nothing is enrolled.
            RosterError: nobody has this pseudonym, or the card is somebody's.

        """
        self._roster.get(pseudonym)
        told = slot.wait(0).uid
        uid = slot.run(card_uid(told))
        if self.taken(uid, b""):
            raise RosterError("card", f"{uid.hex()} is enrolled already", "a new card")
        issue = self.next_issue(pseudonym)
        number = card_id or secrets.token_bytes(CARD_ID_BYTES)
        made = slot.run(
            personalise(told, self._site, master, CardFile(self._site.community, number, issue))
        )
        if made.uid != uid:
            raise CardError("card", "another one now", "one card at a time")
        self.enrol(pseudonym, NewCard(number, made.read_key, uid, issue))
        return made

    def next_issue(self, pseudonym: str) -> int:
        """Return the issue number of a resident's next card.

        Raises:
            StoreError, RosterError: unknown, or the store failed.

        """
        return 1 + max((one.issue for one in self.cards(pseudonym)), default=0)

    def taken(self, uid: bytes, number: bytes) -> bool:
        """Say whether a card of this UID or this id, either of them empty, is enrolled.

        Raises:
            StoreError: the store failed.

        """
        by_uid = self._roster.find_by_uid(uid) if uid else None
        by_number = self._roster.find_by_card(number) if number else None
        return by_uid is not None or by_number is not None

    def enrol(self, pseudonym: str, card: NewCard) -> None:
        """Enrol a card that was written to a resident.

        Raises:
            RosterError: nobody has this pseudonym, or the card is somebody's.

        """
        profile = self._roster.get(pseudonym).profile
        # Logged first: a card that works is always in the log.
        self._journal.happened(
            "card.issued", pseudonym, card=card.number.hex()[:8], issue=str(card.issue)
        )
        with self._roster.store.transaction():
            self._roster.add_card(
                pseudonym, card.number, key=card.key, uid=card.uid, issue=card.issue
            )
            if "card" not in profile.methods:
                methods = profile.methods | {"card"}
                self._roster.update(pseudonym, replace(profile, methods=methods))

    def block(self, pseudonym: str, start: str = "", *, blocked: bool = True) -> int:
        """Block a resident's cards whose id begins with `start`; return how many changed.

        The next time such a card is held to the reader it is refused.

        Raises:
            RosterError: there is no such card.

        """
        chosen = [one for one in self.cards(pseudonym) if one.number.hex().startswith(start)]
        if not chosen:
            raise RosterError(f"card {start or 'of ' + pseudonym}", "none", "one of `card list`")
        changing = [one for one in chosen if one.active is blocked]
        for one in changing:
            self._roster.set_card_blocked(one.number, blocked=blocked)
            kind = "card.blocked" if blocked else "card.unblocked"
            self._journal.happened(kind, pseudonym, card=one.number.hex()[:8])
        return len(changing)
