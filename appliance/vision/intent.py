"""Tells when a person shows intent: close, alone, frontal and still for a while (law 2, S21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.messages import Hint

if TYPE_CHECKING:
    from appliance.vision.tracking import Sighting

SHORTEST_NS = 40_000_000
"""Between two pictures; closer ones would make a speed of the detector's jitter."""


@dataclass(frozen=True, slots=True)
class IntentSettings:
    """What counts as intent.

    Attributes:
        near_px: smallest eye distance, pixels; 60 is about 0.6 m at 640 pixels over 60 degrees.
        greet_px: from this eye distance on a person is told to come closer, pixels.
        frontal: largest `Face.frontality`.
        still: largest speed across the picture, eye distances a second; 5 is about 0.3 m/s.
        dwell_ns: how long all of it must hold, nanoseconds.
        rearm_ns: how long nobody may stand close before a person who was just seen to the end
            counts as a new one, nanoseconds.
        retry_ns: after a decision a person who stays shows intent again after so long; three
            attempts then take ten seconds and not two, nanoseconds.
        resume_ns: the same after a visit that gave no usable face, nanoseconds.

    """

    near_px: float = 60.0
    greet_px: float = 24.0
    frontal: float = 0.35
    still: float = 5.0
    dwell_ns: int = 400_000_000
    rearm_ns: int = 700_000_000
    retry_ns: int = 3_000_000_000
    resume_ns: int = 1_200_000_000


class IntentGate:
    """Watches the detector's boxes and points; no landmark model, no vector, no comparison."""

    def __init__(self, settings: IntentSettings) -> None:
        self._settings = settings
        self._since_ns: int | None = None
        self._again_ns: int | None = None
        self._near_ns: int | None = None
        self._seen_ns = 0

    def spend(self, at_ns: int, *, decided: bool) -> None:
        """Take note that the present person's intent was used up by a visit."""
        wait_ns = self._settings.retry_ns if decided else self._settings.resume_ns
        self._again_ns = at_ns + wait_ns
        self._since_ns = None

    def update(self, sighting: Sighting, at_ns: int) -> tuple[bool, Hint]:
        """Return whether intent is complete now, and what the person can do if not."""
        hint = self._hint(sighting, at_ns)
        self._seen_ns = at_ns
        self._rearm(sighting, at_ns)
        # Who is too far even to be told so has no hint, and no intent either.
        if hint is not Hint.NONE or not self._near(sighting) or self._again_ns is not None:
            self._since_ns = None
            return False, hint
        if self._since_ns is None or not sighting.same:
            self._since_ns = at_ns
        return at_ns - self._since_ns >= self._settings.dwell_ns, Hint.NONE

    def _hint(self, sighting: Sighting, at_ns: int) -> Hint:
        face, settings = sighting.face, self._settings
        if face is None or face.eye_distance < settings.greet_px:
            return Hint.NONE
        if sighting.accompanied:
            return Hint.ONE_PERSON
        if face.eye_distance < settings.near_px:
            return Hint.COME_CLOSER
        if face.frontality > settings.frontal:
            return Hint.LOOK_AHEAD
        # By the time between them: a slow machine sees pictures further apart, not faster people.
        since_s = max(at_ns - self._seen_ns, SHORTEST_NS) / 1e9
        if sighting.moved > settings.still * since_s:
            return Hint.HOLD_STILL
        return Hint.NONE

    def _near(self, sighting: Sighting) -> bool:
        return sighting.face is not None and sighting.face.eye_distance >= self._settings.near_px

    def _rearm(self, sighting: Sighting, at_ns: int) -> None:
        if self._near(sighting) or self._near_ns is None:
            self._near_ns = at_ns
        gone = at_ns - self._near_ns >= self._settings.rearm_ns
        if gone or (self._again_ns is not None and at_ns >= self._again_ns):
            self._again_ns = None
