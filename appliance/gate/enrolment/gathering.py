"""The parts of one face, asked for one after the other and joined to one reference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import EnrolmentError
from appliance.gate.access.presentation import CuePolicy, PresentationJudgement, judge
from appliance.gate.comparison import require_unit, vector
from appliance.gate.enrolment.commit import Face
from appliance.messages import Turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.messages import FaceEvidence


class Part(Enum):
    """One part of a face; the values are words of the screen."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    BARE = "bare"
    """From the front, without the glasses worn before."""


TURNS = {Part.FRONT: Turn.FRONT, Part.LEFT: Turn.LEFT, Part.RIGHT: Turn.RIGHT}
"""How the head is held; a face without its glasses is looked at from the front."""


class GatheringFault(Enum):
    """Why a part was refused; the values are words of the screen."""

    NOT_LIVING = "no-face-in-time"
    """No living person is proven: the same text as for no good view (law 9)."""
    ANOTHER_FACE = "not-unlike"


class PartRefusedError(EnrolmentError):
    """A part was not taken; the others stay, and it can be tried again.

    Attributes:
        fault: why.

    """

    def __init__(self, fault: GatheringFault, found: object, expected: str) -> None:
        super().__init__("part of a face", found, expected)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class FaceLimits:
    """What a part must keep to.

    Attributes:
        cues: that must support that a living person stands there (S75).
        threshold: of identification: least cosine of a part with the first, so that a reference
            never joins two people.

    """

    cues: tuple[CuePolicy, ...]
    threshold: float


def plan(*, glasses: bool, turning: bool) -> tuple[Part, ...]:
    """Return the parts to gather; who cannot turn is looked at from the front alone."""
    turned = (Part.LEFT, Part.RIGHT) if turning else ()
    return (Part.FRONT, *turned, *((Part.BARE,) if glasses else ()))


class Gathering:
    """One person's parts, in memory only; whoever makes one wipes it.

    Args:
        parts: what to gather, the front first.
        limits: what each must keep to.

    """

    def __init__(self, parts: tuple[Part, ...], limits: FaceLimits) -> None:
        self.parts = parts
        self._limits = limits
        self._vectors: list[NDArray[np.float32]] = []
        self._frames: list[int] = []
        self._features = ""
        self._quality = 0

    @property
    def next(self) -> Part | None:
        """The part to gather now, or None when all are there."""
        return self.parts[len(self._vectors)] if len(self._vectors) < len(self.parts) else None

    @property
    def done(self) -> tuple[Part, ...]:
        """The parts that are there."""
        return self.parts[: len(self._vectors)]

    def add(self, evidence: FaceEvidence) -> None:
        """Take the part that was asked for.

        Raises:
            PartRefusedError: no living face, or another one than before; it can be tried again.
            ComparisonError: no unit vector.

        """
        if self.next is None:
            raise PartRefusedError(GatheringFault.ANOTHER_FACE, "one too many", "what was asked")
        found = self._judged(evidence)
        if self._vectors and not self._same(found, evidence.features):
            found.fill(0.0)
            raise PartRefusedError(
                GatheringFault.ANOTHER_FACE, "unlike the first", "the same person"
            )
        self._features = evidence.features
        self._vectors.append(found)
        self._frames.append(evidence.frames)
        self._quality = max(self._quality, evidence.quality)

    def resembles(self, evidence: FaceEvidence) -> bool:
        """Say whether a living face is that of all parts joined.

        Raises:
            PartRefusedError: no living face.
            ComparisonError: no unit vector.

        """
        found = self._judged(evidence)
        whole = self._joined()
        try:
            if evidence.features != self._features or found.shape != whole.shape:
                return False
            return float(found @ whole) >= self._limits.threshold
        finally:
            found.fill(0.0)
            whole.fill(0.0)

    def face(self) -> Face:
        """Return the reference of all parts; its vector is a copy, of which the caller is owner.

        Raises:
            EnrolmentError: a part is missing.

        """
        if self.next is not None:
            raise EnrolmentError("face", f"without its part {self.next.value}", "all parts")
        return Face(self._joined(), self._features, self._quality)

    def wipe(self) -> None:
        """Overwrite what was gathered (law 3)."""
        for one in self._vectors:
            one.fill(0.0)
        self._vectors.clear()
        self._frames.clear()
        self._features, self._quality = "", 0

    def _judged(self, evidence: FaceEvidence) -> NDArray[np.float32]:
        judgement = judge(evidence.cues, self._limits.cues, attended=True)
        if judgement is not PresentationJudgement.SUPPORTED:
            raise PartRefusedError(GatheringFault.NOT_LIVING, judgement.value, "a living person")
        found = vector(evidence.probe)
        require_unit(found, "part of a face")
        return found

    def _same(self, found: NDArray[np.float32], features: str) -> bool:
        first = self._vectors[0]
        if features != self._features or found.shape != first.shape:
            return False
        return float(found @ first) >= self._limits.threshold

    def _joined(self) -> NDArray[np.float32]:
        """Return the sum of all pictures, as vision joins those of one part, at length one."""
        total = np.zeros_like(self._vectors[0], dtype=np.float64)
        for one, frames in zip(self._vectors, self._frames, strict=True):
            total += one.astype(np.float64) * frames
        whole = np.asarray(total / np.linalg.norm(total), dtype=np.float32)
        total.fill(0.0)
        return whole

    def __repr__(self) -> str:
        return f"Gathering({len(self._vectors)} of {len(self.parts)} parts)"
