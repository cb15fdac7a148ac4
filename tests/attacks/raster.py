"""Periodic structure of screens and prints as sensor sites see it, integrated in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.attacks.camera import COLOUR_OF_SITE, HEIGHT, SITES, WIDTH
from tests.attacks.sheet import look_flat, site_jacobian

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.attacks.camera import Light
    from tests.attacks.hand import Hold

LEAST: Final = 0.001
"""A wave that modulates light by less than this is not worth computing."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One term of the Fourier series of a periodic medium.

    Attributes:
        right: cycles per mm along the sheet's width.
        down: cycles per mm along its height.
        depth: amplitude relative to the mean, for each of blue, green, red.
        phase: radians for each of blue, green, red.

    """

    right: float
    down: float
    depth: tuple[float, float, float]
    phase: tuple[float, float, float]


def stripes(pitch_mm: float, fill: float, order: int = 3) -> list[Wave]:
    """Return the series of red, green and blue stripes, each lit over `fill` of its third."""
    found = []
    wide, high = fill / 3, min(0.95, fill + 0.15)
    for right in range(order + 1):
        for down in range(-order, order + 1):
            if (right, down) <= (0, 0):
                continue
            depth = 2 * float(np.sinc(right * wide) * np.sinc(down * high))
            turns = tuple(2 * np.pi * right * third / 3 for third in (1, 0, -1))
            found.append(
                Wave(right / pitch_mm, down / pitch_mm, (depth, depth, depth), turns)  # type: ignore[arg-type]
            )
    return found


def halftone(lines_per_inch: float, depth: float = 0.5) -> list[Wave]:
    """Return the first waves of cyan, magenta and yellow dot screens at their usual angles."""
    found = []
    per_mm = lines_per_inch / 25.4
    for channel, degrees in ((2, 15.0), (1, 75.0), (0, 0.0)):
        for turn in (0.0, 90.0):
            angle = np.radians(degrees + turn)
            depths = [0.0, 0.0, 0.0]
            depths[channel] = depth
            found.append(
                Wave(
                    float(per_mm * np.cos(angle)),
                    float(per_mm * np.sin(angle)),
                    (depths[0], depths[1], depths[2]),
                    (0.0, 0.0, 0.0),
                )
            )
    return found


def remaining(wave: Wave, jacobian: NDArray[np.float64], lens: float) -> float:
    """Return the share of a wave's amplitude left after the site's square and the lens's blur.

    The site integrates exactly: each side gives a sinc. `lens` is sigma in pixels.
    """
    per_site = jacobian.T @ (wave.right, wave.down)
    blur = np.exp(-2 * (np.pi * lens * SITES) ** 2 * float(per_site @ per_site))
    return float(abs(np.prod(np.sinc(per_site))) * blur)


def modulation(
    waves: Sequence[Wave], hold: Hold, seconds: float, readout_s: float, lens: float
) -> Light | None:
    """Return the (960, 1280) factor at each site, or None where nothing of the waves is left."""
    jacobian = site_jacobian(hold, seconds)
    kept = [
        (wave, left)
        for wave in waves
        if (left := remaining(wave, jacobian, lens)) * max(map(abs, wave.depth)) > LEAST
    ]
    if not kept:
        return None
    seen = look_flat(hold, seconds, readout_s, (1e4, 1e4), SITES)
    factor = np.ones((HEIGHT * SITES, WIDTH * SITES), np.float32)
    for wave, left in kept:
        for down in range(SITES):
            for right in range(SITES):
                colour = COLOUR_OF_SITE[down][right]
                here = (slice(down, None, SITES), slice(right, None, SITES))
                turns = wave.right * seen.right[here] + wave.down * seen.down[here]
                angle = np.float32(2 * np.pi) * (turns % 1).astype(np.float32)
                factor[here] += np.float32(left * wave.depth[colour]) * np.cos(
                    angle + np.float32(wave.phase[colour])
                )
    return factor
