"""Bands: a flickering screen is found, a head that nods and a room whose lamps flicker are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.vision.pad.bands import BandsCue

if TYPE_CHECKING:
    from conftest import Easel
    from numpy.typing import NDArray


def flicker(number: int, depth: float, columns: slice = slice(None)) -> NDArray[np.float64]:
    """Rolling-shutter bands, eleven over the picture, moving on by 2.1 radians each picture."""
    gain = np.ones((480, 640, 1))
    wave = np.sin(2 * np.pi * 11 * np.arange(480) / 480 + 2.1 * number)
    gain[:, columns] += depth * wave[:, None, None]
    return gain


def shown(easel: Easel, depth: float, columns: slice = slice(None), looks: int = 16) -> BandsCue:
    cue = BandsCue()
    for number in range(looks):
        pixels = easel.face(easel.room(), (320, 240), 200) * flicker(number, depth, columns)
        cue.look(easel.look(np.clip(pixels, 0, 255).astype(np.uint8)))
    return cue


HELD = slice(200, 440)
"""Columns of a screen that is a little wider than the face."""


def test_nothing_seen_is_no_evidence() -> None:
    assert BandsCue().evidence().frames == 0


def test_too_few_pairs_are_no_evidence(easel: Easel) -> None:
    assert shown(easel, 0.0, looks=4).evidence().frames == 0


@pytest.mark.parametrize("depth", [0.015, 0.02, 0.05])
def test_bands_over_the_face_alone_are_an_attack(easel: Easel, depth: float) -> None:
    evidence = shown(easel, depth, HELD).evidence()
    assert evidence.score < 0.4
    assert evidence.frames == 15


def test_bands_over_the_whole_picture_are_no_evidence_since_it_may_be_a_lamp(easel: Easel) -> None:
    assert shown(easel, 0.03).evidence().frames == 0


def test_steady_light_is_clean(easel: Easel) -> None:
    evidence = shown(easel, 0.0).evidence()
    assert evidence.score > 0.95
    assert (evidence.cue, evidence.version) == ("bands", "2")


def test_light_that_changes_as_a_whole_is_clean(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(16):
        pixels = easel.face(easel.room(), (320, 240), 200) * (1.0 + 0.1 * (number % 2))
        cue.look(easel.look(np.clip(pixels, 0, 255).astype(np.uint8)))
    assert cue.evidence().score > 0.95


def test_a_nod_is_no_band(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(24):
        centre = (320.0, 240.0 + 4.0 * np.sin(number / 2))
        cue.look(easel.look(easel.face(easel.room(), centre, 200), centre))
    evidence = cue.evidence()
    assert evidence.frames >= 8
    assert evidence.score > 0.9


def test_bands_stay_with_the_rows_while_the_face_moves_through_them(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(24):
        centre = (320.0 + 5.0 * number - 60.0, 240.0 + 4.0 * np.sin(number / 2))
        face = easel.face(easel.room(), centre, 200)
        left = round(centre[0]) - 110
        pixels = face * flicker(number, 0.02, slice(left, left + 220))
        cue.look(easel.look(np.clip(pixels, 0, 255).astype(np.uint8), centre))
    evidence = cue.evidence()
    assert evidence.frames == 23
    assert evidence.score < 0.4


def test_a_face_that_goes_aside_is_no_band_and_every_pair_counts(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(24):
        centre = (320.0 + 5.0 * number - 60.0, 240.0)
        cue.look(easel.look(easel.face(easel.room(), centre, 200), centre))
    evidence = cue.evidence()
    assert evidence.frames == 23
    assert evidence.score > 0.9


def test_a_face_that_is_carried_past_is_not_compared(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(16):
        centre = (200.0 + 8.0 * number, 240.0)
        cue.look(easel.look(easel.face(easel.room(), centre, 200), centre))
    assert cue.evidence().frames == 0


def test_pictures_far_apart_in_time_are_not_compared(easel: Easel) -> None:
    cue = BandsCue()
    for number in range(16):
        pixels = easel.face(easel.room(), (320, 240), 200)
        cue.look(easel.look(pixels, taken_ns=number * 200_000_000))
    assert cue.evidence().frames == 0


def test_a_face_at_the_border_is_no_evidence(easel: Easel) -> None:
    cue = BandsCue()
    for _ in range(16):
        cue.look(easel.look(easel.room(), centre=(0.0, 240.0), height=80.0))
    assert cue.evidence().frames == 0


def test_wiping_overwrites_the_picture_kept(easel: Easel) -> None:
    cue = shown(easel, 0.02, HELD)
    kept = cue._old
    cue.wipe()
    assert kept is not None
    assert not kept.any()
    assert cue.evidence().frames == 0
