"""Coherence: a held picture takes its surroundings along; a person leaves them behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.pad.coherence import CoherenceCue, following, grain_ratios
from appliance.vision.pad.tracks import FACE, FAR, RING, Run, Step, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Points = NDArray[np.float64]

ZONE = np.array([FACE] * 60 + [RING] * 20 + [FAR] * 20, np.int8)


def start() -> Points:
    rng = np.random.default_rng(4)
    face = rng.uniform((260, 180), (380, 300), (60, 2))
    ring = rng.uniform(-1, 1, (20, 2)) * 20 + ((200, 120),)
    far = rng.uniform(-1, 1, (20, 2)) * 40 + ((80, 80),)
    return np.concatenate([face, ring, far])


def mesh() -> NDArray[np.float32]:
    points = np.zeros((468, 3), np.float32)
    points[[33, 133], 0] = (280, 300)
    points[[263, 362], 0] = (360, 340)
    return points


def run_of(move: Callable[[Points, int], Points], pictures: int = 21) -> Run:
    """Pictures in which `move` puts the corners; the eyes are 60 px apart."""
    rng = np.random.default_rng(8)
    steps = []
    for number in range(pictures):
        points = move(start(), number) + rng.normal(0, 0.1, (100, 2))
        alive = np.ones(100, np.bool_)
        steps.append(Step(number, points.astype(np.float32), alive, mesh()))
    return Run(ZONE, steps)


def held(points: Points, number: int) -> Points:
    turn = np.radians(1.0 * number)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = points.copy()
    moved[:80] = (points[:80] - (320, 240)) @ matrix.T * (1 + 0.01 * number)
    moved[:80] += (320 + 3 * number, 240 + number)
    return moved


def living(points: Points, number: int) -> Points:
    moved = held(points, number)
    moved[60:80] = points[60:80]
    return moved


def shaking(points: Points, number: int) -> Points:
    moved = held(points, number)
    moved[80:] += (4 * number, 3 * number)
    return moved


def after(run: Run) -> CoherenceCue:
    tracks = Tracks()
    tracks.runs.append(run)
    cue = CoherenceCue(tracks)
    cue.catch_up()
    return cue


def test_a_held_picture_before_a_resting_room_is_contradicted() -> None:
    evidence = after(run_of(held)).evidence()
    assert evidence.frames >= 12
    assert evidence.score < 0.01


def test_a_second_in_which_hair_turns_with_the_head_says_nothing() -> None:
    assert after(run_of(held, 9)).evidence().frames == 0


def test_a_picture_whose_rim_hides_part_of_the_ring_is_still_seen_by_the_rest() -> None:
    run = run_of(held)
    for step in run.steps[1:]:
        step.alive[60:66] = False
    assert after(run).evidence().score < 0.2


@pytest.mark.parametrize("move", [living, shaking])
def test_a_person_before_a_room_and_a_shaken_camera_run_clean(
    move: Callable[[Points, int], Points],
) -> None:
    evidence = after(run_of(move)).evidence()
    assert evidence.frames >= 5
    assert evidence.score > 0.99


def test_nothing_moving_is_no_evidence() -> None:
    assert after(run_of(lambda points, _: points)).evidence().frames == 0


def test_without_a_far_background_nothing_is_said() -> None:
    run = run_of(held)
    for step in run.steps[1:]:
        step.alive[84:] = False
    assert following(run, run.steps[9]) is None


def picture(face_blur: float, face_noise: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A textured room with a textured square for a face; both soft and grainy as one camera's."""
    rng = np.random.default_rng(9)
    tiles = np.kron(rng.uniform(60, 190, (30, 40)), np.ones((16, 16)))
    room = cv2.GaussianBlur(tiles, (0, 0), 1.0)
    face = cv2.GaussianBlur(tiles, (0, 0), face_blur)
    room[140:340, 220:420] = face[140:340, 220:420]
    grain = rng.normal(0, 2.0, room.shape)
    grain[140:340, 220:420] *= face_noise
    points = np.zeros((468, 3), np.float32)
    points[:, :2] = rng.uniform((222, 142), (418, 338), (468, 2))
    return np.clip(room + grain, 0, 255).astype(np.uint8), points


def test_one_cameras_grain_and_sharpness_agree_and_a_pasted_faces_do_not() -> None:
    same = grain_ratios(*picture(1.0, 1.0))
    soft = grain_ratios(*picture(6.0, 1.0))
    clean = grain_ratios(*picture(1.0, 0.0))
    assert same is not None
    assert soft is not None
    assert clean is not None
    assert max(abs(value) for value in same) < 0.35
    assert clean[0] < -1.0
    assert soft[1] != pytest.approx(same[1], abs=0.1)


def test_a_face_that_fills_or_leaves_the_picture_has_no_surroundings() -> None:
    grey, points = picture(1.0, 1.0)
    inside = points - np.array((222, 142, 0), np.float32)
    assert grain_ratios(grey[142:338, 222:418], inside) is None
    assert grain_ratios(grey, points + np.float32(5000)) is None
    assert grain_ratios(np.zeros_like(grey), points) is None


def test_wiping_forgets_the_visit() -> None:
    cue = after(run_of(held))
    cue.wipe()
    assert cue.evidence().frames == 0
    assert cue._tracks.runs == []
