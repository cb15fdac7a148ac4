"""Enrols one face: consent, capture through vision, presentation and look-alike check, commit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError
from appliance.gate.access.identification import Candidate
from appliance.gate.access.presentation import CuePolicy, PresentationJudgement, judge
from appliance.gate.comparison import vector
from appliance.gate.enrolment import commit as committing
from appliance.gate.enrolment.consent import GivenBy
from appliance.gate.enrolment.session import (
    AgeGroup,
    Applicant,
    ConsentGiven,
    EnrolmentEvent,
    EnrolmentState,
    Giver,
    LookAlikeRule,
    ask_consent,
)
from appliance.messages import FaceEvidence, Guidance, Hint, Purpose, Ready, VisitAbandoned
from appliance.orders import StartVisit

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.journal import Journal
    from appliance.gate.references import References
    from appliance.gate.store.gallery import Gallery
    from appliance.gate.store.records import Profile
    from appliance.gate.store.roster import Roster
    from appliance.link import Link

CAPTURE_NS = 20_000_000_000
"""How long a person is asked to stand before the camera at most."""


@dataclass(frozen=True, slots=True)
class Application:
    """What the manager entered.

    Attributes:
        profile: household, label, methods, validity.
        cards: card ids, 16 bytes each.
        passes: P-256 points of phones.
        consent: to face; a face without is refused before the camera is asked for anything.
        child: under 14, so that a guardian must have given it.

    """

    profile: Profile
    cards: tuple[bytes, ...]
    passes: tuple[bytes, ...]
    consent: Consent | None
    child: bool = False


class Desk:
    """Enrols people one after the other."""

    def __init__(
        self,
        roster: Roster,
        gallery: Gallery,
        references: References,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._roster = roster
        self._gallery = gallery
        self._references = references
        self._journal = journal
        self._clock = clock

    def enrol_without_face(self, application: Application) -> str:
        """Enrol with card or pass only: a full resident (S14, S16); return the pseudonym.

        Raises:
            EnrolmentError: neither card nor pass.
            RosterError: a card or pass belongs to somebody already.
            StoreError: nothing was kept.

        """
        enrolment = committing.Enrolment(application.profile, application.cards, application.passes)
        # Before anything is kept: what cannot be logged is not done.
        self._journal.happened("enrolment.asked", face="no")
        pseudonym = committing.commit(self._roster, self._gallery, enrolment, self._clock.wall())
        self._journal.happened("enrolment.committed", pseudonym, face="no")
        return pseudonym

    def enrol(
        self,
        application: Application,
        capture: Callable[[], FaceEvidence],
        cues: tuple[CuePolicy, ...],
        threshold: float,
    ) -> str:
        """Enrol with a face; return the pseudonym.

        Args:
            application: what the manager entered.
            capture: asks vision; called only after consent (S99, S111).
            cues: what must support that a living person stands there (S75).
            threshold: of identification, for the look-alike check (S129).

        Raises:
            EnrolmentError: no consent, no other door, no living face, or a look-alike.
            RosterError: a card or pass belongs to somebody already.
            StoreError: nothing was kept.

        """
        applicant = Applicant(
            "applicant",
            card_active=bool(application.cards),
            qr_active=bool(application.passes),
            age_group=AgeGroup.UNDER_14 if application.child else AgeGroup.FROM_14,
        )
        session = ask_consent(applicant).enrolment
        consent = application.consent
        if consent is None:
            session = session.decline().enrolment
        elif session.state is EnrolmentState.CONSENT_ASKED:
            given_by = Giver.GUARDIAN if consent.given_by is GivenBy.GUARDIAN else Giver.SELF
            session = session.give_consent(ConsentGiven(given_by, consent.given_at)).enrolment
        session = session.handle(EnrolmentEvent.CAPTURE_STARTED).enrolment
        if session.state is not EnrolmentState.CAPTURING:
            why = session.refusal.value if session.refusal else session.state.value
            raise EnrolmentError("enrolment of a face", why, "consent, and a card or a pass")
        # Before anything is captured: what cannot be logged is not done.
        self._journal.happened("enrolment.asked", face="yes")
        evidence = capture()
        session = session.handle(EnrolmentEvent.CAPTURE_ENDED).enrolment
        judgement = judge(evidence.cues, cues, attended=True)
        if judgement is not PresentationJudgement.SUPPORTED:
            raise EnrolmentError("face", judgement.value, "a living person before the camera")
        probe = vector(evidence.probe)
        try:
            self._references.want(evidence.features)
            found = self._references.candidates(probe, self._clock.wall())
            near = tuple(Candidate(subject, score) for subject, score in found)
            session = session.check(near, threshold, LookAlikeRule.REFUSE).enrolment
            session = session.commit(applicant).enrolment
            if session.state is not EnrolmentState.COMMITTED:
                why = session.refusal.value if session.refusal else session.state.value
                raise EnrolmentError("face", why, "a face unlike everybody else's here")
            pseudonym = committing.commit(
                self._roster,
                self._gallery,
                committing.Enrolment(
                    application.profile,
                    application.cards,
                    application.passes,
                    consent,
                    committing.Face(probe, evidence.features, evidence.quality),
                ),
                self._clock.wall(),
            )
        finally:
            probe.fill(0.0)
        self._journal.happened("enrolment.committed", pseudonym, face="yes")
        return pseudonym


def capture(
    link: Link, clock: Clock, look: Callable[[], None], show: Callable[[Hint], None]
) -> FaceEvidence:
    """Ask vision for one face and wait for it.

    Args:
        link: to vision.
        clock: shared with vision.
        look: lets vision look at a picture, or waits for it.
        show: is told what the person can do.

    Raises:
        EnrolmentError: face does not work, or no usable face in time.
        LinkError: vision is gone or sends nonsense.

    """
    visit = secrets.token_bytes(16)
    deadline_ns = clock.now_ns() + CAPTURE_NS
    link.send(StartVisit(visit, Purpose.ENROL, deadline_ns))
    while clock.now_ns() <= deadline_ns:
        look()
        for message in link.receive():
            match message:
                case FaceEvidence() if message.visit == visit:
                    return message
                case VisitAbandoned(hint=hint) if message.visit == visit:
                    raise EnrolmentError("face", hint.value, "a clear, frontal face, alone")
                case Guidance(hint=hint):
                    show(hint)
                case Ready(face_fault=fault) if fault:
                    raise EnrolmentError("face", fault, "working models; card and code go on")
                case _:
                    pass
    raise EnrolmentError("face", "none in time", "a clear, frontal face within 20 s")
