"""Turns what somebody presents, a card, a code or a face, into a decision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import ComparisonError, SanmenError
from appliance.gate import people
from appliance.gate.access import decision
from appliance.gate.access.card_proof import CardProof
from appliance.gate.access.identification import Candidate, Identity, decide_identity
from appliance.gate.access.presentation import PresentationJudgement, examine
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.comparison import vector
from appliance.gate.credential.findings import Refused, Withdrawal
from appliance.gate.credential.scheme import CardKey

if TYPE_CHECKING:
    from appliance.gate.access.decision import AccessDecision, Moment
    from appliance.gate.access.policy import FaceStanding
    from appliance.gate.cards import JudgedCard
    from appliance.gate.credential.findings import PassClaims
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.credential.replay import Ledger
    from appliance.gate.faults import Faults
    from appliance.gate.references import References
    from appliance.gate.rules import Rules
    from appliance.gate.store.records import Holder
    from appliance.gate.store.roster import Roster
    from appliance.messages import FaceEvidence, QrRead

CODE_AGE_NS = 2_000_000_000
"""A card or code seen longer ago opens nothing."""


class Claims:
    """Looks people up and asks the pure core; a store that fails refuses and is told.

    Args:
        roster: who lives here.
        references: whom a probe is compared with.
        passes: checks codes.
        ledger: knows which codes were used.
        rules: what to hold.
        faults: hears of the store.

    """

    def __init__(
        self,
        roster: Roster,
        references: References,
        passes: PassVerifier,
        ledger: Ledger,
        rules: Rules,
        faults: Faults,
    ) -> None:
        self._roster = roster
        self._references = references
        self._passes = passes
        self._ledger = ledger
        self._rules = rules
        self._faults = faults

    def hold(self, rules: Rules) -> None:
        """Hold other rules from now on."""
        self._rules = rules

    def card(self, card: JudgedCard, moment: Moment, now_ns: int) -> AccessDecision:
        """Decide on a card."""
        if not 0 <= now_ns - card.at_ns <= CODE_AGE_NS:
            return decision.refuse(Method.CARD, Reason.STALE, moment)
        try:
            proven = card.proof is CardProof.PROVEN
            holder = self._roster.find_by_card(card.card_id) if proven else None
            owner = self._owner(holder, moment)
        except SanmenError as fault:
            return self._store_failed(Method.CARD, fault, moment)
        return decision.decide_card(self._rules.policy, card.proof, owner, moment)

    def card_key(self, uid: bytes) -> CardKey | None:
        """Return what this gate holds of the card with this UID, or None.

        Raises:
            StoreError: the store failed.

        """
        try:
            holder = self._roster.find_by_uid(uid)
        except SanmenError as fault:
            self._faults.note("store", str(fault))
            raise
        if holder is None or not holder.credential.key:
            return None
        held = holder.credential
        return CardKey(held.key, held.number, held.issue)

    def owner_of_card(self, uid: bytes) -> str | None:
        """Return the pseudonym of whose card has this UID, or None.

        Raises:
            StoreError: the store failed.

        """
        holder = self._roster.find_by_uid(uid)
        return holder.resident.pseudonym if holder else None

    def code(self, read: QrRead, moment: Moment, now_ns: int) -> AccessDecision:
        """Decide on a QR code; one that would open is used up by that, and durably."""
        if not 0 <= now_ns - read.at_ns <= CODE_AGE_NS:
            return decision.refuse(Method.QR, Reason.STALE, moment)
        if not moment.sure:
            # Freshness cannot be told; card and face go on.
            unsure = Reason.CLOCK_UNSURE
            return decision.decide_pass(self._rules.policy, unsure, None, moment)
        try:
            found = self._passes.verify(read.text, moment.at)
            if isinstance(found, Refused):
                made = decision.decide_pass(self._rules.policy, found.reason, None, moment)
                return replace(made, clock_off_s=found.clock_off_s)
            owner = self._owner(self._roster.find_by_pass(found.key_id), moment)
            if isinstance(found, Withdrawal):
                return self._withdraw(found, owner, moment)
            return self._open_by_code(found, owner, moment)
        except SanmenError as fault:
            return self._store_failed(Method.QR, fault, moment)

    def _open_by_code(
        self, shown: PassClaims, owner: decision.Resident | None, moment: Moment
    ) -> AccessDecision:
        made = decision.decide_pass(self._rules.policy, None, owner, moment)
        if made.granted:
            used = self._ledger.spend(shown, int(moment.at.timestamp()))
            if used is not None:
                made = decision.refuse(Method.QR, used, moment, made.pseudonym)
        visit = shown.grant.grant_id.hex() if shown.grant is not None else ""
        return replace(made, visit=visit)

    def _withdraw(
        self, taken: Withdrawal, owner: decision.Resident | None, moment: Moment
    ) -> AccessDecision:
        if owner is None or not owner.qr_active:
            return decision.decide_pass(self._rules.policy, None, owner, moment)
        self._ledger.withdraw(taken)
        made = decision.refuse(Method.QR, Reason.VISIT_WITHDRAWN, moment, owner.pseudonym)
        return replace(made, visit=taken.grant_id.hex())

    def face(
        self,
        evidence: FaceEvidence,
        moment: Moment,
        standing: FaceStanding,
        *,
        paused: bool,
        prompts: int = 0,
    ) -> AccessDecision:
        """Decide on a face.

        Args:
            evidence: accepted for the open visit.
            moment: now.
            standing: whether face may run.
            paused: after too many failed attempts.
            prompts: acts asked of the person, each of which must have been answered.

        """
        # A presentation that is not proven bona fide is never compared with anybody.
        finding = examine(evidence.cues, self._rules.cues, prompts=prompts)
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
