"""Detection: bad pictures refused, real faces found at any place and size, points refined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.vision.detection import CLOSE_SIDE, Detector, close_looks, reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

BAD = {
    "grey": np.zeros((100, 100), np.uint8),
    "16 bit": np.zeros((100, 100, 3), np.uint16),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "8K": np.zeros((4320, 7680, 3), np.uint8),
    "thin": np.zeros((20, 2000, 3), np.uint8),
    "empty": np.zeros((0, 0, 3), np.uint8),
}


@pytest.mark.parametrize("pixels", BAD.values(), ids=BAD)
def test_what_is_no_picture_is_refused(detector: Detector, pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(PictureError, match="picture"):
        detector.detect(pixels)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nobody_is_seen_in_nothing(detector: Detector, level: int) -> None:
    assert detector.detect(np.full((480, 640, 3), level, np.uint8)) == ()


def test_nobody_is_seen_in_noise(detector: Detector) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector.detect(noise) == ()


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_a_face_is_found_where_it_is_at_any_resolution(
    detector: Detector, woman: list[NDArray[np.uint8]], scale: float
) -> None:
    expected = detector.detect(woman[0])[0]
    picture = np.asarray(cv2.resize(woman[0], None, fx=scale, fy=scale), np.uint8)
    found = detector.detect(picture)
    assert len(found) == 1
    apart = np.abs(found[0].landmarks / scale - expected.landmarks).max()
    assert apart < 0.15 * expected.eye_distance
    assert found[0].score >= 0.7
    assert found[0].landmarks.dtype == np.float32


def test_of_two_people_the_nearer_comes_first(
    detector: Detector, woman: list[NDArray[np.uint8]], stranger: NDArray[np.uint8]
) -> None:
    both = np.hstack([stranger, woman[0]])
    found = detector.detect(both)
    assert len(found) == 2
    assert found[0].eye_distance >= found[1].eye_distance


def test_close_looks_see_the_same_points(
    detector: Detector, woman: list[NDArray[np.uint8]]
) -> None:
    face = detector.detect(woman[0])[0]
    points = detector.refine(woman[0], face)
    assert points.shape == (5, 2)
    assert 0 < np.abs(points - face.landmarks).max() < 0.2 * face.eye_distance
    blank = detector.refine(np.zeros_like(woman[0]), face)
    assert np.allclose(blank, face.landmarks, atol=1e-3)


def test_every_close_look_has_the_face_near_its_middle(
    detector: Detector, woman: list[NDArray[np.uint8]]
) -> None:
    face = detector.detect(woman[0])[0]
    for look in close_looks(face):
        x, y = look @ [*face.centre, 1.0]
        assert abs(x - CLOSE_SIDE / 2) < 5
        assert abs(y - CLOSE_SIDE / 2) < 5


def test_a_small_picture_is_looked_at_as_it_is() -> None:
    small = np.zeros((64, 64, 3), np.uint8)
    assert reduced(small)[0] is small
