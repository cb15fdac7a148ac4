"""Proof: does skin answer the tints of the terminal's own screen, in time and in shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.messages import CueEvidence, Tint
from appliance.vision.pad.scale import above, below
from appliance.vision.pad.skin import colours, vertices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

CUE: Final = "screen_light"
VERSION: Final = "1"
SIGNAL: Final = {Tint.NEUTRAL: 0.0, Tint.WARM: 1.0, Tint.COOL: -1.0}
"""Change of log(red / blue) by a tint, in units of the modulation."""
RAMP_NS: Final = 80_000_000
LAGS_NS: Final = tuple(range(0, 260_000_000, 20_000_000))
"""From the screen's own time to the picture: 0 to 6 frames."""
PLAUSIBLE_NS: Final = (20_000_000, 180_000_000)
"""Compositor, panel and exposure; a longer lag is somebody passing the light on."""
FEWEST: Final = 16
"""Pictures during the sequence."""
FEWEST_TINTED: Final = 4
"""Pictures of each tint."""
MOST: Final = 96
FEWEST_POINTS: Final = 24
PRESENT: Final = 0.04
"""Modulation of log(red / blue); skin without any light reaches 0.019 in 99 of 100 windows."""
UNSURE: Final = 0.012
"""Standard error of the modulation above which the picture is too noisy to say anything."""
SHAPE: Final = 0.5
"""How far the answer follows the relief; live 0.62 and more, prints 0.48 and less at 0.10."""
UNSURE_SHAPE: Final = 0.15
RING: Final = 0.6
"""Answer beside the face over that of the face: a wall is 1 to 3 m behind, a sheet goes on."""
BRIGHT_LUX: Final = 400.0
DIM_LUX: Final = 150.0
BRIGHT_US: Final = 4_000.0
DIM_US: Final = 20_000.0
"""Exposure time x gain, where the camera tells no lux: that of rooms at about those lux."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pictures of a sequence say.

    Attributes:
        modulation: of log(red / blue) on skin; 0 to about 0.3.
        error: its standard error.
        lag_ns: from screen to picture.
        shape: how far it follows the relief, 1 = as a solid head.
        shape_error: its standard error.
        ring: modulation beside the face over that on it; no number if nothing is beside.

    """

    modulation: float
    error: float
    lag_ns: int
    shape: float
    shape_error: float
    ring: float


