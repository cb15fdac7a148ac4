"""Writes one new card at the gate's reader, step by step, while the gate goes on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from appliance.errors import CardError, SanmenError
from appliance.gate.credential.apdu import Steps, UnexpectedError
from appliance.gate.credential.card_layout import CardFile
from appliance.gate.credential.card_personalise import IssuedCard, card_uid, personalise
from appliance.gate.credential.secure_messaging import MessagingError
from appliance.gate.store.records import CARD_ID_BYTES
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
    from collections.abc import Callable, Generator

    from appliance.gate.credential.card_layout import Site
    from hardware.ports import CardEvent, Reader

ANSWER_NS: Final = 3_000_000_000
"""Writing a chip's memory takes longer than reading it."""
MOST_COMMANDS: Final = 64
"""Writing a blank card takes 36; a card that wants more than this is none."""


class CardFault(Enum):
    """Why a card was not written; the values are words of the screen."""

    TAKEN = "card-taken"
    """It is enrolled already, to this person or another: nothing was written."""
    UNFIT = "wrong-card"
    """A kind that can be copied, or a card that somebody else's key protects."""
    PULLED_AWAY = "pulled-away"
    COLLIDED = "two-cards"
    READER = "reader-fault"
    STORE = "store-failed"


@dataclass(frozen=True, slots=True)
class CardOrder:
    """A card to be made for somebody.

    Attributes:
        site: whose cards are written.
        master: the issuing key, 16 bytes; never printed.
        issue: how often a card was written for this person, with this one.
        taken: tells of a UID (7 bytes) and a card id (16), either of them empty, whether that card
            is enrolled to anybody; may raise SanmenError.

    """

    site: Site
    master: bytes = field(repr=False)
    issue: int
    taken: Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card that may be enrolled now.

    Attributes:
        number: its card id, 16 bytes.
        key: what gates get of it, 16 bytes; empty where a reader proves cards itself.
        uid: 7 bytes, or empty.
        issue: the issue number in its file; 0 without a key.

    """

    number: bytes
    key: bytes = field(default=b"", repr=False)
    uid: bytes = b""
    issue: int = 0


class TakenError(Exception):
    """The card at the reader is enrolled."""


class CardWriter:
    """Carries out one order; a card that is pulled away is gone on with when it comes back.

    Args:
        reader: where cards are held to.
        order: what to make.

    Attributes:
        made: the card, once it was written and read back.

    """

    def __init__(self, reader: Reader, order: CardOrder) -> None:
        self.made: NewCard | None = None
        self._reader = reader
        self._order = order
        self._card: int | None = None
        self._steps: Steps[IssuedCard] | None = None
        self._commands = 0
        self._until_ns = 0
        self._numbers: dict[bytes, bytes] = {}
        self._faults: list[CardFault] = []

    def faults(self) -> tuple[CardFault, ...]:
        """Return what went wrong since the last call; the order stays open."""
        found, self._faults = tuple(self._faults), []
        return found

    def take(self, event: CardEvent, now_ns: int) -> bool:
        """Take in what the reader saw; False if it belongs to a conversation begun before."""
        if self.made is not None:
            return False
        match event:
            case CardSeen():
                self._begin(event, now_ns)
            case CardAnswered(card, response) if card == self._card:
                self._answer(response, now_ns)
            case CardGone(card) if card == self._card:
                self._end(CardFault.PULLED_AWAY)
            case CardPresentation(card_id, authenticity):
                self._present(card_id, authenticity)
            case CardsCollided():
                self._end(CardFault.COLLIDED)
            case _:
                return False
        return True

    def tick(self, now_ns: int) -> None:
        """End a conversation whose card has not answered in time."""
        if self._steps is not None and now_ns >= self._until_ns:
            self._end(CardFault.READER)

    def _begin(self, seen: CardSeen, now_ns: int) -> None:
        if seen.technology is not CardTechnology.ISO_DEP:
            self._faults.append(CardFault.UNFIT)
            return
        if self._card is not None:
            self._end(CardFault.COLLIDED)
            return
        self._card, self._commands = seen.card, 0
        self._steps = Steps(self._write(seen.uid))
        self._send(now_ns)

    def _answer(self, response: bytes, now_ns: int) -> None:
        if self._steps is None:
            return
        try:
            self._steps.answer(response)
        except TakenError:
            self._end(CardFault.TAKEN)
        except (UnexpectedError, MessagingError):
            self._end(CardFault.READER)
        except CardError:
            self._end(CardFault.UNFIT)
        except SanmenError:
            self._end(CardFault.STORE)
        else:
            self._send(now_ns)

    def _send(self, now_ns: int) -> None:
        if self._steps is None or self._card is None:
            return
        if self._steps.result is not None:
            one = self._steps.result
            self.made = NewCard(one.file.card_id, one.read_key, one.uid, one.file.issue)
            self._card = self._steps = None
            return
        if self._commands >= MOST_COMMANDS:
            self._end(CardFault.READER)
            return
        self._commands += 1
        self._until_ns = now_ns + ANSWER_NS
        try:
            self._reader.send(self._card, self._steps.command)
        except DeviceError:
            self._end(CardFault.READER)

    def _write(self, told: bytes) -> Generator[bytes, bytes, IssuedCard]:
        order = self._order
        uid = yield from card_uid(told)
        if order.taken(uid, b""):
            raise TakenError
        # The same card gets the same id again, another card another one.
        number = self._numbers.setdefault(uid, secrets.token_bytes(CARD_ID_BYTES))
        file = CardFile(order.site.community, number, order.issue)
        made = yield from personalise(told, order.site, order.master, file)
        if made.uid != uid:
            raise CardError("card", "another one now", "one card at a time")
        return made

    def _present(self, card_id: bytes, authenticity: Authenticity) -> None:
        """Take a card that the reader proved itself: there is nothing to write."""
        if authenticity is not Authenticity.MUTUAL or len(card_id) != CARD_ID_BYTES:
            self._faults.append(CardFault.UNFIT)
            return
        try:
            taken = self._order.taken(b"", card_id)
        except SanmenError:
            self._faults.append(CardFault.STORE)
            return
        if taken:
            self._faults.append(CardFault.TAKEN)
        else:
            self.made = NewCard(card_id)

    def _end(self, fault: CardFault) -> None:
        self._faults.append(fault)
        self._card = self._steps = None
