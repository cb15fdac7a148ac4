"""Footage made on the spot, and clocks, for the tests of the devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def clock() -> HandClock:
    return HandClock(1_000_000_000)


def grey(level: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten pictures at 10 fps, each 20 grey levels brighter than the last."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(10):
        writer.write(grey(20 + 20 * number))
    writer.release()
    return path
