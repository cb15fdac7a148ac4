"""Motion: computed swings, drawn blinks, loops and painted parallax are seen; a person is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.vision.pad.motion import (
    MotionCue,
    eye_aspect,
    perfection,
    repeats,
    straightness,
    swing,
)
from appliance.vision.pad.parallax import Measure, ParallaxCue
from appliance.vision.pad.tracks import Tracks

if TYPE_CHECKING:
    from tests.vision.pad.conftest import Easel

AT = np.arange(40) * 0.08


def faces(count: int, seed: int, noise: float = 0.2) -> list[np.ndarray]:
    """A face that wanders through grey levels, 12x12, with the noise that block means keep."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(0, 3.0, (count, 12, 12)), axis=0) + 120
    return [one.astype(np.float32) for one in steps + rng.normal(0, noise, steps.shape)]


@pytest.mark.parametrize(
    ("seen", "least", "most"),
    [
        (Measure(1.4, 0.2, 30, 0.1, 90.0), 0.0, 0.1),
        (Measure(0.9, 0.2, 30, 0.1, 70.0), 0.0, 0.1),
        (Measure(1.09, 0.26, 44, 0.1, 45.7), 0.9, 1.0),
        (Measure(1.09, 0.26, 120, 0.1, 75.5), 0.9, 1.0),
        (Measure(0.3, 0.3, 30, 0.1, 90.0), 0.9, 1.0),
        (Measure(1.4, 0.2, 30, 0.1, 10.0), 0.9, 1.0),
        (Measure(1.4, 0.05, 30, 0.1, 90.0), 1.0, 1.0),
        (Measure(1.4, 0.2, 4, 0.1, 90.0), 1.0, 1.0),
    ],
)
def test_only_parallax_surer_than_a_heads_is_too_perfect(
    seen: Measure, least: float, most: float
) -> None:
    assert least <= perfection(seen) <= most


@pytest.mark.parametrize("hertz", [0.5, 0.8, 1.3])
def test_a_sine_leaves_next_to_nothing_and_a_head_several_percent(hertz: float) -> None:
    sine = 12.0 * np.sin(2 * np.pi * hertz * AT + 0.4)
    assert swing(AT, sine) < 0.002
    steps = np.random.default_rng(1).normal(0, 1.0, AT.shape)
    assert swing(AT, sine + np.cumsum(steps)) > 0.02


def test_a_small_short_or_single_motion_is_no_swing() -> None:
    assert swing(AT, 1.0 * np.sin(6 * AT)) == 1.0
    assert swing(AT[:12], 12.0 * np.sin(6 * AT[:12])) == 1.0
    assert swing(AT, np.zeros_like(AT)) == 1.0


def test_a_loop_is_seen_with_noise_added_and_a_still_face_is_none() -> None:
    once = faces(12, 1)
    rng = np.random.default_rng(2)
    again = [one + rng.normal(0, 0.1, (12, 12)).astype(np.float32) for one in once]
    assert repeats(once + again[:4])
    assert not repeats(once + again[:3])
    assert not repeats(once + again[3::-1])
    still = [once[0] + rng.normal(0, 0.1, (12, 12)).astype(np.float32) for _ in range(20)]
    assert not repeats(still)
    assert not repeats(faces(30, 3))
    assert not repeats([])


def test_a_symmetric_straight_blink_is_drawn_and_a_persons_is_not() -> None:
    drawn = np.full(40, 0.3)
    drawn[10:19] -= 0.3 * (1 - np.abs(np.arange(9) - 4) / 5)
    person = np.full(40, 0.3)
    person[10:19] -= 0.3 * np.array([0.5, 0.95, 1.0, 0.8, 0.62, 0.45, 0.32, 0.22, 0.12])
    assert straightness(drawn) < 0.01
    assert straightness(person) > 0.1


def test_a_blink_too_short_too_shallow_or_cut_off_has_no_shape() -> None:
    short = np.full(40, 0.3)
    short[10:13] = 0.05
    shallow = np.full(40, 0.3)
    shallow[10:19] -= 0.1 * (1 - np.abs(np.arange(9) - 4) / 5)
    cut = np.full(40, 0.3)
    cut[:7] = np.linspace(0.0, 0.26, 7)
    for aspect in (short, shallow, cut, np.zeros(40)):
        assert straightness(aspect) == 1.0


def test_the_eyes_aspect_is_opening_over_width() -> None:
    mesh = np.zeros((468, 3), np.float32)
    for outer, inner, upper, lower, upper2, lower2 in (
        (33, 133, 159, 145, 158, 153),
        (263, 362, 386, 374, 385, 380),
    ):
        mesh[inner] = mesh[outer] + (20, 0, 0)
        mesh[upper] = mesh[upper2] = (10, -3, 0)
        mesh[lower] = mesh[lower2] = (10, 3, 0)
    assert eye_aspect(mesh) == pytest.approx(0.3)


def test_nothing_seen_is_no_evidence() -> None:
    cue = MotionCue(ParallaxCue(Tracks()))
    assert (cue.evidence().score, cue.evidence().frames) == (0.0, 0)
    cue.wipe()


@pytest.mark.parametrize(
    ("k", "after_s", "frames"), [(0.9, 0.6, 0), (0.9, 1.0, 25), (0.3, 0.6, 15)]
)
def test_a_head_as_plain_as_a_painted_one_is_looked_at_for_longer(
    easel: Easel, monkeypatch: pytest.MonkeyPatch, k: float, after_s: float, frames: int
) -> None:
    parallax = ParallaxCue(Tracks())
    monkeypatch.setattr(parallax, "measure", lambda: Measure(k, 0.2, 20, 0.1, 10.0))
    cue = MotionCue(parallax)
    picture = easel.face(easel.room(), (320.0, 240.0), 200.0)
    for _ in range(round(after_s * 25)):
        cue.look(easel.look(picture))
    assert cue.evidence().frames == frames
