"""What every presentation attack cue gets and gives, and the bench that runs them all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import cv2

from appliance.errors import PictureError
from appliance.messages import CueEvidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from appliance.messages import Hint, Tint
    from appliance.vision.landmarks import Mesh
    from appliance.vision.pose import Pose
    from appliance.vision.samples import Face
    from hardware.ports import Exposure


@dataclass(frozen=True, slots=True)
class Light:
    """What the terminal's screen shows now, as part of a light sequence.

    Attributes:
        tint: its colour.
        brightness: 0 to 1 of the screen's own.
        since_ns: when it was shown, monotonic nanoseconds; the ramp up to it begins there.

    """

    tint: Tint
    brightness: float
    since_ns: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person was asked to do.

    Attributes:
        asked: the action, as on the screen.
        shown_ns: when the screen showed it, monotonic nanoseconds.

    """

    asked: Hint
    shown_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture of a visit as every cue sees it.

    Its arrays are overwritten when the picture goes back to the camera: a cue keeps small derived
    numbers only, or its own copies, which it overwrites in `Cue.wipe` (law 3). No cue changes them.

    Attributes:
        pixels: (h, w, 3) uint8 BGR, the camera's own.
        grey: (h, w) uint8, made once for all cues.
        face: the capture subject, as detected.
        landmarks: (5, 2) float32 pixels, refined; see `Face.landmarks`.
        mesh: of the face.
        pose: of the head.
        taken_ns: exposure, monotonic nanoseconds; later than that of the look before.
        sequence: the camera's count; a gap means pictures nobody borrowed.
        exposure: the sensor's settings, or None where the camera does not tell.
        light: what the screen shows now; None = no sequence runs.
        prompt: what the person was asked last in this visit; None = nothing yet.

    """

    pixels: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    face: Face
    landmarks: NDArray[np.float32]
    mesh: Mesh
    pose: Pose
    taken_ns: int
    sequence: int
    exposure: Exposure | None = None
    light: Light | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One picture outside of visits, for cues that know the camera's ordinary scene.

    No face work is done on it (law 2): the boxes are the detector's, so that a cue can leave
    people out of what it learns of the background.

    Attributes:
        pixels: (h, w, 3) uint8 BGR, overwritten when the picture goes back.
        boxes: x, y, width, height of each face in view, pixels.
        taken_ns: exposure, monotonic nanoseconds.
        sequence: the camera's count.
        exposure: the sensor's settings, or None.

    """

    pixels: NDArray[np.uint8]
    boxes: tuple[tuple[float, float, float, float], ...]
    taken_ns: int
    sequence: int
    exposure: Exposure | None = None


class Cue(Protocol):
    """One cue: pictures in, evidence out, never a decision."""

    @property
    def name(self) -> str:
        """As in the policy and the configuration."""
        ...

    @property
    def version(self) -> str:
        """Changes with every change of arithmetic or weights (S136)."""
        ...

    def look(self, look: Look) -> None:
        """Take one picture of a visit.

        Raises:
            ModelError: its model failed; face stops.

        """
        ...

    def evidence(self) -> CueEvidence:
        """Return what the visit showed so far: 0 = attack, 1 = bona fide, 0 frames = nothing."""
        ...

    def wipe(self) -> None:
        """Forget the visit, overwriting what was kept."""
        ...


@runtime_checkable
class Watcher(Protocol):
    """A cue that also looks between visits."""

    def idle(self, glance: Glance) -> None:
        """Take one picture in which no face work is done."""
        ...


BROKEN = (cv2.error, ArithmeticError, ValueError, IndexError)
"""What a cue may die of on a strange picture; its evidence is then none, which is no."""


class CueBench:
    """Runs the enabled cues over one visit and keeps the time each takes.

    A cue that fails, and pictures that do not come in their order, leave no evidence: what vision
    sends then is refused by the gate's policy, which knows which cues are enabled.

    Args:
        cues: the enabled ones, each name once.
        clock_ns: counts nanoseconds, for `spent_ns` only.

    Raises:
        ValueError: two cues of one name.

    """

    def __init__(
        self, cues: Iterable[Cue], clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._cues = tuple(cues)
        names = [cue.name for cue in self._cues]
        if len(set(names)) != len(names):
            raise ValueError(f"cues {', '.join(names)}: expected each name once")
        self._watchers = tuple(cue for cue in self._cues if isinstance(cue, Watcher))
        self._clock_ns = clock_ns
        self._broken: set[str] = set()
        self._newest_ns: int | None = None
        self.spent_ns = dict.fromkeys(names, 0)
        """Nanoseconds each cue took so far, over all visits, its evidence included."""
        self.looks = 0
        """Pictures of all visits so far."""

    @property
    def names(self) -> tuple[str, ...]:
        """The enabled cues."""
        return tuple(cue.name for cue in self._cues)

    def look(self, look: Look) -> None:
        """Hand one picture to every cue.

        Raises:
            ModelError: a cue's model failed.

        """
        if self._newest_ns is not None and look.taken_ns <= self._newest_ns:
            # Played back, or mixed from two sources: nothing about this visit can be trusted.
            self._broken.update(self.names)
            return
        self._newest_ns = look.taken_ns
        self.looks += 1
        for cue in self._cues:
            start_ns = self._clock_ns()
            try:
                cue.look(look)
            except (*BROKEN, PictureError):
                self._broken.add(cue.name)
            self.spent_ns[cue.name] += self._clock_ns() - start_ns

    def idle(self, glance: Glance) -> None:
        """Hand a picture outside of visits to the cues that watch the scene."""
        for watcher in self._watchers:
            watcher.idle(glance)

    def evidence(self) -> tuple[CueEvidence, ...]:
        """Return what each cue has so far, one entry per enabled cue."""
        return tuple(self._of(cue) for cue in self._cues)

    def wipe(self) -> None:
        """Forget the visit."""
        for cue in self._cues:
            cue.wipe()
        self._broken.clear()
        self._newest_ns = None

    def _of(self, cue: Cue) -> CueEvidence:
        nothing = CueEvidence(cue.name, 0.0, 0, cue.version)
        if cue.name in self._broken:
            return nothing
        start_ns = self._clock_ns()
        try:
            return cue.evidence()
        except BROKEN:
            return nothing
        finally:
            self.spent_ns[cue.name] += self._clock_ns() - start_ns
