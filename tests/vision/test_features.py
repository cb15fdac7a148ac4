"""Feature vectors: unit length, the mirror image counts, one person nearer than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.vision.alignment import align
from appliance.vision.features import LENGTH, FeatureExtractor, joined, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.detection import Detector

BAD = {
    "grey": np.zeros((112, 112), np.uint8),
    "16 bit": np.zeros((112, 112, 3), np.uint16),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "large": np.zeros((224, 224, 3), np.uint8),
    "floats": np.zeros((112, 112, 3), np.float32),
}


@pytest.mark.parametrize("face", BAD.values(), ids=BAD)
def test_what_is_no_aligned_face_is_refused(
    extractor: FeatureExtractor, face: NDArray[np.uint8]
) -> None:
    with pytest.raises(PictureError, match="face"):
        extractor.vector(face)


def test_a_zero_vector_stays_zero_and_so_matches_nobody() -> None:
    assert not unit(np.zeros(4, np.float32)).any()


def test_joining_gives_unit_length_whatever_the_number() -> None:
    vectors = [unit(np.array([1, n, 0], np.float32)) for n in range(5)]
    for count in range(1, 6):
        assert np.linalg.norm(joined(vectors[:count])) == pytest.approx(1.0, abs=1e-6)


def faces(pictures: list[NDArray[np.uint8]], detector: Detector) -> list[NDArray[np.uint8]]:
    found = [(pixels, detector.detect(pixels)[0]) for pixels in pictures]
    return [align(pixels, detector.refine(pixels, face)) for pixels, face in found]


def test_one_person_is_nearer_than_another(
    extractor: FeatureExtractor,
    detector: Detector,
    woman: list[NDArray[np.uint8]],
    stranger: NDArray[np.uint8],
) -> None:
    hers = [extractor.vector(face) for face in faces(woman, detector)]
    others = [extractor.vector(face) for face in faces([stranger], detector)]
    for vector in (*hers, *others):
        assert vector.shape == (LENGTH,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    same = min(hers[0] @ hers[1], hers[0] @ hers[2])
    other = max(one @ two for one in hers for two in others)
    assert same > 0.56 > other + 0.2


def test_a_reference_sees_the_mirror_image_too(
    extractor: FeatureExtractor, detector: Detector, woman: list[NDArray[np.uint8]]
) -> None:
    face = faces(woman[:1], detector)[0]
    plain, both = extractor.vector(face), extractor.vector(face, reference=True)
    mirrored = extractor.vector(np.ascontiguousarray(face[:, ::-1]), reference=True)
    assert not np.allclose(plain, both)
    assert both @ mirrored == pytest.approx(1.0, abs=1e-3)
