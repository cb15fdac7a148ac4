"""One capture subject from picture to picture: never two people joined into one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.vision.samples import Face
from appliance.vision.tracking import Tracker


def face(x: float = 100, y: float = 100, eyes: float = 60) -> Face:
    points = np.array(
        [
            [x - eyes / 2, y],
            [x + eyes / 2, y],
            [x, y + eyes / 2],
            [x - 20, y + 60],
            [x + 20, y + 60],
        ],
        dtype=np.float32,
    )
    return Face((x - eyes, y - eyes, 2 * eyes, 2 * eyes), points, 0.9)


def test_nobody_in_view_is_nobody() -> None:
    assert Tracker().update(()).face is None


def test_a_new_face_is_not_the_same_as_none_before() -> None:
    sighting = Tracker().update((face(),))
    assert (sighting.same, sighting.moved) == (False, 0.0)


@pytest.mark.parametrize(
    "other", [face(x=300), face(eyes=20), face(eyes=100)], ids=["elsewhere", "small", "large"]
)
def test_a_face_elsewhere_or_of_another_size_is_another_person(other: Face) -> None:
    tracker = Tracker()
    tracker.update((face(),))
    assert not tracker.update((other,)).same


def test_a_face_gone_for_one_picture_is_a_new_person() -> None:
    tracker = Tracker()
    tracker.update((face(),))
    tracker.update(())
    assert not tracker.update((face(),)).same


def test_a_face_without_size_is_nobody_to_follow() -> None:
    tracker = Tracker()
    tracker.update((face(eyes=0),))
    assert not tracker.update((face(eyes=0),)).same


def test_somebody_beside_the_subject_is_noticed_and_somebody_behind_is_not() -> None:
    tracker = Tracker()
    assert tracker.update((face(), face(x=300, eyes=50))).accompanied
    assert not tracker.update((face(), face(x=300, eyes=20))).accompanied


def test_the_subject_is_kept_when_another_comes_a_little_nearer() -> None:
    tracker = Tracker()
    tracker.update((face(),))
    sighting = tracker.update((face(x=300, eyes=65), face(x=103)))
    assert sighting.same
    assert sighting.accompanied
    assert sighting.face is not None
    assert sighting.face.centre[0] == pytest.approx(103)


def test_a_subject_far_behind_somebody_new_is_given_up() -> None:
    tracker = Tracker()
    tracker.update((face(),))
    sighting = tracker.update((face(x=300, eyes=150), face()))
    assert not sighting.same
    assert not sighting.accompanied


def test_movement_is_told_in_eye_distances() -> None:
    tracker = Tracker()
    tracker.update((face(),))
    assert tracker.update((face(x=115),)).moved == pytest.approx(0.25)


@given(st.lists(st.lists(st.tuples(st.floats(0, 640), st.floats(1, 200)), max_size=4)))
def test_the_subject_is_always_one_of_the_faces(pictures: list[list[tuple[float, float]]]) -> None:
    tracker = Tracker()
    for picture in pictures:
        faces = tuple(face(x=x, eyes=e) for x, e in sorted(picture, key=lambda one: -one[1]))
        sighting = tracker.update(faces)
        assert (sighting.face is None) == (not faces)
        assert sighting.face is None or any(sighting.face is one for one in faces)
        assert not (sighting.same and sighting.face is None)
