"""Reduces pictures to the few numbers that tell a sensor from a file, a cover or a strobe."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW_STEP: Final = 16
"""Every sixteenth row at the sensor's own size: enough to tell two pictures apart."""
BLOCK: Final = 16
"""Pixels of a row whose noise is one measurement."""
QUIET: Final = 0.25
"""Share of blocks, the least changed, in which nothing moves but noise."""
BINS: Final = ((16.0, 60.0), (60.0, 110.0), (110.0, 160.0), (160.0, 230.0))
"""Levels of light over which the noise is fitted."""
FEWEST_BLOCKS: Final = 24


class Numbers(NamedTuple):
    """What is kept of one picture.

    Attributes:
        taken_ns: exposure.
        sequence: the camera's count.
        digest: CRC-32 of some rows.
        light: mean level, 0 to 255.
        detail: mean absolute second difference along rows, levels.
        light_set: exposure time x gain, microseconds, or 0 where unknown.
        noise: (floor, slope) of the noise variance over light, against the picture before; or None.

    """

    taken_ns: int
    sequence: int
    digest: int
    light: float
    detail: float
    light_set: float
    noise: tuple[float, float] | None


class PictureWatch:
    """Keeps some rows of the last picture, for its noise, and overwrites them.

    Args:
        noisy: whether noise is measured; it costs as much as the rest.

    """

    def __init__(self, *, noisy: bool = True) -> None:
        self._noisy = noisy
        self._rows: NDArray[np.int16] | None = None

    def numbers(
        self, grey: NDArray[np.uint8], taken_ns: int, sequence: int, light_set: float
    ) -> Numbers:
        """Reduce one (h, w) grey picture."""
        rows = np.ascontiguousarray(grey[ROW_STEP // 4 :: ROW_STEP])
        digest = zlib.crc32(rows.data)
        light = float(cv2.mean(rows)[0])
        new = rows.astype(np.int16)
        rows.fill(0)
        bend = np.diff(new, 2, axis=1)
        detail = float(np.abs(bend).mean())
        bend.fill(0)
        old, self._rows = self._rows, None
        if self._noisy:
            self._rows = new
        noise = None
        if old is not None:
            if old.shape == new.shape:
                noise = _noise(new, old)
            old.fill(0)
        if not self._noisy:
            new.fill(0)
        return Numbers(taken_ns, sequence, digest, light, detail, light_set, noise)

    def wipe(self) -> None:
        """Overwrite the rows kept."""
        if self._rows is not None:
            self._rows.fill(0)
        self._rows = None


def _noise(new: NDArray[np.int16], old: NDArray[np.int16]) -> tuple[float, float] | None:
    """Return floor and slope of the noise variance over light, or None where there is too little.

    Shot noise grows with light: variance = floor + slope x level. Half the variance of the
    difference of two pictures, in the blocks that changed least at each light.
    """
    width = new.shape[1] // BLOCK * BLOCK
    change = (new[:, :width] - old[:, :width]).reshape(-1, BLOCK)
    level = new[:, :width].reshape(-1, BLOCK).mean(axis=1)
    variance = change.var(axis=1) / 2
    found = []
    for low, high in BINS:
        here = variance[(level >= low) & (level < high)]
        if len(here) >= FEWEST_BLOCKS:
            found.append(((low + high) / 2, float(np.quantile(here, QUIET))))
    if len(found) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    slope, floor = np.polyfit([one[0] for one in found], [one[1] for one in found], 1)
    return float(floor), float(slope)
