"""Comparison: bad probes and sets refused, the best candidates exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ComparisonError
from appliance.gate.comparison import ReferenceSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECIPE = "sface"


def people(count: int, dimension: int, seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def references(count: int, dimension: int = 32) -> ReferenceSet:
    names = tuple(f"{number:016x}" for number in range(count))
    return ReferenceSet(names, people(count, dimension), RECIPE)


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 1000))
def test_the_candidates_are_those_of_a_full_sort(count: int, k: int, seed: int) -> None:
    matrix, probe = people(count, 16), people(1, 16, seed)[0]
    names = tuple(map(str, range(count)))
    found = ReferenceSet(names, matrix, RECIPE).candidates(probe, k)
    scores = matrix.astype(np.float64) @ probe.astype(np.float64)
    assert len(found) == min(k, count)
    best = np.sort(scores)[::-1][:k]
    assert [score for _, score in found] == pytest.approx(best.tolist(), abs=1e-6)
    assert all(abs(scores[int(name)] - score) < 1e-6 for name, score in found)


def test_a_reference_finds_itself() -> None:
    chosen = people(500, 32)[77]
    ((name, score), (_, second)) = references(500).candidates(chosen)
    assert name == f"{77:016x}"
    assert score == pytest.approx(1.0, abs=1e-6)
    assert second < score


def test_ties_go_by_row() -> None:
    matrix = np.repeat(people(1, 8), 3, axis=0)
    found = ReferenceSet(("c", "a", "b"), matrix, RECIPE).candidates(matrix[0], 3)
    assert [name for name, _ in found] == ["c", "a", "b"]


def test_an_empty_gallery_has_no_candidates() -> None:
    empty = ReferenceSet((), np.empty((0, 0), np.float32), RECIPE)
    assert empty.candidates(people(1, 16)[0]) == ()
    assert len(empty) == 0


@pytest.mark.parametrize(
    "probe",
    [
        people(1, 31)[0],
        people(1, 32),
        people(1, 32)[0].astype(np.float64),
        people(1, 32)[0] * 1.1,
        np.zeros(32, np.float32),
        np.full(32, np.nan, np.float32),
        np.full(32, np.inf, np.float32),
        np.full(32, 3e38, np.float32),
        np.empty(0, np.float32),
    ],
)
def test_a_probe_that_is_none_is_refused(probe: NDArray[np.float32]) -> None:
    with pytest.raises(ComparisonError):
        references(3).candidates(probe)


def test_no_candidates_cannot_be_asked_for() -> None:
    with pytest.raises(ComparisonError):
        references(3).candidates(people(1, 32)[0], 0)


@pytest.mark.parametrize(
    ("subjects", "matrix"),
    [
        (("a",), people(2, 8)),
        (("a", "a"), people(2, 8)),
        (("a", "b"), people(2, 8).astype(np.float64)),
        (("a",), people(1, 8)[0]),
        (("a", "b"), people(2, 8) * 2),
        (("a", "b"), np.full((2, 8), np.nan, np.float32)),
    ],
)
def test_a_set_that_is_none_is_refused(
    subjects: tuple[str, ...], matrix: NDArray[np.float32]
) -> None:
    with pytest.raises(ComparisonError):
        ReferenceSet(subjects, matrix, RECIPE)


def test_a_wiped_set_holds_nothing() -> None:
    matrix = np.asfortranarray(people(4, 8))
    held = ReferenceSet(("a", "b", "c", "d"), matrix, RECIPE)
    held.wipe()
    assert not matrix.any()
    assert held.candidates(people(1, 8)[0]) == ()
    fixed = np.asfortranarray(people(1, 8))
    fixed.flags.writeable = False
    ReferenceSet(("a",), fixed, RECIPE).wipe()
    assert "0 references" in repr(held)
