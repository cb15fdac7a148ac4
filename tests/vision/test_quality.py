"""What makes a face hard to compare is refused with its own hint, and never scores well."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PictureError
from appliance.messages import Hint
from appliance.vision.landmarks import Mesh, find_mesh
from appliance.vision.quality import QualityComponents, QualityLimits, measure, refusal, unified

if TYPE_CHECKING:
    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

GOOD = QualityComponents(100.0, 0.0, 0.0, 0.0, 10.0, 120.0, 0.0, 1.0, 1.0, 1.0, 1.0)
NAMES = [field.name for field in fields(QualityComponents)]
LIMITS = QualityLimits()

Seen = tuple[np.ndarray, np.ndarray, Mesh]


@pytest.fixture(scope="session")
def seen(woman: list[np.ndarray], detector: Detector, shelf: ModelShelf) -> Seen:
    """Give a good picture, its five points and its mesh."""
    pixels = woman[2]
    landmarks = detector.refine(pixels, detector.detect(pixels)[0])
    return pixels, landmarks, find_mesh(pixels, landmarks, shelf.tflite("face_mesh"))


def turned(mesh: Mesh, axes: tuple[int, int], degrees: float) -> Mesh:
    middle = mesh.points.mean(axis=0)
    angle = math.radians(degrees)
    matrix = np.eye(3)
    first, second = axes
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first], matrix[first, second] = math.sin(angle), -math.sin(angle)
    return Mesh(((mesh.points - middle) @ matrix.T + middle).astype(np.float32), mesh.presence)


def blurred(pixels: np.ndarray, radius: float) -> np.ndarray:
    return cv2.GaussianBlur(pixels, (0, 0), radius)


def test_a_good_picture_passes(seen: Seen) -> None:
    components = measure(*seen)
    assert refusal(components, LIMITS) is Hint.NONE
    assert unified(components) >= 40


@pytest.mark.parametrize(
    ("gain", "offset", "hint"),
    [(0.15, 0, Hint.MORE_LIGHT), (0.0, 0, Hint.MORE_LIGHT), (1.0, 160, Hint.LESS_LIGHT)],
)
def test_light(seen: Seen, gain: float, offset: int, hint: Hint) -> None:
    pixels, landmarks, mesh = seen
    # A grey frame at the border keeps the black picture from being one large bar.
    lit = cv2.convertScaleAbs(pixels, alpha=gain, beta=offset)
    lit[[0, -4]] = lit[:, [0, -4]] = 99
    assert refusal(measure(lit, landmarks, mesh), LIMITS) is hint


def test_a_blurred_face_is_asked_to_hold_still(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    assert refusal(measure(blurred(pixels, 9.0), landmarks, mesh), LIMITS) is Hint.HOLD_STILL


@pytest.mark.parametrize("degrees", [-50.0, 50.0])
@pytest.mark.parametrize("axes", [(0, 2), (1, 2)])
def test_a_turned_head_is_asked_to_look_ahead(
    seen: Seen, axes: tuple[int, int], degrees: float
) -> None:
    pixels, landmarks, mesh = seen
    components = measure(pixels, landmarks, turned(mesh, axes, degrees))
    # The picture itself did not turn, so its colours say nothing here.
    components = replace(
        components, eyes_visible=1.0, mouth_visible=1.0, eye_distance_px=100.0, inside_picture=1.0
    )
    assert refusal(components, LIMITS) is Hint.LOOK_AHEAD


def test_a_leaning_head_is_asked_to_look_ahead(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    components = measure(pixels, landmarks, turned(mesh, (0, 1), 40.0))
    assert abs(components.roll) > LIMITS.most_roll
    good = replace(components, eyes_visible=1.0, mouth_visible=1.0, inside_picture=1.0)
    assert refusal(good, LIMITS) is Hint.LOOK_AHEAD


def test_a_face_cut_by_the_border_is_asked_to_the_centre(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    chin = int(mesh.points[:, 1].max())
    cut = pixels[: int(chin - 0.5 * (landmarks[3, 1] - landmarks[0, 1]))]
    assert refusal(measure(cut, landmarks, mesh), LIMITS) is Hint.CENTRE_FACE


@pytest.mark.parametrize("noise", [0, 3])
def test_a_face_cut_by_a_black_bar_is_asked_to_the_centre(seen: Seen, noise: int) -> None:
    pixels, landmarks, mesh = seen
    barred = pixels.copy()
    bar = barred[int(mesh.points[:, 1].max() - 30) :]
    bar[:] = np.random.default_rng(2).integers(0, noise + 1, bar.shape)
    assert refusal(measure(barred, landmarks, mesh), LIMITS) is Hint.CENTRE_FACE


def test_the_dark_edge_of_a_real_scene_is_no_bar(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    edge = pixels.copy()
    below = edge[int(mesh.points[:, 1].max() - 30) :]
    below[:] = np.linspace(0, 22, below.shape[1])[None, :, None]
    assert measure(edge, landmarks, mesh).inside_picture == 1.0


def test_a_black_picture_holds_no_face(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    assert measure(np.zeros_like(pixels), landmarks, mesh).inside_picture == 0.0


def test_a_tiny_face_is_asked_to_come_closer(seen: Seen) -> None:
    pixels, landmarks, mesh = seen
    small = cv2.resize(pixels, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    far = Mesh(mesh.points * np.float32(0.2), mesh.presence)
    components = measure(small, landmarks * np.float32(0.2), far)
    assert refusal(components, LIMITS) is Hint.COME_CLOSER


def test_the_score_falls_with_blur_and_dark(seen: Seen) -> None:
    pixels, landmarks, mesh = seen

    def score(picture: np.ndarray) -> int:
        return unified(measure(picture, landmarks, mesh))

    by_blur = [score(pixels), *(score(blurred(pixels, radius)) for radius in (4.0, 8.0, 16.0))]
    by_dark = [score(cv2.convertScaleAbs(pixels, alpha=gain)) for gain in (1.0, 0.4, 0.2, 0.1)]
    for scores in (by_blur, by_dark):
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] < scores[0] / 2


def test_all_points_in_one_place_are_refused_and_crash_nothing(seen: Seen) -> None:
    pixels, landmarks, _ = seen
    for place in (0.0, 50.0, -900.0, 9e4):
        mesh = Mesh(np.full((468, 3), place, np.float32), 1.0)
        assert refusal(measure(pixels, landmarks, mesh), LIMITS) is not Hint.NONE


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_a_mesh_beyond_any_picture_is_refused(seen: Seen, wrong: float) -> None:
    pixels, landmarks, mesh = seen
    points = mesh.points.copy()
    points[7, 1] = wrong
    with pytest.raises(PictureError):
        measure(pixels, landmarks, Mesh(points, 1.0))


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"eye_distance_px": 20.0, "yaw": 80.0}, Hint.COME_CLOSER),
        ({"eye_distance_px": 900.0}, Hint.STEP_BACK),
        ({"inside_picture": 0.5}, Hint.CENTRE_FACE),
        ({"luminance": 3.0}, Hint.MORE_LIGHT),
        ({"luminance": 250.0}, Hint.LESS_LIGHT),
        ({"luminance": 60.0, "clipped": 0.6}, Hint.MORE_LIGHT),
        ({"luminance": 190.0, "clipped": 0.6}, Hint.LESS_LIGHT),
        ({"eyes_visible": 0.1, "mouth_visible": 0.1}, Hint.UNCOVER_EYES),
        ({"mouth_visible": 0.1}, Hint.UNCOVER_MOUTH),
        ({"yaw": -40.0}, Hint.LOOK_AHEAD),
        ({"pitch": 40.0}, Hint.LOOK_AHEAD),
        ({"roll": -40.0}, Hint.LOOK_AHEAD),
        ({"presence": 0.2, "sharpness": 0.1}, Hint.LOOK_AHEAD),
        ({"sharpness": 0.1}, Hint.HOLD_STILL),
        ({}, Hint.NONE),
    ],
)
def test_one_reason_in_a_fixed_order(change: dict[str, float], hint: Hint) -> None:
    assert refusal(replace(GOOD, **change), LIMITS) is hint


VALUES = st.builds(
    QualityComponents,
    *(st.one_of(st.floats(), st.just(getattr(GOOD, name))) for name in NAMES),
)


@given(VALUES)
def test_any_values_give_one_hint_and_a_score_within_bounds(components: QualityComponents) -> None:
    assert isinstance(refusal(components, LIMITS), Hint)
    assert 0 <= unified(components) <= 100


@given(st.sampled_from(NAMES), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_a_value_that_is_no_number_scores_nothing(name: str, value: float) -> None:
    assert unified(replace(GOOD, **{name: value})) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_is_no_number_never_passes_a_good_face(name: str) -> None:
    assert refusal(replace(GOOD, **{name: math.nan}), LIMITS) is not Hint.NONE


@given(VALUES, st.sampled_from(NAMES))
def test_a_value_that_is_no_number_never_passes(components: QualityComponents, name: str) -> None:
    assert refusal(replace(components, **{name: math.nan}), LIMITS) is not Hint.NONE
