"""Follows corners of the face, the ring around it and the far background through a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from appliance.vision.landmarks import OVAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

FACE: Final = 0
RING: Final = 1
FAR: Final = 2
WANTED: Final = {FACE: 90, RING: 24, FAR: 24}
LONG_SIDE: Final = 320
"""Pixels of the grey copy that is followed: half of 640x480 (`research/pad.md` 1b)."""
WINDOW: Final = (15, 15)
LEVELS: Final = 2
"""Halvings of the pyramid above the copy itself: three levels in all."""
THERE_AND_BACK: Final = 0.7
"""Pixels of the copy; a corner that does not come back so near is lost for good."""
QUALITY: Final = 0.003
APART: Final = 0.06
"""Eye distances between two corners; 0.04 for 200 of them, wider for 90."""
FACE_PART: Final = 0.92
"""Of the oval, about its middle: hair and background beyond it move differently."""
RING_PART: Final = (1.5, 2.4)
FAR_PART: Final = 2.8
EYE_ROOM: Final = 0.24
"""Eye distances around each eye's centre that move with lids and gaze."""
LEAST: Final = 30
"""Corners of the face; with fewer left the run ends and another begins."""
LONGEST: Final = 60
"""Pictures of one run; over more, small errors of each step add up."""
GAP_NS: Final = 400_000_000
"""Between two pictures of a run; over more, a corner may have become another."""
ASTRAY: Final = 0.25
"""Eye distances between corners and mesh; more means that something else is followed."""
ROUNDS: Final = 6
"""Of a robust fit."""
HUBER: Final = 1.345
"""Standard deviations beyond which a corner counts less: 95 % efficient (Huber 1981)."""
MAD: Final = 1.4826
"""Median absolute deviations to a standard deviation, for normal errors."""
_BLACK: Final = 0
_ALL: Final = 255
_RIGHT_CORNER: Final = (33, 133)
_LEFT_CORNER: Final = (263, 362)
_MOUTH_CORNERS: Final = (61, 291)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One picture of a run.

    Attributes:
        taken_ns: exposure.
        points: (n, 2) float32, pixels of the picture; meaningless where lost.
        alive: (n,) bool, followed without a break since the run's first picture.
        mesh: (468, 3) float32, pixels.

    """

    taken_ns: int
    points: NDArray[np.float32]
    alive: NDArray[np.bool_]
    mesh: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Pictures through which the same corners were followed.

    Attributes:
        zone: (n,) int8, FACE, RING or FAR of each corner, as in the first picture.
        steps: oldest first.

    """

    zone: NDArray[np.int8]
    steps: list[Step]


class Tracks:
    """The corners of one visit, shared by the cues that ask how things move.

    Each cue hands in every picture it gets; the second of the same picture costs nothing.
    Source of method and figures: KLT (Shi and Tomasi 1994; Bouguet 2001) with a
    forward-backward test (Kalal 2010), as tried in `research/pad.md` 1b.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        """Oldest first; a run of one picture says nothing yet."""
        self._copy: NDArray[np.uint8] | None = None
        self._newest_ns: int | None = None

    def follow(self, look: Look) -> bool:
        """Take one picture; say whether it was a new one."""
        if self._newest_ns is not None and look.taken_ns <= self._newest_ns:
            return False
        late = self._newest_ns is None or look.taken_ns - self._newest_ns > GAP_NS
        self._newest_ns = look.taken_ns
        copy, scale = followed_copy(look.grey)
        before, self._copy = self._copy, copy
        step = None
        if before is not None:
            if not late and before.shape == copy.shape and self.runs:
                step = _followed(self.runs[-1], before, copy, scale, look)
            before.fill(_BLACK)
        if step is None:
            self._begin(copy, scale, look)
        else:
            self.runs[-1].steps.append(step)
        return True

    def wipe(self) -> None:
        """Forget the visit."""
        if self._copy is not None:
            self._copy.fill(_BLACK)
        for run in self.runs:
            for step in run.steps:
                step.points.fill(0)
                step.mesh.fill(0)
        self.runs.clear()
        self._copy = None
        self._newest_ns = None

    def _begin(self, copy: NDArray[np.uint8], scale: float, look: Look) -> None:
        mesh = look.mesh.points
        eyes = eye_distance(mesh)
        found = []
        for zone, mask in _masks(copy.shape, mesh * np.float32(scale), eyes * scale):
            apart = max(3.0, APART * eyes * scale)
            corners = cv2.goodFeaturesToTrack(copy, WANTED[zone], QUALITY, apart, mask=mask)
            # OpenCV's stubs promise an array where it gives None for no corner.
            count = 0 if corners is None else len(corners)
            if count:
                found.append((zone, np.asarray(corners, np.float32).reshape(count, 2)))
        points = [corners for _, corners in found]
        zones = [np.full(len(corners), zone, np.int8) for zone, corners in found]
        every = np.concatenate(points) if points else np.empty((0, 2), np.float32)
        where = np.concatenate(zones) if zones else np.empty(0, np.int8)
        first = Step(
            taken_ns=look.taken_ns,
            points=every / np.float32(scale),
            alive=np.ones(len(where), dtype=np.bool_),
            mesh=mesh.copy(),
        )
        self.runs.append(Run(where, [first]))


def followed_copy(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return the smaller (h, w) copy of a grey picture that is followed, and its scale."""
    scale = min(1.0, LONG_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


def eye_distance(mesh: NDArray[np.float32]) -> float:
    """Give the distance between the eyes' centres of a (468, 3) mesh, in its own unit, in 3D."""
    apart = mesh[list(_RIGHT_CORNER)].mean(axis=0) - mesh[list(_LEFT_CORNER)].mean(axis=0)
    return max(float(np.linalg.norm(apart)), 1e-6)


def _followed(
    run: Run, before: NDArray[np.uint8], copy: NDArray[np.uint8], scale: float, look: Look
) -> Step | None:
    """Give the run's next step, or None where it ends."""
    last = run.steps[-1]
    alive = np.flatnonzero(last.alive)
    if len(run.steps) >= LONGEST or not alive.size:
        return None
    start = last.points[alive] * np.float32(scale)
    there, seen = _flow(before, copy, start)
    back, seen_back = _flow(copy, before, there)
    off = np.linalg.norm(back - start, axis=1)
    kept = seen & seen_back & (off < THERE_AND_BACK)
    kept &= ((there >= 0) & (there <= np.array(copy.shape[::-1]) - 1)).all(axis=1)
    points = last.points.copy()
    points[alive[kept]] = there[kept] / np.float32(scale)
    still = np.zeros_like(last.alive)
    still[alive[kept]] = True
    step = Step(look.taken_ns, points, still, look.mesh.points.copy())
    face = still & (run.zone == FACE)
    if face.sum() < LEAST or _astray(run.steps[0], step, face):
        return None
    return step


def _flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    guess = np.empty_like(points)
    moved, seen, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, guess, winSize=WINDOW, maxLevel=LEVELS
    )
    return np.asarray(moved, np.float32), np.asarray(seen, np.bool_).ravel()


