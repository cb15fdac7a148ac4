"""The challenge cue: was what was asked done after it was shown, in time, and as people do it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.motion import eye_aspect
from appliance.vision.pad.tracks import eye_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look, Prompt

CUE: Final = "challenge"
VERSION: Final = "1"
SOONEST_NS: Final = 150_000_000
"""After the prompt was shown; nobody sees and moves faster (`research/pad.md` 1f: 180 ms)."""
LATEST_NS: Final = 1_500_000_000
BEFORE_NS: Final = 300_000_000
"""Before it was shown; a motion begun in this time and asked for then was played back."""
PATIENCE_NS: Final = 400_000_000
"""For a motion begun in time to become large enough."""
BASE_NS: Final = 1_000_000_000
"""Before `BEFORE_NS`; the person's posture is the median of it."""
SMOOTH_PICTURES: Final = 10
"""Least within the motion; noise makes a straight line of fewer now and then."""
TOO_SMOOTH: Final = 0.0005
"""Share of a motion's variance that no straight line and no cosine ramp explains: the mesh's own
noise of 0.3 degrees on a turn of 15 leaves ten times that."""
BEGUN: Final = 0.3
"""Share of the least motion at which it has begun."""


class Action(Enum):
    """What can be asked; the values are those of `Hint`, left and right the person's own."""

    TURN = "turn_slightly"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    NOD = "nod_slightly"
    BLINK = "blink"
    CLOSER = "come_closer"


LEAST: Final = MappingProxyType(
    {
        Action.TURN: 7.0,
        Action.TURN_LEFT: 7.0,
        Action.TURN_RIGHT: 7.0,
        Action.NOD: 6.0,
        Action.BLINK: 0.4,
        Action.CLOSER: 0.08,
    }
)
"""Least motion: degrees, share of the open eye, share of the face's size."""


class State(Enum):
    """How the prompt of the moment stands."""

    QUIET = "quiet"
    ASKED = "asked"
    MET = "met"
    MISSED = "missed"
    CAUGHT = "caught"


class Event(Enum):
    """What a picture brought."""

    PROMPT = "prompt"
    EARLY = "early"
    ANSWER = "answer"
    SMOOTH = "smooth"
    OVER = "over"


TABLE: Final = MappingProxyType(
    {
        (State.QUIET, Event.PROMPT): State.ASKED,
        (State.QUIET, Event.EARLY): State.QUIET,
        (State.QUIET, Event.ANSWER): State.QUIET,
        (State.QUIET, Event.SMOOTH): State.QUIET,
        (State.QUIET, Event.OVER): State.QUIET,
        # A second prompt before the answer to the first: that one was not given.
        (State.ASKED, Event.PROMPT): State.MISSED,
        (State.ASKED, Event.EARLY): State.CAUGHT,
        (State.ASKED, Event.ANSWER): State.MET,
        (State.ASKED, Event.SMOOTH): State.CAUGHT,
        (State.ASKED, Event.OVER): State.MISSED,
        (State.MET, Event.PROMPT): State.ASKED,
        (State.MET, Event.EARLY): State.MET,
        (State.MET, Event.ANSWER): State.MET,
        (State.MET, Event.SMOOTH): State.CAUGHT,
        (State.MET, Event.OVER): State.MET,
        # Missed once is no evidence for the visit: the person takes card or code.
        (State.MISSED, Event.PROMPT): State.MISSED,
        (State.MISSED, Event.EARLY): State.MISSED,
        (State.MISSED, Event.ANSWER): State.MISSED,
        (State.MISSED, Event.SMOOTH): State.MISSED,
        (State.MISSED, Event.OVER): State.MISSED,
        (State.CAUGHT, Event.PROMPT): State.CAUGHT,
        (State.CAUGHT, Event.EARLY): State.CAUGHT,
        (State.CAUGHT, Event.ANSWER): State.CAUGHT,
        (State.CAUGHT, Event.SMOOTH): State.CAUGHT,
        (State.CAUGHT, Event.OVER): State.CAUGHT,
    }
)


@dataclass(frozen=True, slots=True)
class Posture:
    """What counts of one picture.

    Attributes:
        taken_ns: exposure.
        yaw: degrees, positive to the picture's right, which is the person's left.
        pitch: degrees.
        aspect: opening of the eyes over their width.
        size: eye distance in pixels, in 3D and so the same when the head turns.

    """

    taken_ns: int
    yaw: float
    pitch: float
    aspect: float
    size: float


