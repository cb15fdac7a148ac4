"""Alignment: the same crop as OpenCV's own for the feature model, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.vision.alignment import REFERENCE_POINTS, align, similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

BAD = {
    "no number": np.full((5, 2), np.nan, np.float32),
    "infinite": np.full((5, 2), np.inf, np.float32),
    "all in one": np.ones((5, 2), np.float32),
    "four": np.ones((4, 2), np.float32),
    "in space": np.ones((5, 3), np.float32),
}


@pytest.mark.parametrize("landmarks", BAD.values(), ids=BAD)
def test_points_that_are_none_are_refused(landmarks: NDArray[np.float32]) -> None:
    with pytest.raises(PictureError, match="landmarks"):
        align(np.zeros((100, 100, 3), np.uint8), landmarks)


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0])
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_a_turned_and_scaled_face_comes_back_upright(angle: float, scale: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (REFERENCE_POINTS @ turn.T + [40, -7]).astype(np.float32)
    matrix = similarity(points)
    assert points @ matrix[:, :2].T + matrix[:, 2] == pytest.approx(REFERENCE_POINTS, abs=1e-2)


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    mirrored = (REFERENCE_POINTS * [-1, 1]).astype(np.float32)
    assert np.linalg.det(similarity(mirrored)[:, :2]) > 0


def test_the_crop_equals_opencvs_own(
    detector: Detector, shelf: ModelShelf, woman: list[NDArray[np.uint8]]
) -> None:
    card, _ = shelf.verified("sface")
    theirs = cv2.FaceRecognizerSF.create(str(card.path), "")
    for pixels in woman:
        face = detector.detect(pixels)[0]
        row = np.array([*face.box, *face.landmarks.ravel(), face.score], np.float32)[None]
        expected = theirs.alignCrop(pixels, row).astype(int)
        ours = align(pixels, face.landmarks)
        assert ours.shape == (112, 112, 3)
        assert np.abs(ours.astype(int) - expected).max() <= 2
