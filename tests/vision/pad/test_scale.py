"""The common scale of evidence: 0.5 at the limit, and what is no number is an attack."""

from __future__ import annotations

import math

import numpy as np
import pytest

from appliance.vision.pad.relief import without_sheet
from appliance.vision.pad.scale import above, below


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_scores_nothing(value: float) -> None:
    assert below(value, 1.0) == 0.0
    assert above(value, 1.0) == 0.0
    assert below(1.0, 0.0) == 0.0
    assert above(1.0, -1.0) == 0.0


def test_the_limit_is_the_point_of_indifference() -> None:
    assert below(3.0, 3.0) == 0.5
    assert above(3.0, 3.0) == 0.5


def test_what_must_not_be_seen_and_what_must_be_shown_run_against_each_other() -> None:
    assert below(0.0, 1.0) == 1.0
    assert above(0.0, 1.0) == 0.0
    assert above(-5.0, 1.0) == 0.0
    assert below(2.0, 1.0) == pytest.approx(1 / 17)
    assert above(2.0, 1.0) == pytest.approx(16 / 17)


def test_a_tilted_and_bent_sheet_leaves_nothing_a_nose_does() -> None:
    at = np.random.default_rng(3).uniform(-1, 1, (200, 2))
    x, y = at.T
    sheet = 0.3 + 0.2 * x - 0.1 * y + 0.4 * x * x - 0.2 * x * y + 0.1 * y * y
    assert np.abs(without_sheet(at, sheet)).max() < 1e-12
    assert np.abs(without_sheet(at, sheet + np.exp(-(x * x + y * y) / 0.05))).max() > 0.5
