"""Cones, double bends and what is worn: unrolled to the millimetre, and fixed to the head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hardware.sim.library import footage_path
from tests.attacks.bends import Cone, Double
from tests.attacks.camera import HEIGHT, WIDTH, Settings, linear, mixed, mosaic
from tests.attacks.dress import filled, line
from tests.attacks.hand import draw_hold, turned
from tests.attacks.hats import Hat
from tests.attacks.masks import Mask
from tests.attacks.place import Attacker
from tests.attacks.sheet import look_flat
from tests.attacks.sources import FaceFinder, Source, Stage, load_clip
from tests.attacks.spectacles import SPECTACLED, WRAP, Spectacles, glasses
from tests.attacks.worn import Heads, Worn, angles, follow

pytestmark = pytest.mark.rig

CALM = Settings(15.0, 0.008, 0.02, 0.4, 1e7, 0.0, 0.25)
A4 = (210.0, 297.0)


def still(distance: float = 400.0, yaw: float = 0.0) -> object:
    hold = draw_hold(np.random.default_rng(1), np.array([3.0, -2.0, distance, yaw, 4.0, 1.0]))
    hold.sizes[:] = 0
    return hold


@pytest.mark.parametrize(
    "bend",
    [
        Cone(3000.0, 60.0, hollow=False, change=0.0, rate=1.0),
        Cone(3000.0, 60.0, hollow=True, change=0.0, rate=1.0),
        Double(0.01, 1.0, 0.4, 0.0, 1.0),
    ],
)
def test_a_hardly_bent_sheet_is_a_flat_one(bend: Cone | Double) -> None:
    hold = still(yaw=8.0)
    level = look_flat(hold, 0.0, 0.0, A4)
    bent = bend.look(hold, 0.0, 0.0, A4)
    inside = level.cover == 1
    assert inside.sum() > 50_000
    assert np.abs(level.right - bent.right)[inside].max() < 0.5
    assert np.abs(level.down - bent.down)[inside].max() < 0.5


def test_a_cone_is_most_bent_near_its_apex() -> None:
    bent = Cone(250.0, 25.0, hollow=False, change=0.0, rate=1.0).look(still(), 0.0, 0.0, A4)
    squeezed = []
    for row in (110, 370):
        steps = np.diff(bent.right[row])[bent.cover[row, 1:] == 1]
        squeezed.append(steps.max() / steps.min())
    assert squeezed[0] > 1.5 * squeezed[1] > 1.5


def test_a_hollow_cone_comes_nearer_at_its_sides() -> None:
    hollow, bulging = (
        Cone(400.0, 25.0, hollow=side, change=0.0, rate=1.0).look(still(), 0.0, 0.0, (120.0, 120.0))
        for side in (True, False)
    )
    assert (hollow.cover > 0.5).sum() > 1.04 * (bulging.cover > 0.5).sum()


def test_a_double_bend_is_as_narrow_as_the_mean_cosine_of_its_slope() -> None:
    hold = still(3000.0)
    level, bent = (
        Double(steep, 1.0, np.pi / 2, 0.0, 1.0).look(hold, 0.0, 0.0, (1000.0, 600.0))
        for steep in (0.01, 30.0)
    )
    wide = [float(one.cover[HEIGHT // 2].sum()) for one in (level, bent)]
    assert wide[1] / wide[0] == pytest.approx(0.933, abs=0.01)  # J0(30 degrees)


def test_angles_are_those_that_were_turned() -> None:
    assert angles(turned(20.0, -10.0, 5.0)) == pytest.approx([20.0, -10.0, 5.0])


def heads(yaws: tuple[float, ...]) -> Heads:
    count = len(yaws)
    rotations = np.array([turned(yaw, 0.0, 0.0) for yaw in yaws])
    return Heads(10.0, rotations, np.tile([0.0, 0.0, 400.0], (count, 1)), np.zeros((count, 468, 3)))


def test_what_is_worn_turns_with_the_head_and_about_its_middle() -> None:
    worn = Worn(heads((0.0, 0.0, 30.0)), np.array([0.0, 0.0, -50.0]), np.eye(3))
    assert worn.base == pytest.approx([0, 0, 350, 0, 0, 0])
    assert worn.at(0.2) == pytest.approx([-25.0, 0, 400 - 43.30, 30, 0, 0], abs=0.01)
    assert worn.at(0.15)[3] == pytest.approx(15.0)
    assert worn.at(9.0) == pytest.approx(worn.at(0.2))


def test_a_glint_runs_over_a_lens_as_over_a_ball() -> None:
    pair = Spectacles(heads((0.0, 5.0)), np.random.default_rng(1))
    pair._ball, pair._out = 100.0, 32.0
    pair._lamp = np.array([0.0, 0.0, -1.0])  # a lamp beside the camera
    assert pair.glint(0, 1.0) == pytest.approx((-100 * 2 * WRAP * 32, 0))
    moved = pair.glint(1, 1.0)[0] - pair.glint(0, 1.0)[0]
    assert moved == pytest.approx(100 * np.tan(np.radians(5)), rel=1e-3)


def test_outlines_are_drawn_to_a_fraction_of_a_pixel() -> None:
    square = np.array([(100.0, 50.0), (110.0, 50.0), (110.0, 60.0), (100.0, 60.0)])
    whole, moved = filled(square), filled(square + np.array([0.5, 0]))
    assert whole[55, 103:108].tolist() == [1.0] * 5
    right = np.arange(WIDTH) @ whole[55] / whole[55].sum()
    assert np.arange(WIDTH) @ moved[55] / moved[55].sum() == pytest.approx(right + 0.5, abs=0.1)
    assert line(square[:2], 2.0)[:, 105].sum() == pytest.approx(2.0, abs=0.35)


def test_outlines_outside_the_picture_are_cut_off() -> None:
    far = np.array([(-90.0, -90.0), (-50.0, -90.0), (-50.0, -50.0)])
    assert filled(far).sum() == 0
    assert filled(far + np.array([WIDTH, HEIGHT])).sum() > 0
    assert filled(far + 2000).sum() == 0


def test_a_sensor_site_lies_a_quarter_of_a_pixel_off_its_middle() -> None:
    ramp = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    ramp[:] = np.arange(WIDTH, dtype=np.float32)[None, :, None]
    assert mosaic(ramp)[100, 20:24].tolist() == [9.75, 10.25, 10.75, 11.25]


def test_mixed_light_is_as_much_of_each_as_said() -> None:
    light = np.full((HEIGHT, WIDTH, 3), 0.2, np.float32)
    share = np.zeros((HEIGHT, WIDTH), np.float32)
    share[0, 0], share[0, 1] = 1.0, 0.25
    found = mixed(light, 0.6, share)
    assert found[0, :3, 0] == pytest.approx([0.6, 0.3, 0.2])
    assert light.max() == pytest.approx(0.2)


@pytest.fixture(scope="module")
def filmed() -> Source:
    """One person, shipped with the terminal."""
    return load_clip(footage_path("WolfgangLanger_Pexels.mp4"), "langer", FaceFinder())


@pytest.fixture(scope="module")
def portrait(filmed: Source) -> Source:
    """One photo."""
    pixels = np.asarray(cv2.imread(str(footage_path("astronaut.png"))), dtype=np.uint8)
    return Source("astronaut", [pixels], 0.0, filmed.finder)


def test_a_head_is_where_its_mesh_is(filmed: Source) -> None:
    stage = Stage(filmed, range(6), np.random.default_rng(1))
    found = follow(stage, range(6), filmed.fps)
    for number in range(1, 5):
        corners = found.points[number, [33, 263]]
        apart = found.onto(number, corners) - stage.mesh(number)[[33, 263], :2]
        assert np.abs(apart).max() < 4
    assert np.linalg.det(found.rotations) == pytest.approx(np.ones(6))


@pytest.mark.parametrize("made", [Spectacles, Hat])
def test_what_is_worn_leaves_mouth_and_chin_as_they_are(filmed: Source, made: type) -> None:
    stage = Stage(filmed, range(4), np.random.default_rng(1))
    found = follow(stage, range(4), filmed.fps)
    light = linear(stage.show(2))
    worn = made(found, np.random.default_rng(5)).on(light.copy(), 2)
    mouth = int(stage.mesh(2)[0, 1])
    assert np.abs(worn - light)[mouth:].max() < 1e-6
    assert (np.abs(worn - light)[:mouth].max(axis=2) > 0.02).sum() > 500


def test_a_mask_of_nothing_is_the_attacker_alone(filmed: Source, portrait: Source) -> None:
    rng = np.random.default_rng(3)
    attacker = Attacker([filmed], portrait, rng, 7.0)
    mask = Mask(portrait, attacker, rng)
    seen = mask.light(2, CALM).light
    alone = linear(attacker.picture(2))
    assert (np.abs(seen - alone).max(axis=2) > 0.05).sum() > 8000
    mask.shape[:] = 0
    assert np.abs(mask.light(2, CALM).light - alone).max() == 0


def test_a_mask_covers_the_attackers_nose_and_leaves_the_corners_of_the_picture(
    filmed: Source, portrait: Source
) -> None:
    rng = np.random.default_rng(4)
    attacker = Attacker([filmed], portrait, rng, 7.0)
    mask = Mask(portrait, attacker, rng)
    for number in (0, 12):
        before = linear(attacker.picture(number))
        mask.reflectance[:] = 9.0
        mask._gloss = 0.0
        seen = mask.light(number, CALM).light
        x, y = attacker.stage.mesh(attacker.index(number))[4, :2].astype(int)
        assert seen[y, x].min() > 3.0
        assert np.abs(seen - before)[[0, -1, 0, -1], [0, 0, -1, -1]].max() < 0.01


def test_nobody_wears_two_pairs_of_glasses(filmed: Source) -> None:
    twin = Source(SPECTACLED[0], filmed.frames, filmed.fps, filmed.finder)
    assert list(glasses(twin, 1)) == []
