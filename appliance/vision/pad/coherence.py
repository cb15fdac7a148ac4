"""The held-picture cue: do face and surroundings move as one, or differ in grain and sharpness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.tracks import FACE, FAR, RING, Run, Step, Tracks, eye_distance, robust
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

CUE: Final = "coherence"
VERSION: Final = "2"
MOVED: Final = 0.10
"""Eye distances the surroundings would have to move with the face, to be asked whether they do."""
FOLLOWS: Final = 0.30
"""Share of that motion by which a corner may miss it and still move with the face."""
RESTS: Final = 0.25
"""Share of that motion which a resting corner may show."""
CORNERS: Final = 6
"""Least in ring and far background; of fewer nothing is said."""
RESTING: Final = 0.6
"""Share of the far corners that must rest; else the camera shakes or a lorry passes."""
PICTURES: Final = 12
"""Least with enough motion; over six, a turning man's hair once made 0.71 of the ring."""
HELD: Final = 0.60
"""Share of the ring that moves with the face at which the cue is undecided; over 12 pictures or
more living people reach 0.38."""
HELD_SLOPE: Final = 0.05
SPACING_NS: Final = 200_000_000
"""Between two pictures whose grain is compared."""
GRAINS: Final = 2
"""Least pictures whose grain was compared."""
BLOCK: Final = 8
FEW_BLOCKS: Final = 12
DARK, BRIGHT = 25.0, 235.0
"""Grey levels between which grain is not cut off."""
NOISE: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Blind to edges of any straight kind (Immerkaer 1996)."""
GRAIN_LIMIT: Final = -1.0
"""Log ratio of grain, face to surroundings, at which the cue is undecided: a face pasted in, or
smoothed by a coder before its surroundings. Faces on the live clips have more, 0.3 to 1.9."""
BLUR_LIMIT: Final = -1.0
"""The same of sharpness; the live clips reach -0.5 before a sharp background."""
GRAIN_SLOPE: Final = 0.15


class CoherenceCue:
    """A veto: a held picture carries its own surroundings with it before a room that rests.

    Nothing that moves is no evidence of the first kind; then only grain and sharpness speak.

    What it cannot see: a picture larger than the view, a cut-out head, a face before a blank wall.
    Source: Anjos and Marcel 2011 (motion of face and background), `research/pad.md` 1e.

    Args:
        tracks: the visit's corners, shared with other cues.

    """

    def __init__(self, tracks: Tracks) -> None:
        self.name = CUE
        self.version = VERSION
        self._tracks = tracks
        self._done = (0, 0)
        self._following: list[float] = []
        self._grain: list[tuple[float, float]] = []
        self._grain_ns: int | None = None

    def look(self, look: Look) -> None:
        """Compare one more picture with the first of its run, and now and then its grain."""
        self._tracks.follow(look)
        self.catch_up()
        if self._grain_ns is None or look.taken_ns - self._grain_ns >= SPACING_NS:
            self._grain_ns = look.taken_ns
            ratios = grain_ratios(look.grey, look.mesh.points)
            if ratios is not None:
                self._grain.append(ratios)

    def catch_up(self) -> None:
        """Compare the pictures of the tracks that are new."""
        first, seen = self._done
        runs = self._tracks.runs
        for number in range(first, len(runs)):
            run = runs[number]
            for step in run.steps[max(1, seen if number == first else 1) :]:
                share = following(run, step)
                if share is not None:
                    self._following.append(share)
            self._done = (number, len(run.steps))

    def evidence(self) -> CueEvidence:
        """Return the worse of what motion and grain say."""
        scores = []
        pictures = 0
        if len(self._following) >= PICTURES:
            scores.append(_odds((HELD - float(np.median(self._following))) / HELD_SLOPE))
            pictures += len(self._following)
        if len(self._grain) >= GRAINS:
            grain, blur = np.median(np.array(self._grain), axis=0)
            scores.append(_odds((float(grain) - GRAIN_LIMIT) / GRAIN_SLOPE))
            scores.append(_odds((float(blur) - BLUR_LIMIT) / GRAIN_SLOPE))
            pictures += len(self._grain)
        if not scores:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        return CueEvidence(CUE, min(scores), pictures, VERSION)

    def wipe(self) -> None:
        """Forget the visit."""
        self._following.clear()
        self._grain.clear()
        self._grain_ns = None
        self._done = (0, 0)
        self._tracks.wipe()


def following(run: Run, step: Step) -> float | None:
    """Return which share of the ring moves with the face before a resting far background.

    0 where the far background does not rest: then nothing is held before it. None where the face
    has hardly moved since the run began, or too few corners are left.
    """
    first = run.steps[0]
    face = step.alive & (run.zone == FACE)
    ring = step.alive & (run.zone == RING)
    far = step.alive & (run.zone == FAR)
    # A lost corner of the ring was covered by something that moves otherwise: it follows nothing.
    whole = int((run.zone == RING).sum())
    if min(whole, int(far.sum())) < CORNERS or ring.sum() < CORNERS / 2:
        return None
    moved = (step.points - first.points)[face].astype(np.float64)
    map_ = robust(_affine(first.points[face]), moved)
    if map_ is None:
        return None
    least = MOVED * eye_distance(first.mesh)
    due, seen = _motion(map_, first, step, ring)
    size = np.linalg.norm(due, axis=1)
    if float(np.median(size)) < least:
        return None
    far_due, far_seen = _motion(map_, first, step, far)
    far_size = np.maximum(np.linalg.norm(far_due, axis=1), least)
    if np.mean(np.linalg.norm(far_seen, axis=1) < RESTS * far_size) < RESTING:
        return 0.0
    return float((np.linalg.norm(seen - due, axis=1) < FOLLOWS * size).sum()) / whole


def _motion(
    map_: NDArray[np.float64], first: Step, step: Step, which: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how the corners would move with the face and how they did move, (n, 2) pixels."""
    due = _affine(first.points[which]) @ map_
    return due, (step.points - first.points)[which].astype(np.float64)


