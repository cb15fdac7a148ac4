"""The judge of a soak: it finds leaks of known size, clears noise, and owns what it cannot see."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from soak_judge import Sample, judge, warm

DAYS = 30
LOOKS = 3


def month(
    growth: float, noise: float = 0.0, seed: int = 1, lives: tuple[int, ...] = ()
) -> list[Sample]:
    """Return a month of samples around 1000 that grow by so much in 30 days.

    Args:
        growth: in the month.
        noise: standard deviation, alike from one sample to the next (AR(1), 0.5).
        seed: of the noise.
        lives: days on which a new life begins, from the first level again.

    """
    rng = np.random.default_rng(seed)
    samples, carried, born = [], 0.0, 0.0
    for number in range(DAYS * LOOKS):
        day = number / LOOKS
        life = 1 + sum(day >= one for one in lives)
        born = max([0.0, *(one for one in lives if day >= one)])
        carried = 0.5 * carried + math.sqrt(0.75) * rng.normal(0, noise)
        samples.append(Sample(life, day, 1000 + growth * (day - born) / DAYS + carried))
    return samples


def test_a_leak_of_known_size_is_found_and_measured() -> None:
    verdict = judge(month(100.0, noise=5.0), tolerated=20.0)
    assert verdict.leaks
    assert not verdict.blind
    assert verdict.slope == pytest.approx(100.0, abs=10.0)


def test_noise_alone_is_no_leak_in_any_of_two_hundred_months() -> None:
    assert not any(judge(month(0.0, 5.0, seed), tolerated=20.0).leaks for seed in range(200))


def test_a_leak_twice_as_large_as_tolerated_is_found_in_almost_every_month() -> None:
    found = sum(judge(month(40.0, 5.0, seed), tolerated=20.0).leaks for seed in range(200))
    assert found >= 198


def test_the_margin_holds_the_truth_as_often_as_it_says() -> None:
    verdicts = [judge(month(30.0, 5.0, seed), tolerated=1.0) for seed in range(400)]
    held = sum(abs(one.slope - 30.0) <= one.margin for one in verdicts)
    assert held >= 388


def test_a_leak_goes_on_in_each_life_and_a_restart_does_not_hide_it() -> None:
    sawtooth = month(100.0, 5.0, lives=(8, 15, 22))
    assert sawtooth[-1].value < 1060  # each restart gave everything back
    verdict = judge(sawtooth, tolerated=20.0)
    assert verdict.leaks
    assert verdict.slope == pytest.approx(100.0, abs=25.0)


def test_another_level_after_a_restart_is_no_leak() -> None:
    steps = [
        Sample(one.life, one.day, one.value + 50 * one.life)
        for one in month(0.0, 5.0, lives=(10, 20))
    ]
    assert not judge(steps, tolerated=20.0).leaks


def test_growth_while_warming_up_is_no_leak() -> None:
    warming = [
        Sample(one.life, one.day, one.value + 200 * (1 - math.exp(-4 * one.day)))
        for one in month(0.0, 2.0)
    ]
    assert not judge(warming, tolerated=20.0, warm_up=2.0).leaks
    assert min(one.day for one in warm(warming, 2.0)) == 2.0


def test_one_descriptor_lost_every_five_days_is_found() -> None:
    lost = [Sample(1, one.day, 16 + one.day // 5) for one in month(0.0)]
    verdict = judge(lost, tolerated=1.0)
    assert verdict.leaks
    assert verdict.slope == pytest.approx(6.0, abs=1.0)


def test_a_constant_has_neither_slope_nor_margin() -> None:
    verdict = judge([Sample(1, float(day), 16) for day in range(10)], tolerated=1.0)
    assert (verdict.slope, verdict.margin, verdict.leaks, verdict.blind) == (0, 0, False, False)


def test_what_shrinks_is_no_leak() -> None:
    assert not judge(month(-100.0, 5.0), tolerated=20.0).leaks


def test_noise_larger_than_what_is_tolerated_is_owned_as_blindness() -> None:
    verdict = judge(month(0.0, noise=200.0), tolerated=20.0)
    assert verdict.blind
    assert verdict.seen > 20.0


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [Sample(1, 0.0, 1.0)],
        [Sample(1, float(day), day) for day in range(3)],
        [Sample(day, float(day), day) for day in range(8)],
        [Sample(1, 5.0, value) for value in range(8)],
    ],
    ids=["nothing", "one", "three", "a life each", "all at once"],
)
def test_too_little_to_judge_is_blindness_and_no_acquittal(samples: list[Sample]) -> None:
    verdict = judge(samples, tolerated=1.0)
    assert verdict.blind
    assert not verdict.leaks


def test_a_file_for_json_holds_plain_numbers() -> None:
    told = judge(month(100.0, 5.0), tolerated=20.0).told()
    assert told["leaks"] is True
    assert told["samples"] == 90
    nothing = judge([], tolerated=20.0).told()
    assert (nothing["growth_per_month"], nothing["would_be_seen_from"]) == (None, None)
    json.dumps(nothing, allow_nan=False)
