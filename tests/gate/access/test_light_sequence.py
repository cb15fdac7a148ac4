"""The light sequence cannot be foreseen and hurts nobody's eyes."""

from __future__ import annotations

import secrets
from itertools import pairwise

from appliance.gate.access.light_sequence import COLOURS, RAMP_MS, SLOT_MS, draw_sequence
from appliance.messages import Tint


def linear(level: int) -> float:
    """IEC 61966-2-1."""
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def test_the_tints_are_equally_bright_and_none_is_a_saturated_red() -> None:
    for colour in COLOURS.values():
        red, green, blue = (linear(one) for one in colour)
        assert abs(0.2126 * red + 0.7152 * green + 0.0722 * blue - 0.5) < 0.01
        assert red / (red + green + blue) < 0.8


def test_warm_and_cool_pull_red_and_blue_equally_far() -> None:
    pulls = [linear(COLOURS[tint][0]) - linear(COLOURS[tint][2]) for tint in Tint]
    assert abs(pulls[0]) < 0.001
    assert 0.65 < pulls[1] < 0.73
    assert -0.73 < pulls[2] < -0.65


def test_every_sequence_has_each_tint_twice_and_ends_neutral() -> None:
    for _ in range(200):
        steps = draw_sequence(secrets.randbelow)
        tints = [step.tint for step in steps]
        assert tints.count(Tint.WARM) >= 2
        assert tints.count(Tint.COOL) >= 2
        assert tints[0] is tints[-1] is Tint.NEUTRAL
        assert [step.after_ms for step in steps] == [250 * at for at in range(9)]


def test_the_light_changes_its_brightness_at_most_once_in_two_seconds() -> None:
    for _ in range(100):
        levels = [step.brightness for step in draw_sequence(secrets.randbelow)]
        assert sum(old != new for old, new in pairwise(levels)) <= 1
        assert all(0.85 <= level <= 1.0 for level in levels)


def test_a_ramp_ends_before_the_next_begins() -> None:
    assert RAMP_MS < SLOT_MS


def test_sequences_differ() -> None:
    drawn = {tuple(step.tint for step in draw_sequence(secrets.randbelow)) for _ in range(300)}
    assert len(drawn) > 60
