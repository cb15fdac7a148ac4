"""Parallax: no sheet shows it however turned or bent, a head does, little turn is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.landmarks import find_mesh
from appliance.vision.pad.look import Look
from appliance.vision.pad.parallax import ParallaxCue, measured
from appliance.vision.pad.tracks import FACE, RING, Run, Step, Tracks
from appliance.vision.pose import head_pose
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

    Points = NDArray[np.float64]

STEP_NS = 80_000_000


@pytest.fixture(scope="module")
def see(
    shelf: ModelShelf, detector: Detector
) -> Callable[[Iterable[NDArray[np.uint8]]], list[Look]]:
    model = shelf.tflite("face_mesh")

    def looks(pictures: Iterable[NDArray[np.uint8]]) -> list[Look]:
        seen = []
        for number, pixels in enumerate(pictures):
            faces = detector.detect(pixels)
            if not faces:
                continue
            landmarks = detector.refine(pixels, faces[0])
            mesh = find_mesh(pixels, landmarks, model)
            grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
            pose = head_pose(mesh.points)
            taken_ns = (number + 1) * STEP_NS
            seen.append(Look(pixels, grey, faces[0], landmarks, mesh, pose, taken_ns, number))
        return seen

    return looks


@pytest.fixture(scope="module")
def film() -> list[NDArray[np.uint8]]:
    """Every second picture of 3.2 s in which a woman turns her head by a dozen degrees."""
    capture = cv2.VideoCapture(str(footage_path("WolfgangLanger_Pexels.mp4")))
    pictures = [np.asarray(capture.read()[1], np.uint8) for _ in range(80)]
    capture.release()
    return pictures[::2]


@pytest.fixture(scope="module")
def head(see: Callable[..., list[Look]], film: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """A real face's mesh, (468, 3) px."""
    return see(film[:1])[0].mesh.points


def turned(points: Points, yaw: float, pitch: float) -> Points:
    """Turn (n, 3) points about their middle, degrees."""
    a, b = np.radians([yaw, pitch])
    across = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    along = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    middle = points.mean(axis=0)
    return (points - middle) @ (across @ along).T + middle


def sheet_of(points: Points, yaw: float, bend: float) -> Points:
    """Turn and bend the sheet on which the points are printed, in strong perspective."""
    middle = points[:, :2].mean(axis=0)
    x, y = (points[:, :2] - middle).T
    depth = bend * x * x / 300.0
    flat = turned(np.column_stack([x, y, depth]), 2.5 * yaw, 0.0)
    near = 1200.0 / (1200.0 + flat[:, 2:])
    return np.column_stack([flat[:, :2] * near + middle, flat[:, 2]])


def cue_after(
    head: NDArray[np.float32], move: Callable[[float], Points], most: float
) -> ParallaxCue:
    """Let a cue see 20 steps of corners put by `move`; the mesh claims a turn to `most`."""
    corners = head[::4].astype(np.float64)
    zone = np.full(len(corners), FACE, np.int8)
    rng = np.random.default_rng(3)
    steps = []
    for number in range(20):
        yaw = most * number / 19
        points = move(yaw)[::4, :2] + rng.normal(0, 0.1, (len(corners), 2))
        mesh = turned(head.astype(np.float64), yaw, 0.3 * yaw)
        alive = np.ones(len(corners), np.bool_)
        steps.append(
            Step(number * STEP_NS, points.astype(np.float32), alive, mesh.astype(np.float32))
        )
    tracks = Tracks()
    tracks.runs.append(Run(zone, steps))
    cue = ParallaxCue(tracks)
    cue.catch_up()
    return cue


