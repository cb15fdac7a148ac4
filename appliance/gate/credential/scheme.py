"""What a kind of card that can prove itself must offer, so that another kind fits in later."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Finding(Enum):
    """What a conversation with a card came to."""

    PROVEN = "proven"
    """Card and gate proved a key to each other, and the card's file was read."""
    NOT_OURS = "not-ours"
    """It has no application of this site: another scheme may know it, else it is refused."""
    TOO_OLD = "too-old"
    """A card of ours by name, of a kind that can be copied."""
    UNKNOWN = "unknown"
    """A card of ours that is not enrolled at this gate, so no key is here to ask with."""
    MISMATCH = "mismatch"
    """It does not know its key, or altered an answer: perhaps a clone."""
    FAULT = "fault"
    """Its answers make no sense; nothing is proven."""


@dataclass(frozen=True, slots=True)
class CardKey:
    """What a gate holds of one enrolled card.

    Attributes:
        key: its read key, 16 bytes; of this card alone.
        number: the card id its file must hold, 16 bytes.
        issue: the issue number its file must hold.

    """

    key: bytes = field(repr=False)
    number: bytes
    issue: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a conversation.

    Attributes:
        finding: what it came to.
        uid: as the card told it, proven only if `finding` is PROVEN; for the clone alarm.
        card_id: from the protected file, 16 bytes; empty unless PROVEN.

    """

    finding: Finding
    uid: bytes = b""
    card_id: bytes = b""


class Conversation(Protocol):
    """One card's conversation: bytes in, bytes out, no device and no clock."""

    @property
    def command(self) -> bytes:
        """The APDU to send now; empty once there is an outcome."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """What it came to, or None while it goes on."""
        ...

    def answer(self, response: bytes) -> None:
        """Take the card's answer, data and SW1 SW2; never raises, whatever the bytes are."""
        ...


class CardScheme(Protocol):
    """A kind of card, such as DESFire; an SM4 CPU card would be another."""

    @property
    def name(self) -> str:
        """Name of the kind, for people."""
        ...

    def begin(self, uid: bytes, find: Callable[[bytes], CardKey | None]) -> Conversation:
        """Begin with a card of which anticollision told `uid`, or nothing.

        Args:
            uid: 4, 7 or 10 bytes, or empty; must agree with what the card proves later.
            find: gives the enrolled card of a UID; may raise, which ends nothing but the caller.

        """
        ...
