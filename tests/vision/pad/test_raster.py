"""Raster: a grid over the face is found in luma and in colour, skin with noise has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.vision.pad.raster import RasterCue, power

if TYPE_CHECKING:
    from conftest import Easel
    from numpy.typing import NDArray


def grid(
    across: float, down: float, strength: float, gains: tuple[float, ...]
) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:480, 0:640]
    wave = np.cos(2 * np.pi * (across * columns + down * rows))
    return strength * wave[..., None] * np.array(gains)


def shown(easel: Easel, pattern: NDArray[np.float64] | float = 0.0, looks: int = 16) -> RasterCue:
    cue = RasterCue()
    for _ in range(looks):
        pixels = easel.face(easel.room(), (320, 240), 240) + pattern
        cue.look(easel.look(np.clip(pixels, 0, 255).astype(np.uint8), height=240.0))
    return cue


def test_nothing_seen_is_no_evidence() -> None:
    assert RasterCue().evidence().frames == 0


def test_a_face_smaller_than_the_smallest_crop_is_no_evidence(easel: Easel) -> None:
    cue = RasterCue()
    cue.look(easel.look(easel.room(), height=80.0))
    assert cue.evidence().frames == 0


def test_a_face_cut_by_the_border_is_no_evidence(easel: Easel) -> None:
    cue = RasterCue()
    cue.look(easel.look(easel.room(), centre=(30.0, 240.0), height=200.0))
    assert cue.evidence().frames == 0


@pytest.mark.parametrize(("across", "down"), [(0.21, 0.17), (0.31, -0.12), (0.09, 0.28)])
def test_a_grid_of_three_levels_over_the_face_is_an_attack(
    easel: Easel, across: float, down: float
) -> None:
    cue = shown(easel, grid(across, down, 3.0, (1.0, 1.0, 1.0)))
    assert cue.evidence().score < 0.3


def test_a_grid_in_colour_alone_is_an_attack(easel: Easel) -> None:
    assert shown(easel, grid(0.14, 0.11, 4.0, (-1.0, 0.0, 1.0))).evidence().score < 0.2


def test_skin_with_a_sensors_noise_is_clean(easel: Easel) -> None:
    evidence = shown(easel).evidence()
    assert evidence.score > 0.7
    assert (evidence.cue, evidence.version) == ("raster", "1")


def test_the_blocks_of_a_codec_are_no_raster(easel: Easel) -> None:
    rows, columns = np.mgrid[0:480, 0:640]
    blocks = 2.0 * (((rows // 4) + (columns // 4)) % 2)[..., None] * np.ones(3)
    assert shown(easel, blocks).evidence().score > 0.5


def test_at_most_four_spectra_a_visit_and_one_in_200_ms(easel: Easel) -> None:
    assert shown(easel, looks=4).evidence().frames == 1
    assert shown(easel, looks=60).evidence().frames == 4


def test_a_picture_without_colour_is_an_attack(easel: Easel) -> None:
    cue = RasterCue()
    grey = np.repeat(easel.face(easel.room(), (320, 240), 240)[..., :1], 3, axis=2)
    cue.look(easel.look(np.ascontiguousarray(grey), height=240.0))
    assert cue.evidence().score < 0.1


def test_blue_skin_is_an_attack(easel: Easel) -> None:
    cue = RasterCue()
    swapped = np.ascontiguousarray(easel.face(easel.room(), (320, 240), 240)[..., ::-1])
    cue.look(easel.look(swapped, height=240.0))
    assert cue.evidence().score < 0.1


def test_wiping_overwrites_the_spectra(easel: Easel) -> None:
    cue = shown(easel)
    spectra = cue._spectra
    cue.wipe()
    assert spectra is not None
    assert not spectra.any()
    assert cue.evidence().frames == 0


def test_a_spectrum_leaves_the_picture_as_it_was(easel: Easel) -> None:
    pixels = easel.room()
    before = pixels.copy()
    power(pixels[:96, :96])
    assert np.array_equal(pixels, before)
