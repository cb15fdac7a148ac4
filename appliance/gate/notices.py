"""What the gate tells whoever shows it: the screen, the terminal, a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.messages import Hint

if TYPE_CHECKING:
    from appliance.gate.access.clones import Suspicion
    from appliance.gate.access.decision import AccessDecision
    from appliance.gate.access.door import DoorCommand, DoorState
    from appliance.terminal import Doors


HINTS = {
    Hint.NONE: "",
    Hint.COME_CLOSER: "Please come closer.",
    Hint.STEP_BACK: "Please step back a little.",
    Hint.ONE_PERSON: "One person only, please.",
    Hint.CENTRE_FACE: "Please stand in the middle.",
    Hint.LOOK_AHEAD: "Please look straight ahead.",
    Hint.HOLD_STILL: "Please stand still for a moment.",
    Hint.MORE_LIGHT: "More light, please; or card or code.",
    Hint.LESS_LIGHT: "Too bright here; please use card or code.",
    Hint.UNCOVER_EYES: "Please take off dark glasses; or use card or code.",
    Hint.UNCOVER_MOUTH: "Please take off the mask; or use card or code.",
    Hint.TURN_SLIGHTLY: "Please turn your head a little; or use card or code.",
    Hint.NOD_SLIGHTLY: "Please nod a little; or use card or code.",
    Hint.BLINK: "Please blink; or use card or code.",
    Hint.WATCH_LIGHT: "Please watch the light; or use card or code.",
    Hint.TURN_LEFT: "Please turn your head slightly to your left.",
    Hint.TURN_RIGHT: "Please turn your head slightly to your right.",
}
"""What a person can do, in English; the screen has its own words."""
MINUTES_FROM_S = 120
"""A phone's clock that is wrong by less is told in seconds."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision was taken, and is in the log if the log could be written.

    Attributes:
        decision: the decision.
        took_ns: from the act of intent (card seen, code seen, intent shown) to the relay or, if
            refused, to the end of the decision; nanoseconds.

    """

    decision: AccessDecision
    took_ns: int


@dataclass(frozen=True, slots=True)
class Logged:
    """An event is durably in the log.

    Attributes:
        line: the event as the log shows it: pseudonyms only.

    """

    line: str


@dataclass(frozen=True, slots=True)
class Hinted:
    """What the person before the camera can do."""

    hint: Hint


@dataclass(frozen=True, slots=True)
class VisitBegan:
    """Face work is allowed for one person now."""


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """A visit ended without a decision.

    Attributes:
        hint: what stood in the way.

    """

    hint: Hint


@dataclass(frozen=True, slots=True)
class DoorChanged:
    """The door's state or relay changed."""

    state: DoorState
    relay_on: bool


@dataclass(frozen=True, slots=True)
class Alarmed:
    """An alarm began or all alarms ended."""

    command: DoorCommand


@dataclass(frozen=True, slots=True)
class Fault:
    """Something does not work, or works again if `text` is empty.

    Attributes:
        part: "vision", "camera", "face", "reader", "door", "relay", "store", "log",
            "clock", "commissioning" or "other doors".
        text: what is wrong and what to do.

    """

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class CardSuspected:
    """A card may be a clone: the manager should look, and perhaps block it."""

    why: Suspicion


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """Somebody touched the code door: the camera's picture helps to aim."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody touched stop, or another door: nobody is looked at any more."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the three doors are worth changed."""

    doors: Doors


Notice = (
    Decided
    | CodeAsked
    | Stopped
    | Offered
    | Logged
    | Hinted
    | VisitBegan
    | VisitEnded
    | DoorChanged
    | Alarmed
    | Fault
    | CardSuspected
)


def describe(notice: Notice) -> str:  # noqa: C901, PLR0911 - one for each kind
    """Return a notice in plain words, for a terminal; neither name nor score (law 9)."""
    match notice:
        case Decided(decision, took_ns):
            verb = "ENTER" if decision.granted else "refused"
            why = f"{decision.reason.value}, {took_ns / 1e6:.0f} ms{_clock(decision)}"
            return f"{decision.method.value}: {verb} ({why})"
        case Logged(line):
            return f"log {line}"
        case Hinted(hint):
            return HINTS[hint] or "(nothing to do)"
        case VisitBegan():
            return "looking at one face"
        case VisitEnded(hint):
            return f"no usable face; card and code open too. {HINTS[hint]}".rstrip()
        case DoorChanged(state, relay_on):
            return f"door {state.value}, relay {'ON' if relay_on else 'off'}"
        case Alarmed(command):
            return command.value.replace("_", " ")
        case CodeAsked():
            return "waiting for a code"
        case Stopped():
            return "stopped by a touch"
        case Offered(doors):
            worth = (("card", doors.card), ("code", doors.code), ("face", doors.face))
            return "doors: " + ", ".join(f"{name} {standing.value}" for name, standing in worth)
        case CardSuspected(why):
            return f"ALARM {why.value.replace('-', ' ')}: a clone? the manager decides"
        case Fault(part, text):
            return f"{part}: {text}" if text else f"{part}: works"


def _clock(decision: AccessDecision) -> str:
    """Return how wrong the phone's clock is, if that is why its code is refused."""
    off = decision.clock_off_s
    if not off:
        return ""
    size = f"{abs(off)} s" if abs(off) < MINUTES_FROM_S else f"{round(abs(off) / 60)} minutes"
    if off > 0:
        return f"; the phone's clock is {size} fast"
    return f"; the phone's clock is {size} slow, or this is an old picture of a code"
