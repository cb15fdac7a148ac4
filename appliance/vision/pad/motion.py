"""The too-perfect cue: motion that no living head makes because it is computed or repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.parallax import PICTURES, TURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look
    from appliance.vision.pad.parallax import Measure, ParallaxCue

CUE: Final = "motion"
VERSION: Final = "3"
LEAST: Final = 8
"""Pictures; fewer are no evidence."""
PERFECT_K: Final = 0.6
"""Least parallax that can be too sure: that of a plain head, as a mesh warp paints it in."""
LONG_NS: Final = 800_000_000
"""How long a head is looked at whose parallax could be painted in, beyond the first eight pictures
of anybody. Waiting for 1.7 s, as was done before, made every living person with a plain relief wait
for 0.9 s more and stopped 2 of 45 more animated stills, of replayed films none (26 and 12)."""
PERFECT_RATE: Final = 9.5
"""k over its standard error, over the root of the pictures, at which the cue is undecided: living
windows reach 6.9 (7 people), 21 warps lay at 3.9 to 22. In `research/pad.md` 1b warps with the
mesh's own depth lay above 9.7."""
SWING_DEG: Final = 3.0
"""Least amplitude of a swing that is judged."""
SWING_NS: Final = 1_500_000_000
"""Least time over which it is judged."""
TURNS: Final = 1.25
"""Least periods; any short piece of a motion looks like a piece of a sine."""
LEFT_OVER: Final = 0.03
"""Share of the swing's variance that no sine explains, at which the cue is undecided: living
windows keep 0.13 or more."""
SIGNATURE: Final = 12
"""Blocks each way of the little face kept to notice repetitions."""
SAME: Final = 0.4
"""Grey levels, root mean square; below the sensor's noise in two pictures of a thing at rest."""
OTHER: Final = 1.2
"""Grey levels by which neighbours must differ for a repetition to mean anything."""
REPEATED: Final = 4
"""Pictures in a row that were seen before in this order."""
BLINK_SAMPLES: Final = 6
"""Pictures within one blink; with fewer its shape is not known."""
BLINK_DEPTH: Final = 0.4
"""Share of the open eye's aspect that is lost in a blink."""
STRAIGHT: Final = 0.04
"""Root mean square of the way from two straight, equally steep sides, in depths."""
_EYES: Final = ((33, 133, 159, 145, 158, 153), (263, 362, 386, 374, 385, 380))
"""Corners, then upper and lower lid twice, of mediapipe's mesh."""


@dataclass(frozen=True, slots=True, eq=False)
class _Glimpse:
    """What is kept of one picture: time ns, yaw and pitch in degrees, eye aspect, tiny face."""

    taken_ns: int
    yaw: float
    pitch: float
    aspect: float
    face: NDArray[np.float32]


class MotionCue:
    """A veto against animation: painted parallax, sine-like swings, loops, drawn blinks.

    A living person's motion is irregular and noisy, a blink closes faster than it opens
    (`research/pad.md` 1f). Silence proves nothing: a neural puppet moves like its driver.

    Args:
        parallax: the cue whose figures are judged; it need not be enabled itself.

    """

    def __init__(self, parallax: ParallaxCue) -> None:
        self.name = CUE
        self.version = VERSION
        self._parallax = parallax
        self._glimpses: list[_Glimpse] = []
        self._repeats = False

    def look(self, look: Look) -> None:
        """Keep the few numbers of one picture."""
        self._parallax.look(look)
        mesh = look.mesh.points
        low = np.maximum(mesh[:, :2].min(axis=0), 0).astype(int)
        high = np.maximum(mesh[:, :2].max(axis=0), 0).astype(int) + 1
        part = look.grey[low[1] : high[1], low[0] : high[0]]
        if not part.size:
            return
        small = cv2.resize(part, (SIGNATURE * 4, SIGNATURE * 4), interpolation=cv2.INTER_AREA)
        tiny = cv2.resize(
            small.astype(np.float32), (SIGNATURE, SIGNATURE), interpolation=cv2.INTER_AREA
        )
        small.fill(0)
        self._glimpses.append(
            _Glimpse(
                look.taken_ns,
                look.pose.yaw,
                look.pose.pitch,
                eye_aspect(mesh),
                np.asarray(tiny, np.float32),
            )
        )
        self._repeats |= repeats([glimpse.face for glimpse in self._glimpses])

    def evidence(self) -> CueEvidence:
        """Return 1 for nothing suspicious, less for the most suspicious of the four."""
        seen, measure = self._glimpses, self._parallax.measure()
        if len(seen) < LEAST:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        plain = measure.turn >= TURN and measure.k >= PERFECT_K
        if plain and seen[-1].taken_ns - seen[0].taken_ns < LONG_NS:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        at = np.array([glimpse.taken_ns for glimpse in seen], np.float64) * 1e-9
        swings = [
            swing(at, np.array([glimpse.yaw for glimpse in seen])),
            swing(at, np.array([glimpse.pitch for glimpse in seen])),
        ]
        drawn = straightness(np.array([glimpse.aspect for glimpse in seen]))
        scores = [
            perfection(measure),
            _odds(np.log(max(min(swings), 1e-6) / LEFT_OVER) / 0.3),
            _odds(np.log(max(drawn, 1e-6) / STRAIGHT) / 0.3),
            0.0 if self._repeats else 1.0,
        ]
        return CueEvidence(CUE, min(scores), len(seen), VERSION)

    def wipe(self) -> None:
        """Forget the visit."""
        for glimpse in self._glimpses:
            glimpse.face.fill(0)
        self._glimpses.clear()
        self._repeats = False
        self._parallax.wipe()


