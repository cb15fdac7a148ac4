"""Masks and sunglasses drawn on real faces are refused; the same faces bare are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.messages import Hint
from appliance.vision.landmarks import LEFT_EYE, RIGHT_EYE, MeshModel, find_mesh
from appliance.vision.occlusion import normalised_face, visibility
from appliance.vision.quality import QualityLimits, measure, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

    Look = Callable[[np.ndarray], np.ndarray]
    Cover = Callable[[np.ndarray, np.ndarray], np.ndarray]

FACES = Path(__file__).parents[3] / "shared" / "data" / "faces"
# Around the jaw from ear to ear, back over the bridge of the nose.
MASK = (
    *(234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397),
    *(288, 361, 323, 454, 447, 346, 347, 195, 118, 117, 227),
)
MASKS = {"blue": (190, 160, 110), "white": (225, 225, 225), "black": (28, 28, 28)}
GLASSES = {"dark": (20, 20, 22), "brown": (30, 45, 60)}


def paint(pixels: np.ndarray, outline: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Lay cloth on a face: soft edge, the face's own light and shade, a little texture."""
    area = np.zeros(pixels.shape[:2], np.float32)
    cv2.fillPoly(area, [np.rint(outline).astype(np.int32)], 1.0, cv2.LINE_AA)
    area = cv2.GaussianBlur(area, (0, 0), 0.8)
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (0, 0), 9.0)
    level = float(np.median(grey[area > 0.5]))
    light = np.clip(grey / level, 0.6, 1.4) * np.clip(level / 150.0, 0.35, 1.0)
    grain = np.random.default_rng(4).uniform(0.94, 1.06, area.shape)
    cloth = (light * grain)[..., None] * colour
    mix = area[..., None]
    return np.clip(pixels * (1.0 - mix) + cloth * mix, 0, 255).astype(np.uint8)


def mask(colour: tuple[int, int, int]) -> Cover:
    return lambda pixels, points: paint(pixels, points[list(MASK), :2], colour)


def sunglasses(colour: tuple[int, int, int]) -> Cover:
    def cover(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
        radius = 0.25 * float(np.hypot(*(points[263, :2] - points[33, :2])))
        angle = np.linspace(0.0, 2.0 * np.pi, 24)
        lens = radius * np.column_stack([np.cos(angle), 0.8 * np.sin(angle) + 0.2])
        for ring in (RIGHT_EYE, LEFT_EYE):
            pixels = paint(pixels, points[list(ring), :2].mean(axis=0) + lens, colour)
        return pixels

    return cover


@pytest.fixture(scope="session")
def mesh_model(shelf: ModelShelf) -> MeshModel:
    return shelf.tflite("face_mesh")


@pytest.fixture(scope="session")
def portraits(woman: list[np.ndarray], stranger: np.ndarray) -> list[np.ndarray]:
    return [*woman, cv2.resize(stranger, None, fx=1.5, fy=1.5)]


def hint_for(pixels: np.ndarray, detector: Detector, model: MeshModel) -> Hint:
    """Look at a picture as the pipeline does."""
    face = detector.detect(pixels)[0]
    landmarks = detector.refine(pixels, face)
    mesh = find_mesh(pixels, landmarks, model)
    return refusal(measure(pixels, landmarks, mesh), QualityLimits())


def covered(pixels: np.ndarray, cover: Cover, detector: Detector, model: MeshModel) -> np.ndarray:
    landmarks = detector.refine(pixels, detector.detect(pixels)[0])
    return cover(pixels, find_mesh(pixels, landmarks, model).points)


def test_bare_faces_pass(
    portraits: list[np.ndarray], detector: Detector, mesh_model: MeshModel
) -> None:
    hints = [hint_for(pixels, detector, mesh_model) for pixels in portraits]
    assert hints == [Hint.NONE] * len(portraits)


@pytest.mark.parametrize("colour", MASKS)
def test_a_mask_is_refused(
    portraits: list[np.ndarray], detector: Detector, mesh_model: MeshModel, colour: str
) -> None:
    hints = [
        hint_for(covered(pixels, mask(MASKS[colour]), detector, mesh_model), detector, mesh_model)
        for pixels in portraits
    ]
    # Black up to the lids reads as covered eyes too, and eyes are asked for first.
    also = {Hint.UNCOVER_EYES} if colour == "black" else set()
    assert set(hints) <= {Hint.UNCOVER_MOUTH} | also


@pytest.mark.parametrize("colour", GLASSES)
def test_sunglasses_are_refused(
    portraits: list[np.ndarray], detector: Detector, mesh_model: MeshModel, colour: str
) -> None:
    hints = [
        hint_for(
            covered(pixels, sunglasses(GLASSES[colour]), detector, mesh_model),
            detector,
            mesh_model,
        )
        for pixels in portraits
    ]
    assert hints == [Hint.UNCOVER_EYES] * len(portraits)


def held_out(count: int) -> list[Path]:
    """Give the first photo of people whom the weights in `occlusion` were not fitted on."""
    people = sorted(path for path in FACES.iterdir() if path.is_dir())
    chosen = np.random.default_rng(1).permutation(len(people))[:640][1::2]
    return [min(people[number].glob("*.jpg")) for number in chosen[:count]]


@pytest.mark.skipif(not FACES.is_dir(), reason=f"no photos in {FACES}: data is not shipped")
def test_people_who_were_not_fitted_on(detector: Detector, mesh_model: MeshModel) -> None:
    """Count on 150 people; YuNet's points of the bare photo, as if the person walked up bare.

    Counted when this was written, of 150: masks blue 150, white 149, black 150; sunglasses dark
    150, brown 147; bare eyes refused 2, bare mouths 1.
    """
    covers: dict[str, Cover] = {
        **{f"{name} mask": mask(colour) for name, colour in MASKS.items()},
        **{f"{name} glasses": sunglasses(colour) for name, colour in GLASSES.items()},
    }
    count = 150
    eyes_refused = dict.fromkeys(["bare", *covers], 0)
    mouth_refused = eyes_refused.copy()
    for path in held_out(count):
        pixels = cv2.imread(str(path))
        landmarks = detector.refine(pixels, detector.detect(pixels)[0])
        points = find_mesh(pixels, landmarks, mesh_model).points
        pictures = {name: cover(pixels, points) for name, cover in covers.items()}
        for name, picture in {"bare": pixels, **pictures}.items():
            mesh = find_mesh(picture, landmarks, mesh_model)
            eyes, mouth = visibility(normalised_face(picture, mesh.points))
            eyes_refused[name] += eyes < 0.5
            mouth_refused[name] += mouth < 0.5
    assert eyes_refused["bare"] <= 0.02 * count
    assert mouth_refused["bare"] <= 0.02 * count
    for name in covers:
        refused = mouth_refused if "mask" in name else eyes_refused
        assert refused[name] >= 0.9 * count, name
