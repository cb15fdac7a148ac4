"""Turns what somebody presents, a card, a code or a face, into a decision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import ComparisonError, SanmenError
from appliance.gate import people
from appliance.gate.access import decision
from appliance.gate.access.identification import Candidate, Identity, decide_identity
from appliance.gate.access.presentation import PresentationJudgement, examine
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.comparison import vector
from appliance.gate.credential.pass_token import PassRefusal
from hardware.ports import Authenticity

if TYPE_CHECKING:
    from appliance.gate.access.decision import AccessDecision, Moment
    from appliance.gate.access.policy import FaceStanding
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.faults import Faults
    from appliance.gate.references import References
    from appliance.gate.rules import Rules
    from appliance.gate.store.records import Holder
    from appliance.gate.store.roster import Roster
    from appliance.messages import FaceEvidence, QrRead
    from hardware.ports import CardPresentation

CODE_AGE_NS = 2_000_000_000
"""A card or code seen longer ago opens nothing."""

_PROOFS = {
    Authenticity.MUTUAL: decision.CardProof.PROVEN,
    Authenticity.COPYABLE: decision.CardProof.COPYABLE,
    Authenticity.FAILED: decision.CardProof.FAILED,
}
_PASS_REFUSALS = {
    PassRefusal.INVALID: Reason.PASS_INVALID,
    PassRefusal.EXPIRED: Reason.PASS_EXPIRED,
    PassRefusal.REPLAYED: Reason.PASS_REPLAYED,
}


class Claims:
    """Looks people up and asks the pure core; a store that fails refuses and is told.

    Args:
        roster: who lives here.
        references: whom a probe is compared with.
        passes: checks codes.
        rules: what to hold.
        faults: hears of the store.

    """

    def __init__(
        self,
        roster: Roster,
        references: References,
        passes: PassVerifier,
        rules: Rules,
        faults: Faults,
    ) -> None:
        self._roster = roster
        self._references = references
        self._passes = passes
        self._rules = rules
        self._faults = faults

    def card(self, card: CardPresentation, moment: Moment, now_ns: int) -> AccessDecision:
        """Decide on a card."""
        if not 0 <= now_ns - card.at_ns <= CODE_AGE_NS:
            return decision.refuse(Method.CARD, Reason.STALE, moment)
        try:
            proven = card.authenticity is Authenticity.MUTUAL
            holder = self._roster.find_by_card(card.card_id) if proven else None
            owner = self._owner(holder, moment)
        except SanmenError as fault:
            return self._store_failed(Method.CARD, fault, moment)
        return decision.decide_card(self._rules.policy, _PROOFS[card.authenticity], owner, moment)

    def code(self, read: QrRead, moment: Moment, now_ns: int) -> AccessDecision:
        """Decide on a QR code."""
        if not 0 <= now_ns - read.at_ns <= CODE_AGE_NS:
            return decision.refuse(Method.QR, Reason.STALE, moment)
        try:
            claims = self._passes.verify(read.text, moment.at)
            if isinstance(claims, PassRefusal):
                refusal = _PASS_REFUSALS[claims]
                return decision.decide_pass(self._rules.policy, refusal, None, moment)
            owner = self._owner(self._roster.find_by_pass(claims.key_id), moment)
        except SanmenError as fault:
            return self._store_failed(Method.QR, fault, moment)
        return decision.decide_pass(self._rules.policy, None, owner, moment)

    def face(
        self, evidence: FaceEvidence, moment: Moment, standing: FaceStanding, *, paused: bool
    ) -> AccessDecision:
        """Decide on a face.

        Args:
            evidence: accepted for the open visit.
            moment: now.
            standing: whether face may run.
            paused: after too many failed attempts.

        """
        # A presentation that is not proven bona fide is never compared with anybody.
        finding = examine(evidence.cues, self._rules.cues)
        identity, owner = Identity(None, Reason.NO_MATCH), None
        try:
            if finding.judgement is PresentationJudgement.SUPPORTED:
                identity = self._identify(evidence.probe, moment)
            if identity.subject is not None:
                record = self._roster.get(identity.subject)
                owner = people.resident(self._roster, record, moment.at)
        except ComparisonError:
            return decision.refuse(Method.FACE, Reason.FACE_BROKEN, moment)
        except SanmenError as fault:
            return self._store_failed(Method.FACE, fault, moment)
        findings = decision.FaceFindings(standing, paused, finding.judgement, identity)
        made = decision.decide_face(self._rules.policy, findings, owner, moment)
        return replace(made, cue=finding.cue)

    def _identify(self, content: bytes, moment: Moment) -> Identity:
        settings = self._rules.policy.face
        if settings is None:
            return Identity(None, Reason.METHOD_OFF)
        probe = vector(content)
        try:
            found = self._references.candidates(probe, moment.at)
        finally:
            probe.fill(0.0)  # a probe is gone once it is compared, matched or not (S22)
        candidates = tuple(Candidate(subject, score) for subject, score in found)
        return decide_identity(candidates, settings.threshold, settings.margin)

    def _owner(self, holder: Holder | None, moment: Moment) -> decision.Resident | None:
        if holder is None:
            return None
        return people.resident(self._roster, holder.resident, moment.at, holder.credential)

    def _store_failed(self, method: Method, fault: SanmenError, moment: Moment) -> AccessDecision:
        self._faults.note("store", str(fault))
        return decision.refuse(method, Reason.STORE_FAILED, moment)
