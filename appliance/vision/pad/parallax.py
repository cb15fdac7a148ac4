"""The geometry cue: do corners of a turning face move as its relief must, which no sheet's do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.landmarks import LIPS_INNER, LIPS_OUTER
from appliance.vision.pad.tracks import FACE, Run, Step, Tracks, eye_distance, middle, robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

CUE: Final = "parallax"
VERSION: Final = "2"
SHEETS: Final = 6
"""Columns 1, x, y, xx, xy, yy: all that a sheet can do, turned, tilted, zoomed or bent."""
ODD: Final = 0.05
"""Eye distances left over by the sheet alone: grimace or lost corners, and the picture is out."""
TURN: Final = 0.12
"""Least D: sine of 7 degrees. Below 0.10 a picture once reached k 0.154 (`research/pad.md` 1b)."""
ASIDE: Final = 0.08
"""Least of the turn that is to a side. A pitched sheet's perspective has a cubic along the face,
as the profile of brow, nose and lip has: prints reached k 0.5 up and down, 0.1 sideways."""
CORNERS: Final = 40
"""Least in a fit; with 30 to 39 a rendered print reached k 0.79."""
PICTURES: Final = 8
"""Least m."""
SOLID: Final = 0.11
"""k at which the cue is undecided: pictures reached 0.04, living heads lie about 0.55."""
SLOPE: Final = 0.04
"""Change of k that multiplies the odds by e."""
SURE: Final = 1.645
"""Standard errors taken off k: its lower bound at 95 %, one-sided, has to be solid. A paper mask
once reached k 0.23 +- 0.07 and a film of a man who hardly turned 0.16 +- 0.04, by chance."""
FRONTAL: Final = 0.05
"""Sine by which another picture must be more frontal to become the reference."""
SMOOTH: Final = 0.05
"""Eye distances over which the mesh's depth is averaged at a corner."""
_SOFT: Final = (*LIPS_OUTER, *LIPS_INNER)
_STIFF: Final = np.array(
    [
        *(1, 2, 4, 5, 6, 8, 9, 10, 33, 50, 94, 98, 101, 108, 109, 118, 127, 133),
        *(151, 162, 168, 195, 197, 205, 234, 263, 280, 327, 330, 337, 338, 347, 356, 362, 389, 425),
        *(454, 54, 284, 103, 332, 116, 345),
    ]
)
"""Points of the mesh that neither jaw nor lids nor lips move much."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the pictures say together.

    Attributes:
        k: share of the expected parallax that is there; 1 = a solid head, 0 = a sheet. The
            lesser of all of it and its sideways part.
        turn: D, the 90th percentile of the expected shift, sine of the turn.
        pictures: m, how many were used.
        aside: the sideways part of D.
        certainty: k over its standard error; living heads 2 to 15, painted parallax above 60.
        error: standard error of k.

    """

    k: float = 0.0
    turn: float = 0.0
    pictures: int = 0
    aside: float = 0.0
    certainty: float = 0.0
    error: float = 0.0


class ParallaxCue:
    """Plane plus parallax on raw tracks; the mesh predicts and never proves.

    Method: `research/pad.md` 1b. Corners of the rigid part are followed; their displacement
    since the most frontal picture is explained by whatever a smooth sheet can do, plus one
    vector times the face's relief. That vector, picture by picture, must be the one which the
    turn of the head asks for, in sign and direction: noise averages to nothing.

    What it cannot see: a filmed head that turns, a mask, a still animated with painted parallax.

    Args:
        tracks: the visit's corners, shared with other cues.

    """

    def __init__(self, tracks: Tracks) -> None:
        self.name = CUE
        self.version = VERSION
        self._tracks = tracks
        self._reliefs: list[_Relief] = []

    def look(self, look: Look) -> None:
        """Follow the corners into one more picture."""
        self._tracks.follow(look)
        self.catch_up()

    def catch_up(self) -> None:
        """Fit the pictures of the tracks that are new."""
        for run in self._tracks.runs[len(self._reliefs) :]:
            self._reliefs.append(_Relief(run))
        for relief in self._reliefs[-2:]:
            relief.catch_up()

    def evidence(self) -> CueEvidence:
        """Return the evidence; 0 frames = the head has not turned enough, ask for a small turn."""
        seen = self.measure()
        if seen.turn < TURN or seen.aside < ASIDE or seen.pictures < PICTURES:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        least = seen.k - SURE * seen.error
        score = 1.0 / (1.0 + np.exp(-np.clip((least - SOLID) / SLOPE, -30.0, 30.0)))
        return CueEvidence(CUE, float(score), seen.pictures, VERSION)

    def measure(self) -> Measure:
        """Return the figures behind the evidence."""
        rows = [row for relief in self._reliefs for row in relief.rows]
        return measured(np.array(rows, dtype=np.float64).reshape(-1, 4))

    def wipe(self) -> None:
        """Forget the visit."""
        self._reliefs.clear()
        self._tracks.wipe()


