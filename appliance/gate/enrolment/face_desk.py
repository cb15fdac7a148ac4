"""Adds a face to somebody on the roster, step by step, as `session.py` allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError
from appliance.gate.access.identification import Candidate
from appliance.gate.enrolment.commit import commit_face
from appliance.gate.enrolment.consent import GivenBy
from appliance.gate.enrolment.gathering import FaceLimits, Gathering, Part, plan
from appliance.gate.enrolment.session import (
    AgeGroup,
    Applicant,
    ConsentGiven,
    Enrolment,
    EnrolmentEvent,
    EnrolmentRefusal,
    EnrolmentState,
    Giver,
    LookAlikeRule,
    ask_consent,
)
from appliance.gate.store.records import CredentialKind

if TYPE_CHECKING:
    from appliance.gate.archive import Archive
    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.enrolment.session import EnrolmentOutcome
    from appliance.messages import FaceEvidence

NEAREST = 8
"""So many of the people who look alike most are marked."""


class FaceDesk:
    """One person's enrolment for face; wiped when it ends, however it ends.

    Args:
        archive: the opened store.
        pseudonym: whose face.
        child: under 14, so that a guardian must agree.
        limits: what each part of the face must keep to.

    Raises:
        EnrolmentError: neither card nor phone that works (law 1, S14).
        RosterError: nobody has this pseudonym.

    """

    def __init__(
        self, archive: Archive, pseudonym: str, limits: FaceLimits, *, child: bool
    ) -> None:
        self.pseudonym = pseudonym
        self.child = child
        self.gathering = Gathering((), limits)
        self._archive = archive
        self._limits = limits
        self._consent: Consent | None = None
        self._session: Enrolment = ask_consent(self._applicant()).enrolment
        self._require(EnrolmentState.CONSENT_ASKED)

    @property
    def state(self) -> EnrolmentState:
        """Where the enrolment is."""
        return self._session.state

    @property
    def refusal(self) -> EnrolmentRefusal | None:
        """Why it was refused, or None."""
        return self._session.refusal

    def anew(self) -> FaceDesk:
        """Return a new enrolment of the same person; this one is ended and wiped.

        Raises:
            EnrolmentError: neither card nor phone that works.

        """
        self.stop()
        return FaceDesk(self._archive, self.pseudonym, self._limits, child=self.child)

    @property
    def alike(self) -> bool:
        """Whether the face reaches the threshold with somebody else's (S129)."""
        return bool(self._session.look_alikes)

    def agree(self, consent: Consent) -> None:
        """Take the consent (S99, S102); nothing is captured before.

        Raises:
            EnrolmentError: a child's own consent, or not asked now.

        """
        giver = Giver.GUARDIAN if consent.given_by is GivenBy.GUARDIAN else Giver.SELF
        self._apply(self._session.give_consent(ConsentGiven(giver, consent.given_at)))
        self._require(EnrolmentState.CONSENT_GIVEN)
        self._consent = consent

    def begin(self, *, glasses: bool, turning: bool) -> tuple[Part, ...]:
        """Begin to capture, or begin anew; return the parts to gather.

        Raises:
            EnrolmentError: no consent.
            AuditError: it cannot be logged, so it is not done.

        """
        if self.state is EnrolmentState.CAPTURING:
            self._apply(self._session.handle(EnrolmentEvent.CAPTURE_FAILED))
        self._require(EnrolmentState.CONSENT_GIVEN)
        self._archive.journal.happened("enrolment.asked", self.pseudonym, face="yes")
        self.gathering.wipe()
        self.gathering = Gathering(plan(glasses=glasses, turning=turning), self._limits)
        self._apply(self._session.handle(EnrolmentEvent.CAPTURE_STARTED))
        return self.gathering.parts

    def add(self, evidence: FaceEvidence) -> bool:
        """Take one part; return whether it was the last, and the whole was compared (S129).

        Raises:
            PartRefusedError: it can be tried again.
            EnrolmentError: nothing is captured now, or the comparison is broken.

        """
        self._require(EnrolmentState.CAPTURING)
        self.gathering.add(evidence)
        if self.gathering.next is not None:
            return False
        self._apply(self._session.handle(EnrolmentEvent.CAPTURE_ENDED))
        self._compare()
        return True

    def commit(self) -> None:
        """Keep consent, reference, method and marks together, or nothing of them.

        Raises:
            EnrolmentError: no other door any more, or not checked.
            StoreError: nothing was kept.

        """
        others = frozenset(self._session.look_alikes)
        self._apply(self._session.commit(self._applicant()))
        self._require(EnrolmentState.COMMITTED)
        archive, face = self._archive, self.gathering.face()
        roster, now = archive.roster, archive.clock.wall()
        try:
            with roster.store.transaction():
                commit_face(roster, archive.gallery, self.pseudonym, self._consent, face, now)
                profile = roster.get(self.pseudonym).profile
                roster.update(self.pseudonym, profile.with_method("face"))
                if others:
                    roster.mark_look_alikes(self.pseudonym, others)
        except BaseException:
            self._apply(self._session.store_failed())
            raise
        finally:
            face.vector.fill(0.0)
            self.wipe()
        archive.journal.happened("enrolment.committed", self.pseudonym, face="yes")

    def stop(self) -> None:
        """End it without a face; card and phone stay as they are."""
        if self.state not in {EnrolmentState.COMMITTED, EnrolmentState.REFUSED}:
            self._apply(self._session.handle(EnrolmentEvent.ABANDON))
        self.wipe()

    def decline(self) -> None:
        """Take the person's no; logged, and of no consequence (S16).

        Raises:
            AuditError: it cannot be logged.

        """
        self._apply(self._session.decline())
        self.wipe()
        self._archive.journal.happened("consent.declined", self.pseudonym)

    def wipe(self) -> None:
        """Overwrite what was gathered."""
        self.gathering.wipe()

    def _compare(self) -> None:
        archive, face = self._archive, self.gathering.face()
        try:
            archive.references.want(face.features)
            found = archive.references.candidates(face.vector, archive.clock.wall(), NEAREST)
        finally:
            face.vector.fill(0.0)
            # The controller compares with its own; these are opened for this one look.
            archive.references.wipe()
        near = tuple(Candidate(subject, score) for subject, score in found)
        self._apply(self._session.check(near, self._limits.threshold, LookAlikeRule.MARK))
        self._require(EnrolmentState.CHECKED)

    def _applicant(self) -> Applicant:
        held = {one.kind for one in self._archive.roster.credentials(self.pseudonym) if one.active}
        return Applicant(
            self.pseudonym,
            card_active=CredentialKind.CARD in held,
            qr_active=CredentialKind.PASS in held,
            age_group=AgeGroup.UNDER_14 if self.child else AgeGroup.FROM_14,
        )

    def _apply(self, outcome: EnrolmentOutcome) -> None:
        self._session = outcome.enrolment

    def _require(self, state: EnrolmentState) -> None:
        if self._session.state is state:
            return
        refusal = self._session.refusal
        if refusal is not None:
            self.wipe()
        raise FaceRefusedError(refusal, self._session.state)


class FaceRefusedError(EnrolmentError):
    """The enrolment of a face ended, or does not allow this step.

    Attributes:
        refusal: why it ended, or None if it goes on.

    """

    def __init__(self, refusal: EnrolmentRefusal | None, state: EnrolmentState) -> None:
        super().__init__(
            "enrolment of a face",
            refusal.value if refusal else state.value,
            "consent, a card or phone that works, and one step after the other",
        )
        self.refusal = refusal