class ChallengeCue:
    """Judges answers; what is asked, and when, gate draws with `secrets`.

    A prompt that is not met is no evidence, never a contradiction: whoever cannot or will not is
    told first that card and code open the same door. Contradicted is who moves as asked before
    the prompt could be seen, or as only a computed motion runs. A blink before its time is not
    held against anybody, since people blink every few seconds; it does not count.

    What it cannot see: a puppet driven live by a person who follows the prompts.
    """

    def __init__(self) -> None:
        self.name = CUE
        self.version = VERSION
        self._state = State.QUIET
        self._prompt: Prompt | None = None
        self._met = 0
        self._postures: list[Posture] = []

    @property
    def state(self) -> State:
        """How the prompt of the moment stands."""
        return self._state

    def look(self, look: Look) -> None:
        """Take one picture and judge it by the prompt shown."""
        mesh = look.mesh.points
        self.take(
            Posture(
                look.taken_ns, look.pose.yaw, look.pose.pitch, eye_aspect(mesh), eye_distance(mesh)
            ),
            look.prompt,
        )

    def take(self, posture: Posture, prompt: Prompt | None) -> None:
        """Take one posture; `look` without pixels."""
        self._postures.append(posture)
        if prompt is None:
            return
        action = _action(prompt)
        if action is None:
            return  # a hint that asks for nothing that can be answered
        if prompt != self._prompt:
            self._prompt = prompt
            self._step(Event.PROMPT)
        event = judged(action, self._postures, prompt.shown_ns)
        if event is not None:
            self._step(event)

    def evidence(self) -> CueEvidence:
        """Return 0 where caught; else the prompts met, none if any was not or one is open."""
        if self._state is State.CAUGHT:
            return CueEvidence(CUE, 0.0, len(self._postures), VERSION)
        if self._state is not State.MET:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        return CueEvidence(CUE, 1.0 - 0.5 ** (self._met + 1), self._met, VERSION)

    def wipe(self) -> None:
        """Forget the visit."""
        self._state = State.QUIET
        self._prompt = None
        self._met = 0
        self._postures.clear()

    def _step(self, event: Event) -> None:
        before, self._state = self._state, TABLE[self._state, event]
        if self._state is State.MET and before is not State.MET:
            self._met += 1


def judged(action: Action, postures: Sequence[Posture], shown_ns: int) -> Event | None:
    """Return what the postures so far say of a prompt shown at `shown_ns`, None = nothing yet."""
    base = [one for one in postures if -BASE_NS <= one.taken_ns - shown_ns + BEFORE_NS <= 0] or [
        one for one in postures if one.taken_ns < shown_ns
    ]
    if not base:
        # Nobody was seen before the prompt, so nobody can be said to have moved since.
        return Event.OVER if _late(postures, shown_ns) else None
    moved = [
        (one.taken_ns - shown_ns, _moved(action, one, base))
        for one in postures
        if one.taken_ns - shown_ns > -BEFORE_NS
    ]
    soonest = SOONEST_NS if action is Action.BLINK else -BEFORE_NS
    begun: int | None = None
    for at_ns, size in moved:
        if at_ns < soonest or size < BEGUN * LEAST[action]:
            begun = None
            continue
        begun = at_ns if begun is None else begun
        if size < LEAST[action] or at_ns < 0:
            continue
        if begun < SOONEST_NS:
            return Event.EARLY
        if begun <= LATEST_NS:
            sizes = np.array([value for when, value in moved if when >= SOONEST_NS])
            return Event.SMOOTH if too_smooth(sizes, LEAST[action]) else Event.ANSWER
    return Event.OVER if _late(postures, shown_ns) else None


def too_smooth(sizes: NDArray[np.float64], least: float) -> bool:
    """Whether the way from rest to `least` and beyond is a straight line or a cosine ramp."""
    rising = sizes[int(np.argmax(sizes > 0.1 * least)) : int(np.argmax(sizes)) + 1]
    if len(rising) < SMOOTH_PICTURES:
        return False
    total = float(((rising - rising.mean()) ** 2).sum())
    share = np.linspace(0.0, 1.0, len(rising))
    for ramp in (share, 1.0 - np.cos(np.pi * share), 1.0 - np.cos(np.pi / 2 * share)):
        columns = np.column_stack([np.ones_like(ramp), ramp])
        left = rising - columns @ np.linalg.lstsq(columns, rising, rcond=None)[0]
        if float((left**2).sum()) < TOO_SMOOTH * total:
            return True
    return False


def _action(prompt: Prompt) -> Action | None:
    try:
        return Action(prompt.asked.value)
    except ValueError:
        return None


def _late(postures: Sequence[Posture], shown_ns: int) -> bool:
    return postures[-1].taken_ns - shown_ns > LATEST_NS + PATIENCE_NS


def _moved(action: Action, now: Posture, base: Sequence[Posture]) -> float:
    if action in (Action.TURN, Action.TURN_LEFT, Action.TURN_RIGHT):
        yaw = now.yaw - float(np.median([one.yaw for one in base]))
        return {Action.TURN: abs(yaw), Action.TURN_LEFT: yaw, Action.TURN_RIGHT: -yaw}[action]
    if action is Action.NOD:
        return abs(now.pitch - float(np.median([one.pitch for one in base])))
    if action is Action.BLINK:
        open_ = max(float(np.median([one.aspect for one in base])), 1e-6)
        return (open_ - now.aspect) / open_
    size = max(float(np.median([one.size for one in base])), 1e-6)
    return now.size / size - 1.0
