"""The models and pictures of the packaged clips, opened once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.detection import Detector
from appliance.vision.features import FeatureExtractor
from appliance.vision.inference import ModelShelf
from appliance.vision.pad.texture import TextureCue
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="session")
def shelf() -> ModelShelf:
    return ModelShelf()


@pytest.fixture(scope="session")
def detector(shelf: ModelShelf) -> Detector:
    return Detector(shelf)


@pytest.fixture(scope="session")
def extractor(shelf: ModelShelf) -> FeatureExtractor:
    return FeatureExtractor(shelf)


@pytest.fixture(scope="session")
def texture(shelf: ModelShelf) -> TextureCue:
    return TextureCue(shelf)


def pictures(name: str, *numbers: int) -> list[NDArray[np.uint8]]:
    capture = cv2.VideoCapture(str(footage_path(name)))
    found = []
    for number in range(max(numbers) + 1):
        _, pixels = capture.read()
        if number in numbers:
            found.append(np.asarray(pixels, dtype=np.uint8))
    capture.release()
    return found


@pytest.fixture(scope="session")
def woman() -> list[NDArray[np.uint8]]:
    return pictures("WolfgangLanger_Pexels.mp4", 5, 20, 40)


@pytest.fixture(scope="session")
def stranger() -> NDArray[np.uint8]:
    """Another person: a portrait, brought to a camera's size."""
    pixels = cv2.imread(str(footage_path("astronaut.png")))
    return np.asarray(pixels[0:360, 0:512], dtype=np.uint8)
