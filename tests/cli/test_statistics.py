"""Thresholds, rates and intervals against figures made by hand or printed in books."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cli.statistics import (
    Rate,
    best_balance,
    beta_share,
    interval,
    reached,
    threshold_at,
)

scores = st.lists(st.floats(-1, 1), min_size=1, max_size=60).map(np.array)
trials = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("events", "count", "low", "high"),
    [
        # Nothing seen: 1 - 0.025 ** (1 / n), the two-sided form of the rule of three.
        pytest.param(0, 10, 0.0, 1 - 0.025**0.1, id="none of ten"),
        pytest.param(10, 10, 0.025**0.1, 1.0, id="ten of ten"),
        pytest.param(1, 1, 0.025, 1.0, id="one of one"),
        pytest.param(0, 3000, 0.0, 1 - 0.025 ** (1 / 3000), id="none of three thousand"),
        pytest.param(5, 10, 0.187086, 0.812914, id="half of ten, as in the tables"),
        pytest.param(1, 20, 0.001265, 0.248733, id="one of twenty, as in the tables"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing tried"),
    ],
)
def test_the_interval_is_clopper_and_pearsons(
    events: int, count: int, low: float, high: float
) -> None:
    assert interval(events, count) == pytest.approx((low, high), abs=1e-6)


@given(trials)
def test_the_tails_beyond_an_interval_hold_a_fortieth_each(case: tuple[int, int]) -> None:
    events, count = case
    low, high = interval(events, count)
    assert low <= events / count <= high
    if 0 < events <= 50:
        tail = sum(
            math.exp(
                math.lgamma(count + 1)
                - math.lgamma(k + 1)
                - math.lgamma(count - k + 1)
                + k * math.log(high)
                + (count - k) * math.log1p(-high)
            )
            for k in range(events + 1)
            if high < 1
        )
        assert events == count or tail == pytest.approx(0.025, rel=1e-6)


@given(trials)
def test_an_interval_mirrors_with_its_events(case: tuple[int, int]) -> None:
    events, count = case
    low, high = interval(events, count)
    assert interval(count - events, count) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize(("events", "count"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(events: int, count: int) -> None:
    with pytest.raises(ValueError, match="events"):
        interval(events, count)


def test_pooled_draws_do_not_narrow_the_interval() -> None:
    once, pooled = Rate.of(3, 1000), Rate.of(30, 10_000, repeats=10)
    assert pooled == once
    assert Rate.of(0, 0).as_json() == {"rate": None, "low": 0.0, "high": 1.0}


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.3, 1, 1, 0.3),
        (0.5, 2, 2, 0.5),
        (0.25, 2, 1, 0.0625),
        (0.25, 1, 2, 1 - 0.75**2),
        (0.0, 3, 4, 0.0),
        (1.0, 3, 4, 1.0),
    ],
)
def test_the_beta_function_has_its_closed_forms(x: float, a: float, b: float, share: float) -> None:
    assert beta_share(x, a, b) == pytest.approx(share, abs=1e-12)


def test_a_threshold_lets_the_allowed_share_through() -> None:
    non_mated = np.array([0.1, 0.2, 0.3, 0.4])
    half = threshold_at(non_mated, 0.5)
    assert 0.2 < half < 0.2 + 1e-9
    assert threshold_at(non_mated, 0.1) > 0.4
    assert threshold_at(non_mated, 1.0) == 0.1
    with pytest.raises(ValueError, match="no scores"):
        threshold_at(np.array([]), 0.1)


@given(scores, st.floats(0, 1))
def test_no_threshold_lets_more_through_than_allowed(non_mated: np.ndarray, share: float) -> None:
    threshold = threshold_at(non_mated, share)
    assert reached(non_mated, threshold) <= share + 1e-9
    lower = np.nextafter(threshold, -np.inf)
    if (non_mated == lower).any():
        assert reached(non_mated, lower) > share


def test_the_best_balance_by_hand() -> None:
    mated, non_mated = np.array([0.3, 0.6, 0.8, 0.9]), np.array([0.1, 0.2, 0.4, 0.5])
    # At 0.6: three of four mated accepted, all four others refused.
    assert best_balance(mated, non_mated) == (0.875, 0.6)
    with pytest.raises(ValueError, match="both kinds"):
        best_balance(mated, np.array([]))


@given(scores, scores)
def test_the_best_balance_is_what_its_threshold_gives(
    mated: np.ndarray, non_mated: np.ndarray
) -> None:
    balance, threshold = best_balance(mated, non_mated)
    again = (reached(mated, threshold) + 1 - reached(non_mated, threshold)) / 2
    assert balance == pytest.approx(again)
    assert 0.5 <= balance <= 1.0
