"""The course of one enrolment for face: consent, then capture, then check, then commit.

Rule 1: every change of state stands in TRANSITIONS. A pair that is not in it changes and commands
nothing, so nothing is captured before consent (S99, S111). The shell shows, captures and stores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.identification import best_scores
from appliance.gate.access.wrong import check_range, wrong

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.access.identification import Candidate


class EnrolmentState(Enum):
    """Where the enrolment is; the last three are the outcomes."""

    CONSENT_ASKED = "consent_asked"
    CONSENT_GIVEN = "consent_given"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    CHECKED = "checked"
    COMMITTED = "committed"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class EnrolmentEvent(Enum):
    """What can happen to it."""

    CONSENT = "consent"
    DECLINE = "decline"
    CAPTURE_STARTED = "capture_started"
    CAPTURE_ENDED = "capture_ended"
    CAPTURE_FAILED = "capture_failed"
    CHECK_PASSED = "check_passed"
    COMMIT = "commit"
    STORE_FAILED = "store_failed"
    REFUSE = "refuse"
    ABANDON = "abandon"


class EnrolmentCommand(Enum):
    """What the shell must do."""

    START_CAPTURE = "start_capture"
    STOP_CAPTURE = "stop_capture"
    CHECK = "check"
    """Compare the samples with everybody else's references."""
    STORE = "store"
    """Seal references and consent record together, then overwrite the samples."""
    DESTROY_SAMPLES = "destroy_samples"


class EnrolmentRefusal(Enum):
    """Why an enrolment was refused; the codes are stable."""

    DECLINED = "declined"
    NO_OTHER_DOOR = "no-other-door"
    """Neither an active card nor an active QR key (law 1, S14)."""
    GUARDIAN_NEEDED = "guardian-needed"
    DUPLICATE = "duplicate"
    """Too near to another enrolled person (S129)."""
    COMPARISON_BROKEN = "comparison-broken"
    STORE_FAILED = "store-failed"


class AgeGroup(Enum):
    """All that an enrolment needs to know of an age; told by the operator, never estimated."""

    UNDER_14 = "under_14"
    FROM_14 = "from_14"


class Giver(Enum):
    """Who gave the consent."""

    SELF = "self"
    GUARDIAN = "guardian"


class LookAlikeRule(Enum):
    """What to do when the samples reach the threshold with somebody else's reference (S129)."""

    MARK = "mark"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants to be enrolled.

    Attributes:
        pseudonym: the roster's name for the person.
        card_active: has a card that works.
        qr_active: has a QR key that works.
        age_group: decides whether a guardian is needed.

    """

    pseudonym: str
    card_active: bool
    qr_active: bool
    age_group: AgeGroup


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A separate, written consent (S99, S100).

    Attributes:
        given_by: the person, or the guardian (S102).
        at: aware wall-clock time.

    Raises:
        ValueError: `at` is not aware.

    """

    given_by: Giver
    at: datetime

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise wrong("consent.at", self.at, "a time with its zone")


@dataclass(frozen=True, slots=True)
class EnrolmentStep:
    """One row of the table: the next state, and what to do."""

    state: EnrolmentState
    commands: tuple[EnrolmentCommand, ...] = ()


_S, _E, _C = EnrolmentState, EnrolmentEvent, EnrolmentCommand

_CLEAR = (_C.STOP_CAPTURE, _C.DESTROY_SAMPLES)
_STOPPED = {
    _E.DECLINE: EnrolmentStep(_S.REFUSED, _CLEAR),
    _E.REFUSE: EnrolmentStep(_S.REFUSED, _CLEAR),
    _E.ABANDON: EnrolmentStep(_S.ABANDONED, _CLEAR),
}

TRANSITIONS: dict[EnrolmentState, dict[EnrolmentEvent, EnrolmentStep]] = {
    _S.CONSENT_ASKED: {_E.CONSENT: EnrolmentStep(_S.CONSENT_GIVEN), **_STOPPED},
    _S.CONSENT_GIVEN: {
        _E.CAPTURE_STARTED: EnrolmentStep(_S.CAPTURING, (_C.START_CAPTURE,)),
        **_STOPPED,
    },
    _S.CAPTURING: {
        _E.CAPTURE_ENDED: EnrolmentStep(_S.CAPTURED, (_C.CHECK,)),
        _E.CAPTURE_FAILED: EnrolmentStep(_S.CONSENT_GIVEN, _CLEAR),
        **_STOPPED,
    },
    _S.CAPTURED: {_E.CHECK_PASSED: EnrolmentStep(_S.CHECKED), **_STOPPED},
    _S.CHECKED: {_E.COMMIT: EnrolmentStep(_S.COMMITTED, (_C.STORE,)), **_STOPPED},
    _S.COMMITTED: {_E.STORE_FAILED: EnrolmentStep(_S.REFUSED, (_C.DESTROY_SAMPLES,))},
    _S.REFUSED: {},
    _S.ABANDONED: {},
}
_PLAIN = frozenset({_E.CAPTURE_STARTED, _E.CAPTURE_ENDED, _E.CAPTURE_FAILED, _E.ABANDON})


