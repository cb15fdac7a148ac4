"""Who may pass: three ways to say who one is, one common test of rights and hours.

Every function ends in `_admit`, which asks for the hours without knowing the method: no method can
have other hours or rights than another (law 1, S3, S16).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.card_proof import CARD_REFUSALS, CardProof
from appliance.gate.access.presentation import PresentationJudgement
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.wrong import wrong

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.access.identification import Identity
    from appliance.gate.access.policy import FaceStanding, PortalPolicy
    from appliance.gate.access.schedule import Schedule, Validity


class ConsentState(Enum):
    """Where a resident's consent to face stands."""

    NONE = "none"
    GIVEN = "given"
    ENDED = "ended"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Resident:
    """What the roster knows of one person for a decision.

    Attributes:
        pseudonym: the only name the log gets.
        active: may pass at all.
        validity: the span of it.
        schedule: the person's hours, the same for each method.
        methods: what the person chose (S13).
        card_active: the presented or registered card is not blocked.
        qr_active: the same for the pass key.
        consent: to face.
        look_alike: marked at enrolment (S129).

    """

    pseudonym: str
    active: bool
    validity: Validity
    schedule: Schedule
    methods: frozenset[Method]
    card_active: bool
    qr_active: bool
    consent: ConsentState = ConsentState.NONE
    look_alike: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """When a decision is taken.

    Attributes:
        at: aware wall-clock time.
        sure: the clock is known to be right; if not, only people whose rights do not depend on
            time pass (law 6).

    Raises:
        ValueError: `at` is not aware.

    """

    at: datetime
    sure: bool = True

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise wrong("moment.at", self.at, "a time with its zone")


@dataclass(frozen=True, slots=True)
class FaceFindings:
    """What is known before a face decision.

    Attributes:
        standing: whether face may run, from `face_may_run`.
        paused: from `FaceLockout.paused`.
        presentation: from `judge`.
        identity: from `decide_identity`.

    """

    standing: FaceStanding
    paused: bool
    presentation: PresentationJudgement
    identity: Identity


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """One decision; the door may move only after it is in the log (law 5).

    Attributes:
        granted: whether the door is to be released.
        reason: why; GRANTED exactly when granted.
        method: how the person asked.
        pseudonym: who, or None where nobody was proven.
        at: aware wall-clock time.
        visit: of a visitor, the pass by its id in hex digits; `pseudonym` is then the resident
            who answers for it. Empty = the resident in person.
        clock_off_s: a code is refused because the phone's clock is so many seconds ahead (or,
            negative, behind), else 0.
        cue: the presentation attack cue that decided, or empty; for the log only (law 9).

    Raises:
        ValueError: `granted` and `reason` disagree, or nobody is granted.

    """

    granted: bool
    reason: Reason
    method: Method
    pseudonym: str | None
    at: datetime
    visit: str = ""
    clock_off_s: int = 0
    cue: str = ""

    def __post_init__(self) -> None:
        if self.granted != (self.reason is Reason.GRANTED):
            raise wrong("decision.reason", self.reason.value, "granted exactly when granted")
        if self.granted and self.pseudonym is None:
            raise wrong("decision.pseudonym", None, "somebody, when granted")


_PASS_REFUSALS = frozenset(
    {
        *(Reason.PASS_INVALID, Reason.PASS_EXPIRED, Reason.PASS_REPLAYED, Reason.CLOCK_UNSURE),
        *(Reason.PASS_WITHDRAWN, Reason.PASS_NOT_HERE, Reason.PASS_NOT_YET, Reason.PASS_ENDED),
        *(Reason.PASS_USED_UP, Reason.PASS_TOO_WIDE, Reason.VISITORS_OFF),
    }
)
_PRESENTATION_REFUSALS = {
    PresentationJudgement.SUPPORTED: None,
    PresentationJudgement.CONTRADICTED: Reason.ATTACK_SUSPECTED,
    PresentationJudgement.NO_EVIDENCE: Reason.PRESENTATION_UNPROVEN,
}
_CONSENT_REFUSALS = {
    ConsentState.GIVEN: None,
    ConsentState.NONE: Reason.NO_CONSENT,
    ConsentState.ENDED: Reason.CONSENT_ENDED,
    ConsentState.FROZEN: Reason.FACE_FROZEN,
}


def refuse(
    method: Method, reason: Reason, moment: Moment, pseudonym: str | None = None
) -> AccessDecision:
    """Return a refusal: also for what is met outside of here, as STALE, LOG_FAILED, TAMPERED.

    Raises:
        ValueError: `reason` is GRANTED.

    """
    return AccessDecision(
        granted=False, reason=reason, method=method, pseudonym=pseudonym, at=moment.at
    )


def overruled(made: AccessDecision, reason: Reason, moment: Moment) -> AccessDecision:
    """Return the refusal that takes the place of a decision that cannot be carried out."""
    return refuse(made.method, reason, moment, made.pseudonym)


