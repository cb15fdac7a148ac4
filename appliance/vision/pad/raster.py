"""Veto: does the face carry the grid of a screen or print, or colours no skin has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.scale import below
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

CUE: Final = "raster"
VERSION: Final = "1"
SIDES: Final = (192, 160, 128, 96)
"""Pixels of the sensor; the largest crop that the face fills. Nothing is resized: a scaler
removes what this cue looks for."""
SPACING_NS: Final = 200_000_000
"""Between two spectra, so that the cost stays bounded."""
MOST: Final = 4
"""Spectra averaged in one visit."""
LOWEST: Final = 0.10
"""Cycles per pixel; below lies the face itself."""
RING: Final = 0.02
"""Width of a ring, cycles per pixel."""
NYQUIST: Final = 0.5
CHROMA_END: Final = 0.25
"""Cycles per pixel; colour is sampled at every other pixel, beyond is interpolation."""
AXIS: Final = 0.012
"""Cycles per pixel beside the axes that are left out: edges of the crop and a codec's blocks."""
BLOCKS: Final = (0.125, 0.25, 0.375, 0.5)
"""Harmonics of 8x8 blocks, cycles per pixel: where both frequencies lie on them, a codec speaks."""
LIMIT_LUMA: Final = 5.5
LIMIT_CHROMA: Final = 5.5
"""Peaks over the median of their ring, in robust standard deviations of its logarithm.

Live clips reach 3.8 in luma and 3.9 in chroma (8 people, 22 windows): 1.4 times that."""
GREYEST: Final = 2.0
"""Levels of chroma; skin under any lamp has more, a black-and-white print or a NIR picture less."""
BLUEST: Final = 25.0
"""Levels by which blue may outweigh red in skin before no lamp explains it."""


class RasterCue:
    """Spectrum peaks of 1:1 face crops in luma and chroma, and colour only at its extremes.

    A grid finer than a pixel folds to a peak by aliasing (moire). Both vanish behind a soft lens or
    the camera's own scaler: silence proves nothing (research, section 1d).
    """

    def __init__(self) -> None:
        self.name = CUE
        self.version = VERSION
        self._spectra: NDArray[np.float64] | None = None
        self._side = 0
        self._count = 0
        self._last_ns: int | None = None
        self._colours: list[float] = []
        self._evidence: CueEvidence | None = None

    def look(self, look: Look) -> None:
        """Add one crop's spectrum, if the last one is long enough ago."""
        if self._last_ns is not None and look.taken_ns - self._last_ns < SPACING_NS:
            return
        if self._count >= MOST:
            return
        window = face_window(look, self._side)
        if window is None:
            return
        self._last_ns = look.taken_ns
        left, top, side = window
        planes = power(look.pixels[top : top + side, left : left + side])
        self._spectra = planes if self._spectra is None else self._spectra + planes
        self._side = side
        self._count += 1
        self._colours.append(strangeness(look))
        self._evidence = None

    def evidence(self) -> CueEvidence:
        """Return the worst of luma, chroma and colour; `frames` counts crops.

        Asked for at every picture, made once for each crop.
        """
        if self._evidence is None:
            self._evidence = self._weighed()
        return self._evidence

    def _weighed(self) -> CueEvidence:
        if self._spectra is None:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        luma, chroma = peaks(self._spectra / self._count)
        colour = float(np.median(self._colours))
        score = min(below(luma, LIMIT_LUMA), below(chroma, LIMIT_CHROMA), below(colour, 1.0))
        return CueEvidence(CUE, score, self._count, VERSION)

    def wipe(self) -> None:
        """Forget the visit; a sum of spectra could still be turned into a likeness."""
        if self._spectra is not None:
            self._spectra.fill(0.0)
        self._spectra = None
        self._side = self._count = 0
        self._last_ns = None
        self._colours.clear()
        self._evidence = None