def transition(state: EnrolmentState, event: EnrolmentEvent) -> EnrolmentStep:
    """Return the row for the pair; a pair not in the table stays, without command."""
    return TRANSITIONS[state].get(event, EnrolmentStep(state))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment as it stands; begin one with `ask_consent`.

    Attributes:
        applicant: who.
        state: where it is.
        consent: the consent, from CONSENT_GIVEN on.
        refusal: why it was refused, in REFUSED only.
        look_alikes: pseudonyms to mark together with the applicant at STORE (S129).

    """

    applicant: Applicant
    state: EnrolmentState = EnrolmentState.CONSENT_ASKED
    consent: ConsentGiven | None = None
    refusal: EnrolmentRefusal | None = None
    look_alikes: tuple[str, ...] = ()

    def give_consent(self, consent: ConsentGiven) -> EnrolmentOutcome:
        """Note the consent; a child under 14 needs the guardian's."""
        child = self.applicant.age_group is AgeGroup.UNDER_14
        if child and consent.given_by is not Giver.GUARDIAN:
            return self.refuse(EnrolmentRefusal.GUARDIAN_NEEDED)
        return self._apply(EnrolmentEvent.CONSENT, consent=consent)

    def decline(self) -> EnrolmentOutcome:
        """Take the person's no, at any time before the end."""
        return self._apply(EnrolmentEvent.DECLINE, refusal=EnrolmentRefusal.DECLINED)

    def refuse(self, refusal: EnrolmentRefusal) -> EnrolmentOutcome:
        """Refuse for a reason met by the shell."""
        return self._apply(EnrolmentEvent.REFUSE, refusal=refusal)

    def check(
        self, candidates: tuple[Candidate, ...], threshold: float, rule: LookAlikeRule
    ) -> EnrolmentOutcome:
        """Look for others who are too near (S129).

        Args:
            candidates: the samples' comparison with the gallery; the applicant's own are passed
                over, so that a renewal is no duplicate.
            threshold: the threshold of identification.
            rule: mark the pair, or refuse.

        Raises:
            ValueError: threshold is no usable number.

        """
        check_range("threshold", threshold, -1e9, 1e9)
        if self.state is not EnrolmentState.CAPTURED:
            return EnrolmentOutcome(self)
        best = best_scores(candidates)
        if best is None:
            return self.refuse(EnrolmentRefusal.COMPARISON_BROKEN)
        best.pop(self.applicant.pseudonym, None)
        near = tuple(sorted(subject for subject, score in best.items() if score >= threshold))
        if near and rule is LookAlikeRule.REFUSE:
            return self.refuse(EnrolmentRefusal.DUPLICATE)
        outcome = self._apply(EnrolmentEvent.CHECK_PASSED)
        return replace(outcome, enrolment=replace(outcome.enrolment, look_alikes=near))

    def commit(self, applicant: Applicant) -> EnrolmentOutcome:
        """Commit, if `applicant`, read anew from the roster, still has another door (law 1).

        Raises:
            ValueError: `applicant` is somebody else.

        """
        if applicant.pseudonym != self.applicant.pseudonym:
            raise wrong("applicant", applicant.pseudonym, self.applicant.pseudonym)
        if not _has_other_door(applicant):
            return self.refuse(EnrolmentRefusal.NO_OTHER_DOOR)
        return self._apply(EnrolmentEvent.COMMIT)

    def store_failed(self) -> EnrolmentOutcome:
        """Take a commit back: nothing was stored."""
        return self._apply(EnrolmentEvent.STORE_FAILED, refusal=EnrolmentRefusal.STORE_FAILED)

    def handle(self, event: EnrolmentEvent) -> EnrolmentOutcome:
        """Apply CAPTURE_STARTED, CAPTURE_ENDED, CAPTURE_FAILED or ABANDON.

        Raises:
            ValueError: another event, which has a method of its own.

        """
        if event not in _PLAIN:
            raise wrong("enrolment event", event.value, "one without further facts")
        return self._apply(event)

    def _apply(
        self,
        event: EnrolmentEvent,
        consent: ConsentGiven | None = None,
        refusal: EnrolmentRefusal | None = None,
    ) -> EnrolmentOutcome:
        if event not in TRANSITIONS[self.state]:
            return EnrolmentOutcome(self)
        step = transition(self.state, event)
        consent = consent or self.consent
        after = replace(self, state=step.state, consent=consent, refusal=refusal)
        return EnrolmentOutcome(after, step.commands)


@dataclass(frozen=True, slots=True)
class EnrolmentOutcome:
    """What an event did: the enrolment after it, and what to do now, in order."""

    enrolment: Enrolment
    commands: tuple[EnrolmentCommand, ...] = ()


def ask_consent(applicant: Applicant) -> EnrolmentOutcome:
    """Begin; somebody with neither card nor QR is refused before any question (law 1, S14)."""
    asked = Enrolment(applicant)
    if not _has_other_door(applicant):
        return asked.refuse(EnrolmentRefusal.NO_OTHER_DOOR)
    return EnrolmentOutcome(asked)


def _has_other_door(applicant: Applicant) -> bool:
    return applicant.card_active or applicant.qr_active
