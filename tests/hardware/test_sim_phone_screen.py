"""Rendered phone screens: the same chance, the same picture; each kind harms in its own way."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.sim.phone_screen import KINDS, shown

WALL = np.full((480, 640, 3), 96, np.uint8)
TEXT = "RESIDENT" * 19


@pytest.mark.parametrize("kind", KINDS)
def test_a_screen_is_drawn_by_chance_alone(kind: str) -> None:
    one, again, other = (shown(TEXT, kind, WALL, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (480, 640, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_each_kind_looks_as_its_name_says() -> None:
    def spread(kind: str) -> float:
        seen = shown(TEXT, kind, WALL, np.random.default_rng(3))[180:300, 260:380]
        return float(np.percentile(seen, 95) - np.percentile(seen, 5))

    assert spread("clean") > 150
    assert 10 < spread("contrast") < 60
    assert 10 < spread("dim") < 60
    dark = shown(TEXT, "dim", WALL, np.random.default_rng(3))[180:300, 260:380]
    assert float(dark.mean()) < 60
