"""Reads how a head is turned from its mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from appliance.vision.landmarks import POINTS, check_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Points that neither speech nor a smile moves: outer and inner eye corners, temples; brow to nose.
_RIGHT: Final = (33, 133, 127, 234)
_LEFT: Final = (263, 362, 356, 454)
_TOP: Final = (10, 151, 109, 338)
_BOTTOM: Final = (2, 164, 98, 327)
_CORNERS: Final = np.array([_RIGHT, _LEFT, _TOP, _BOTTOM])


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is turned, degrees; all 0 = upright and frontal.

    Attributes:
        yaw: positive when the nose points to the picture's right.
        pitch: positive when the nose points down.
        roll: positive when the head leans clockwise in the picture.

    """

    yaw: float
    pitch: float
    roll: float


def head_pose(points: NDArray[Any]) -> Pose:
    """Give the pose of a (468, 3) px mesh."""
    check_points(points, POINTS, 3)
    right, left, top, bottom = points[_CORNERS].mean(axis=1, dtype=np.float64)
    across, down = left - right, bottom - top
    yaw = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
    pitch = np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1])))
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return Pose(float(yaw), float(pitch), float(roll))
