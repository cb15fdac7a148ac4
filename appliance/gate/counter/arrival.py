"""What the manager has entered of a new resident so far, and of the face that is added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.gate.store.records import Profile
from appliance.messages import Hint

if TYPE_CHECKING:
    from appliance.gate.card_writing import NewCard
    from appliance.gate.counter.session import Session
    from appliance.gate.enrolment.consent import Consent, Relation
    from appliance.gate.enrolment.face_desk import FaceDesk

KEY = "arrival"
STEPS = 8


@dataclass(slots=True)
class Arrival:
    """One person at the enrolment pages.

    Attributes:
        household: as kept.
        others: how many live there already.
        label: how the manager recognises the person.
        identity: checked in person.
        child: under 14; None = not yet said.
        wants_card: a card is to be written.
        wants_phone: a phone is to be enrolled.
        card: the card that was written.
        phone: the P-256 point of the phone, 65 bytes.
        pseudonym: once saved.
        relation: of the guardian who is asked for consent.
        consent: that was confirmed.
        face: the enrolment of the face.
        glasses: worn often.
        turning: the head can be turned.
        tries: visits begun, so that each is a want of its own.
        hint: what vision says now.
        share: of the present part, percent.
        paused: whether vision waits for a touch.
        receipt: the consent's signed text.

    """

    household: str = ""
    others: int = 0
    label: str = ""
    identity: bool = False
    child: bool | None = None
    wants_card: bool = True
    wants_phone: bool = False
    card: NewCard | None = None
    phone: bytes = b""
    pseudonym: str = ""
    relation: Relation | None = None
    consent: Consent | None = field(default=None, repr=False)
    face: FaceDesk | None = field(default=None, repr=False)
    glasses: bool = False
    turning: bool = True
    tries: int = 0
    hint: Hint = Hint.NONE
    share: int = 0
    paused: bool = False
    receipt: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """The label, or the preset one."""
        return self.label or f"住户{self.others + 1}"

    def profile(self) -> Profile:
        """Return what is kept of the person."""
        ways = {"card": self.card is not None, "pass": bool(self.phone)}
        methods = frozenset(one for one, on in ways.items() if on)
        return Profile(self.household, self.name, methods)

    def drop_face(self) -> None:
        """End the enrolment of the face, and overwrite what it gathered."""
        if self.face is not None:
            self.face.stop()
        self.face, self.consent, self.relation = None, None, None

    def wipe(self) -> None:
        """Overwrite what was gathered; the session calls it when it locks."""
        self.drop_face()


def arrival(session: Session) -> Arrival:
    """Return the person at the enrolment pages; a new one if there is none."""
    found = session.draft.get(KEY)
    if not isinstance(found, Arrival):
        found = session.draft[KEY] = Arrival()
    return found


def forget(session: Session) -> None:
    """Wipe the person at the enrolment pages."""
    found = session.draft.pop(KEY, None)
    if isinstance(found, Arrival):
        found.wipe()
