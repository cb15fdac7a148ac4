"""Picks the parts of a face that reflect light evenly, and how far each faces the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.vision.landmarks import LEFT_EYE, LIPS_OUTER, OVAL, RIGHT_EYE
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

NEIGHBOURS: Final = 10
"""Points whose plane gives a normal."""
FACING: Final = 0.45
"""Least cosine to the screen."""
AWAY: Final = 0.22
"""Eye distances kept from eyes and lips, which move and shine."""
RADIUS: Final = 0.95
"""Eye distances from the face's middle."""
SMALL_EYES: Final = 24.0
"""Eye distance in the small picture the colours are taken from, pixels: a pixel is a finger tip."""
DARK: Final = 4.0
"""Levels added before the logarithm."""
RING: Final = (1.0, 1.35)
"""Face widths from the middle, to the left and right: what is behind, or the rest of a sheet."""


def vertices(look: Look) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return which mesh points are skin, their (n, 2) place in eye distances, and their cosine.

    The light is taken to come from beside the camera.
    """
    points = look.mesh.points.astype(np.float64)
    eyes = float(np.hypot(*(look.landmarks[1] - look.landmarks[0])))
    scaled = (points - points.mean(axis=0)) / max(eyes, 1.0)
    apart = np.linalg.norm(scaled[:, None] - scaled[None, :], axis=2)
    near = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    patch = scaled[near]
    patch = patch - patch.mean(axis=1, keepdims=True)
    normal = np.linalg.eigh(np.einsum("nij,nik->njk", patch, patch))[1][:, :, 0]
    cosine = np.abs(normal[:, 2])
    marks = [*RIGHT_EYE, *LEFT_EYE, *LIPS_OUTER]
    clear = apart[:, marks].min(axis=1) > AWAY
    inside = np.hypot(scaled[:, 0], scaled[:, 1]) < RADIUS
    inside[list(OVAL)] = False
    kept = np.flatnonzero(clear & inside & (cosine > FACING))
    return kept, scaled[kept, :2], cosine[kept]


def colours(look: Look, kept: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
    """Return log(red / blue) at each of the points, and beside the face (or no number)."""
    eyes = float(np.hypot(*(look.landmarks[1] - look.landmarks[0])))
    scale = min(SMALL_EYES / max(eyes, 1.0), 1.0)
    with brief(
        cv2.resize(look.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ) as small:
        rows, columns = small.shape[:2]
        at = np.rint(look.mesh.points[kept, :2] * scale).astype(int)
        across, down = np.clip(at[:, 0], 0, columns - 1), np.clip(at[:, 1], 0, rows - 1)
        skin = _ratio(np.asarray(small[down, across], np.uint8))
        (x, y), width = look.face.centre, look.face.box[2]
        ring = []
        for side in (-1, 1):
            span = sorted(round((x + side * away * width) * scale) for away in RING)
            height = slice(max(round((y - width / 2) * scale), 0), round((y + width / 2) * scale))
            part = small[height, max(span[0], 0) : max(span[1], 0)]
            if part.size:
                ring.append(_ratio(np.asarray(part, np.uint8).reshape(-1, 3)).mean())
    return skin, float(np.mean(ring)) if ring else float("nan")


def _ratio(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = pixels.astype(np.float64) + DARK
    return np.asarray(np.log(values[:, 2] / values[:, 0]))