def _astray(first: Step, now: Step, face: NDArray[np.bool_]) -> bool:
    """Whether the corners have left the face that the mesh follows."""
    moved = np.median(now.points[face] - first.points[face], axis=0)
    mesh = np.median(now.mesh[:, :2] - first.mesh[:, :2], axis=0)
    return bool(np.linalg.norm(moved - mesh) > ASTRAY * eye_distance(first.mesh))


def _masks(
    shape: Sequence[int], mesh: NDArray[np.float32], eyes: float
) -> tuple[tuple[int, NDArray[np.uint8]], ...]:
    """Give where corners of each zone may lie.

    Of the face only what is stiff: neither eyes nor mouth, nothing below the mouth's corners. Of
    the ring nothing below them either: a living person's shoulders go where the head goes.
    """
    oval = mesh[list(OVAL), :2]
    middle = oval.mean(axis=0)
    face = _oval(shape, oval, middle, FACE_PART)
    for corners in (_RIGHT_CORNER, _LEFT_CORNER):
        at = np.rint(mesh[list(corners), :2].mean(axis=0)).astype(int)
        cv2.circle(face, (int(at[0]), int(at[1])), max(1, round(EYE_ROOM * eyes)), (0,), -1)
    right, left = mesh[list(_MOUTH_CORNERS), :2].astype(np.float64)
    across = left - right
    length = max(float(np.hypot(*across)), 1e-6)
    down = np.array([-across[1], across[0]]) / length
    # The mouth itself reaches above its corners.
    lip = (right + left) / 2 - 0.16 * eyes * down
    wide = 4.0 * eyes * across / length
    below = np.array([lip - wide, lip + wide, lip + wide + 9 * eyes * down])
    below = np.concatenate([below, [lip - wide + 9 * eyes * down]])
    cv2.fillPoly(face, [np.rint(below).astype(np.int32)], (0,))
    ring = _oval(shape, oval, middle, RING_PART[1])
    ring[_oval(shape, oval, middle, RING_PART[0]) > 0] = 0
    cv2.fillPoly(ring, [np.rint(below).astype(np.int32)], (0,))
    far = np.full(shape[:2], _ALL, np.uint8)
    far[_oval(shape, oval, middle, FAR_PART) > 0] = 0
    return (FACE, face), (RING, ring), (FAR, far)


def _oval(
    shape: Sequence[int], oval: NDArray[np.float32], middle: NDArray[np.float32], part: float
) -> NDArray[np.uint8]:
    mask = np.zeros(tuple(shape[:2]), np.uint8)
    cv2.fillPoly(mask, [np.rint(middle + part * (oval - middle)).astype(np.int32)], (_ALL,))
    return mask


def middle(values: NDArray[Any]) -> float:
    """Return the median of a few values; numpy's own takes five times as long."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def robust(basis: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the (c, 2) coefficients of (n, c) columns by iterated Huber weights, or None."""
    weight = np.ones(len(basis))
    found = np.zeros((basis.shape[1], 2))
    for _ in range(ROUNDS):
        weighted = basis * weight[:, None]
        solved, values = cv2.solve(weighted.T @ basis, weighted.T @ moved, flags=cv2.DECOMP_LU)
        if not solved:
            return None
        found = np.asarray(values, np.float64)
        left = np.hypot(*(moved - basis @ found).T)
        limit = HUBER * MAD * middle(left) + 1e-9
        weight = limit / np.maximum(left, limit)
    return found
