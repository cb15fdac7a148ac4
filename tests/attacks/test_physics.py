"""The workshop's physics: what is integrated is integrated, and the camera adds alike to all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks.camera import (
    HEIGHT,
    WIDTH,
    GateCamera,
    Settings,
    Shot,
    draw_settings,
    encoded,
    linear,
)
from tests.attacks.hand import draw_hold, turned
from tests.attacks.meshes import triangulate, warp_map
from tests.attacks.prints import inked
from tests.attacks.raster import Wave, halftone, modulation, remaining, stripes
from tests.attacks.screens import PHONE, Screen
from tests.attacks.sheet import Bend, look_bent, look_flat, site_jacobian

pytestmark = pytest.mark.rig

CALM = Settings(15.0, 0.008, 0.02, 0.4, 1e7, 0.0, 0.25)


def still(distance: float = 400.0, yaw: float = 0.0) -> object:
    base = np.array([3.0, -2.0, distance, yaw, 4.0, 1.0])
    hold = draw_hold(np.random.default_rng(1), base)
    hold.sizes[:] = 0
    return hold


def flat(blue: float, green: float, red: float) -> Shot:
    return Shot(np.full((HEIGHT, WIDTH, 3), (blue, green, red), np.float32))


def test_the_camera_keeps_the_order_and_the_ratio_of_the_colours() -> None:
    camera = GateCamera(CALM, np.random.default_rng(1))
    seen = linear(camera.picture(flat(0.1, 0.2, 0.4))).mean(axis=(0, 1))
    assert seen / seen.sum() == pytest.approx([1 / 7, 2 / 7, 4 / 7], abs=0.01)


def test_the_camera_brings_every_scene_to_its_grey() -> None:
    for level in (0.05, 0.8):
        camera = GateCamera(CALM, np.random.default_rng(1))
        seen = linear(camera.picture(flat(level, level, level))).mean()
        assert seen == pytest.approx(0.25, abs=0.01)


def test_noise_grows_as_light_gets_scarce() -> None:
    spreads = []
    for electrons in (500.0, 8000.0):
        settings = Settings(15.0, 0.008, 0.02, 0.4, electrons, 3.0, 0.25)
        camera = GateCamera(settings, np.random.default_rng(1))
        spreads.append(linear(camera.picture(flat(0.2, 0.2, 0.2))).std())
    assert spreads[0] / spreads[1] == pytest.approx(4.0, rel=0.25)


def test_the_camera_puts_no_edge_round_an_even_wall() -> None:
    picture = GateCamera(CALM, np.random.default_rng(1)).picture(flat(0.2, 0.2, 0.2)).astype(int)
    assert np.ptp(picture) <= 2


def test_gamma_and_its_inverse_are_one() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (encoded(linear(every)) == every).all()


@pytest.mark.parametrize("distance", [150.0, 300.0])
@pytest.mark.parametrize("pitch", [0.06, 0.18, 0.3])
def test_a_raster_is_integrated_over_the_site_as_twenty_samples_would(
    distance: float, pitch: float
) -> None:
    hold = still(distance, yaw=3.0)
    wave = Wave(1 / pitch, 0.5 / pitch, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    jacobian = site_jacobian(hold, 0.0)
    steps = (np.arange(20) + 0.5) / 20 - 0.5
    right, down = np.meshgrid(steps, steps)
    mm = np.tensordot(jacobian, np.stack([right, down]), axes=1)
    angle = 2 * np.pi * (wave.right * mm[0] + wave.down * mm[1])
    assert remaining(wave, jacobian, 0.0) == pytest.approx(
        abs(np.exp(1j * angle).mean()), abs=0.012
    )


def test_a_phones_stripes_and_a_prints_dots_are_too_fine_for_this_camera() -> None:
    assert modulation(stripes(0.055, 0.65), still(150.0), 0.0, 0.02, 0.3) is None
    assert modulation(halftone(150.0), still(400.0), 0.0, 0.02, 0.3) is None


def test_a_coarse_screen_near_the_lens_shows_moire() -> None:
    factor = modulation(stripes(0.3, 0.6), still(240.0), 0.0, 0.02, 0.22)
    assert factor is not None
    assert factor.std() > 0.005
    assert factor.mean() == pytest.approx(1.0, abs=0.01)


def screen(hz: float, depth: float = 1.0, duty: float = 0.5) -> Screen:
    bare = object.__new__(Screen)
    bare._hz, bare._depth, bare._duty, bare._phase = hz, depth, duty, 0.3
    return bare


def test_bands_vanish_where_the_exposure_holds_whole_periods() -> None:
    settings = Settings(15.0, 1 / 60, 0.02, 0.4, 1e4, 3.0, 0.2)
    assert np.ptp(screen(60.0).bands(0.1, settings)) < 1e-5
    assert np.ptp(screen(240.0).bands(0.1, settings)) < 1e-4


def test_bands_are_as_deep_as_the_integral_of_the_pulses_says() -> None:
    settings = Settings(15.0, 0.002, 0.03, 0.4, 1e4, 3.0, 0.2)
    rows = screen(240.0).bands(0.1, settings)
    starts = 0.1 + np.arange(HEIGHT) / HEIGHT * 0.03 + 0.3 / 240
    moments = starts[:, None] + (np.arange(4000) + 0.5) / 4000 * 0.002
    slow = ((moments * 240) % 1 < 0.5).mean(axis=1) / 0.5
    assert rows == pytest.approx(slow, abs=0.01)
    assert np.ptp(rows) > 0.3


def test_a_steady_screen_has_no_bands() -> None:
    assert np.ptp(screen(60.0, depth=0.0).bands(0.1, CALM)) == 0


def test_a_hardly_bent_sheet_is_a_flat_one() -> None:
    hold = still(400.0, yaw=12.0)
    level = look_flat(hold, 0.0, 0.0, (210.0, 297.0))
    bent = look_bent(hold, 0.0, 0.0, (210.0, 297.0), Bend(1e-5, 0.0, 0.5, 20.0))
    inside = level.cover == 1
    assert inside.sum() > 50_000
    assert np.abs(level.right - bent.right)[inside].max() < 0.4
    assert np.abs(level.down - bent.down)[inside].max() < 0.4


def test_a_sheet_bulging_at_the_camera_is_foreshortened_at_its_sides() -> None:
    bent = look_bent(still(), 0.0, 0.0, (300.0, 200.0), Bend(1 / 150, 0.0, 0.5, 0.0))
    inside = np.flatnonzero(bent.cover[HEIGHT // 2] == 1)
    steps = np.diff(bent.right[HEIGHT // 2])[inside[:-1]]
    assert (steps > 0).all()
    assert steps[0] > 1.3 * steps[len(steps) // 2] < steps[-1] / 1.3


def test_a_hollow_sheet_reaches_towards_the_camera_at_its_sides() -> None:
    bent, level = (
        look_bent(still(), 0.0, 0.0, (200.0, 200.0), Bend(curve, 0.0, 0.5, 0.0))
        for curve in (-1 / 150, 1e-5)
    )
    down = [
        np.diff(one.down[:, one.cover[HEIGHT // 2] == 1][:, 0])[200:280].mean()
        for one in (bent, level)
    ]
    assert down[0] < 0.97 * down[1]


def test_a_hand_sways_and_trembles_as_hands_do() -> None:
    fast, slow = [], []
    for seed in range(30):
        hold = draw_hold(np.random.default_rng(seed), np.zeros(6))
        path = np.array([hold.at(moment)[:2] for moment in np.arange(0, 8, 0.02)])
        waves = np.abs(np.fft.rfft(path - path.mean(axis=0), axis=0)) ** 2
        rates = np.fft.rfftfreq(len(path), 0.02)
        power = waves.sum(axis=1) * 2 / len(path) ** 2 / 2
        slow.append(power[rates < 3].sum() ** 0.5)
        fast.append(power[rates > 5].sum() ** 0.5)
    assert 0.3 < np.median(slow) < 1.5
    assert 0.05 < np.median(fast) < 0.3


def test_ink_on_paper_has_no_deep_black_and_no_full_colour() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 255]]], np.uint8)
    for seed in range(20):
        black, white, red = inked(ends, np.random.default_rng(seed))[0]
        assert 0.03 < black.mean() < 0.115
        assert 0.7 < white.mean() < 1.0
        assert red[0] > black[0] + 0.015


def test_points_warped_onto_themselves_take_each_pixel_from_its_place() -> None:
    rng = np.random.default_rng(1)
    corners = np.array([(0, 0), (99, 0), (0, 79), (99, 79)])
    points = np.concatenate([rng.uniform(5, 70, (40, 2)), corners]).astype(np.float32)
    across, down, covered = warp_map(points, points, triangulate(points), (80, 100))
    assert covered.all()
    assert np.abs(across - np.arange(100)[None]).max() < 0.01
    assert np.abs(down - np.arange(80)[:, None]).max() < 0.01


def test_a_turn_is_a_rotation() -> None:
    matrix = turned(20.0, -10.0, 5.0)
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)


def test_the_camera_is_drawn_without_knowing_what_stands_before_it() -> None:
    assert draw_settings(np.random.default_rng(9), 15.0) == draw_settings(
        np.random.default_rng(9), 15.0
    )
    assert PHONE.bezel[0] > 0
