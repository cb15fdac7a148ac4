"""Living people in caps and hats, with a brim above the brow and its shade on the forehead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.vision.landmarks import OVAL
from tests.attacks.camera import FOCAL, HEIGHT, WIDTH, mixed
from tests.attacks.dress import filled, film, line
from tests.attacks.worn import TOP, angles, askew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light
    from tests.attacks.sources import Source
    from tests.attacks.worn import Heads

BROWS: Final = (105, 334)
SIDES: Final = (127, 356)
CLOTH: Final = 256


def hat(source: Source, seed: int) -> Iterator[Frame]:
    """Somebody in a cap, or a hat with a brim all round."""
    return film(source, seed, Hat)


class Hat:
    """One hat on one head: half an ellipsoid and a brim; mm, in the head's axes."""

    def __init__(self, heads: Heads, rng: np.random.Generator) -> None:
        self._heads = heads
        shape = np.median(heads.points, axis=0)
        brow, top = float(shape[list(BROWS), 1].min()), float(shape[TOP, 1])
        self._line = top + float(rng.uniform(0.0, 0.3)) * (brow - top)
        self._half = float(np.ptp(shape[list(SIDES), 0])) / 2 + rng.uniform(8, 14)
        self._deep = 1.18 * self._half
        self._tall = float(rng.uniform(85, 110))
        self._centre = np.array(
            [shape[list(SIDES), 0].mean(), self._line, shape[TOP, 2] - 7 + self._deep]
        )
        self._tilt = askew(rng, 2.0)
        self._all_round = bool(rng.random() < 0.4)
        self._reach = float(rng.uniform(35, 50) if self._all_round else rng.uniform(50, 70))
        self._drop = float(np.radians(rng.uniform(4, 14)))
        self._colour = np.clip(rng.uniform(0.02, 0.3) * rng.normal(1, 0.13, 3), 0.01, 0.6)
        self._brim = float(rng.uniform(0.45, 0.8))
        self._shade = float(rng.uniform(0.2, 0.5))
        self._badge = bool(rng.random() < 0.5) and not self._all_round
        self._side = float(rng.uniform(-0.5, 0.5))
        cloth = rng.normal(0, 1, (CLOTH, CLOTH)).astype(np.float32)
        self._cloth = 1 + 0.05 * cloth + 0.3 * cv2.GaussianBlur(cloth, (0, 0), 5)

    def _solid(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn points about the hat's middle a little askew, and set them on the head."""
        return np.asarray(points @ self._tilt.T + self._centre)

    def crown(self, turn: NDArray[np.float64], rise: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the crown at radians from the front and up from the brim."""
        flat = np.cos(rise) ** 0.7
        return self._solid(
            np.column_stack(
                [
                    self._half * flat * np.sin(turn),
                    -self._tall * np.sin(rise),
                    -self._deep * flat * np.cos(turn),
                ]
            )
        )

    def brim(self) -> NDArray[np.float64]:
        """Return the brim's outline: along the crown, then back along its own edge."""
        end = 1.75 if self._all_round else 1.15
        turn = np.linspace(-end, end, 41)
        base = np.column_stack([self._half * np.sin(turn), 0 * turn, -self._deep * np.cos(turn)])
        if self._all_round:
            out = np.column_stack([np.sin(turn), 0 * turn, -np.cos(turn)]) * self._reach
        else:
            out = np.column_stack([0.15 * np.sin(turn), 0 * turn, -np.cos(turn * 1.57 / end)])
            out *= self._reach
        far = np.hypot(out[:, 0], out[:, 2])
        out[:, 1] = np.tan(self._drop) * far
        # A visor is arched: its sides hang lower than its middle.
        sag = np.column_stack([0 * turn, 6 * np.sin(turn) ** 2, 0 * turn])
        return self._solid(np.concatenate([base, (base + out + sag)[::-1]]))

    def on(self, light: Light, number: int) -> Light:
        """Return the light with the hat and its shade."""
        heads = self._heads
        brim = filled(heads.onto(number, self.brim()))
        light = light * cv2.merge([1 - self._shaded(number)] * 3)
        crown = self._outside(number)
        light = mixed(light, self._worn_cloth(number), crown)
        per_mm = FOCAL / heads.eyes[number, 2]
        up = np.linspace(0.0, 1.45, 14)
        for seam in (-0.9, 0.0, 0.9):
            path = heads.onto(number, self.crown(np.full(len(up), seam), up))
            light = mixed(light, light * np.float32(0.6), line(path, 1.2 * per_mm) * crown)
        if self._badge:
            around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            spot = self.crown(0.22 * np.cos(around), 0.5 + 0.16 * np.sin(around))
            light = mixed(light, 0.5, filled(heads.onto(number, spot)) * crown)
        under = np.broadcast_to((self._colour * self._brim).astype(np.float32), light.shape)
        light = mixed(light, np.asarray(under, np.float32), brim)
        edge = heads.onto(number, self.brim()[41:])
        return mixed(light, light * np.float32(1.7), line(edge, 2.0 * per_mm) * brim)

    def _outside(self, number: int) -> Light:
        """Return where the crown is seen from outside; the head fills its opening."""
        heads = self._heads
        around = np.linspace(-np.pi, np.pi, 48)
        turn, rise = (part.ravel() for part in np.meshgrid(around, np.linspace(0, 1.57, 9)))
        hull = cv2.convexHull(heads.onto(number, self.crown(turn, rise)).astype(np.float32))
        crown = filled(hull[:, 0].astype(np.float64))
        opening = self.crown(around, 0 * around)
        rotation = heads.rotations[number]
        middle = rotation @ self._centre + heads.eyes[number]
        if (rotation @ self._tilt[:, 1]) @ -middle > 0:
            crown = crown * (1 - filled(heads.onto(number, opening)))
        return crown

    def _shaded(self, number: int) -> Light:
        """Return the share of light that the brim keeps from the face below it."""
        heads = self._heads
        lower = self.brim()
        lower[:, 2] = np.maximum(lower[:, 2], self._centre[2] - self._deep)
        down = np.array([0.0, 1.0, 0.0])
        shadow = filled(heads.onto(number, lower + (16 + 0.15 * self._reach) * down))
        shadow = np.maximum(shadow, filled(heads.onto(number, lower + 5 * down)))
        face = heads.points[number, list(OVAL)] * (1.02, 1.02, 1)
        face[:, 1] = np.where(face[:, 1] < 0, face[:, 1] * 1.3, face[:, 1])
        face_ = filled(heads.onto(number, face))
        return np.asarray(
            self._shade * cv2.GaussianBlur(shadow, (0, 0), 4) * cv2.GaussianBlur(face_, (0, 0), 3),
            np.float32,
        )

    def _worn_cloth(self, number: int) -> Light:
        """Return the crown's cloth over the whole picture: round, and turning with the head."""
        heads = self._heads
        middle = self._solid(np.array([[0.0, -0.4 * self._tall, 0.0]]))
        x, y = heads.onto(number, middle)[0]
        deep = float((heads.rotations[number] @ middle[0] + heads.eyes[number])[2])
        per_mm = FOCAL / deep
        yaw = np.radians(angles(heads.rotations[number])[0])
        aside = np.clip((np.arange(WIDTH) - x) / (1.08 * self._half * per_mm), -0.98, 0.98)
        round_ = np.arcsin(aside)
        above = (np.arange(HEIGHT) - y) / per_mm
        across = ((round_ + yaw) * 60 + CLOTH).astype(np.float32) % (CLOTH - 1)
        down = (above + CLOTH).astype(np.float32) % (CLOTH - 1)
        cloth = cv2.remap(
            self._cloth,
            np.ascontiguousarray(np.broadcast_to(across, (HEIGHT, WIDTH))),
            np.ascontiguousarray(np.broadcast_to(down[:, None], (HEIGHT, WIDTH))),
            cv2.INTER_LINEAR,
        )
        shade = 0.45 + 0.55 * np.cos(round_ - self._side)
        rise = np.clip(1 - above / (2 * self._tall), 0.4, 1.3)
        grey = cloth * shade.astype(np.float32) * rise[:, None].astype(np.float32)
        return np.asarray(cv2.merge([grey] * 3) * self._colour.astype(np.float32), np.float32)
