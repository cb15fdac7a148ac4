"""Living people in spectacles that turn with the head, a lamp or window glinting in the lenses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from tests.attacks.camera import FOCAL, mixed
from tests.attacks.dress import filled, film, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light
    from tests.attacks.sources import Source
    from tests.attacks.worn import Heads

SPECTACLED: Final = ("d13", "d9", "man-glasses-320x240-far")
"""Filmed people who wear glasses already."""
BRIDGE: Final = 168
EARS: Final = (127, 356)
WRAP: Final = 0.0025
"""1/mm; how the frame follows the face: z = WRAP x^2."""
SIDES: Final = (-1.0, 1.0)


def glasses(source: Source, seed: int) -> Iterator[Frame]:
    """Somebody in spectacles; nobody in two pairs."""
    if source.person in SPECTACLED:
        return iter(())
    return film(source, seed, Spectacles)


class Spectacles:
    """One pair on one head; mm, in the head's axes about the middle between the eyes."""

    def __init__(self, heads: Heads, rng: np.random.Generator) -> None:
        self._heads = heads
        shape = np.median(heads.points, axis=0)
        self._front = float(shape[BRIDGE, 2]) - rng.uniform(2, 5)
        self._low = float(rng.uniform(1, 5))
        self._wide, self._high = float(rng.uniform(23, 27)), float(rng.uniform(16, 22))
        self._corner = float(rng.uniform(2.0, 3.6))
        self._out = self._wide + float(rng.uniform(14, 19)) / 2
        self._ears = shape[list(EARS)] + (0, -6, 0)
        self._thick = float(rng.choice([rng.uniform(0.9, 1.5), rng.uniform(2.2, 4.0)]))
        dark = np.array([0.02, 0.025, 0.03]) * rng.uniform(0.6, 2)
        metal = np.array([0.22, 0.25, 0.27]) * rng.uniform(0.6, 1.4)
        brown = np.array([0.02, 0.04, 0.09])
        self._colour = (dark, metal, brown)[int(rng.integers(0, 3))].astype(np.float32)
        self._clear = float(rng.uniform(0.9, 0.98))
        # The front of a lens is part of a ball: base curve 5 is about this.
        self._ball = float(rng.uniform(80, 120))
        self._strength = float(np.exp(rng.uniform(np.log(0.15), np.log(1.2))))
        self._lamp_size = rng.uniform(0.05, 0.2, 2)
        self._panes = int(rng.integers(1, 3))
        self._tone = np.array([rng.uniform(0.85, 1.1), 1.0, rng.uniform(0.85, 1.05)], np.float32)
        self._lamp = self._hung(rng)

    def _hung(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return where the lamp is seen from the head: so that a lens shows it in the middle."""
        side = SIDES[int(rng.integers(0, 2))]
        right, down = rng.uniform(-0.7, 0.7, 2) * (self._wide, self._high)
        middle = len(self._heads.eyes) // 2
        normal = np.array(
            [right / self._ball + 2 * WRAP * side * self._out, down / self._ball, -1.0]
        )
        normal = self._heads.rotations[middle] @ (normal / np.linalg.norm(normal))
        view = _towards_camera(self._heads, middle)
        return np.asarray(2 * (view @ normal) * normal - view)

    def glint(self, number: int, side: float) -> tuple[float, float]:
        """Return mm right and down from a lens's middle to where it mirrors the lamp."""
        half = self._lamp + _towards_camera(self._heads, number)
        half = self._heads.rotations[number].T @ (half / np.linalg.norm(half))
        right, down = half[:2] / -half[2]
        return (
            float(self._ball * (right - 2 * WRAP * side * self._out)),
            float(self._ball * down),
        )

    def on(self, light: Light, number: int) -> Light:
        """Return the light with frame, lenses and glint."""
        heads = self._heads
        per_mm = FOCAL / heads.eyes[number, 2]
        thick = self._thick * per_mm
        frame = np.zeros(light.shape[:2], np.float32)
        lenses, shine = frame.copy(), frame.copy()
        for side in SIDES:
            lens = heads.onto(number, self.lens(side))
            inside = filled(lens)
            lenses = np.maximum(lenses, inside)
            frame = np.maximum(frame, line(np.concatenate([lens, lens[:1]]), thick))
            for pane in self._window(number, side):
                shine = np.maximum(shine, filled(heads.onto(number, pane)) * inside)
            temple = self._temple(number, side)
            if temple is not None:
                frame = np.maximum(frame, line(heads.onto(number, temple), 1.2 * thick))
        across = np.linspace(-1, 1, 9)
        gap = self._out - self._wide
        bow = np.column_stack([across * gap, -5 - 2.5 * (1 - across**2)])
        frame = np.maximum(frame, line(heads.onto(number, self._solid(bow)), thick))
        under = np.roll(cv2.GaussianBlur(frame, (0, 0), 1.5), round(3 * per_mm), axis=0)
        light = light * cv2.merge([(1 - 0.25 * under) * (1 - (1 - self._clear) * lenses)] * 3)
        shine = cv2.GaussianBlur(shine, (0, 0), 0.9) * np.float32(self._strength)
        light += cv2.merge([shine] * 3) * self._tone
        light += cv2.merge([0.006 * lenses] * 3)
        rim = np.broadcast_to(self._colour, light.shape)
        return mixed(light, np.asarray(rim, np.float32), frame)

    def lens(self, side: float) -> NDArray[np.float64]:
        """Return (40, 3) the outline of one lens."""
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        round_ = np.column_stack([np.cos(angle), np.sin(angle)])
        round_ = np.sign(round_) * np.abs(round_) ** (2 / self._corner)
        return self._solid(round_ * (self._wide, self._high) + (side * self._out, 0))

    def _window(self, number: int, side: float) -> list[NDArray[np.float64]]:
        """Return the lamp's mirror image in a lens, pane by pane."""
        right, down = self.glint(number, side)
        if abs(right) > 2 * self._wide or abs(down) > 2 * self._high:
            return []
        wide, high = self._lamp_size * self._ball / 2
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
        found = []
        for pane in range(self._panes):
            share = 0.9 / self._panes
            middle = (2 * pane + 1) / self._panes - 1
            around = corners * (share, 1) + (middle, 0)
            found.append(self._solid(around * (wide, high) + (side * self._out + right, down)))
        return found

    def _temple(self, number: int, side: float) -> NDArray[np.float64] | None:
        """Return the piece over the ear, or None where the camera sees it from inside."""
        hinge = self._solid(np.array([[side * (self._out + self._wide), -0.35 * self._high]]))[0]
        ear = self._ears[0 if side < 0 else 1]
        back = ear - hinge
        outwards = np.array([side * back[2], 0.0, -side * back[0]])
        rotation = self._heads.rotations[number]
        point = rotation @ hinge + self._heads.eyes[number]
        if (rotation @ outwards) @ -point <= 0:
            return None
        return np.array([hinge, hinge + 0.6 * back, ear])

    def _solid(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(
            [flat[:, 0], flat[:, 1] + self._low, self._front + WRAP * flat[:, 0] ** 2]
        )


def _towards_camera(heads: Heads, number: int) -> NDArray[np.float64]:
    return np.asarray(-heads.eyes[number] / np.linalg.norm(heads.eyes[number]))