def _affine(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (n, 3): 1, x, y; in hundreds of pixels, so that all columns are of one size."""
    return np.column_stack([np.ones(len(points)), points / 100.0]).astype(np.float64)


def grain_ratios(grey: NDArray[np.uint8], mesh: NDArray[np.float32]) -> tuple[float, float] | None:
    """Return the log ratios, face to surroundings, of grain and of sharpness, or None.

    Grain is the deviation of noise in the smoothest fifth of the blocks; sharpness the steepest
    edges' second derivative over their first, which does not depend on contrast.
    """
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    limit = np.array(grey.shape[::-1])
    left, top = np.clip(middle - 2.0 * half, 0, limit).astype(int)
    right, bottom = np.clip(middle + 2.0 * half, 0, limit).astype(int)
    part = grey[top:bottom, left:right]
    rows, columns = part.shape[0] // BLOCK, part.shape[1] // BLOCK
    if min(rows, columns) < 4:  # noqa: PLR2004 - nothing to compare
        return None
    whole = part[: rows * BLOCK, : columns * BLOCK]
    across = cv2.addWeighted(
        _absolute(cv2.Sobel(whole, cv2.CV_16S, 1, 0)),
        0.5,
        _absolute(cv2.Sobel(whole, cv2.CV_16S, 0, 1)),
        0.5,
        0.0,
    )
    noise = _absolute(cv2.filter2D(whole, cv2.CV_16S, NOISE))
    second = _absolute(cv2.Laplacian(whole, cv2.CV_16S))
    level, grain, edge, curve = (_blocks(one) for one in (whole, noise, across, second))
    for one in (noise, across, second):
        one.fill(0)
    at = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) + 0.5) * BLOCK
    away = np.abs((at + np.array((left, top)) - middle) / half)
    lit = (level > DARK) & (level < BRIGHT)
    face = (away.max(axis=2) < 0.75) & lit  # noqa: PLR2004 - inside the oval's box
    around = (away.max(axis=2) > 1.15) & lit  # noqa: PLR2004 - beyond it
    if min(face.sum(), around.sum()) < FEW_BLOCKS:
        return None
    ratios = []
    for zone in (face, around):
        steep = edge[zone] >= np.percentile(edge[zone], 85)
        smooth = np.percentile(grain[zone], 20)
        sharp = curve[zone][steep].mean() / max(float(edge[zone][steep].mean()), 1e-3)
        ratios.append((np.log(smooth + 0.05), np.log(sharp + 1e-3)))
    return float(ratios[0][0] - ratios[1][0]), float(ratios[0][1] - ratios[1][1])


def _absolute(values: NDArray[Any]) -> NDArray[np.uint8]:
    with brief(values):
        return np.asarray(cv2.convertScaleAbs(values), np.uint8)


def _blocks(values: NDArray[Any]) -> NDArray[np.float64]:
    size = (values.shape[1] // BLOCK, values.shape[0] // BLOCK)
    sums = cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(sums, np.float64)


def _odds(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))