def measured(rows: NDArray[np.float64]) -> Measure:
    """Return what (n, 4) rows of seen g and expected d, in eye distances, say together."""
    seen, due = rows[:, :2], rows[:, 2:]
    energy = float((due**2).sum())
    if len(rows) < 2 or energy <= 0.0:  # noqa: PLR2004 - no scatter in one picture
        return Measure()
    k = float((seen * due).sum() / energy)
    scatter = float(((seen - k * due) ** 2).sum()) / (2 * len(rows) - 1)
    error = max(float(np.sqrt(scatter / energy)), 1e-9)
    turn = float(np.percentile(np.linalg.norm(due, axis=1), 90))
    across = due[:, 0]
    aside = float(np.percentile(np.abs(across), 90))
    sideways = float(seen[:, 0] @ across) / max(float(across @ across), 1e-9)
    return Measure(min(k, sideways), turn, len(rows), aside, k / error, error)


class _Relief:
    """One run seen from its most frontal picture."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._reference = run.steps[0]
        self._slant = _slant(self._reference.mesh)
        self._seen = 0
        self.rows: list[tuple[float, float, float, float]] = []
        self._settle(self._reference)

    def catch_up(self) -> None:
        """Fit the pictures that are new; all of them when one becomes the reference."""
        steps = self._run.steps
        for step in steps[self._seen :]:
            slant = _slant(step.mesh)
            if slant < self._slant - FRONTAL:
                self._slant = slant
                self._settle(step)
        for step in steps[self._seen :]:
            if step is not self._reference:
                row = self._fit(step)
                if row is not None:
                    self.rows.append(row)
        self._seen = len(steps)

    def _settle(self, reference: Step) -> None:
        self._reference = reference
        self._seen = 0
        self.rows.clear()
        self._eyes = eye_distance(reference.mesh)
        self._usable = reference.alive & (self._run.zone == FACE)
        self._basis = _basis(reference, self._usable, self._eyes)

    def _fit(self, step: Step) -> tuple[float, float, float, float] | None:
        both = step.alive[self._usable] & self._reference.alive[self._usable]
        if both.sum() < CORNERS:
            return None
        basis = self._basis[both]
        moved = (step.points - self._reference.points)[self._usable][both] / self._eyes
        sheet = basis[:, :SHEETS]
        left = moved - sheet @ np.linalg.lstsq(sheet, moved, rcond=None)[0]
        if middle(np.hypot(*left.T)) > ODD:
            return None
        fitted = robust(basis, moved.astype(np.float64))
        if fitted is None:
            return None
        relief = fitted[-1]
        turn, scale = _turn(self._reference.mesh, step.mesh)
        return (*(float(value) / scale for value in relief), -turn[0, 2], -turn[1, 2])


def _slant(mesh: NDArray[np.float32]) -> float:
    """Return how far a face is from frontal, sine."""
    across = mesh[[263, 356, 454]].mean(axis=0) - mesh[[33, 127, 234]].mean(axis=0)
    down = mesh[[2, 98, 327]].mean(axis=0) - mesh[[10, 109, 338]].mean(axis=0)
    sine = (across[2] / np.linalg.norm(across), down[2] / np.linalg.norm(down))
    return float(np.hypot(*sine))


def _turn(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """Return rotation and scale from one mesh to another (Umeyama 1991), stiff points only."""
    one = first[_STIFF].astype(np.float64)
    two = second[_STIFF].astype(np.float64)
    one -= one.mean(axis=0)
    two -= two.mean(axis=0)
    left, sizes, right = np.linalg.svd(two.T @ one)
    mirror = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    scale = float((sizes * mirror).sum() / (one**2).sum())
    return (left * mirror) @ right, max(scale, 1e-6)


def _basis(step: Step, usable: NDArray[np.bool_], eyes: float) -> NDArray[np.float64]:
    """Return (n, 7): the sheet's columns, then the relief made orthogonal to them."""
    points = step.points[usable].astype(np.float64)
    mesh = step.mesh.astype(np.float64)
    away = ((points[:, None] - mesh[None, :, :2]) ** 2).sum(axis=2) / (SMOOTH * eyes) ** 2
    weight = np.exp(-0.5 * (away - away.min(axis=1, keepdims=True)))
    near = -(weight @ mesh[:, 2]) / weight.sum(axis=1) / eyes
    x, y = ((points - mesh[:, :2].mean(axis=0)) / eyes).T
    sheet = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    relief = near - sheet @ np.linalg.lstsq(sheet, near, rcond=None)[0]
    return np.column_stack([sheet, relief])
