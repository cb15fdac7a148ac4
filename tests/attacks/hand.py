"""How a hand holds something still: slow sway, tremor, and deliberate tilting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

AXES = 6
"""x, y, z in mm, then yaw, pitch, roll in degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """A held thing's pose over time: a sum of sines per axis.

    Attributes:
        base: (6,) the pose the hand aims at.
        sizes: (6, n) amplitudes, mm and degrees.
        rates: (6, n) Hz.
        phases: (6, n) radians.

    """

    base: NDArray[np.float64]
    sizes: NDArray[np.float64]
    rates: NDArray[np.float64]
    phases: NDArray[np.float64]

    def at(self, seconds: float) -> NDArray[np.float64]:
        """Return the (6,) pose: x, y, z mm; yaw, pitch, roll degrees."""
        waves = self.sizes * np.sin(2 * np.pi * self.rates * seconds + self.phases)
        return np.asarray(self.base + waves.sum(axis=1))


def draw_hold(rng: np.random.Generator, base: NDArray[np.float64], tilt_deg: float = 0.0) -> Hold:
    """Draw a hold around `base`, with a slow deliberate tilt of up to `tilt_deg`.

    Sway 0.3-1.5 mm rms below 2 Hz, tremor 0.05-0.3 mm rms at 6-12 Hz (physiological tremor).
    """
    slow, fast = 4, 3
    sway = rng.uniform(0.3, 1.5) * np.array([1, 1, 1.5, 0.5, 0.5, 0.35])
    tremor = rng.uniform(0.05, 0.3) * np.array([1, 1, 0.5, 0.3, 0.3, 0.3])
    share = rng.dirichlet(np.ones(slow), AXES) ** 0.5
    sizes = [share * sway[:, None] * 2**0.5]
    rates = [rng.uniform(0.15, 1.9, (AXES, slow))]
    shake = rng.dirichlet(np.ones(fast), AXES) ** 0.5
    sizes.append(shake * tremor[:, None] * 2**0.5)
    rates.append(rng.uniform(6, 12, (AXES, fast)))
    tilt = np.zeros((AXES, 1))
    tilt[3:5, 0] = rng.uniform(0.3, 1.0, 2) * tilt_deg * rng.permutation([1.0, 0.4])
    sizes.append(tilt)
    rates.append(rng.uniform(0.15, 0.45, (AXES, 1)))
    every = np.hstack(rates)
    phases = rng.uniform(0, 2 * np.pi, every.shape)
    return Hold(base, np.hstack(sizes), every, phases)


def turned(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Return the rotation for angles in degrees: roll first, then pitch, then yaw."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z)
