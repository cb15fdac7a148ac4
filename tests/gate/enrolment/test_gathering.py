"""A face in parts: one person's alone, living, whole; overwritten afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.errors import ComparisonError, EnrolmentError
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.enrolment.gathering import (
    FaceLimits,
    Gathering,
    GatheringFault,
    Part,
    PartRefusedError,
    plan,
)
from appliance.messages import CueEvidence, FaceEvidence

LIMITS = FaceLimits((CuePolicy("texture", CueKind.PROOF_TEXTURE, 0.5, 0.5, 3),), 0.58)


def part(
    *axes: float, frames: int = 10, score: float = 0.9, features: str = "recipe", quality: int = 80
) -> FaceEvidence:
    probe = np.array(axes, "<f4")
    probe /= np.linalg.norm(probe)
    cues = (CueEvidence("texture", score, 9),)
    return FaceEvidence(bytes(16), 1, 2, features, probe.tobytes(), quality, frames, cues)


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (part(0.0, 1.0), GatheringFault.ANOTHER_FACE),
        (part(0.57, np.sqrt(1 - 0.57**2)), GatheringFault.ANOTHER_FACE),
        (part(1.0, 0.0, 0.0), GatheringFault.ANOTHER_FACE),
        (part(1.0, 0.0, features="other"), GatheringFault.ANOTHER_FACE),
        (part(1.0, 0.0, score=0.4), GatheringFault.NOT_LIVING),
    ],
    ids=["another", "just another", "other length", "other recipe", "a picture"],
)
def test_a_part_that_is_not_the_first_ones_is_refused_and_changes_nothing(
    evidence: FaceEvidence, fault: GatheringFault
) -> None:
    one = Gathering(plan(glasses=False, turning=True), LIMITS)
    one.add(part(1.0, 0.0))
    with pytest.raises(PartRefusedError) as refused:
        one.add(evidence)
    assert refused.value.fault is fault
    assert one.done == (Part.FRONT,)
    one.add(part(0.59, np.sqrt(1 - 0.59**2)))
    assert one.done == (Part.FRONT, Part.LEFT)


def test_half_a_number_is_no_part() -> None:
    one = Gathering((Part.FRONT,), LIMITS)
    wrong = FaceEvidence(
        bytes(16), 1, 2, "recipe", b"12345", 80, 10, (CueEvidence("texture", 0.9, 9),)
    )
    with pytest.raises(ComparisonError):
        one.add(wrong)
    assert one.done == ()


def test_a_face_without_a_part_is_none_and_one_part_too_many_is_refused() -> None:
    one = Gathering((Part.FRONT,), LIMITS)
    with pytest.raises(EnrolmentError, match="front"):
        one.face()
    one.add(part(1.0, 0.0))
    with pytest.raises(PartRefusedError):
        one.add(part(1.0, 0.0))


@pytest.mark.parametrize(
    ("glasses", "turning", "parts"),
    [
        (False, True, ["front", "left", "right"]),
        (True, True, ["front", "left", "right", "bare"]),
        (False, False, ["front"]),
        (True, False, ["front", "bare"]),
    ],
)
def test_the_parts_follow_glasses_and_turning(
    *, glasses: bool, turning: bool, parts: list[str]
) -> None:
    assert [one.value for one in plan(glasses=glasses, turning=turning)] == parts


def test_parts_weigh_by_their_pictures_and_the_best_quality_is_told() -> None:
    one = Gathering((Part.FRONT, Part.LEFT), LIMITS)
    one.add(part(1.0, 0.0, frames=9, quality=60))
    one.add(part(0.6, 0.8, frames=5, quality=70))
    face = one.face()
    # (9 + 5 * 0.6, 5 * 0.8) = (12, 4), at length one.
    assert face.vector.tolist() == pytest.approx([12 / np.sqrt(160), 4 / np.sqrt(160)], abs=1e-6)
    assert (face.features, face.quality) == ("recipe", 70)


def test_another_look_resembles_the_whole_or_not() -> None:
    one = Gathering((Part.FRONT,), LIMITS)
    one.add(part(1.0, 0.0))
    assert one.resembles(part(0.59, np.sqrt(1 - 0.59**2)))
    assert not one.resembles(part(0.57, np.sqrt(1 - 0.57**2)))
    assert not one.resembles(part(1.0, 0.0, features="other"))
    with pytest.raises(PartRefusedError):
        one.resembles(part(1.0, 0.0, score=0.1))