class ScreenLightCue:
    """A matched filter over the tints, then the shape of what it finds on the mesh.

    Screens and masks of plastic hardly answer, prints answer alike all over. By day the screen is
    lost in the room's light: no evidence then, never a refusal (research, section 1g). Where
    nobody knows how bright it is, too weak an answer is no evidence either.
    """

    def __init__(self) -> None:
        self.name = CUE
        self.version = VERSION
        self._kept: NDArray[np.intp] | None = None
        self._places = np.zeros((0, 2))
        self._cosines = np.zeros(0)
        self._times: list[int] = []
        self._steps: list[tuple[int, float]] = []
        self._skin: list[NDArray[np.float64]] = []
        self._ring: list[float] = []
        self._light: list[bool | None] = []

    def look(self, look: Look) -> None:
        """Take the colours of one picture while a sequence runs."""
        if look.light is None or len(self._times) >= MOST:
            return
        step = (look.light.since_ns, SIGNAL[look.light.tint])
        if not self._steps or self._steps[-1] != step:
            self._steps.append(step)
        if self._kept is None:
            self._kept, self._places, self._cosines = vertices(look)
        skin, ring = colours(look, self._kept)
        self._times.append(look.taken_ns)
        self._skin.append(skin)
        self._ring.append(ring)
        self._light.append(_dim(look))

    def evidence(self) -> CueEvidence:
        """Return how well skin answered; 0 frames where it cannot be told, as in the sun."""
        nothing = CueEvidence(CUE, 0.0, 0, VERSION)
        answer = self.answer()
        bright = [one for one in self._light if one is False]
        if answer is None or len(bright) * 2 > len(self._light) or not answer.error <= UNSURE:
            return nothing
        count = len(self._times)
        if abs(answer.modulation) < PRESENT:
            dim = sum(one is True for one in self._light) * 2 > len(self._light)
            return CueEvidence(CUE, 0.0, count, VERSION) if dim else nothing
        first, last = PLAUSIBLE_NS
        if answer.modulation < 0.0 or not first <= answer.lag_ns <= last:
            return CueEvidence(CUE, 0.0, count, VERSION)
        if not answer.shape_error <= UNSURE_SHAPE:
            return nothing
        ring = 1.0 if np.isnan(answer.ring) else below(answer.ring, RING)
        score = min(above(answer.modulation, PRESENT), above(answer.shape, SHAPE), ring)
        return CueEvidence(CUE, score, count, VERSION)

    def answer(self) -> Answer | None:
        """Return the fit, or None while there is too little to fit."""
        if self._kept is None or len(self._kept) < FEWEST_POINTS or len(self._times) < FEWEST:
            return None
        times = np.asarray(self._times)
        shown = _shown(times, self._steps, 60_000_000)
        if min(np.count_nonzero(shown > 0.5), np.count_nonzero(shown < -0.5)) < FEWEST_TINTED:  # noqa: PLR2004 - half way up a ramp
            return None
        skin = np.stack(self._skin)
        mean = np.median(skin, axis=1)
        fits = [(_fit(times, _shown(times, self._steps, lag), mean), lag) for lag in LAGS_NS]
        (modulation, error, _), lag = min(fits, key=lambda one: one[0][2])
        template = _shown(times, self._steps, lag)
        design = _design(times, template)
        each = np.linalg.lstsq(design, skin, rcond=None)[0][-1]
        shape, shape_error = self._shape(each)
        beside = float("nan")
        if not np.isnan(self._ring).any() and modulation != 0.0:
            beside = _fit(times, template, np.asarray(self._ring))[0] / modulation
        return Answer(modulation, error, lag, shape, shape_error, beside)

    def wipe(self) -> None:
        """Forget the visit."""
        for skin in self._skin:
            skin.fill(0.0)
        self._places.fill(0.0)
        self._cosines.fill(0.0)
        self._kept = None
        for kept in (self._times, self._steps, self._skin, self._ring, self._light):
            kept.clear()

    def _shape(self, each: NDArray[np.float64]) -> tuple[float, float]:
        """Return how the answer of each point goes with its cosine to the screen, and the error.

        Anything that a lamp to the side or a bent sheet could do, up to squares of the place, is
        taken off both.
        """
        x, y = self._places.T
        smooth = np.column_stack((np.ones_like(x), x, y, x * x, y * y))
        relief = self._cosines - smooth @ np.linalg.lstsq(smooth, self._cosines, rcond=None)[0]
        rest = each - smooth @ np.linalg.lstsq(smooth, each, rcond=None)[0]
        power = float(relief @ relief)
        mean = float(each.mean()) / max(float(self._cosines.mean()), 0.1)
        if power <= 0.0 or mean == 0.0:
            return 0.0, float("inf")
        slope = float(relief @ rest) / power
        left = rest - slope * relief
        spread = float(np.sqrt(left @ left / max(len(left) - 6, 1) / power))
        return slope / mean, abs(spread / mean)


def _shown(
    times: NDArray[np.int64], steps: list[tuple[int, float]], lag_ns: int
) -> NDArray[np.float64]:
    """Return the signal on the screen as seen at each time, ramps included."""
    knots: list[tuple[float, float]] = []
    before = steps[0][1]
    for since, signal in steps:
        knots += [(since, before), (since + RAMP_NS, signal)]
        before = signal
    at, values = zip(*knots, strict=True)
    return np.asarray(np.interp(times - lag_ns, at, values))


def _design(times: NDArray[np.int64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the columns of a quadratic drift and of the signal."""
    span = max(float(times[-1] - times[0]), 1.0)
    at = (times - times[0]) / span * 2.0 - 1.0
    return np.column_stack((np.ones_like(at), at, at * at, template))


def _fit(
    times: NDArray[np.int64], template: NDArray[np.float64], series: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return modulation, its standard error and the sum of squares left."""
    design = _design(times, template)
    found = np.linalg.lstsq(design, series, rcond=None)[0]
    rest = series - design @ found
    left = float(rest @ rest)
    covariance = np.linalg.pinv(design.T @ design) * left / max(len(series) - design.shape[1], 1)
    return float(found[-1]), float(np.sqrt(covariance[-1, -1])), left


def _dim(look: Look) -> bool | None:
    """Return True where the screen outshines the room, False where it cannot, None if unknown."""
    if look.exposure is None:
        return None
    lux = look.exposure.lux
    if lux is not None:
        return True if lux <= DIM_LUX else False if lux >= BRIGHT_LUX else None
    gathered = look.exposure.time_us * look.exposure.gain
    return True if gathered >= DIM_US else False if gathered <= BRIGHT_US else None