@pytest.mark.parametrize("bend", [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("most", [-14.0, 9.0, 20.0])
def test_a_sheet_flat_or_bent_whose_mesh_feigns_a_turn_is_contradicted(
    head: NDArray[np.float32], bend: float, most: float
) -> None:
    cue = cue_after(head, lambda yaw: sheet_of(head.astype(np.float64), yaw, bend), most)
    evidence = cue.evidence()
    assert evidence.frames >= 8
    assert evidence.score < 0.3
    assert cue.measure().k < 0.06


def test_a_relief_that_moves_against_the_turn_is_contradicted(head: NDArray[np.float32]) -> None:
    cue = cue_after(head, lambda yaw: turned(head.astype(np.float64), -yaw, -0.3 * yaw), 15.0)
    assert cue.evidence().score < 0.01
    assert cue.evidence().frames >= 8


def test_a_turning_solid_head_is_supported(head: NDArray[np.float32]) -> None:
    cue = cue_after(head, lambda yaw: turned(head.astype(np.float64), yaw, 0.3 * yaw), 15.0)
    assert cue.evidence().score > 0.99
    assert cue.measure().k == pytest.approx(1.0, abs=0.1)


def test_too_little_turn_is_no_evidence_however_solid(head: NDArray[np.float32]) -> None:
    cue = cue_after(head, lambda yaw: turned(head.astype(np.float64), yaw, 0.3 * yaw), 5.0)
    assert (cue.evidence().frames, cue.evidence().score) == (0, 0.0)


def test_a_nod_alone_is_no_evidence_since_a_pitched_sheet_resembles_it() -> None:
    nod = measured(np.array([[0.0, 0.2, 0.0, 0.2]] * 20))
    assert (nod.turn, nod.aside) == pytest.approx((0.2, 0.0))


def test_relief_up_and_down_does_not_make_up_for_none_sideways() -> None:
    rows = np.array([[0.01, 0.15, 0.1, 0.2], [-0.01, -0.14, -0.1, -0.2]] * 10)
    assert measured(rows).k == pytest.approx(0.1)


def test_relief_that_chance_explains_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    due = np.column_stack([np.tile([0.15, -0.15], 14), np.zeros(28)])
    chance = np.random.default_rng(5).normal(0.0, 1.0, (28, 2))
    chance -= due * (chance * due).sum() / (due**2).sum()
    scores = []
    for noise in (0.005, 0.08):
        cue = ParallaxCue(Tracks())
        found = measured(np.hstack([0.23 * due + noise * chance, due]))
        assert found.k == pytest.approx(0.23)
        assert found.error == pytest.approx(noise * 1.26, rel=0.2)
        monkeypatch.setattr(cue, "measure", lambda found=found: found)
        scores.append(cue.evidence().score)
    assert scores[0] > 0.9
    assert scores[1] < 0.6


def test_few_pictures_are_no_evidence() -> None:
    few = measured(np.array([[0.2, 0.0, 0.2, 0.0]] * 7))
    assert few.pictures == 7
    assert measured(np.empty((0, 4))).turn == 0.0


def test_lost_corners_are_left_out_and_too_few_of_them_say_nothing(
    head: NDArray[np.float32],
) -> None:
    cue = cue_after(head, lambda yaw: turned(head.astype(np.float64), yaw, 0.3 * yaw), 15.0)
    run = cue._tracks.runs[0]
    for step in run.steps[1:]:
        step.alive[38:] = False
    blind = ParallaxCue(cue._tracks)
    blind.catch_up()
    assert blind.evidence().frames == 0


def test_corners_of_the_ring_do_not_count(head: NDArray[np.float32]) -> None:
    cue = cue_after(head, lambda yaw: turned(head.astype(np.float64), yaw, 0.3 * yaw), 15.0)
    run = cue._tracks.runs[0]
    run.zone[:] = RING
    blind = ParallaxCue(cue._tracks)
    blind.catch_up()
    assert blind.evidence().frames == 0


def test_a_filmed_woman_who_turns_is_supported_and_wiped(
    see: Callable[..., list[Look]], film: list[NDArray[np.uint8]]
) -> None:
    cue = ParallaxCue(Tracks())
    for look in see(film):
        cue.look(look)
    evidence = cue.evidence()
    assert evidence.frames > 30
    assert evidence.score > 0.9
    kept = cue._tracks._copy
    points = cue._tracks.runs[0].steps[0].points
    mesh = cue._tracks.runs[0].steps[0].mesh
    assert kept is not None
    cue.wipe()
    assert not kept.any()
    assert not points.any()
    assert not mesh.any()
    assert cue.evidence().frames == 0


@pytest.mark.parametrize("axis", ["x", "y", "both"])
def test_her_photo_swung_before_the_camera_is_not_supported(
    see: Callable[..., list[Look]], film: list[NDArray[np.uint8]], axis: str
) -> None:
    height, width = film[0].shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    swung = []
    for number in range(40):
        angle = np.radians(35) * np.sin(2 * np.pi * number / 26)
        flat = np.column_stack([corners - (width / 2, height / 2), np.zeros(4)])
        a = angle if axis != "y" else 0.0
        b = angle if axis != "x" else 0.0
        turn = turned(flat, float(np.degrees(a)), float(np.degrees(b)))
        seen = turn[:, :2] * 900 / (900 + turn[:, 2:]) + (width / 2, height / 2)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
        warped = cv2.warpPerspective(film[0], matrix, (width, height), borderValue=(90, 110, 120))
        swung.append(np.asarray(warped, np.uint8))
    cue = ParallaxCue(Tracks())
    for look in see(swung):
        cue.look(look)
    evidence = cue.evidence()
    assert evidence.frames == 0 or evidence.score < 0.4
