"""The single consumer of everything that happens at a gate: claim, decide, log, then command."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.errors import AuditError, ComparisonError, LinkError, SanmenError, StoreError
from appliance.gate import notices, people
from appliance.gate.access import decision, portal
from appliance.gate.access.door import DoorCommand, DoorEvent
from appliance.gate.access.identification import Candidate, Identity, decide_identity
from appliance.gate.access.lockout import FaceLockout, LockoutPolicy
from appliance.gate.access.policy import DoorsWorking, Inequality, face_may_run
from appliance.gate.access.portal import DoorTiming
from appliance.gate.access.presentation import CuePolicy, PresentationJudgement, judge
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.transaction import (
    Transaction,
    Visit,
    VisitCommand,
    VisitEvent,
    VisitTiming,
)
from appliance.gate.comparison import vector
from appliance.gate.credential.pass_token import PassRefusal
from appliance.messages import (
    FaceEvidence,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    Purpose,
    QrRead,
    Ready,
    SetMode,
    StartVisit,
    StopVisit,
    VisitAbandoned,
)
from hardware.errors import DeviceError
from hardware.ports import Authenticity

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.access.decision import AccessDecision, Moment
    from appliance.gate.access.policy import FaceStanding, PortalPolicy
    from appliance.gate.access.transaction import VisitOutcome
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.journal import Journal
    from appliance.gate.references import References
    from appliance.gate.store.records import Holder
    from appliance.gate.store.roster import Roster
    from appliance.link import Link
    from appliance.messages import Message
    from hardware.ports import CardPresentation, DoorIo, Reader

VISIT_NS = 4_000_000_000
"""Hard stop of a visit; nobody stands longer before a door."""
SILENCE_NS = 2_000_000_000
"""Vision that says nothing for so long is lost."""
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


@dataclass(frozen=True, slots=True)
class Rules:
    """What this gate was configured to hold.

    Attributes:
        policy: methods, hours and face settings.
        cues: the presentation attack cues that must agree.
        lockout: when face pauses.
        door: pulse and held-open time.
        visit: how old evidence may be and how long an outcome rests.

    """

    policy: PortalPolicy
    cues: tuple[CuePolicy, ...]
    lockout: LockoutPolicy = field(default_factory=LockoutPolicy)
    door: DoorTiming = field(default_factory=DoorTiming)
    visit: VisitTiming = field(default_factory=VisitTiming)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the controller works with; built once by process.py."""

    clock: Clock
    door: DoorIo
    reader: Reader
    roster: Roster
    references: References
    passes: PassVerifier
    journal: Journal


