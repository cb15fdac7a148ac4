"""Painted pictures with a face of known place, as the cues see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.landmarks import Mesh
from appliance.vision.pad.look import Look
from appliance.vision.pose import Pose
from appliance.vision.samples import Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Light
    from hardware.ports import Exposure

PERIOD_NS = 40_000_000


@dataclass
class Easel:
    """Paints pictures of 640x480 and hands them out as looks, 40 ms apart."""

    rng: np.random.Generator
    count: int = 0

    def room(self, level: float = 90.0, noise: float = 1.5) -> NDArray[np.uint8]:
        """An even wall, with a sensor's noise, warm as lamp light."""
        clean = np.full((480, 640, 3), level) * np.array([0.85, 1.0, 1.15])
        return np.clip(clean + self.rng.normal(0, noise, clean.shape), 0, 255).astype(np.uint8)

    def face(
        self, pixels: NDArray[np.uint8], centre: tuple[float, float], height: float
    ) -> NDArray[np.uint8]:
        """A skin-coloured head with eyes and mouth, softly drawn."""
        x, y = centre
        layer = np.zeros((480, 640), np.float32)
        middle = round(x), round(y)
        cv2.ellipse(layer, middle, (round(0.38 * height), round(0.5 * height)), 0, 0, 360, 1.0, -1)
        layer = cv2.GaussianBlur(layer, (0, 0), 4)[..., None]
        skin = np.array([110.0, 140.0, 190.0]) + self.rng.normal(0, 1.5, (480, 640, 3))
        out = pixels * (1 - layer) + skin * layer
        for dx, dy in ((-0.18, -0.1), (0.18, -0.1), (0.0, 0.25)):
            at = round(x + dx * height), round(y + dy * height)
            cv2.ellipse(
                out, at, (round(0.08 * height), round(0.04 * height)), 0, 0, 360, (60,) * 3, -1
            )
        return np.clip(cv2.GaussianBlur(out, (3, 3), 0), 0, 255).astype(np.uint8)

    def look(
        self,
        pixels: NDArray[np.uint8],
        centre: tuple[float, float] = (320.0, 240.0),
        height: float = 200.0,
        *,
        taken_ns: int | None = None,
        exposure: Exposure | None = None,
        light: Light | None = None,
    ) -> Look:
        """The picture as a look, one period after the one before."""
        self.count += 1
        x, y = centre
        width = 0.8 * height
        five = np.array([[-18, -10], [18, -10], [0, 5], [-14, 25], [14, 25]], np.float32)
        landmarks = five * height / 100 + np.array(centre, np.float32)
        angle = np.linspace(0, 40, 468)
        radius = np.linspace(0, 0.45 * height, 468)
        points = np.column_stack(
            (x + 0.8 * radius * np.cos(angle), y + radius * np.sin(angle), radius * 0.5)
        ).astype(np.float32)
        return Look(
            pixels=pixels,
            grey=np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8),
            face=Face((x - width / 2, y - height / 2, width, height), landmarks, 0.9),
            landmarks=landmarks,
            mesh=Mesh(points, 1.0),
            pose=Pose(0.0, 0.0, 0.0),
            taken_ns=self.count * PERIOD_NS if taken_ns is None else taken_ns,
            sequence=self.count,
            exposure=exposure,
            light=light,
        )


@pytest.fixture
def easel() -> Easel:
    return Easel(np.random.default_rng(20261122))
