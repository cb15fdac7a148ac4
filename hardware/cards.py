"""What the product sees of a card reader: its Protocol and plain data, as ports.py gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class CardTechnology(Enum):
    """What kind of card a reader met, as far as anticollision tells."""

    ISO_DEP = "iso-dep"
    """ISO/IEC 14443-4, type A: takes APDUs, so it may be able to prove itself."""
    CLASSIC = "classic"
    """MIFARE Classic or a clone: copied within minutes."""
    TYPE_2 = "type-2"
    """NTAG, Ultralight: a number and open memory."""
    TYPE_B = "type-b"
    """ISO/IEC 14443 type B; a Chinese ID card answers so."""
    LOW_FREQUENCY = "low-frequency"
    """125 kHz: a number only."""
    UNKNOWN = "unknown"


class Authenticity(Enum):
    """How far a reader could prove that a card is the one it says."""

    MUTUAL = "mutual"
    """Card and reader proved a shared diversified key to each other."""
    COPYABLE = "copyable"
    """Only a number was read: UID, MIFARE Classic, 125 kHz. Never opens a door (S4)."""
    FAILED = "failed"
    """Authentication was tried and failed."""


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card came into the field.

    Attributes:
        card: the reader's running number of this insertion.
        at_ns: monotonic clock when the card was seen, nanoseconds.
        technology: what kind of card it is.
        uid: from anticollision, 4, 7 or 10 bytes; empty where the reader does not tell. Anybody
            can copy it, so it never decides anything (S4).

    """

    card: int
    at_ns: int
    technology: CardTechnology
    uid: bytes


@dataclass(frozen=True, slots=True)
class CardAnswered:
    """A card answered the command sent to it.

    Attributes:
        card: the insertion that answered.
        response: data, then SW1 SW2.

    """

    card: int
    response: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardGone:
    """A card left the field, perhaps in mid-transaction."""

    card: int


@dataclass(frozen=True, slots=True)
class CardsCollided:
    """Two or more cards are in the field at once; none of them was chosen."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class CardPresentation:
    """One card held to a reader that proved it by itself (OSDP secure channel, simulation).

    Attributes:
        card_id: what the card's protected file holds, 16 bytes; empty if it was not read.
        authenticity: how far the reader could prove it.
        at_ns: monotonic clock when the card was seen, nanoseconds.

    """

    card_id: bytes
    authenticity: Authenticity
    at_ns: int


CardEvent = CardSeen | CardAnswered | CardGone | CardsCollided | CardPresentation


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """How to open a card reader.

    Attributes:
        driver: "none", "sim" (simulation sites only), "pcsc", "pn532" or "osdp".
        source: device, path or part of the reader's name.
        key_file: where an OSDP reader's secure channel key lies.
        simulation: a virtual reader is allowed; never at a real gate.

    """

    driver: str = "none"
    source: str = ""
    key_file: str = ""
    simulation: bool = False


class Reader(Protocol):
    """A card reader that is polled and never blocks."""

    @property
    def identity(self) -> str:
        """Driver and device, as the log and the self-test name it."""
        ...

    @property
    def working(self) -> bool:
        """Whether a card held to it now would be read."""
        ...

    def fileno(self) -> int:
        """Return a descriptor that is readable while events wait, or -1 = poll only."""
        ...

    def poll(self) -> tuple[CardEvent, ...]:
        """Return what happened since the last call, oldest first; never blocks.

        Raises:
            DeviceError: the reader is broken for good; an unplugged one is looked for again.

        """
        ...

    def send(self, card: int, command: bytes) -> None:
        """Send one APDU to a present ISO-DEP card; never blocks, the answer arrives by `poll`.

        A card that is gone meanwhile gives `CardGone` instead of an answer.
        """
        ...

    def close(self) -> None:
        """Let go of the device; closing twice is allowed."""
        ...
