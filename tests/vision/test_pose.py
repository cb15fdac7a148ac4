"""A head turned by a known angle reads as that angle, with the signs the docstring promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.vision.pose import head_pose

# Right and left side of the face, top and bottom, as `head_pose` averages them.
RIGHT, LEFT = (33, 133, 127, 234), (263, 362, 356, 454)
TOP, BOTTOM = (10, 151, 109, 338), (2, 164, 98, 327)


def frontal() -> np.ndarray:
    mesh = np.zeros((468, 3), np.float32)
    mesh[list(RIGHT), 0], mesh[list(LEFT), 0] = -50.0, 50.0
    mesh[list(TOP), 1], mesh[list(BOTTOM), 1] = -50.0, 50.0
    return mesh


def turned(axes: tuple[int, int], degrees: float) -> np.ndarray:
    """Turn the first axis towards the second."""
    angle = math.radians(degrees)
    matrix = np.eye(3)
    first, second = axes
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first] = math.sin(angle)
    matrix[first, second] = -math.sin(angle)
    return (frontal() @ matrix.T).astype(np.float32)


@pytest.mark.parametrize("degrees", [-60.0, -25.0, 0.0, 10.0, 45.0])
@pytest.mark.parametrize(("axes", "name"), [((0, 2), "yaw"), ((1, 2), "pitch"), ((0, 1), "roll")])
def test_a_turn_about_one_axis_reads_as_that_turn_alone(
    axes: tuple[int, int], name: str, degrees: float
) -> None:
    pose = head_pose(turned(axes, degrees))
    expected = dict.fromkeys(("yaw", "pitch", "roll"), 0.0) | {name: degrees}
    assert {key: getattr(pose, key) for key in expected} == pytest.approx(expected, abs=1e-3)


def test_neither_size_nor_place_changes_the_pose() -> None:
    mesh = turned((0, 2), 20.0)
    assert head_pose(mesh * np.float32(0.2) + np.float32(300.0)).yaw == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((468, 2), np.float32),
        np.zeros((478, 3), np.float32),
        np.zeros((468, 3), np.int32),
        np.full((468, 3), np.nan, np.float32),
        np.full((468, 3), np.inf, np.float32),
        np.full((468, 3), -1e30, np.float32),
    ],
)
def test_what_is_no_mesh_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(PictureError):
        head_pose(bad)
