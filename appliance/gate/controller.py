"""The single consumer of everything that happens at a gate: claim, decide, log, then command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import AuditError, LinkError, SanmenError, StoreError
from appliance.gate import notices
from appliance.gate.access import decision
from appliance.gate.access.lockout import FaceLockout
from appliance.gate.access.policy import DoorsWorking, Inequality, face_may_run
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.cards import Cards
from appliance.gate.claims import Claims
from appliance.gate.doorkeeper import Doorkeeper
from appliance.gate.faults import Faults
from appliance.gate.visits import Visits
from appliance.messages import (
    CuesSeen,
    FaceEvidence,
    Guidance,
    Health,
    IntentSeen,
    QrRead,
    Ready,
    SetMode,
    VisitAbandoned,
)
from hardware.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.access.clones import Suspicion
    from appliance.gate.access.decision import AccessDecision, Moment
    from appliance.gate.access.policy import FaceStanding
    from appliance.gate.cards import JudgedCard
    from appliance.gate.credential.pass_token import PassVerifier
    from appliance.gate.credential.replay import Ledger
    from appliance.gate.credential.scheme import CardScheme
    from appliance.gate.credential.trusted_time import TrustedTime
    from appliance.gate.journal import Journal
    from appliance.gate.references import References
    from appliance.gate.rules import Rules
    from appliance.gate.store.roster import Roster
    from appliance.link import Link
    from appliance.messages import Message, ShowLight, Tint
    from hardware.ports import DoorIo, Reader


@dataclass(frozen=True, slots=True)
class Parts:
    """What the controller works with; built once by process.py."""

    clock: Clock
    door: DoorIo
    reader: Reader
    roster: Roster
    references: References
    passes: PassVerifier
    ledger: Ledger
    time: TrustedTime
    journal: Journal
    schemes: tuple[CardScheme, ...] = ()


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
        self._faults = Faults(tell)
        self._claims = Claims(
            parts.roster, parts.references, parts.passes, parts.ledger, rules, self._faults
        )
        self._cards = Cards(parts.reader, parts.schemes, self._claims.card_key)
        self._visits = Visits(parts.clock, rules.visit, self._faults, tell, rules.cues)
        self._visits.asks = rules.asks
        self._features = ""
        self._lockout = FaceLockout()
        self._inequality = Inequality()
        self._door = Doorkeeper(
            parts.door, parts.journal, self._faults, tell, rules.door, self._now()
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
        self._keep_time()
        self._keep_equal()
        self._visits.tick(
            SetMode(face=self._face_may_run(), qr=Method.QR in self._rules.policy.methods)
        )
        try:
            self._parts.references.refresh(self._parts.clock.wall())
            self._faults.note("store", "")
        except StoreError as fault:
            self._faults.note("store", str(fault))

    def present_card(self, card: JudgedCard) -> None:
        """Decide on a card held to the reader."""
        made = self._claims.card(card, self._moment(), self._now())
        self._conclude(made, card.at_ns)

    def meet_screen(self, show_light: Callable[[ShowLight], None] | None) -> None:
        """Take note of a screen that shows the light sequence, or that it is gone."""
        self._visits.show_light = show_light
        self._visits.screen_can_light = show_light is not None

    def light_shown(self, tint: Tint, brightness: float, shown_ns: int) -> None:
        """Take note of when the screen showed a step; see `Visits.light_shown`."""
        self._visits.light_shown(tint, brightness, shown_ns)

    def touch(self) -> None:
        """Begin a visit because somebody touched the face door on the screen (law 2)."""
        self._visits.begin(self._now())

    def close(self) -> None:
        """Secure the door and let go of everything."""
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

    def _hear(self, message: Message) -> None:
        match message:
            case Ready():
                self._features = message.features
                self._faults.note("vision", "")
                self._faults.note("face", message.face_fault)
                self._parts.references.want(message.features)
            case Health():
                self._faults.note("camera", message.camera_fault)
                self._faults.note("face", message.face_fault)
            case Guidance():
                self._tell(notices.Hinted(message.hint))
            case IntentSeen():
                self._visits.begin(message.at_ns)
            case CuesSeen():
                self._visits.weigh(message)
            case FaceEvidence():
                self._compare(message)
            case VisitAbandoned():
                self._visits.abandon(message)
            case QrRead():
                made = self._claims.code(message, self._moment(), self._now())
                self._conclude(made, message.at_ns)
            case _:
                raise LinkError("message", type(message).__name__, "one that vision sends")

    def _compare(self, evidence: FaceEvidence) -> None:
        moment = self._moment()
        refusal = self._visits.accept(evidence)
        if refusal is None:
            if evidence.features != self._features:
                refusal = Reason.FEATURES_DIFFER
            refusal = refusal or self._door.face_refusal
        if refusal is not None:
            self._conclude(decision.refuse(Method.FACE, refusal, moment), evidence.intent_ns)
            return
        paused = self._lockout.paused(Method.FACE, self._now())
        made = self._claims.face(evidence, moment, self._standing(), paused=paused)
        self._lockout = self._lockout.after(made.reason, self._now(), self._rules.lockout)
        self._conclude(made, evidence.intent_ns)

    def _conclude(self, made: AccessDecision, since_ns: int) -> None:
        """Log, then command (law 5): what cannot be logged does not open the door."""
        try:
            line = self._parts.journal.decision(made)
        except AuditError as fault:
            self._faults.note("log", str(fault))
            made = decision.refuse(made.method, Reason.LOG_FAILED, self._moment(), made.pseudonym)
        else:
            self._faults.note("log", "")
            self._tell(notices.Logged(line))
        if made.granted:
            self._door.grant(self._now())
        self._tell(notices.Decided(made, self._now() - since_ns))

    def _keep_time(self) -> None:
        """Watch the clock: in doubt codes are refused, and staff hears of it."""
        self._moment()
        doubt = self._parts.time.doubt
        if bool(doubt) is not bool(self._faults.of("clock")):
            try:
                kind = "clock.unsure" if doubt else "clock.sure"
                self._tell(notices.Logged(self._parts.journal.happened(kind)))
            except AuditError as fault:
                self._faults.note("log", str(fault))
        self._faults.note("clock", doubt)
        try:
            self._parts.time.save(self._parts.clock.boot_ns())
        except StoreError as fault:
            self._faults.note("store", str(fault))

    def _keep_equal(self) -> None:
        """Watch that another door than face works (law 1); the log tells how long none did."""
        before = self._inequality.since_ns is not None
        self._inequality = self._inequality.observe(self._rules.policy, self._doors(), self._now())
        alone = self._inequality.since_ns is not None
        if alone is not before:
            try:
                kind = "doors.unequal" if alone else "doors.equal"
                self._tell(notices.Logged(self._parts.journal.happened(kind)))
            except AuditError as fault:
                self._faults.note("log", str(fault))
        self._faults.note(
            "other doors",
            "neither card nor code works: help is needed" if self._standing().alarm else "",
        )

    def _face_may_run(self) -> bool:
        return (
            self._standing().allowed
            and not self._faults.of("face")
            and not self._lockout.paused(Method.FACE, self._now())
            and self._door.face_refusal is None
        )

    def _standing(self) -> FaceStanding:
        return face_may_run(self._rules.policy, self._doors(), self._inequality, self._now())

    def _doors(self) -> DoorsWorking:
        sees = self._visits.link is not None and not self._faults.of("camera")
        return DoorsWorking(card=self._parts.reader.working, qr=sees)

    def _now(self) -> int:
        return self._parts.clock.now_ns()

    def _moment(self) -> Moment:
        wall = self._parts.clock.wall()
        sure = self._parts.time.look(wall, self._parts.clock.boot_ns())
        return decision.Moment(wall, sure=sure)
