"""A visit's gathering: of one person only, complete or abandoned, in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.messages import CueEvidence, Gathered, Hint, Purpose, Turn
from appliance.orders import StartVisit
from appliance.vision.acquisition import Acquisition, AcquisitionSettings, Sample
from appliance.vision.features import LENGTH, RECIPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

MS = 1_000_000
VISIT = bytes(16)


def gathering(purpose: Purpose = Purpose.IDENTIFY) -> Acquisition:
    return Acquisition(StartVisit(VISIT, purpose, 4000 * MS), 0, AcquisitionSettings())


def sample(at_ms: int, seed: int = 1, quality: int = 70) -> Sample:
    vector = np.random.default_rng(seed).standard_normal(LENGTH)
    vector /= np.linalg.norm(vector)
    return Sample(vector.astype(np.float32), quality, at_ms * MS)


CUES = (CueEvidence("texture", 0.9, 4, "1"),)


def probe(one: Acquisition) -> NDArray[np.float32]:
    return np.frombuffer(one.evidence(CUES).probe, "<f4")


def test_nothing_gathered_before_another_person_came_is_joined() -> None:
    one = gathering()
    for at in range(3):
        assert one.add(sample(at))
    one.restart(Hint.ONE_PERSON)
    assert one.share == 0.0
    assert one.hint is Hint.ONE_PERSON
    for at in range(3, 7):
        assert not one.complete
        assert one.add(sample(at, seed=2))
    assert probe(one) @ sample(0, seed=2).vector == pytest.approx(1.0, abs=1e-5)


def test_a_face_brought_in_the_place_of_the_first_begins_anew() -> None:
    one, photo = gathering(), sample(1)
    assert one.add(photo)
    for at in range(2, 5):
        one.add(sample(at))
    assert one.complete
    living = sample(500, seed=2)
    assert not one.add(living)
    assert not one.complete
    assert not photo.vector.any()
    assert not living.vector.any()


def test_the_probe_is_of_who_stands_there_at_the_end() -> None:
    one, oldest = gathering(), sample(0)
    one.add(oldest)
    for at in (1, 2, 3):
        one.add(sample(at))
    assert not one.wants(402 * MS)
    assert one.wants(403 * MS)
    assert one.add(sample(403))
    assert one.evidence(CUES).taken_ns == 403 * MS
    assert one.evidence(CUES).frames == 4
    assert not oldest.vector.any()


def test_evidence_is_given_when_gate_asks_or_time_is_up_and_never_without_a_probe() -> None:
    one = gathering()
    one.conclude()
    assert not one.due(3999 * MS)
    for at in range(4):
        one.add(sample(at))
    assert one.due(5 * MS)
    other = gathering()
    for at in range(4):
        other.add(sample(at))
    assert not other.due(3699 * MS)
    assert other.due(3700 * MS)


def test_a_head_still_turned_away_is_waited_for_until_a_fresh_picture_or_the_end() -> None:
    one = gathering()
    for number in range(4):
        one.add(sample(number))
    one.conclude()
    assert one.due(603 * MS)
    assert not one.due(604 * MS)
    assert one.due(3700 * MS)


def test_who_turns_the_head_while_the_cues_gather_has_not_left() -> None:
    one = gathering()
    one.refuse(Hint.LOOK_AHEAD, 600 * MS)
    assert one.over(700 * MS) is not None
    for at in range(4):
        one.add(sample(at))
    one.refuse(Hint.LOOK_AHEAD, 600 * MS)
    assert one.hint is Hint.NONE
    assert one.over(1200 * MS) is None
    assert one.over(1300 * MS) is not None


def test_a_visit_ends_at_its_deadline_with_what_stood_in_the_way() -> None:
    one = gathering()
    one.add(sample(3900))
    one.refuse(Hint.MORE_LIGHT)
    assert one.over(3999 * MS) is None
    over = one.over(4000 * MS)
    assert over is not None
    assert (over.visit, over.hint) == (VISIT, Hint.MORE_LIGHT)


def test_a_person_who_leaves_ends_an_identification_but_not_an_enrolment() -> None:
    assert gathering().over(700 * MS) is not None
    assert gathering().over(600 * MS) is None
    enrolment = gathering(Purpose.ENROL)
    assert enrolment.enrols
    assert enrolment.over(600 * MS) is None
    assert enrolment.over(4000 * MS) is not None


def test_pictures_of_an_enrolment_are_spaced() -> None:
    one = gathering(Purpose.ENROL)
    assert one.wants(0)
    one.add(sample(0))
    assert not one.wants(149 * MS)
    assert one.wants(150 * MS)
    assert gathering().wants(0)


def test_evidence_tells_the_newest_picture_the_best_quality_and_the_cues() -> None:
    one = gathering()
    assert one.visit == VISIT
    for at, quality in ((1, 60), (2, 90), (3, 70)):
        assert one.add(sample(at, quality=quality))
    assert one.share == 0.75
    assert one.add(sample(4, quality=50))
    evidence = one.evidence(CUES)
    assert (evidence.taken_ns, evidence.quality, evidence.frames) == (4 * MS, 90, 4)
    assert (evidence.features, evidence.intent_ns) == (RECIPE, 0)
    assert evidence.cues == CUES
    assert len(evidence.probe) == 4 * LENGTH


def test_a_visit_that_ends_leaves_no_vector() -> None:
    one, kept = gathering(), sample(1)
    one.add(kept)
    one.wipe()

    assert not kept.vector.any()
    assert one.share == 0.0


def turned(turn: Turn) -> Acquisition:
    start = StartVisit(VISIT, Purpose.ENROL, 4000 * MS, turn=turn)
    return Acquisition(start, 0, AcquisitionSettings())


@pytest.mark.parametrize(
    ("turn", "yaw", "hint"),
    [
        (Turn.FRONT, 15.1, Hint.LOOK_AHEAD),
        (Turn.FRONT, -15.1, Hint.LOOK_AHEAD),
        (Turn.FRONT, float("nan"), Hint.LOOK_AHEAD),
        (Turn.LEFT, 0.0, Hint.TURN_LEFT),
        (Turn.LEFT, -15.0, Hint.TURN_LEFT),
        (Turn.LEFT, 23.0, Hint.LOOK_AHEAD),
        (Turn.LEFT, float("nan"), Hint.TURN_LEFT),
        (Turn.RIGHT, 7.9, Hint.TURN_RIGHT),
        (Turn.RIGHT, -23.0, Hint.LOOK_AHEAD),
    ],
)
def test_a_head_held_otherwise_than_asked_is_told_so_and_not_kept(
    turn: Turn, yaw: float, hint: Hint
) -> None:
    one, picture = turned(turn), replace(sample(0), yaw=yaw)
    assert one.add(picture)
    assert (one.share, one.hint) == (0.0, hint)
    assert not picture.vector.any()


@pytest.mark.parametrize(("turn", "yaw"), [(Turn.LEFT, 15.0), (Turn.RIGHT, -15.0)])
def test_a_head_turned_as_asked_gives_a_part_of_four_pictures(turn: Turn, yaw: float) -> None:
    one = turned(turn)
    for at in range(3):
        assert one.add(replace(sample(at), yaw=yaw))
    assert not one.due(3 * MS)
    one.add(replace(sample(3), yaw=yaw))
    assert one.due(4 * MS)
    assert one.evidence(CUES).frames == 4


def test_an_enrolment_tells_how_far_it_is_and_when_it_begins_anew() -> None:
    one = gathering(Purpose.ENROL)
    assert one.progress() is None
    one.add(sample(0))
    assert one.progress() == Gathered(VISIT, 0.1)
    assert one.progress() is None
    one.restart(Hint.ONE_PERSON)
    assert one.progress() == Gathered(VISIT, 0.0)


def test_an_identification_tells_nothing_of_its_progress_and_takes_any_yaw_of_good_quality() -> (
    None
):
    one = gathering()
    one.add(replace(sample(0), yaw=20.0))
    assert one.share == 0.25
    assert one.progress() is None
