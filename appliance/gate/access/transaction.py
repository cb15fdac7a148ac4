"""The course of one visit: a table of its states, and which evidence it accepts, once.

Rule 1: everything that changes a visit's state stands in TRANSITIONS. A pair that is not in it
changes nothing and commands nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.reasons import Reason
from appliance.gate.access.wrong import check_range, wrong

if TYPE_CHECKING:
    from appliance.messages import FaceEvidence, VisitAbandoned

_SECOND_NS = 1_000_000_000
_VISIT_ID_BYTES = 16


class VisitState(Enum):
    """Where the visit is."""

    IDLE = "idle"
    VISIT_OPEN = "visit_open"
    DECIDED = "decided"
    """Its evidence was used; the outcome is shown until the rest is over."""
    ENDED = "ended"
    """It ended without evidence; the same."""


class VisitEvent(Enum):
    """What can happen to it."""

    INTENT = "intent"
    EVIDENCE = "evidence"
    ABANDONED = "abandoned"
    DEADLINE = "deadline"
    STOP = "stop"
    VISION_LOST = "vision_lost"
    FACE_OFF = "face_off"
    REST_OVER = "rest_over"


class VisitCommand(Enum):
    """What the controller must do."""

    START_VISIT = "start_visit"
    STOP_VISIT = "stop_visit"
    DECIDE = "decide"
    SHOW_HINT = "show_hint"
    SHOW_OTHER_DOORS = "show_other_doors"


@dataclass(frozen=True, slots=True)
class VisitStep:
    """One row of the table: the next state, and what to do."""

    state: VisitState
    commands: tuple[VisitCommand, ...] = ()


_S, _E, _C = VisitState, VisitEvent, VisitCommand

TRANSITIONS: dict[VisitState, dict[VisitEvent, VisitStep]] = {
    _S.IDLE: {_E.INTENT: VisitStep(_S.VISIT_OPEN, (_C.START_VISIT,))},
    _S.VISIT_OPEN: {
        _E.EVIDENCE: VisitStep(_S.DECIDED, (_C.DECIDE,)),
        _E.ABANDONED: VisitStep(_S.ENDED, (_C.SHOW_HINT,)),
        _E.DEADLINE: VisitStep(_S.ENDED, (_C.STOP_VISIT, _C.SHOW_OTHER_DOORS)),
        _E.STOP: VisitStep(_S.ENDED, (_C.STOP_VISIT,)),
        _E.VISION_LOST: VisitStep(_S.ENDED, (_C.SHOW_OTHER_DOORS,)),
        _E.FACE_OFF: VisitStep(_S.ENDED, (_C.STOP_VISIT, _C.SHOW_OTHER_DOORS)),
    },
    _S.DECIDED: {_E.REST_OVER: VisitStep(_S.IDLE)},
    _S.ENDED: {_E.REST_OVER: VisitStep(_S.IDLE)},
}
_PLAIN = frozenset({_E.STOP, _E.VISION_LOST, _E.FACE_OFF})


def transition(state: VisitState, event: VisitEvent) -> VisitStep:
    """Return the row for the pair; a pair not in the table stays, without command."""
    return TRANSITIONS[state].get(event, VisitStep(state))


@dataclass(frozen=True, slots=True)
class VisitTiming:
    """The spans of a visit, nanoseconds.

    Attributes:
        max_age_ns: oldest picture that counts when its evidence arrives.
        rest_ns: how long an outcome is shown before the next intent counts.

    Raises:
        ValueError: a span is out of range.

    """

    max_age_ns: int = _SECOND_NS
    rest_ns: int = _SECOND_NS

    def __post_init__(self) -> None:
        check_range("visit.max_age_ns", self.max_age_ns, 1, 10 * _SECOND_NS)
        check_range("visit.rest_ns", self.rest_ns, 0, 60 * _SECOND_NS)


@dataclass(frozen=True, slots=True)
class Visit:
    """One permission for face work, good for one decision (law 2).

    Attributes:
        visit: its name, 16 random bytes.
        intent_ns: when the person showed intent, monotonic nanoseconds.
        deadline_ns: evidence counts before it, monotonic nanoseconds.

    Raises:
        ValueError: the name has another length, or the deadline is not after the intent.

    """

    visit: bytes
    intent_ns: int
    deadline_ns: int

    def __post_init__(self) -> None:
        if len(self.visit) != _VISIT_ID_BYTES:
            raise wrong("visit", f"{len(self.visit)} bytes", f"{_VISIT_ID_BYTES} bytes")
        if self.deadline_ns <= self.intent_ns:
            raise wrong("visit.deadline_ns", self.deadline_ns, f"after {self.intent_ns}")


@dataclass(frozen=True, slots=True)
class Transaction:
    """The gate's present or last visit.

    Attributes:
        state: where it is.
        visit: the open or last visit, or None before the first.
        left_ns: when it was decided or ended, monotonic nanoseconds.

    """

    state: VisitState = VisitState.IDLE
    visit: Visit | None = None
    left_ns: int = 0

    def begin(self, visit: Visit) -> VisitOutcome:
        """Open `visit` if the gate is idle; otherwise nothing happens."""
        outcome = self._apply(VisitEvent.INTENT, visit.intent_ns)
        if not outcome.commands:
            return outcome
        return replace(outcome, transaction=replace(outcome.transaction, visit=visit))

    def receive(self, evidence: FaceEvidence, now_ns: int, timing: VisitTiming) -> VisitOutcome:
        """Take the evidence once, or refuse it and change nothing."""
        refusal = self._refusal(evidence, now_ns, timing)
        if refusal is not None:
            return VisitOutcome(self, refusal=refusal)
        return self._apply(VisitEvent.EVIDENCE, now_ns)

    def abandon(self, message: VisitAbandoned, now_ns: int) -> VisitOutcome:
        """End the open visit that `message` names; another name is refused as STALE."""
        if self.state is not VisitState.VISIT_OPEN or not self._names(message.visit):
            return VisitOutcome(self, refusal=Reason.STALE)
        return self._apply(VisitEvent.ABANDONED, now_ns)

    def tick(self, now_ns: int, timing: VisitTiming) -> VisitOutcome:
        """Let time pass: the deadline of an open visit, the rest after an outcome."""
        if self.visit is not None and self.state is VisitState.VISIT_OPEN:
            if now_ns >= self.visit.deadline_ns:
                return self._apply(VisitEvent.DEADLINE, now_ns)
        elif now_ns - self.left_ns >= timing.rest_ns:
            return self._apply(VisitEvent.REST_OVER, now_ns)
        return VisitOutcome(self)

    def handle(self, event: VisitEvent, now_ns: int) -> VisitOutcome:
        """Apply STOP, VISION_LOST or FACE_OFF.

        Raises:
            ValueError: another event, which has a method of its own.

        """
        if event not in _PLAIN:
            raise wrong("visit event", event.value, "stop, vision_lost or face_off")
        return self._apply(event, now_ns)

    def _apply(self, event: VisitEvent, now_ns: int) -> VisitOutcome:
        step = transition(self.state, event)
        left = step.state in (VisitState.DECIDED, VisitState.ENDED) and step.state != self.state
        left_ns = now_ns if left else self.left_ns
        return VisitOutcome(replace(self, state=step.state, left_ns=left_ns), step.commands)

    def _names(self, visit: bytes) -> bool:
        return self.visit is not None and self.visit.visit == visit

    def _refusal(self, evidence: FaceEvidence, now_ns: int, timing: VisitTiming) -> Reason | None:
        if self.visit is None or not self._names(evidence.visit):
            return Reason.STALE
        if self.state is VisitState.DECIDED:
            return Reason.REPLAYED
        oldest_ns = max(self.visit.intent_ns, evidence.intent_ns, now_ns - timing.max_age_ns)
        in_time = oldest_ns <= evidence.taken_ns <= now_ns < self.visit.deadline_ns
        if self.state is not VisitState.VISIT_OPEN or not in_time:
            return Reason.STALE
        return None


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """What an event did.

    Attributes:
        transaction: the state after it.
        commands: what to do now, in order.
        refusal: STALE or REPLAYED when a message was refused, else None.

    """

    transaction: Transaction
    commands: tuple[VisitCommand, ...] = ()
    refusal: Reason | None = None
