"""What a page waits for at the terminal, and what the terminal then hands over the counter."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from appliance.gate.update_seen import UpdateSeen

if TYPE_CHECKING:
    from appliance.messages import FaceEvidence, Hint


WRITE_FAULTS = ("card-taken", "wrong-card")
"""What may come of a card that is to be written, beside what any want may give."""


class Want(Enum):
    """What a page can wait for."""

    CARD = "card"
    """A proven card of anybody; it does not open the door meanwhile."""
    CODE = "code"
    """A live code of a resident's own phone; it does not open the door meanwhile."""
    NEW_CARD = "new-card"
    """A blank or own card, to be written."""
    PHONE = "phone"
    """The code a pass app shows when it enrols."""
    FACE = "face"
    """A visit to enrol."""
    CHECK = "check"
    """What a device shows now; see `CheckOrder`."""
    UPDATE = "update"
    """Bundles on a stick, and what became of an update that was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The clerk tells the controller what to look for; nothing, if `kinds` is empty.

    Attributes:
        number: names this want; what is given for an older one is dropped.
        kinds: what is looked for.
        until_ns: not after that.
        detail: what the giver needs to know, such as what to write on a card; never printed.

    """

    number: int
    kinds: frozenset[Want]
    until_ns: int
    detail: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CardShown:
    """A card has proven itself (CARD).

    Attributes:
        card_id: 16 bytes.
        holder: the pseudonym of whose it is.

    """

    card_id: bytes
    holder: str


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A live code of a resident's own phone was valid, and is used up (CODE).

    Attributes:
        key_id: of the phone, 8 bytes.
        holder: the pseudonym of whose it is.

    """

    key_id: bytes
    holder: str


@dataclass(frozen=True, slots=True)
class PhoneShown:
    """A pass app shows what enrols it (PHONE).

    Attributes:
        text: of its code.

    """

    text: str


@dataclass(frozen=True, slots=True)
class CardWritten:
    """A card was written (NEW_CARD); it opens nothing before it is enrolled.

    Attributes:
        made: an `IssuedCard` of `credential.card_personalise`; holds its key.
        number: the card id written, 16 bytes.

    """

    made: Any = field(repr=False)
    number: bytes = b""


@dataclass(frozen=True, slots=True)
class FaceProgress:
    """How an enrolment goes (FACE).

    Attributes:
        hint: the one thing to do now.
        share: of what is needed, 0..100.

    """

    hint: Hint
    share: int = 0


@dataclass(frozen=True, slots=True)
class FaceTaken:
    """A visit to enrol gave evidence (FACE)."""

    evidence: FaceEvidence = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """The detail of a want for a check.

    Attributes:
        name: which device.
        run: how often it was set going on this page; 0 = it is only looked at.

    """

    name: str
    run: int = 0


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """What a device shows now (CHECK).

    Attributes:
        live: a key of the screen's words.
        passed: all that was to be seen has been seen.

    """

    live: str
    passed: bool


@dataclass(frozen=True, slots=True)
class NotGiven:
    """Something was shown, and is not what is wanted; the page says why and goes on waiting.

    Attributes:
        fault: a key of the screen's faults, such as "unknown-card".

    """

    fault: str


Event = (
    CardShown
    | CodeShown
    | PhoneShown
    | CardWritten
    | FaceProgress
    | FaceTaken
    | CheckSeen
    | UpdateSeen
    | NotGiven
)


@dataclass(frozen=True, slots=True)
class Given:
    """The controller hands something over.

    Attributes:
        number: of the `Wanted` it answers.
        event: what it is.

    """

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Passing:
    """A card or code opened the door, or tried to, while nobody wanted it.

    Attributes:
        holder: the pseudonym of whose it is.

    """

    holder: str
