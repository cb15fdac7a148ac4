"""Somebody's face from a photo, put onto a living head frame by frame and shown on a tablet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.vision.landmarks import OVAL
from tests.attacks.meshes import triangulate, warp_map
from tests.attacks.place import Attacker
from tests.attacks.screens import TABLET, on_screen
from tests.attacks.sources import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Pixels
    from tests.attacks.sources import Source


def face_swap(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield the source's face on the moving head of somebody else."""
    rng = np.random.default_rng(seed)
    others = [one for one in cast if one.filmed and one.person != source.person]
    head = others[int(rng.integers(0, len(others)))]
    window = head.window(rng, 7.0)
    pixels, mesh = source.portrait(rng)
    triangles = triangulate(mesh[:, :2])
    jitter = float(rng.uniform(0, 0.3))
    shaken = rng.normal(0, jitter, (len(window), 468, 2)).astype(np.float32)

    def made(number: int) -> Pixels:
        onto = head.mesh(window[number])[:, :2] + shaken[number]
        frame = head.frames[window[number]]
        return swapped(pixels, mesh[:, :2], frame, onto, triangles)

    attacker = Attacker(cast, head, rng)
    face = head.mesh(window[0])
    return on_screen(Lazy(len(window), made), face, head.fps, TABLET, attacker, rng)


def swapped(
    pixels: Pixels,
    taken: NDArray[np.float32],
    onto_pixels: Pixels,
    onto: NDArray[np.float32],
    triangles: NDArray[np.int64],
) -> Pixels:
    """Return `onto_pixels` with the face of `pixels`, blended by Poisson's equation.

    The difference of the two along the face's border is spread over its inside as a membrane, so
    the gradients stay those of the photo; solved by smoothing on a coarse grid.
    """
    rows, columns = onto_pixels.shape[:2]
    across, down, covered = warp_map(onto, taken, triangles, (rows, columns))
    face = cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros((rows, columns), np.uint8)
    oval = onto[list(OVAL)]
    oval = oval.mean(axis=0) + (oval - oval.mean(axis=0)) * 0.97
    cv2.fillPoly(inside, [np.round(oval).astype(np.int32)], (1,))
    inside &= covered.astype(np.uint8)
    core = cv2.erode(inside, np.ones((7, 7), np.uint8))
    border = ((inside > 0) & (core == 0)).astype(np.float32)
    step = (onto_pixels.astype(np.float32) - face) * border[..., None]
    small = (max(1, columns // 4), max(1, rows // 4))
    sums = cv2.resize(step, small, interpolation=cv2.INTER_AREA)
    weights = cv2.resize(border, small, interpolation=cv2.INTER_AREA)
    total, weight = np.zeros_like(sums), np.zeros_like(weights)
    for sigma in (2, 5, 12, 30):
        # Nearer borders count more: narrow kernels are tall where they reach at all.
        total += cv2.GaussianBlur(sums, (0, 0), sigma) / sigma
        weight += cv2.GaussianBlur(weights, (0, 0), sigma) / sigma
    membrane = cv2.resize(total / (weight[..., None] + 1e-6), (columns, rows))
    share = cv2.GaussianBlur(core.astype(np.float32), (0, 0), 2.0)[..., None]
    mixed = onto_pixels + (face + membrane - onto_pixels) * share
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
