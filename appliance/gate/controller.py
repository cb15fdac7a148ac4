"""The single consumer of everything that happens at a gate: claim, decide, log, then command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import AuditError, LinkError, SanmenError, StoreError
from appliance.gate import notices
from appliance.gate.access import decision
from appliance.gate.access.lockout import FaceLockout
from appliance.gate.access.policy import DoorsWorking
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.cards import Cards
from appliance.gate.claims import Claims
from appliance.gate.counter.checker import Checker
from appliance.gate.counter.front import Front
from appliance.gate.counter.giver import Giver
from appliance.gate.counter.wants import PhoneShown, Want
from appliance.gate.doorkeeper import Doorkeeper
from appliance.gate.faults import Faults
from appliance.gate.proven import card_shown, code_shown
from appliance.gate.settled import Settled
from appliance.gate.visits import Visits
from appliance.gate.watchman import Watchman
from appliance.messages import (
    CuesSeen,
    FaceEvidence,
    Guidance,
    Health,
    IntentSeen,
    QrRead,
    Ready,
    VisitAbandoned,
)
from appliance.orders import SetMode
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.access.clones import Suspicion
    from appliance.gate.access.decision import AccessDecision
    from appliance.gate.access.policy import FaceStanding
    from appliance.gate.cards import JudgedCard
    from appliance.gate.parts import Parts
    from appliance.gate.rules import Rules
    from appliance.light import LightAnswered
    from appliance.link import Link, Said


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
        self._told = tell
        self.front = Front(parts.clock, parts.hire, self._touched)
        self._faults = Faults(self._tell)
        self._settled = Settled(parts.roster, parts.journal, rules)
        self._claims = Claims(
            parts.roster, parts.references, parts.passes, parts.ledger, rules, self._faults
        )
        self._cards = Cards(parts.reader, parts.schemes, self._claims.card_key)
        self._visits = Visits(parts.clock, rules.visit, self._faults, self._tell, rules.cues)
        self._visits.asks = rules.asks
        self._visits.show_light = self.front.show_light
        self.front.answered = self._answered
        self._giver = Giver(self.front, self._cards, self._visits, parts)
        self._checker = Checker(
            self.front, parts, self._faults, lambda: self._door.grant(self._now())
        )
        self._features = ""
        self._lockout = FaceLockout()
        self._watch = Watchman(parts, self._faults, self._tell)
        self._door = Doorkeeper(
            parts.door, parts.journal, self._faults, self._tell, rules.door, self._now()
        )

    @property
    def link(self) -> Link | None:
        """The connection to vision, or None while there is none."""
        return self._visits.link

    def meet(self, link: Link) -> None:
        """Take a new vision as the one; an older one is gone."""
        self._visits.meet(link)

    def step(self) -> None:
        """Look at everything once: vision, cards, door, time."""
        self._visits.hear(self._hear)
        self._read_cards()
        self._door.tick(self._now())
        self._watch.keep_time()
        self._watch.keep_equal(self._rules.policy, self._working)
        try:
            self._settle()
            self._parts.references.refresh(self._parts.clock.wall())
            self._faults.note("store", "")
        except StoreError as fault:
            self._faults.note("store", str(fault))
        face = self._face_may_run()
        self._visits.tick(SetMode(face=face, qr=Method.QR in self._rules.policy.methods))
        self._watch.offer(
            self._rules.policy,
            self._working,
            face=face,
            paused=self._lockout.paused(Method.FACE, self._now()),
            signed=self._settled.commissioned,
        )
        self.front.step()
        works = self._standing.allowed and not self._faults.of("face")
        self._giver.step(face_allowed=works and self._settled.commissioned)
        self._checker.step(sees=self._visits.link is not None)
        self._visits.show(on=self.front.preview)
        self._visits.screen_can_light = self.front.link is not None

    def present_card(self, card: JudgedCard) -> None:
        """Decide on a card held to the reader, or hand it to the page that waits for one."""
        if self.front.wants(Want.CARD):
            self.front.give(card_shown(self._parts.roster, card))
            return
        made = self._claims.card(card, self._watch.moment(), self._now())
        self._conclude(made, card.at_ns)

    def _answered(self, light: LightAnswered) -> None:
        self._visits.light_shown(light.tint, light.brightness, light.shown_ns)

    def touch(self) -> None:
        """Begin a visit because somebody touched the face door on the screen (law 2)."""
        self._visits.begin(self._now(), again=self._again)

    def close(self) -> None:
        """Secure the door and let go of everything."""
        self.front.close()
        self._visits.lose("the gate stops")
        self._door.close()
        self._parts.reader.close()
        self._parts.references.wipe()

    def _read_cards(self) -> None:
        try:
            judged = self._cards.step(self._now())
            working = self._parts.reader.working
            self._faults.note("reader", "" if working else f"{self._parts.reader.identity}: gone")
        except DeviceError as fault:
            judged = ()
            self._faults.note("reader", str(fault))
        for card in judged:
            self.present_card(card)
        for suspicion, uid in self._cards.suspicions():
            self._suspect(suspicion, uid)

    def _suspect(self, suspicion: Suspicion, uid: bytes) -> None:
        """Alarm and log; the manager decides about blocking, as anybody could provoke it (S4)."""
        self._tell(notices.CardSuspected(suspicion))
        try:
            owner = self._claims.owner_of_card(uid)
            line = self._parts.journal.happened("card.suspected", owner, why=suspicion.value)
            self._tell(notices.Logged(line))
        except AuditError as fault:
            self._faults.note("log", str(fault))
        except SanmenError as fault:
            self._faults.note("store", str(fault))

    def _hear(self, message: Said) -> None:
        match message:
            case Ready():
                self._features = message.features
                self._faults.note("vision", "")
                self._faults.note("face", message.face_fault)
                self._settled.meet(message.origin)
                self._parts.references.want(message.features)
            case Health():
                self._faults.note("camera", message.camera_fault)
                self._faults.note("face", message.face_fault)
            case _ if self._giver.hear(message):
                pass  # of an enrolment
            case Guidance():
                self._visits.guide(message.hint)
            case IntentSeen():
                self._intend(message.at_ns)
            case CuesSeen():
                self._visits.weigh(message)
            case FaceEvidence():
                self._compare(message)
            case VisitAbandoned():
                self._visits.abandon(message)
            case QrRead():
                self._read_code(message)
            case _:
                raise LinkError("message", type(message).__name__, "one that vision sends")

    def _intend(self, at_ns: int) -> None:
        """Begin a visit, unless the person stands there for the counter."""
        if not self.front.attends:
            self._visits.begin(at_ns, again=self._again)

    def _read_code(self, read: QrRead) -> None:
        parts, moment = self._parts, self._watch.moment()
        if self.front.wants(Want.PHONE):
            self.front.give(PhoneShown(read.text))
        elif self.front.wants(Want.CODE):
            shown = code_shown(parts.roster, parts.passes, parts.ledger, read, moment)
            self.front.give(shown)
        else:
            self._conclude(self._claims.code(read, moment, self._now()), read.at_ns)

    def _touched(self, act: str) -> None:
        """Do what somebody touched on the public screen."""
        if act == "stop" or (act == "code" and self.front.takes_codes):
            self._visits.stop()
            # Off first: after a visit, vision shows a code's frame only to somebody new.
            self._visits.show(on=False)
            self._tell(notices.Stopped() if act == "stop" else notices.CodeAsked())
        elif act == "face":
            self.touch()

    def _compare(self, evidence: FaceEvidence) -> None:
        moment = self._watch.moment()
        refusal = self._visits.accept(evidence)
        if refusal is None:
            if evidence.features != self._features:
                refusal = Reason.FEATURES_DIFFER
            refusal = refusal or self._door.face_refusal
            if not self._settled.commissioned:
                refusal = Reason.FACE_NOT_COMMISSIONED
        if refusal is not None:
            self._conclude(decision.refuse(Method.FACE, refusal, moment), evidence.intent_ns)
            return
        paused = self._lockout.paused(Method.FACE, self._now())
        made = self._claims.face(
            evidence, moment, self._standing, paused=paused, prompts=self._visits.prompts
        )
        self._lockout = self._lockout.after(made.reason, self._now(), self._rules.lockout)
        self._conclude(made, evidence.intent_ns)

    def _conclude(self, made: AccessDecision, since_ns: int) -> None:
        """Log, then command (law 5): what cannot be logged does not open the door."""
        if made.granted and self._door.stuck:
            made = decision.overruled(made, Reason.DOOR_STUCK, self._watch.moment())
        try:
            line = self._parts.journal.decision(made)
        except AuditError as fault:
            self._faults.note("log", str(fault))
            made = decision.overruled(made, Reason.LOG_FAILED, self._watch.moment())
        else:
            self._faults.note("log", "")
            self._tell(notices.Logged(line))
        if made.granted:
            self._door.grant(self._now())
        self._tell(notices.Decided(made, self._now() - since_ns))
        if made.method is not Method.FACE:
            self.front.passing(made.pseudonym)

    def _tell(self, notice: notices.Notice) -> None:
        self.front.note(notice)
        self._told(notice)

    def _settle(self) -> None:
        """Take in what was settled at the screen: hours, and that face may be used."""
        self._settled.refresh()
        if self._settled.rules is not self._rules:
            self._rules = self._settled.rules
            self._claims.hold(self._rules)
        face = Method.FACE in self._rules.policy.methods
        self._faults.note("commissioning", self._settled.unsigned if face else "")

    def _face_may_run(self) -> bool:
        return (
            self._standing.allowed
            and self._settled.commissioned
            and not self._faults.of("face")
            and not self._lockout.paused(Method.FACE, self._now())
            and self._door.face_refusal is None
        )

    @property
    def _again(self) -> bool:
        return self._lockout.failed_lately(self._now(), self._rules.lockout)

    @property
    def _standing(self) -> FaceStanding:
        return self._watch.standing(self._rules.policy, self._working)

    @property
    def _working(self) -> DoorsWorking:
        sees = self._visits.link is not None and not self._faults.of("camera")
        return DoorsWorking(card=self._parts.reader.working, qr=sees)

    def _now(self) -> int:
        return self._parts.clock.now_ns()
