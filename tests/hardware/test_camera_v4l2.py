"""What OpenCV makes of a Video4Linux device, as the camera's thread takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from hardware.camera_v4l2 import _VideoCapture

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLUE = (255, 0, 0)


class Device:
    """A device of 4x2 pixels that gives one format; OpenCV hands BGR3 on as one row of bytes."""

    def __init__(self, format_name: str, shape: tuple[int, ...]) -> None:
        self._told = {
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*format_name)),
            cv2.CAP_PROP_FRAME_WIDTH: 4.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 2.0,
        }
        self._pixels = np.tile(np.array(BLUE, np.uint8), 8).reshape(shape)

    def get(self, what: int) -> float:
        return self._told[what]

    def read(self, into: NDArray[np.uint8] | None) -> tuple[bool, NDArray[np.uint8]]:
        if into is None:
            return True, self._pixels.copy()
        assert into.shape == self._pixels.shape  # or OpenCV takes new memory for each picture
        into[:] = self._pixels
        return True, into


@pytest.mark.parametrize(("name", "shape"), [("BGR3", (1, 24)), ("YUYV", (2, 4, 3))])
def test_a_picture_has_rows_whatever_the_device_gives(name: str, shape: tuple[int, ...]) -> None:
    device: Any = Device(name, shape)
    source = _VideoCapture(device)
    for _ in range(2):
        picture = source.read()
        assert picture is not None
        assert picture.shape == (2, 4, 3)
        assert tuple(picture[1, 3]) == BLUE
        picture.fill(0)


def test_a_row_of_another_size_is_left_to_be_refused() -> None:
    device: Any = Device("BGR3", (1, 24))
    device._told[cv2.CAP_PROP_FRAME_WIDTH] = 5.0

    picture = _VideoCapture(device).read()

    assert picture is not None
    assert picture.shape == (1, 24)