class Controller:
    """Holds the gate's present state; every method returns quickly and raises nothing.

    Args:
        parts: store, devices and clock.
        rules: what to hold.
        tell: is told what happened, for the screen.

    """

    def __init__(self, parts: Parts, rules: Rules, tell: Callable[[notices.Notice], None]) -> None:
        self._parts = parts
        self._rules = rules
        self._tell = tell
        self._link: Link | None = None
        self._heard_ns = 0
        self._mode = SetMode(face=False, qr=False)
        self._features = ""
        self._faults: dict[str, str] = {}
        self._transaction = Transaction()
        self._lockout = FaceLockout()
        self._inequality = Inequality()
        self._portal = portal.Portal(rules.door)
        self._command(portal.start(rules.door, self._levels(), parts.clock.now_ns()))

    @property
    def link(self) -> Link | None:
        """The connection to vision, or None while there is none."""
        return self._link

    def meet(self, link: Link) -> None:
        """Take a new vision as the one; an older one is gone."""
        self.lose_vision("replaced by a new one")
        self._link = link
        self._heard_ns = self._parts.clock.now_ns()
        self._mode = SetMode(face=False, qr=False)

    def lose_vision(self, why: str) -> None:
        """End what hangs on vision; card and door go on."""
        if self._link is None:
            return
        self._link.close()
        self._link = None
        self._handle_visit(VisitEvent.VISION_LOST)
        self._fault("vision", why)

    def step(self) -> None:
        """Look at everything once: vision, cards, door, time."""
        if self._link is not None:
            try:
                for message in self._link.receive():
                    self._heard_ns = self._parts.clock.now_ns()
                    self._hear(message)
            except LinkError as fault:
                self.lose_vision(str(fault))
        now_ns = self._parts.clock.now_ns()
        if self._link is not None and now_ns - self._heard_ns > SILENCE_NS:
            self.lose_vision("silent")
        try:
            for presentation in self._parts.reader.poll():
                self.present_card(presentation)
            self._fault("reader", "")
        except DeviceError as fault:
            self._fault("reader", str(fault))
        self._command(portal.tick(self._portal, self._levels(), now_ns))
        self._pass_time(now_ns)

    def present_card(self, card: CardPresentation) -> None:
        """Decide on a card held to the reader."""
        policy, moment = self._rules.policy, self._moment()
        if not 0 <= self._now() - card.at_ns <= CODE_AGE_NS:
            self._conclude(decision.refuse(Method.CARD, Reason.STALE, moment), card.at_ns)
            return
        try:
            holder = (
                self._parts.roster.find_by_card(card.card_id)
                if card.authenticity is Authenticity.MUTUAL
                else None
            )
            owner = self._owner(holder, moment)
            made = decision.decide_card(policy, _PROOFS[card.authenticity], owner, moment)
        except SanmenError as fault:
            made = self._store_failed(Method.CARD, fault)
        self._conclude(made, card.at_ns)

    def touch(self) -> None:
        """Begin a visit because somebody touched the face door on the screen (law 2)."""
        self._begin(self._parts.clock.now_ns())

    def close(self) -> None:
        """Secure the door and let go of everything."""
        self.lose_vision("the gate stops")
        self._parts.door.close()
        self._parts.reader.close()
        self._parts.references.wipe()

    # What vision says

    def _hear(self, message: Message) -> None:
        match message:
            case Ready():
                self._features = message.features
                self._fault("vision", "")
                self._fault("face", message.face_fault)
                self._parts.references.want(message.features)
            case Health():
                self._fault("camera", message.camera_fault)
                self._fault("face", message.face_fault)
            case Guidance():
                self._tell(notices.Hinted(message.hint))
            case IntentSeen():
                self._begin(message.at_ns)
            case FaceEvidence():
                self._compare(message)
            case VisitAbandoned():
                self._visit(self._transaction.abandon(message, self._now()), message.hint)
            case QrRead():
                self._present_pass(message)
            case _:
                raise LinkError("message", type(message).__name__, "one that vision sends")

    def _present_pass(self, read: QrRead) -> None:
        policy, moment = self._rules.policy, self._moment()
        if not 0 <= self._now() - read.at_ns <= CODE_AGE_NS:
            self._conclude(decision.refuse(Method.QR, Reason.STALE, moment), read.at_ns)
            return
        try:
            claims = self._parts.passes.verify(read.text, moment.at)
            if isinstance(claims, PassRefusal):
                made = decision.decide_pass(policy, _PASS_REFUSALS[claims], None, moment)
            else:
                holder = self._parts.roster.find_by_pass(claims.key_id)
                owner = self._owner(holder, moment)
                made = decision.decide_pass(policy, None, owner, moment)
        except SanmenError as fault:
            made = self._store_failed(Method.QR, fault)
        self._conclude(made, read.at_ns)

    def _begin(self, intent_ns: int) -> None:
        if not self._mode.face or self._link is None:
            return
        now_ns = self._now()
        visit = Visit(secrets.token_bytes(16), min(intent_ns, now_ns), now_ns + VISIT_NS)
        self._visit(self._transaction.begin(visit))

    def _compare(self, evidence: FaceEvidence) -> None:
        outcome = self._transaction.receive(evidence, self._now(), self._rules.visit)
        if outcome.refusal is not None:
            refused = decision.refuse(Method.FACE, outcome.refusal, self._moment())
            self._conclude(refused, evidence.intent_ns)
            return
        self._transaction = outcome.transaction
        moment = self._moment()
        try:
            made = self._decide_face(evidence, moment)
        except SanmenError as fault:
            made = self._store_failed(Method.FACE, fault)
        self._lockout = self._lockout.after(made.reason, self._now(), self._rules.lockout)
        self._conclude(made, evidence.intent_ns)

    def _decide_face(self, evidence: FaceEvidence, moment: Moment) -> AccessDecision:
        rules, settings = self._rules, self._rules.policy.face
        if evidence.features != self._features:
            return decision.refuse(Method.FACE, Reason.FEATURES_DIFFER, moment)
        # A presentation that is not proven bona fide is never compared with anybody.
        presentation = judge(evidence.cues, rules.cues)
        identity = Identity(None, Reason.NO_MATCH)
        if presentation is PresentationJudgement.SUPPORTED and settings is not None:
            try:
                found = self._search(evidence.probe, moment)
            except ComparisonError:
                return decision.refuse(Method.FACE, Reason.FACE_BROKEN, moment)
            candidates = tuple(Candidate(subject, score) for subject, score in found)
            identity = decide_identity(candidates, settings.threshold, settings.margin)
        owner = None
        if identity.subject is not None:
            record = self._parts.roster.get(identity.subject)
            owner = people.resident(self._parts.roster, record, moment.at)
        findings = decision.FaceFindings(
            standing=self._standing(),
            paused=self._lockout.paused(Method.FACE, self._now()),
            presentation=presentation,
            identity=identity,
        )
        if self._portal.face_refusal is not None:
            return decision.refuse(Method.FACE, self._portal.face_refusal, moment)
        return decision.decide_face(rules.policy, findings, owner, moment)

    def _search(self, content: bytes, moment: Moment) -> tuple[tuple[str, float], ...]:
        probe = vector(content)
        try:
            return self._parts.references.candidates(probe, moment.at)
        finally:
            probe.fill(0.0)  # a probe is gone once it is compared, matched or not (S22)

    # Decision, log, door

    def _conclude(self, made: AccessDecision, since_ns: int) -> None:
        """Log, then command (law 5): what cannot be logged does not open the door."""
        try:
            line = self._parts.journal.decision(made)
        except AuditError as fault:
            self._fault("log", str(fault))
            made = decision.refuse(made.method, Reason.LOG_FAILED, self._moment(), made.pseudonym)
        else:
            self._fault("log", "")
            self._tell(notices.Logged(line))
        if made.granted:
            self._command(portal.step(self._portal, DoorEvent.GRANTED, self._now()))
        self._tell(notices.Decided(made, self._now() - since_ns))

    def _command(self, step: portal.PortalStep) -> None:
        before = self._portal.state
        self._portal = step.portal
        door, relay = self._parts.door, self._parts.door.relay_on
        for command in step.commands:
            try:
                match command:
                    case DoorCommand.RELEASE:
                        door.release()
                    case DoorCommand.SECURE:
                        door.secure()
                    case DoorCommand.RELEASE_FOR_FIRE:
                        door.release_for_fire()
                    case _ if command.value.startswith("alarm"):
                        self._alarm(command)
                    case _:
                        pass  # timers are kept by the portal
            except DeviceError as fault:
                self._fault("relay", str(fault))
        if step.portal.state is not before or door.relay_on is not relay:
            self._tell(notices.DoorChanged(step.portal.state, door.relay_on))

    def _alarm(self, command: DoorCommand) -> None:
        self._tell(notices.Alarmed(command))
        self._note(f"door.{command.value}")

    def _note(self, kind: str) -> None:
        try:
            self._tell(notices.Logged(self._parts.journal.happened(kind)))
        except AuditError as fault:
            self._fault("log", str(fault))

    def _levels(self) -> portal.DoorLevels:
        try:
            seen = self._parts.door.read()
            self._fault("door", "")
        except DeviceError as fault:
            # Inputs that cannot be read are taken as tampered with: face stops, alarm sounds.
            self._fault("door", str(fault))
            return portal.DoorLevels(tamper=True)
        return portal.DoorLevels(seen.door_open, seen.rex, seen.fire, seen.tamper)

    # Visits and time

    def _pass_time(self, now_ns: int) -> None:
        doors = DoorsWorking(card=self._parts.reader.working, qr=self._qr_works())
        before, self._inequality = (
            self._inequality,
            self._inequality.observe(self._rules.policy, doors, now_ns),
        )
        alone = self._inequality.since_ns is not None
        if alone is not (before.since_ns is not None):  # the log tells how long (law 1)
            self._note("doors.unequal" if alone else "doors.equal")
        standing = self._standing()
        self._fault(
            "other doors", "neither card nor code works: help is needed" if standing.alarm else ""
        )
        face = (
            standing.allowed
            and not self._faults.get("face")
            and not self._lockout.paused(Method.FACE, now_ns)
            and self._portal.face_refusal is None
        )
        if not face:
            self._handle_visit(VisitEvent.FACE_OFF)
        self._visit(self._transaction.tick(now_ns, self._rules.visit))
        mode = SetMode(face=face, qr=Method.QR in self._rules.policy.methods)
        if mode != self._mode and self._link is not None:
            self._mode = mode
            self._send(mode)
        try:
            self._parts.references.refresh(self._parts.clock.wall())
            self._fault("store", "")
        except StoreError as fault:
            self._fault("store", str(fault))

    def _standing(self) -> FaceStanding:
        doors = DoorsWorking(card=self._parts.reader.working, qr=self._qr_works())
        return face_may_run(self._rules.policy, doors, self._inequality, self._now())

    def _qr_works(self) -> bool:
        return self._link is not None and not self._faults.get("camera")

    def _handle_visit(self, event: VisitEvent) -> None:
        self._visit(self._transaction.handle(event, self._now()))

    def _visit(self, outcome: VisitOutcome, hint: Hint = Hint.NONE) -> None:
        self._transaction = outcome.transaction
        visit = outcome.transaction.visit
        for command in outcome.commands:
            match command:
                case VisitCommand.START_VISIT if visit is not None:
                    self._tell(notices.VisitBegan())
                    self._send(StartVisit(visit.visit, Purpose.IDENTIFY, visit.deadline_ns))
                case VisitCommand.STOP_VISIT if visit is not None:
                    self._send(StopVisit(visit.visit))
                case VisitCommand.SHOW_HINT | VisitCommand.SHOW_OTHER_DOORS:
                    self._tell(notices.VisitEnded(hint))
                case _:
                    pass

    def _send(self, message: Message) -> None:
        if self._link is None:
            return
        try:
            self._link.send(message)
        except LinkError as fault:
            self.lose_vision(str(fault))

    # Small things

    def _owner(self, holder: Holder | None, moment: Moment) -> decision.Resident | None:
        if holder is None:
            return None
        return people.resident(self._parts.roster, holder.resident, moment.at, holder.credential)

    def _now(self) -> int:
        return self._parts.clock.now_ns()

    def _moment(self) -> Moment:
        wall = self._parts.clock.wall()
        return decision.Moment(wall, sure=wall >= self._parts.journal.newest)

    def _store_failed(self, method: Method, fault: SanmenError) -> AccessDecision:
        self._fault("store", str(fault))
        return decision.refuse(method, Reason.STORE_FAILED, self._moment())

    def _fault(self, part: str, text: str) -> None:
        if self._faults.get(part, "") != text:
            self._faults[part] = text
            self._tell(notices.Fault(part, text))