def face_window(look: Look, side: int) -> tuple[int, int, int] | None:
    """Return left, top and side of a square inside face and picture, or None if it is too small.

    Args:
        look: the picture.
        side: of the visit's first crop, which later ones must have too; 0 = none yet.

    """
    rows, columns = look.grey.shape
    x, y = look.face.centre
    room = min(look.face.box[2:])
    for wanted in (side,) if side else SIDES:
        left, top = round(x - wanted / 2), round(y - wanted / 2)
        fits = left >= 0 and top >= 0 and left + wanted <= columns and top + wanted <= rows
        if fits and wanted <= room * 1.05:
            return left, top, wanted
    return None


def power(crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the (3, n, n/2+1) power spectra of luma, Cr and Cb of an (n, n, 3) BGR crop."""
    side = crop.shape[0]
    hann = np.hanning(side).astype(np.float32)
    window = np.outer(hann, hann)
    with brief(cv2.cvtColor(crop, cv2.COLOR_BGR2YCrCb)) as turned:
        found = []
        for plane in cv2.split(turned):
            with (
                brief(plane.astype(np.float32)) as values,
                brief(cv2.GaussianBlur(values, (0, 0), 2.0)) as slow,
                brief((values - slow) * window) as fine,
                brief(np.fft.rfft2(fine)) as wave,
            ):
                found.append(wave.real**2 + wave.imag**2)
            plane.fill(0)
    return np.stack(found)


def peaks(spectra: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far the sharpest peaks of luma and of chroma stand out of their rings."""
    side = spectra.shape[1]
    down = np.fft.fftfreq(side)[:, None]
    across = np.fft.rfftfreq(side)[None, :]
    radius = np.hypot(down, across)
    allowed = (np.abs(down) > AXIS) & (np.abs(across) > AXIS) & (radius >= LOWEST)
    allowed &= (radius < NYQUIST) & ~(_on_blocks(down, side) & _on_blocks(across, side))
    rings = ((radius - LOWEST) / RING).astype(int)
    worst = np.zeros(3)
    logs = np.log(spectra + 1e-3)
    for ring in range(int((NYQUIST - LOWEST) / RING)):
        here = allowed & (rings == ring)
        if np.count_nonzero(here) < 12:  # noqa: PLR2004 - too few to know their spread
            continue
        values = logs[:, here]
        within = 1.0 if LOWEST + (ring + 1) * RING <= CHROMA_END + 1e-9 else 0.0
        middle = np.median(values, axis=1, keepdims=True)
        spread = 1.4826 * np.median(np.abs(values - middle), axis=1) + 0.1
        counted = np.array([1.0, within, within])
        worst = np.maximum(worst, counted * (values.max(axis=1) - middle[:, 0]) / spread)
    return float(worst[0]), float(max(worst[1], worst[2]))


def _on_blocks(frequency: NDArray[np.float64], side: int) -> NDArray[np.bool_]:
    """Whether a frequency lies on a harmonic of 8x8 blocks, within the window's own width."""
    away = np.min([np.abs(np.abs(frequency) - one) for one in BLOCKS], axis=0)
    return np.asarray(away < 2.0 / side)


def strangeness(look: Look) -> float:
    """Return 1 or more where the middle of the face has colours no lamp gives to skin.

    Only extremes: without a white reference in view a lamp and a gamut look alike.
    """
    x, y = look.face.centre
    width, height = look.face.box[2] / 4, look.face.box[3] / 4
    top, left = max(round(y - height), 0), max(round(x - width), 0)
    middle = look.pixels[top : round(y + height) : 2, left : round(x + width) : 2]
    if middle.size == 0:
        return float("nan")
    with brief(middle.reshape(-1, 3).astype(np.float32)) as values:
        blue, green, red = (float(one) for one in values.mean(axis=0))
        spread = float((values.max(axis=1) - values.min(axis=1)).mean())
    del green
    monochrome = GREYEST / max(spread, 0.1)
    return max(monochrome, (blue - red) / BLUEST)
