"""Tracks: corners are followed by the pixel, lost for good, and never through a gap or a jump."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from appliance.vision.landmarks import OVAL, Mesh
from appliance.vision.pad.look import Look
from appliance.vision.pad.parallax import ParallaxCue
from appliance.vision.pad.tracks import FACE, FAR, LONGEST, RING, Tracks, robust
from appliance.vision.pose import Pose
from appliance.vision.samples import Face

MS = 1_000_000
RNG = np.random.default_rng(11)
WALL = cv2.GaussianBlur(RNG.uniform(0, 255, (960, 1280)).astype(np.float32), (0, 0), 3.0)
WALL = np.clip((WALL - 127) * 6 + 127, 0, 255).astype(np.uint8)


def seen(
    at_ms: int, right: float = 0.0, *, mesh_right: float | None = None, blank: bool = False
) -> Look:
    """A textured wall moved to the right by some pixels, taken for a face in its middle."""
    moved = cv2.warpAffine(WALL, np.array([[1.0, 0.0, right - 320], [0.0, 1.0, -240]]), (640, 480))
    grey = np.full((480, 640), 120, np.uint8) if blank else np.asarray(moved, np.uint8)
    points = np.zeros((468, 3), np.float32)
    angle = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    middle = np.array((320 + (right if mesh_right is None else mesh_right), 240))
    points[:, :2] = middle
    points[list(OVAL), :2] = middle + np.column_stack([70 * np.cos(angle), 95 * np.sin(angle)])
    for corner, x, y in ((33, -40, -25), (133, -20, -25), (263, 40, -25), (362, 20, -25)):
        points[corner, :2] = middle + np.array((x, y))
    points[61, :2] = middle + np.array((-25, 45))
    points[291, :2] = middle + np.array((25, 45))
    face = Face((250, 145, 140, 190), np.zeros((5, 2), np.float32), 0.9)
    pixels = np.zeros((480, 640, 3), np.uint8)
    mesh = Mesh(points, 1.0)
    pose = Pose(0.0, 0.0, 0.0)
    return Look(pixels, grey, face, face.landmarks, mesh, pose, at_ms * MS, at_ms)


def test_a_blank_picture_has_no_corners_and_no_cue_dies_of_it() -> None:
    cue = ParallaxCue(Tracks())
    for number in range(4):
        cue.look(seen(100 + 80 * number, blank=True))
    assert cue.evidence().frames == 0


def test_corners_lie_in_their_zones_and_not_on_eyes_or_mouth() -> None:
    tracks = Tracks()
    tracks.follow(seen(100))
    run = tracks.runs[0]
    first = run.steps[0].points
    face = first[run.zone == FACE]
    assert len(face) > 40
    assert (np.abs(face - (320, 240)) < (70, 95)).all()
    assert (face[:, 1] < 285).all()
    for eye in ((290, 215), (350, 215)):
        assert (np.linalg.norm(face - eye, axis=1) > 11).all()
    ring = first[run.zone == RING]
    assert len(ring) > 6
    assert (np.linalg.norm((ring - (320, 240)) / (70, 95), axis=1) > 1.3).all()
    assert (ring[:, 1] < 290).all()
    far = first[run.zone == FAR]
    assert (np.linalg.norm((far - (320, 240)) / (70, 95), axis=1) > 2.6).all()


def test_a_motion_is_followed_to_a_fraction_of_a_pixel() -> None:
    tracks = Tracks()
    for number in range(10):
        assert tracks.follow(seen(100 + 80 * number, 3.0 * number))
    assert len(tracks.runs) == 1
    last = tracks.runs[0].steps[-1]
    moved = (last.points - tracks.runs[0].steps[0].points)[last.alive]
    assert len(moved) > 60
    assert np.median(np.abs(moved - (27.0, 0.0))) < 0.2


def test_the_same_picture_twice_counts_once() -> None:
    tracks = Tracks()
    assert tracks.follow(seen(100))
    assert not tracks.follow(seen(100))
    assert not tracks.follow(seen(60))
    assert len(tracks.runs[0].steps) == 1


@pytest.mark.parametrize(
    "second",
    [
        seen(100 + 500),
        seen(180, 60.0, mesh_right=0.0),
        seen(180, 0.0, mesh_right=60.0),
        seen(180, blank=True),
    ],
    ids=["after a gap", "corners leave the mesh", "the mesh leaves the corners", "all is lost"],
)
def test_a_run_ends_where_it_may_be_another_face(second: Look) -> None:
    tracks = Tracks()
    tracks.follow(seen(100))
    tracks.follow(second)
    assert [len(run.steps) for run in tracks.runs] == [1, 1]


def test_a_run_does_not_go_on_for_ever() -> None:
    tracks = Tracks()
    for number in range(LONGEST + 3):
        tracks.follow(seen(100 + 80 * number))
    assert [len(run.steps) for run in tracks.runs] == [60, 3]


def test_wiping_overwrites_points_meshes_and_the_copy() -> None:
    tracks = Tracks()
    tracks.follow(seen(100))
    first, copy = tracks.runs[0].steps[0], tracks._copy
    assert copy is not None
    assert first.points.any()
    tracks.wipe()
    assert not copy.any()
    assert not first.points.any()
    assert not first.mesh.any()
    assert tracks.runs == []


def test_a_robust_fit_forgets_gross_errors_and_says_when_there_is_none() -> None:
    x = np.linspace(-1, 1, 50)
    columns = np.column_stack([np.ones(50), x])
    moved = np.column_stack([2 + 3 * x, 1 - x])
    moved[::10] += 4
    found = robust(columns, moved)
    assert found is not None
    assert found == pytest.approx(np.array([[2.0, 1.0], [3.0, -1.0]]), abs=0.2)
    assert robust(np.zeros((50, 2)), moved) is None
