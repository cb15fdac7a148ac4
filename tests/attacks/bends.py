"""Bends that no threshold was chosen on: a sheet rolled into a cone, and one bent twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.attacks.camera import FOCAL, HEIGHT, WIDTH
from tests.attacks.hand import turned
from tests.attacks.sheet import CAMERA, Seen, cover_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.attacks.camera import Light
    from tests.attacks.hand import Hold


@dataclass(frozen=True, slots=True)
class Cone:
    """A sheet rolled round a cone that bulges towards the camera, or is hollow.

    Attributes:
        apex_mm: from the sheet's middle up to the apex, along the sheet.
        half_deg: half the cone's angle at the apex.
        hollow: whether the camera looks into it.
        change: share of the angle by which it comes and goes.
        rate: Hz of the change.

    """

    apex_mm: float
    half_deg: float
    hollow: bool
    change: float
    rate: float

    def look(self, hold: Hold, seconds: float, readout_s: float, size: tuple[float, float]) -> Seen:
        """See the sheet: its mm are the cone's, unrolled."""
        wave = 1 + self.change * np.sin(2 * np.pi * self.rate * seconds)
        half = np.radians(self.half_deg) * wave
        pose = hold.at(seconds + readout_s / 2)
        rotation = turned(*pose[3:])
        # The line through apex and middle lies in the sheet; the axis leans from it by the angle,
        # away from the camera behind a bulge and towards it before a hollow.
        side = -1.0 if self.hollow else 1.0
        axis = rotation @ (0.0, np.cos(half), side * np.sin(half))
        outwards = rotation @ (0.0, np.sin(half), -side * np.cos(half))
        across = rotation[:, 0]
        apex = pose[:3] - self.apex_mm * rotation[:, 1]
        rays = _rays()
        along_ray, out_ray, across_ray = (
            rays @ one.astype(np.float32) for one in (axis, outwards, across)
        )
        along, out, aside = (-float(apex @ one) for one in (axis, outwards, across))
        # Points at angle `half` from the axis: out^2 + across^2 = tan(half)^2 along^2.
        steep = np.float32(np.tan(half) ** 2)
        a = out_ray**2 + across_ray**2 - steep * along_ray**2
        b = out * out_ray + aside * across_ray - steep * np.float32(along) * along_ray
        c = np.float32(out**2 + aside**2 - np.tan(half) ** 2 * along**2)
        root = b**2 - a * c
        there = root > 0
        root = np.sqrt(np.maximum(root, 0))
        a = np.where(np.abs(a) < 1e-6, 1e-6, a)
        # Of the two hits, those on the sheet's side of the apex and before the camera; of these the
        # nearer on a bulge, the farther in a hollow.
        last = np.float32(-1.0 if self.hollow else 1.0) * np.float32(np.inf)
        hits = np.stack([(-b - root) / a, (-b + root) / a])
        hits = np.where((hits > 0) & (along + hits * along_ray > 0), hits, last)
        k = hits.max(axis=0) if self.hollow else hits.min(axis=0)
        there &= np.isfinite(k)
        k = np.where(there, k, np.float32(1e4))
        height = along + k * along_ray
        around = np.arctan2(aside + k * across_ray, out + k * out_ray)
        there &= np.abs(around) < np.radians(130)
        slant = height / np.float32(np.cos(half))
        unrolled = around * np.float32(np.sin(half))
        right = (slant * np.sin(unrolled)).astype(np.float32)
        down = (slant * np.cos(unrolled) - self.apex_mm).astype(np.float32)
        cover = cover_of(right, down, size, FOCAL / hold.base[2]) * there
        tilt = np.degrees(around) * (-1 if self.hollow else 1)
        return Seen(right, down, cover.astype(np.float32), tilt.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Double:
    """A sheet bent to one side on its left and to the other on its right, like an S.

    Attributes:
        steep_deg: of the sheet where it is steepest.
        waves: of the bend over the sheet's width.
        start: radians of the wave in the middle.
        change: share by which it comes and goes.
        rate: Hz of the change.

    """

    steep_deg: float
    waves: float
    start: float
    change: float
    rate: float

    def look(self, hold: Hold, seconds: float, readout_s: float, size: tuple[float, float]) -> Seen:
        """See the sheet: the ray of each column meets the profile, sampled finely."""
        pose = hold.at(seconds + readout_s / 2)
        rotation = turned(*pose[3:])
        across, along, away = rotation.T
        arc = np.linspace(-size[0] * 0.55, size[0] * 0.55, 801)
        wave = 1 + self.change * np.sin(2 * np.pi * self.rate * seconds)
        turn = 2 * np.pi * self.waves * arc / size[0] + self.start
        slope = np.radians(self.steep_deg) * wave * np.sin(turn)
        y, z = (_path(arc, step) for step in (np.cos(slope), np.sin(slope)))
        from_across, from_away, from_along = (
            -float(pose[:3] @ one) for one in (across, away, along)
        )
        # Seen from the camera, each point of the profile lies in a direction; what lies behind a
        # nearer fold is skipped.
        direction = (y - from_across) / (z - from_away)
        ahead = np.maximum.accumulate(direction)
        kept = np.concatenate([[True], np.diff(ahead) > 0])
        rays = _rays()
        ray_across, ray_away, ray_along = (
            rays @ one.astype(np.float32) for one in (across, away, along)
        )
        wanted = (ray_across / ray_away).ravel()
        right = np.interp(wanted, direction[kept], arc[kept], arc[0], arc[-1]).reshape(
            HEIGHT, WIDTH
        )
        deep = np.interp(right, arc, z)
        k = (deep - from_away) / ray_away
        down = (from_along + k * ray_along).astype(np.float32)
        tilt = np.degrees(np.interp(right, arc, slope)).astype(np.float32)
        right = right.astype(np.float32)
        return Seen(right, down, cover_of(right, down, size, FOCAL / hold.base[2]), -tilt)


def _path(arc: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the integral of `step` over `arc`, zero in the middle."""
    parts = (step[1:] + step[:-1]) / 2 * np.diff(arc)
    path = np.concatenate([[0.0], np.cumsum(parts)])
    return np.asarray(path - path[len(path) // 2])


def _rays() -> Light:
    """Return (480, 640, 3) the direction of each pixel, 1 away from the camera."""
    rays = np.ones((HEIGHT, WIDTH, 3), np.float32)
    rays[..., 0] = (np.arange(WIDTH) - CAMERA[0, 2]) / FOCAL
    rays[..., 1] = ((np.arange(HEIGHT) - CAMERA[1, 2]) / FOCAL)[:, None]
    return rays


def draw_bend(rng: np.random.Generator, width_mm: float) -> Cone | Double:
    """Draw a cone, more or less pointed, or a double bend."""
    change, rate = float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.2, 1.0))
    if rng.random() < 0.5:
        # On its middle line the cone is as bent as a cylinder of half to one and a half widths.
        radius = width_mm * rng.uniform(0.45, 1.3)
        apex = width_mm * rng.uniform(1.2, 2.5)
        half = float(np.degrees(np.arctan2(radius, apex)))
        return Cone(float(apex), half, bool(rng.random() < 0.35), change, rate)
    return Double(
        float(rng.uniform(12, 32)),
        float(rng.uniform(0.7, 1.3)),
        float(rng.uniform(0, 2 * np.pi)),
        change,
        rate,
    )
