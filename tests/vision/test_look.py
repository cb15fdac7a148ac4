"""The bench of cues: what fails or comes out of order leaves no evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.errors import ModelError, PictureError
from appliance.messages import CueEvidence
from appliance.vision.landmarks import POINTS, Mesh
from appliance.vision.pad.look import CueBench, Glance, Look
from appliance.vision.pose import Pose
from appliance.vision.samples import Face

if TYPE_CHECKING:
    from collections.abc import Iterator

GREY = np.full((90, 120), 90, np.uint8)
MESH = Mesh(np.zeros((POINTS, 3), np.float32), 1.0)
FACE = Face((10.0, 10.0, 40.0, 40.0), np.zeros((5, 2), np.float32), 0.9)
LOOK = Look(
    pixels=np.dstack([GREY] * 3),
    grey=GREY,
    face=FACE,
    landmarks=FACE.landmarks,
    mesh=MESH,
    pose=Pose(0.0, 0.0, 0.0),
    taken_ns=1,
    sequence=1,
)


class Counting:
    """A cue that counts, or fails as it is told."""

    version = "1"

    def __init__(self, name: str, fault: Exception | None = None) -> None:
        self.name = name
        self.fault = fault
        self.seen = 0
        self.glanced = 0

    def look(self, look: Look) -> None:
        assert look.grey.shape == look.pixels.shape[:2]
        if self.fault is not None:
            raise self.fault
        self.seen += 1

    def idle(self, glance: Glance) -> None:
        self.glanced += len(glance.boxes)

    def evidence(self) -> CueEvidence:
        return CueEvidence(self.name, 1.0 / self.seen, self.seen, self.version)

    def wipe(self) -> None:
        self.seen = 0


def ticks() -> Iterator[int]:
    yield from range(0, 1000, 7)


@pytest.mark.parametrize(
    "fault",
    [cv2.error("strange"), ValueError("shape"), IndexError("0"), PictureError("a", "b", "c")],
)
def test_a_cue_that_fails_has_no_evidence_until_the_next_visit(fault: Exception) -> None:
    bad, good = Counting("bad", fault), Counting("good")
    bench = CueBench([bad, good])
    bench.look(LOOK)
    bad.fault = None
    bench.look(replace(LOOK, taken_ns=2))
    assert bench.evidence() == (CueEvidence("bad", 0.0, 0, "1"), CueEvidence("good", 0.5, 2, "1"))
    bench.wipe()
    bench.look(replace(LOOK, taken_ns=3))
    assert [one.frames for one in bench.evidence()] == [1, 1]


def test_a_model_that_fails_is_not_hidden() -> None:
    bench = CueBench([Counting("bad", ModelError("model", "broken", "a result"))])
    with pytest.raises(ModelError):
        bench.look(LOOK)


@pytest.mark.parametrize("taken_ns", [1, 0])
def test_pictures_out_of_order_leave_no_evidence(taken_ns: int) -> None:
    bench = CueBench([Counting("one"), Counting("other")])
    bench.look(LOOK)
    bench.look(replace(LOOK, taken_ns=taken_ns))
    bench.look(replace(LOOK, taken_ns=9))
    assert [one.frames for one in bench.evidence()] == [0, 0]
    bench.wipe()
    bench.look(LOOK)
    assert [one.frames for one in bench.evidence()] == [1, 1]


def test_a_cue_that_cannot_make_evidence_of_nothing_has_none() -> None:
    assert CueBench([Counting("one")]).evidence() == (CueEvidence("one", 0.0, 0, "1"),)


def test_two_cues_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="each name once"):
        CueBench([Counting("one"), Counting("one")])


def test_the_bench_tells_what_each_cue_took() -> None:
    clock = ticks()
    bench = CueBench([Counting("one"), Counting("other")], lambda: next(clock))
    bench.look(LOOK)
    bench.look(replace(LOOK, taken_ns=2))
    assert bench.spent_ns == {"one": 14, "other": 14}
    assert bench.looks == 2


def test_only_watchers_look_between_visits() -> None:
    watcher = Counting("one")
    bench = CueBench([watcher])
    bench.idle(Glance(LOOK.pixels, (FACE.box, FACE.box), 1, 1))
    assert (watcher.glanced, watcher.seen) == (2, 0)
