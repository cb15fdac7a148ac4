"""The conversation with vision: its link, the visits it may look at, and what it may look for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from appliance.errors import LinkError
from appliance.gate import notices
from appliance.gate.access.light_sequence import draw_sequence
from appliance.gate.access.presentation import (
    CHALLENGE,
    CueKind,
    PresentationJudgement,
    examine,
    light_helps,
    wish,
)
from appliance.gate.access.transaction import (
    Transaction,
    Visit,
    VisitCommand,
    VisitEvent,
    VisitState,
    VisitTiming,
)
from appliance.gate.light_show import LightShow
from appliance.gate.prompting import Prompting
from appliance.messages import Hint, Purpose
from appliance.orders import (
    Conclude,
    LightShown,
    Prompted,
    SetMode,
    SetPreview,
    StartVisit,
    StopVisit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.access.presentation import CuePolicy, Finding
    from appliance.gate.access.reasons import Reason
    from appliance.gate.access.transaction import VisitOutcome
    from appliance.gate.faults import Faults
    from appliance.light import ShowLight
    from appliance.link import Link, Said
    from appliance.messages import CuesSeen, FaceEvidence, Tint, Turn, VisitAbandoned
    from appliance.orders import Order

VISIT_NS = 4_000_000_000
"""Hard stop of a visit; nobody stands longer before a door."""
LASTING_NS = 1_500_000_000
"""A contradiction that lasts so long ends a visit early. On rendered live clips coherence, motion
and bands looked odd for up to a second and were clean at the end."""
SILENCE_NS = 2_000_000_000
"""Vision that says nothing for so long is lost."""


class Visits:
    """At most one vision, and at most one visit at a time.

    Args:
        clock: shared with vision.
        timing: how old evidence may be and how long an outcome rests.
        faults: hears of a vision that is lost.
        tell: is told of visits that begin and end.
        cues: the enabled presentation attack cues.

    """

    def __init__(
        self,
        clock: Clock,
        timing: VisitTiming,
        faults: Faults,
        tell: Callable[[notices.Notice], None],
        cues: tuple[CuePolicy, ...] = (),
    ) -> None:
        self._cues = cues
        self._judged = CHALLENGE in {one.name for one in cues}
        self._prompting: Prompting | None = None
        self._contradicted_ns: int | None = None
        self.asks = True
        """Whether there is somebody who can be asked for an action; a recording cannot."""
        self.screen_can_light = False
        """Set by whoever drives a screen that shows the light sequence."""
        self.show_light: Callable[[ShowLight], None] | None = None
        """Shows one step on that screen, which then tells by `light_shown` when it was seen."""
        self._light_helps = light_helps(cues)
        self._show: LightShow | None = None
        self._clock = clock
        self._timing = timing
        self._faults = faults
        self._tell = tell
        self._link: Link | None = None
        self._heard_ns = 0
        self._mode = SetMode(face=False, qr=False)
        self._preview = False
        self._transaction = Transaction()

    @property
    def link(self) -> Link | None:
        """The connection to vision, or None while there is none."""
        return self._link

    def meet(self, link: Link) -> None:
        """Take a new vision as the one; an older one is gone."""
        self.lose("replaced by a new one")
        self._link = link
        self._heard_ns = self._clock.now_ns()
        self._mode = SetMode(face=False, qr=False)
        self._preview = False

    def lose(self, why: str) -> None:
        """End what hangs on vision; card and door go on."""
        if self._link is None:
            return
        self._link.close()
        self._link = None
        self._apply(self._transaction.handle(VisitEvent.VISION_LOST, self._clock.now_ns()))
        self._faults.note("vision", why)

    def hear(self, handle: Callable[[Said], None]) -> None:
        """Hand over what vision said; one that is silent or talks nonsense is lost."""
        if self._link is None:
            return
        try:
            for message in self._link.receive():
                self._heard_ns = self._clock.now_ns()
                handle(message)
        except LinkError as fault:
            self.lose(str(fault))
        if self._clock.now_ns() - self._heard_ns > SILENCE_NS:
            self.lose("silent")

    @property
    def prompts(self) -> int:
        """How many answers the person of the newest visit owes, each judged by a cue."""
        return self._prompting.owed if self._prompting is not None else 0

    def begin(self, intent_ns: int, *, again: bool = False) -> None:
        """Allow face work for one person, if the gate is idle and face may run (law 2).

        More is asked `again`, where face was refused a short while ago.
        """
        if not self._mode.face or self._link is None:
            return
        now_ns = self._clock.now_ns()
        visit = Visit(secrets.token_bytes(16), min(intent_ns, now_ns), now_ns + VISIT_NS)
        if self._transaction.state is VisitState.IDLE:
            self._prompting = Prompting(now_ns, judged=self._judged, again=again)
            self._show = None
            self._contradicted_ns = None
        self._apply(self._transaction.begin(visit))

    def weigh(self, seen: CuesSeen) -> None:
        """Ask vision for the evidence once it is clear, or the person for what is lacking."""
        visit = self._transaction.visit
        is_open = self._transaction.state is VisitState.VISIT_OPEN
        if visit is None or not is_open or seen.visit != visit.visit:
            return
        now_ns = self._clock.now_ns()
        finding = examine(seen.cues, self._cues, prompts=self.prompts)
        if finding.judgement is not PresentationJudgement.CONTRADICTED:
            self._contradicted_ns = None
        elif self._contradicted_ns is None:
            self._contradicted_ns = now_ns
        lasting = self._contradicted_ns is not None and now_ns - self._contradicted_ns >= LASTING_NS
        if finding.judgement is PresentationJudgement.SUPPORTED or lasting:
            self._send(Conclude(visit.visit))
            return
        if self._prompting is None or not self._prompting.open(now_ns):
            return
        self._begin_light(finding, now_ns)
        wished = wish(finding, screen_can_light=self._can_light)
        asked = self._prompting.due(wished, finding.met, now_ns) if self.asks else None
        if asked is not None:
            self._tell(notices.Hinted(asked))
            self._send(Prompted(visit.visit, asked, now_ns))

    def light_shown(self, tint: Tint, brightness: float, shown_ns: int) -> None:
        """Pass on what the screen was told to show and shows, as its own clock tells.

        Nothing outside of a visit, and nothing that does not answer the step asked for.
        """
        visit, show = self._transaction.visit, self._show
        if visit is None or show is None or self._transaction.state is not VisitState.VISIT_OPEN:
            return
        if show.confirm(tint, brightness, shown_ns, self._clock.now_ns()):
            self._send(LightShown(visit.visit, tint, brightness, shown_ns))

    def accept(self, evidence: FaceEvidence) -> Reason | None:
        """Take evidence once, for the open visit only; return why it is refused, or None."""
        outcome = self._transaction.receive(evidence, self._clock.now_ns(), self._timing)
        self._apply(outcome)
        return outcome.refusal

    def abandon(self, message: VisitAbandoned) -> None:
        """Take note that a visit gave no probe."""
        self._apply(self._transaction.abandon(message, self._clock.now_ns()), message.hint)

    def stop(self) -> None:
        """End the open visit because somebody asked for it."""
        self._apply(self._transaction.handle(VisitEvent.STOP, self._clock.now_ns()))

    def enrol(self, visit: bytes, turn: Turn, deadline_ns: int) -> bool:
        """Let vision gather one part of a face for an enrolment; False if there is no vision."""
        if self._link is None:
            return False
        self.stop()
        self._send(StartVisit(visit, Purpose.ENROL, deadline_ns, turn=turn))
        return self._link is not None

    def end_enrolment(self, visit: bytes) -> None:
        """Take an enrolment's visit back; what it gathered is overwritten at once."""
        self._send(StopVisit(visit))

    def show(self, *, on: bool) -> None:
        """Tell vision whether the screen may show the camera's picture."""
        if on is not self._preview and self._link is not None:
            self._preview = on
            self._send(SetPreview(on))

    def tick(self, mode: SetMode) -> None:
        """Let time pass, and tell vision what it may look for now."""
        now_ns = self._clock.now_ns()
        if not mode.face:
            self._apply(self._transaction.handle(VisitEvent.FACE_OFF, now_ns))
        self._apply(self._transaction.tick(now_ns, self._timing))
        self._play_light(now_ns)
        if mode != self._mode and self._link is not None:
            self._mode = mode
            self._send(mode)

    @property
    def _can_light(self) -> bool:
        return self.screen_can_light and self.show_light is not None and self._light_helps

    def guide(self, hint: Hint) -> None:
        """Pass on what vision would tell the person, unless it contradicts what was asked."""
        if self._prompting is None or self._prompting.allows(hint, self._clock.now_ns()):
            self._tell(notices.Hinted(hint))

    def _begin_light(self, finding: Finding, now_ns: int) -> None:
        """Draw a sequence if the proof of emission is lacking; one in a visit.

        It runs beside a turn that is asked for: one after the other would not fit into a visit.
        """
        lacking = (
            finding.judgement is PresentationJudgement.NO_EVIDENCE
            and CueKind.PROOF_EMISSION in finding.lacks
        )
        if lacking and self._can_light and self._show is None:
            self._show = LightShow(draw_sequence(secrets.randbelow), now_ns)

    def _play_light(self, now_ns: int) -> None:
        if self._show is None or self.show_light is None:
            return
        if self._transaction.state is not VisitState.VISIT_OPEN:
            self._show = None
            return
        step = self._show.due(now_ns)
        if step is not None:
            self.show_light(step)

    def _apply(self, outcome: VisitOutcome, hint: Hint = Hint.NONE) -> None:
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
                    pass  # DECIDE: the controller does

    def _send(self, message: Order) -> None:
        if self._link is None:
            return
        try:
            self._link.send(message)
        except LinkError as fault:
            self.lose(str(fault))
