"""Where a filmed head is in front of the gate's camera, picture by picture, from its mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.attacks.camera import FOCAL, HEIGHT, WIDTH
from tests.attacks.hand import turned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.attacks.sources import Stage

EYES_MM: Final = 63.0
"""Between the middles of the eyes: the scale of every head."""
RIGHT: Final = (33, 133)
LEFT: Final = (362, 263)
TOP: Final = 10
CHIN: Final = 152
STEADY: Final = (0.25, 0.5, 0.25)
"""Weights of a picture's neighbours; the mesh trembles where a head does not."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """A head's poses over a clip; what is worn on it moves by them.

    Attributes:
        fps: pictures a second.
        rotations: (n, 3, 3); columns are the head's own right, down and away from the camera.
        eyes: (n, 3) mm from the camera to the middle between the eyes.
        points: (n, 468, 3) mm, the mesh about that middle, turned back to face the camera.

    """

    fps: float
    rotations: NDArray[np.float64]
    eyes: NDArray[np.float64]
    points: NDArray[np.float64]

    def onto(self, number: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (m, 2) pixels of (m, 3) mm fixed to the head, in picture `number`."""
        solid = points @ self.rotations[number].T + self.eyes[number]
        return np.asarray(solid[:, :2] / solid[:, 2:] * FOCAL + (WIDTH / 2, HEIGHT / 2))


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """A sheet tied to a head, seen as one that is held.

    Attributes:
        heads: whose poses it follows.
        place: (3,) mm of the sheet's middle, from the middle between the eyes, in the head's axes.
        tilt: (3, 3) how it sits askew.

    """

    heads: Heads
    place: NDArray[np.float64]
    tilt: NDArray[np.float64]

    @property
    def base(self) -> NDArray[np.float64]:
        """Return the pose it begins with."""
        return self.at(0.0)

    def at(self, seconds: float) -> NDArray[np.float64]:
        """Return the (6,) pose: x, y, z mm; yaw, pitch, roll degrees."""
        moment = min(max(seconds * self.heads.fps, 0.0), len(self.heads.eyes) - 1)
        number = min(int(moment), len(self.heads.eyes) - 2)
        share = moment - number
        poses = [self._pose(one) for one in (number, number + 1)]
        return poses[0] + share * (poses[1] - poses[0])

    def _pose(self, number: int) -> NDArray[np.float64]:
        rotation = self.heads.rotations[number]
        return np.concatenate(
            [self.heads.eyes[number] + rotation @ self.place, angles(rotation @ self.tilt)]
        )


def angles(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the yaw, pitch and roll in degrees whose `turned` is `rotation`."""
    return np.degrees(
        [
            np.arctan2(rotation[0, 2], rotation[2, 2]),
            np.arcsin(np.clip(-rotation[1, 2], -1, 1)),
            np.arctan2(rotation[1, 0], rotation[1, 1]),
        ]
    )


def follow(stage: Stage, window: Sequence[int], fps: float) -> Heads:
    """Find the head in every picture of `window` as the stage shows it."""
    meshes = np.array([stage.mesh(index) for index in window], dtype=np.float64)
    padded = np.concatenate([meshes[:1], meshes, meshes[-1:]])
    meshes = sum(
        share * padded[late : late + len(meshes)] for late, share in enumerate(STEADY)
    ) + np.zeros_like(meshes)
    right, left = meshes[:, list(RIGHT)].mean(axis=1), meshes[:, list(LEFT)].mean(axis=1)
    across = left - right
    apart = np.linalg.norm(across, axis=1)
    down = meshes[:, CHIN] - meshes[:, TOP]
    across /= apart[:, None]
    down -= (down * across).sum(axis=1)[:, None] * across
    down /= np.linalg.norm(down, axis=1)[:, None]
    rotations = np.stack([across, down, np.cross(across, down)], axis=2)
    scale = EYES_MM / apart
    middle = (right + left) / 2
    deep = FOCAL * scale
    eyes = np.column_stack(
        [
            (middle[:, 0] - WIDTH / 2) * deep / FOCAL,
            (middle[:, 1] - HEIGHT / 2) * deep / FOCAL,
            deep,
        ]
    )
    points = np.einsum("nij,nki->nkj", rotations, meshes - middle[:, None]) * scale[:, None, None]
    return Heads(fps, rotations, eyes, points)


def askew(rng: np.random.Generator, degrees: float) -> NDArray[np.float64]:
    """Draw how something sits not quite straight."""
    return turned(*rng.normal(0, degrees, 3))
