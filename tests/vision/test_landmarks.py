"""The bare mesh model stands where mediapipe's own graph puts it, and no array can crash it."""

from __future__ import annotations

from importlib.metadata import distribution
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.messages import Hint
from appliance.vision.landmarks import Mesh, check_picture, crop_transform, find_mesh
from appliance.vision.quality import QualityLimits, measure, refusal
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

FIVE = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80]], np.float32)
PICTURE = np.zeros((99, 99, 3), np.uint8)
FRAMES = (0, 200, 300, 350)


class BlindModel:
    """Answers at once, with whatever it was told to answer."""

    def __init__(self, value: float = 0.0, points: int = 1404) -> None:
        self._outputs = (
            np.full((1, 1, 1, points), value, np.float32),
            np.full((1, 1, 1, 1), value - 9.0, np.float32),
        )

    def run(self, _picture: np.ndarray, /) -> tuple[np.ndarray, ...]:
        return self._outputs


def frame(number: int) -> np.ndarray:
    film = cv2.VideoCapture(str(footage_path("WolfgangLanger_Pexels.mp4")))
    film.set(cv2.CAP_PROP_POS_FRAMES, number)
    read, pixels = film.read()
    assert read
    return pixels


@pytest.mark.filterwarnings("ignore")  # mediapipe's own imports, on a Python it was not made for
def test_the_mesh_agrees_with_mediapipes_own_graph(shelf: ModelShelf, detector: Detector) -> None:
    from mediapipe.python.solutions.face_mesh import (  # noqa: PLC0415 - it warns at import
        FaceMesh,
    )

    model = shelf.tflite("face_mesh")
    with FaceMesh(static_image_mode=True, refine_landmarks=False) as graph:
        for number in FRAMES:
            pixels = frame(number)
            face = detector.detect(pixels)[0]
            mesh = find_mesh(pixels, detector.refine(pixels, face), model)
            assert mesh.presence > 0.9
            found = graph.process(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            theirs = np.array([(one.x, one.y) for one in found[0].landmark]) * (640, 360)
            apart = np.hypot(*(mesh.points[:, :2] - theirs).T)
            assert np.median(apart) < 0.05 * face.eye_distance, number
            assert np.percentile(apart, 95) < 0.12 * face.eye_distance, number


def test_the_weights_are_the_ones_in_mediapipes_package(shelf: ModelShelf) -> None:
    package = distribution("mediapipe")
    path = package.locate_file("mediapipe/modules/face_landmark/face_landmark.tflite")
    with open(str(path), "rb") as file:  # noqa: PTH123 - a SimplePath cannot be opened
        assert file.read() == shelf.verified("face_mesh")[1]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 1), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3), np.uint16),
        np.zeros((9, 9, 3), np.float32),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((2, 40_000, 3), np.uint8),
        [[[0, 0, 0]]],
        None,
    ],
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(PictureError):
        check_picture(pixels)
    with pytest.raises(PictureError):
        find_mesh(pixels, FIVE, BlindModel())


@pytest.mark.parametrize(
    "bad",
    [
        np.full((5, 2), np.nan, np.float32),
        np.full((5, 2), np.inf, np.float32),
        np.full((5, 2), 1e30, np.float32) * np.arange(10, dtype=np.float32).reshape(5, 2),
        np.zeros((5, 2), np.float32),
        FIVE[:4],
        FIVE.astype(np.int32),
        FIVE.tolist(),
        np.repeat(FIVE[:1], 5, axis=0),
    ],
)
def test_points_that_span_no_face_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(PictureError):
        find_mesh(PICTURE, bad, BlindModel())


def test_a_picture_without_a_face_is_refused_wherever_the_points_are(shelf: ModelShelf) -> None:
    model = shelf.tflite("face_mesh")
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    for landmarks in (FIVE, FIVE - 500, FIVE + 9000, FIVE * 40, FIVE[[1, 0, 2, 4, 3]], -FIVE):
        mesh = find_mesh(noise, landmarks, model)
        assert refusal(measure(noise, landmarks, mesh), QualityLimits()) is not Hint.NONE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38])
def test_a_model_gone_wild_is_refused(value: float) -> None:
    with np.errstate(all="ignore"):
        mesh = find_mesh(PICTURE, FIVE, BlindModel(value))
    with pytest.raises(PictureError):
        measure(PICTURE, FIVE, mesh)


def test_a_model_of_another_shape_is_refused() -> None:
    with pytest.raises(PictureError):
        find_mesh(PICTURE, FIVE, BlindModel(points=1434))


@pytest.mark.parametrize("points", [np.zeros((468, 2), np.float32), np.zeros((5, 3), np.float32)])
def test_a_mesh_of_another_shape_is_refused(points: np.ndarray) -> None:
    with pytest.raises(PictureError):
        measure(PICTURE, FIVE, Mesh(points, 1.0))


def test_the_crop_keeps_the_eye_line_level() -> None:
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    for landmarks in (FIVE, (FIVE @ turn).astype(np.float32)):
        matrix = crop_transform(landmarks)
        inverse = np.linalg.inv(matrix[:, :2])
        right, left = (landmarks[:2] - matrix[:, 2]) @ inverse.T
        assert right[1] == pytest.approx(left[1], abs=1e-3)
        assert right[0] < left[0]