def perfection(seen: Measure) -> float:
    """Return 0 where parallax is surer than a head's can be, 1 elsewhere, between nearby."""
    if seen.turn < TURN or seen.pictures < PICTURES:
        return 1.0
    rate = max(seen.certainty, 1.0) / np.sqrt(seen.pictures)
    return _odds(-min((seen.k - PERFECT_K) / 0.03, np.log(rate / PERFECT_RATE) / 0.1))


def swing(at_s: NDArray[np.float64], angle: NDArray[np.float64]) -> float:
    """Return the share of an angle's variance that the best sine leaves; 1 = nothing to judge.

    Args:
        at_s: (n,) seconds.
        angle: (n,) degrees.

    """
    length = float(at_s[-1] - at_s[0])
    size = float(np.std(angle)) * np.sqrt(2)
    if length * 1e9 < SWING_NS or size < SWING_DEG:
        return 1.0
    total = float(((angle - angle.mean()) ** 2).sum())
    periods = np.arange(TURNS, min(8.0, len(at_s) / 5), 0.05)
    phase = 2 * np.pi * periods[:, None] * (at_s - at_s[0]) / length
    # All at once: this runs at every picture. More than five pictures to a period, so that the
    # three columns are never one another's sum.
    waves = np.stack([np.ones_like(phase), np.sin(phase), np.cos(phase)], axis=2)
    turned = waves.transpose(0, 2, 1)
    found = np.linalg.solve(turned @ waves, turned @ angle[:, None])
    left = angle - (waves @ found)[:, :, 0]
    return min(1.0, float((left**2).sum(axis=1).min(initial=total)) / total)


def repeats(faces: Sequence[NDArray[np.float32]]) -> bool:
    """Whether the last few faces were seen before in the same order while they moved."""
    count = len(faces)
    if count < 2 * REPEATED:
        return False
    last = np.stack(faces[-REPEATED:])
    if (_apart(last[1:], last[:-1]) < OTHER).any():
        return False
    earlier = np.stack(faces[:-REPEATED])
    near = np.stack([_apart(earlier, one) < SAME for one in last], axis=1)
    starts = range(len(earlier) - REPEATED + 1)
    return any(all(near[start + step, step] for step in range(REPEATED)) for start in starts)


def eye_aspect(mesh: NDArray[np.float32]) -> float:
    """Return the opening of both eyes over their width (Soukupova and Cech 2016)."""
    both = []
    for outer, inner, *lids in _EYES:
        width = max(float(np.linalg.norm(mesh[outer] - mesh[inner])), 1e-6)
        open_ = np.linalg.norm(mesh[lids[0::2]] - mesh[lids[1::2]], axis=1).mean()
        both.append(float(open_) / width)
    return sum(both) / 2


def straightness(aspect: NDArray[np.float64]) -> float:
    """Return how far the straightest blink is from two straight, equally long sides; 1 = none.

    Args:
        aspect: (n,) eye aspect, picture by picture.

    """
    open_ = float(np.percentile(aspect, 80))
    if open_ <= 0.0:
        return 1.0
    lost = np.clip((open_ - aspect) / open_, 0.0, None)
    least = 1.0
    shut = np.flatnonzero(np.diff(np.concatenate([[0], lost > 0.1, [0]])))  # noqa: PLR2004 - a tenth
    for start, end in zip(shut[::2], shut[1::2], strict=True):
        dip = lost[start:end]
        if len(dip) < BLINK_SAMPLES or start == 0 or end == len(lost):
            continue  # too short to have a shape, or cut off
        depth = float(dip.max())
        if depth < BLINK_DEPTH:
            continue
        middle = (len(dip) - 1) / 2
        for slope in np.linspace(0.8, 1.25, 10) / (middle + 1):
            side = 1.0 - slope * np.abs(np.arange(len(dip)) - middle)
            off = float(np.sqrt(np.mean((dip / depth - np.clip(side, 0.0, 1.0)) ** 2)))
            least = min(least, off)
    return least


def _apart(one: NDArray[np.float32], two: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(((one - two) ** 2).mean(axis=(-2, -1))), np.float64)


def _odds(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))