def decide_card(
    policy: PortalPolicy, proof: CardProof, resident: Resident | None, moment: Moment
) -> AccessDecision:
    """Decide on a card; `resident` is its owner or None. A copyable card never passes (S4)."""
    refusal = _method_refusal(policy, Method.CARD) or CARD_REFUSALS[proof]
    if refusal is not None:
        return refuse(Method.CARD, refusal, moment)
    if resident is None:
        return refuse(Method.CARD, Reason.UNKNOWN_CARD, moment)
    if not resident.card_active:
        return refuse(Method.CARD, Reason.CARD_BLOCKED, moment, resident.pseudonym)
    return _admit(policy, Method.CARD, resident, moment)


def decide_pass(
    policy: PortalPolicy, refusal: Reason | None, resident: Resident | None, moment: Moment
) -> AccessDecision:
    """Decide on a QR pass.

    Args:
        policy: the portal's.
        refusal: what verification of the token found, a reason about passes or
            CLOCK_UNSURE; None = proven and fresh.
        resident: who holds it or answers for it, or None = no such key.
        moment: now.

    Raises:
        ValueError: `refusal` is another reason.

    """
    if refusal is not None and refusal not in _PASS_REFUSALS:
        raise wrong("pass refusal", refusal.value, "a finding about a pass")
    refusal = _method_refusal(policy, Method.QR) or refusal
    if refusal is not None:
        return refuse(Method.QR, refusal, moment)
    if resident is None:
        return refuse(Method.QR, Reason.PASS_INVALID, moment)
    if not resident.qr_active:
        return refuse(Method.QR, Reason.PASS_BLOCKED, moment, resident.pseudonym)
    return _admit(policy, Method.QR, resident, moment)


def decide_face(
    policy: PortalPolicy, findings: FaceFindings, resident: Resident | None, moment: Moment
) -> AccessDecision:
    """Decide on a face; `resident` is the one `findings.identity` names, or None = erased since.

    Raises:
        ValueError: `resident` is somebody else than the identified subject.

    """
    refusal = _face_refusal(policy, findings)
    if refusal is not None:
        return refuse(Method.FACE, refusal, moment)
    if resident is None:
        return refuse(Method.FACE, Reason.NO_MATCH, moment)
    if resident.pseudonym != findings.identity.subject:
        raise wrong("resident", resident.pseudonym, f"{findings.identity.subject}, as identified")
    consent = _CONSENT_REFUSALS[resident.consent]
    if consent is not None:
        return refuse(Method.FACE, consent, moment, resident.pseudonym)
    decision = _admit(policy, Method.FACE, resident, moment)
    second_factor = policy.face is None or policy.face.second_factor
    if decision.granted and resident.look_alike and second_factor:
        return refuse(Method.FACE, Reason.NEEDS_SECOND_FACTOR, moment, resident.pseudonym)
    return decision


def _face_refusal(policy: PortalPolicy, findings: FaceFindings) -> Reason | None:
    refusal = _method_refusal(policy, Method.FACE)
    if refusal is None and not findings.standing.allowed:
        refusal = findings.standing.reason
    if refusal is None and findings.paused:
        refusal = Reason.FACE_PAUSED
    refusal = refusal or _PRESENTATION_REFUSALS[findings.presentation]
    if refusal is None and findings.identity.subject is None:
        refusal = findings.identity.reason
    return refusal


def _method_refusal(policy: PortalPolicy, method: Method) -> Reason | None:
    return None if method in policy.methods else Reason.METHOD_OFF


def _admit(
    policy: PortalPolicy, method: Method, resident: Resident, moment: Moment
) -> AccessDecision:
    refusal = None
    if not resident.active:
        refusal = Reason.RESIDENT_INACTIVE
    elif method not in resident.methods:
        refusal = Reason.METHOD_NOT_CHOSEN
    refusal = refusal or _time_refusal(policy, resident, moment)
    if refusal is not None:
        return refuse(method, refusal, moment, resident.pseudonym)
    return AccessDecision(
        granted=True,
        reason=Reason.GRANTED,
        method=method,
        pseudonym=resident.pseudonym,
        at=moment.at,
    )


def _time_refusal(policy: PortalPolicy, resident: Resident, moment: Moment) -> Reason | None:
    if not moment.sure:
        timed = (policy.schedule, resident.schedule, resident.validity)
        return Reason.CLOCK_UNSURE if any(part.depends_on_time for part in timed) else None
    refusal = resident.validity.refusal(moment.at)
    if refusal is not None:
        return refusal
    schedules = (policy.schedule, resident.schedule)
    if all(schedule.allows(moment.at, policy.zone) for schedule in schedules):
        return None
    return Reason.OUTSIDE_SCHEDULE
