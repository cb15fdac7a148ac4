"""The gate's rotation: scores kept, two gates unlinkable, the numbers pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import ComparisonError
from appliance.gate.store.rotation import Rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def people(count: int, dimension: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(1).standard_normal((count, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


@pytest.mark.parametrize("dimension", [1, 2, 128, 320, 640])
def test_scores_stay(dimension: int) -> None:
    vectors = people(40, dimension)
    turned = Rotation(bytes(32), dimension).turn(vectors)
    assert turned.dtype == np.float32
    exact = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    assert np.abs(turned @ turned.T - exact).max() < 1e-6


def test_the_same_face_at_two_gates_looks_like_two_strangers() -> None:
    vectors = people(200, 320)
    one, two = (Rotation(bytes([key]) * 32, 320).turn(vectors) for key in (1, 2))
    same = np.einsum("ij,ij->i", one, two)
    strangers = np.einsum("ij,ij->i", one, np.roll(two, 1, axis=0))
    # Chance level at 320 dimensions: mean 0, deviation 1/sqrt(320) = 0.056.
    assert abs(float(same.mean())) < 0.02
    assert abs(float(same.std()) - float(strangers.std())) < 0.02
    assert np.abs(same).max() < 0.3


def test_the_numbers_drawn_from_a_key_never_change() -> None:
    turned = Rotation(bytes(range(32)), 4).turn(np.eye(4, dtype=np.float32)[0])
    assert turned == pytest.approx(PINNED, abs=1e-6)


PINNED = [-0.1713226, 0.847038, 0.1225623, -0.48801]


def test_dimensions_no_recipe_has_are_refused() -> None:
    for dimension in (0, -1, 100_000):
        with pytest.raises(ComparisonError):
            Rotation(bytes(32), dimension)


def test_it_does_not_print_its_numbers() -> None:
    assert repr(Rotation(bytes(32), 2)) == "Rotation(dimension=2)"
