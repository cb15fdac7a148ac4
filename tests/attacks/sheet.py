"""Where each pixel of the gate's camera meets a flat or bent sheet in somebody's hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from tests.attacks.camera import FOCAL, HEIGHT, SITES, WIDTH
from tests.attacks.hand import turned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.attacks.camera import Light
    from tests.attacks.hand import Hold

    class Moves(Protocol):
        """Something whose pose changes: held in a hand, or worn."""

        @property
        def base(self) -> NDArray[np.float64]:
            """Return the (6,) pose it keeps near."""

        def at(self, seconds: float) -> NDArray[np.float64]:
            """Return the (6,) pose: x, y, z mm; yaw, pitch, roll degrees."""


CAMERA = np.array([[FOCAL, 0, (WIDTH - 1) / 2], [0, FOCAL, (HEIGHT - 1) / 2], [0, 0, 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A sheet as the camera sees it.

    Attributes:
        right: (480, 640) mm on the sheet, from its middle.
        down: (480, 640) mm.
        cover: (480, 640) 0 to 1, share of each pixel the sheet fills.
        tilt: (480, 640) degrees by which a bent sheet's normal turns away from its middle's, or
            None if it is flat.

    """

    right: Light
    down: Light
    cover: Light
    tilt: Light | None = None


@dataclass(frozen=True, slots=True)
class Bend:
    """A sheet rolled round a cylinder.

    Attributes:
        curvature: 1/mm at rest; positive bulges towards the camera.
        change: 1/mm by which it comes and goes.
        rate: Hz of the change.
        axis_deg: of the cylinder against the sheet's long side.

    """

    curvature: float
    change: float
    rate: float
    axis_deg: float

    def at(self, seconds: float) -> float:
        """Return the curvature, never so flat that it divides by nothing."""
        now = self.curvature + self.change * np.sin(2 * np.pi * self.rate * seconds)
        return float(np.copysign(max(abs(now), 1e-5), now))


def to_sheet(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the homography from pixels to mm on a flat sheet, its last entry 1."""
    rotation = turned(*pose[3:])
    forward = CAMERA @ np.column_stack([rotation[:, 0], rotation[:, 1], pose[:3]])
    inverse = np.linalg.inv(forward)
    return np.asarray(inverse / inverse[2, 2])


def look_flat(
    hold: Hold, seconds: float, readout_s: float, size: tuple[float, float], sites: int = 1
) -> Seen:
    """See a flat sheet of `size` mm; each row at its own moment of the rolling shutter.

    `sites` = 2 gives the coordinates at each sensor site instead of each pixel.
    """
    first, last = (to_sheet(hold.at(seconds + late)) for late in (0.0, readout_s))
    rows = (np.arange(HEIGHT * sites, dtype=np.float32)[:, None] + 0.5) / sites - 0.5
    columns = (np.arange(WIDTH * sites, dtype=np.float32)[None] + 0.5) / sites - 0.5
    late = rows / HEIGHT
    entry = [
        np.float32(first[i, j]) + np.float32(last[i, j] - first[i, j]) * late
        for i in range(3)
        for j in range(3)
    ]
    below = entry[6] * columns + (entry[7] * rows + entry[8])
    right = (entry[0] * columns + (entry[1] * rows + entry[2])) / below
    down = (entry[3] * columns + (entry[4] * rows + entry[5])) / below
    return Seen(right, down, cover_of(right, down, size, FOCAL * sites / hold.base[2]))


def look_bent(
    hold: Moves, seconds: float, readout_s: float, size: tuple[float, float], bend: Bend
) -> Seen:
    """See a sheet bent round a cylinder through its middle."""
    pose = hold.at(seconds + readout_s / 2)
    rotation = turned(*pose[3:])
    turn = np.radians(bend.axis_deg)
    # Axes of the cylinder within the sheet: along its axis, across it, away from the camera.
    along = rotation @ (np.sin(turn), np.cos(turn), 0.0)
    across = rotation @ (np.cos(turn), -np.sin(turn), 0.0)
    away = rotation[:, 2]
    rays = np.dstack(
        [
            np.broadcast_to((np.arange(WIDTH) - CAMERA[0, 2]) / FOCAL, (HEIGHT, WIDTH)),
            np.broadcast_to((np.arange(HEIGHT)[:, None] - CAMERA[1, 2]) / FOCAL, (HEIGHT, WIDTH)),
            np.ones((HEIGHT, WIDTH)),
        ]
    ).astype(np.float32)
    ray_across, ray_away, ray_along = (
        rays @ axis.astype(np.float32) for axis in (across, away, along)
    )
    from_across, from_away, from_along = (-float(pose[:3] @ axis) for axis in (across, away, along))
    # y^2 + (z - r)^2 = r^2 with y = from_across + k ray_across, z = from_away + k ray_away.
    radius = 1 / bend.at(seconds)
    a = ray_across**2 + ray_away**2
    b = from_across * ray_across + (from_away - radius) * ray_away
    c = from_across**2 + (from_away - radius) ** 2 - radius**2
    root = b**2 - a * np.float32(c)
    there = root > 0
    root = np.sqrt(np.maximum(root, 0))
    k = (-b - np.sign(radius) * root) / a
    y = from_across + k * ray_across
    z = from_away + k * ray_away
    angle = np.arctan2(y * np.sign(radius), (radius - z) * np.sign(radius))
    arc = radius * angle
    length = from_along + k * ray_along
    right = (np.sin(turn) * length + np.cos(turn) * arc).astype(np.float32)
    down = (np.cos(turn) * length - np.sin(turn) * arc).astype(np.float32)
    cover = cover_of(right, down, size, FOCAL / hold.base[2]) * there
    return Seen(right, down, cover.astype(np.float32), np.degrees(angle).astype(np.float32))


def cover_of(right: Light, down: Light, size: tuple[float, float], scale: float) -> Light:
    """Return how far inside the sheet's edges each pixel lies, at most 1."""
    inside = np.minimum(size[0] / 2 - np.abs(right), size[1] / 2 - np.abs(down))
    return np.clip(inside * np.float32(scale) + 0.5, 0, 1).astype(np.float32)


def sample(picture: Light, seen: Seen, per_mm: float) -> Light:
    """Return `picture`, `per_mm` pixels to a mm and centred on the sheet, as the camera sees it."""
    rows, columns = picture.shape[:2]
    across = seen.right * np.float32(per_mm) + np.float32((columns - 1) / 2)
    down = seen.down * np.float32(per_mm) + np.float32((rows - 1) / 2)
    return np.asarray(
        cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )


def site_jacobian(hold: Hold, seconds: float) -> NDArray[np.float64]:
    """Return the (2, 2) mm on the sheet per sensor site (right, down) in the picture's middle."""
    homography = to_sheet(hold.at(seconds))
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2, 1.0])
    steps = np.array([[1, 0, 0], [0, 1, 0]]) / SITES

    def place(point: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = homography @ point
        return np.asarray(moved[:2] / moved[2])

    return np.column_stack([place(middle + step) - place(middle) for step in steps])
