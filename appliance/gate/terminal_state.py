"""Folds what the gate tells, and time, into what the public screen shows: no name, no score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from appliance.gate import notices
from appliance.gate.access.door import DoorState
from appliance.gate.access.reasons import Method, Reason
from appliance.messages import Hint
from appliance.terminal import Doors, Outcome, Phase, Portal, Standing, Terminal

if TYPE_CHECKING:
    from appliance.gate.access.decision import AccessDecision

SECOND = 1_000_000_000
GRANTED_NS = 2 * SECOND
REFUSED_NS = 6 * SECOND
CODE_NS = 20 * SECOND
"""How long somebody is helped to aim a code."""
UNWELL = frozenset({"log", "store", "relay"})
"""Parts without which nothing opens (law 5, law 6)."""
NO_DOORS = Doors(Standing.OFF, Standing.OFF, Standing.OFF)
PORTALS = MappingProxyType(
    {
        DoorState.SECURED: Portal.SHUT,
        DoorState.ACCESSED: Portal.RELEASED,
        DoorState.OPEN: Portal.OPEN,
        DoorState.OPEN_ACCESSED: Portal.OPEN,
        DoorState.HELD_OPEN: Portal.HELD_OPEN,
        DoorState.FORCED_OPEN: Portal.FORCED_OPEN,
        DoorState.FIRE_RELEASE: Portal.FIRE,
        DoorState.TAMPERED: Portal.TAMPERED,
        DoorState.TAMPERED_ACCESSED: Portal.TAMPERED,
    }
)
NOT_RECOGNISED = frozenset(
    {
        Reason.NO_MATCH,
        Reason.NOT_CLEAR,
        Reason.ATTACK_SUSPECTED,
        Reason.PRESENTATION_UNPROVEN,
        Reason.REPLAYED,
        Reason.STALE,
    }
)
"""Refusals of a face that look the same outside: an attacker learns nothing from them, and nobody
honest is called one; the log has the true one."""


@dataclass(frozen=True, slots=True)
class TerminalState:
    """What has been told so far.

    Attributes:
        portal: the door itself.
        doors: what is offered.
        faults: parts that do not work now.
        visiting: a face visit runs.
        hint: the last one of it.
        code_until_ns: somebody asked to show a code; 0 = nobody.
        outcome: the last, shown while it is held.

    """

    portal: Portal = Portal.SHUT
    doors: Doors = NO_DOORS
    faults: frozenset[str] = frozenset()
    visiting: bool = False
    hint: Hint = Hint.NONE
    code_until_ns: int = 0
    outcome: Outcome | None = None

    def after(self, notice: notices.Notice, now_ns: int) -> TerminalState:  # noqa: C901, PLR0911
        """Return the state after a notice."""
        match notice:
            case notices.Decided(decision):
                found = outcome_of(decision, now_ns)
                return replace(self, visiting=False, code_until_ns=0, outcome=found)
            case notices.VisitBegan():
                return replace(self, visiting=True, hint=Hint.NONE, code_until_ns=0)
            case notices.VisitEnded():
                if not self.visiting:
                    return self
                found = _refused(Method.FACE, Reason.NO_USABLE_FACE, now_ns)
                return replace(self, visiting=False, outcome=found)
            case notices.Hinted(hint):
                return replace(self, hint=hint)
            case notices.CodeAsked():
                return replace(self, code_until_ns=now_ns + CODE_NS, outcome=None, hint=Hint.NONE)
            case notices.Stopped():
                return replace(self, visiting=False, code_until_ns=0, outcome=None)
            case notices.Offered(doors):
                return replace(self, doors=doors)
            case notices.DoorChanged(state):
                return replace(self, portal=PORTALS[state])
            case notices.Fault(part, text):
                return replace(self, faults=self.faults | {part} if text else self.faults - {part})
            case _:
                return self

    def holds(self, now_ns: int) -> bool:
        """Say whether an outcome is still shown."""
        return self.outcome is not None and now_ns < self.outcome.until_ns

    def terminal(self, now_ns: int, *, page_preview: bool = False) -> Terminal:
        """Return what the screen shows now.

        Args:
            now_ns: monotonic time.
            page_preview: a page of the counter shows the camera's picture.

        """
        phase = self._phase(now_ns)
        looking = phase in (Phase.FACE, Phase.CODE)
        return Terminal(
            at_ns=now_ns,
            phase=phase,
            hint=self.hint if looking else Hint.NONE,
            doors=self.doors,
            portal=self.portal,
            outcome=self.outcome if phase in (Phase.GRANTED, Phase.REFUSED) else None,
            preview=looking or page_preview,
            unwell=bool(self.faults & UNWELL),
            clock_sure="clock" not in self.faults,
        )

    def _phase(self, now_ns: int) -> Phase:
        # A visit first: while a face is looked at, the screen says so (S27).
        if self.visiting:
            return Phase.FACE
        if self.outcome is not None and now_ns < self.outcome.until_ns:
            return Phase.GRANTED if self.outcome.granted else Phase.REFUSED
        return Phase.CODE if now_ns < self.code_until_ns else Phase.IDLE


def outcome_of(decision: AccessDecision, now_ns: int) -> Outcome:
    """Return what everybody may see of a decision (law 9)."""
    if decision.granted:
        method = decision.method.value
        return Outcome(True, method, decision.reason.value, now_ns + GRANTED_NS)  # noqa: FBT003
    return _refused(decision.method, public_reason(decision.method, decision.reason), now_ns)


def public_reason(method: Method, reason: Reason) -> Reason:
    """Return the reason that is shown for a refusal."""
    return Reason.NO_MATCH if method is Method.FACE and reason in NOT_RECOGNISED else reason


def _refused(method: Method, reason: Reason, now_ns: int) -> Outcome:
    return Outcome(False, method.value, reason.value, now_ns + REFUSED_NS)  # noqa: FBT003
