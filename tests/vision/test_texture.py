"""The passive cue: high for a living person, bounded, and no evidence from nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.errors import PictureError
from appliance.vision.pad.texture import BOUND, SIDE, TextureCue, evidence, texture_inputs
from appliance.vision.samples import Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.detection import Detector

GREY = np.full((200, 300, 3), 90, np.uint8)


def face(*box: float) -> Face:
    return Face((box[0], box[1], box[2], box[3]), np.zeros((5, 2), np.float32), 0.9)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 0), (10, 10, -5, 20), (math.nan, 0, 50, 50), (0, 0, math.inf, 5), (9e4, 9e4, 9, 9)],
)
def test_a_box_that_is_none_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(PictureError, match="face"):
        texture_inputs(GREY, face(*box))


@pytest.mark.parametrize(
    "box", [(-40, -40, 90, 90), (250, 150, 90, 90), (0, 0, 300, 200), (9, 9, 3, 3)]
)
def test_at_the_border_the_face_keeps_its_size_and_nothing_black_comes_in(
    box: tuple[float, ...],
) -> None:
    for seen in texture_inputs(GREY, face(*box)):
        assert seen.shape == (1, 3, SIDE, SIDE)
        assert seen.dtype == np.float32
        assert np.ptp(seen) == 0.0


def test_there_is_a_second_view_only_where_the_window_leaves_the_picture() -> None:
    assert len(texture_inputs(GREY, face(130, 80, 40, 40))) == 1
    assert len(texture_inputs(GREY, face(0, 80, 40, 40))) == 2
    assert len(texture_inputs(GREY, face(130, 150, 40, 40))) == 2


def test_no_picture_is_no_evidence() -> None:
    cue = evidence([])
    assert (cue.cue, cue.score, cue.frames) == ("texture", 0.0, 0)


def test_one_brilliant_picture_outweighs_no_three_bad_ones() -> None:
    assert evidence([BOUND, -3.0, -3.0, -3.0]).score < 0.1
    assert evidence([-BOUND, 3.0, 3.0]).score == pytest.approx(2 / 3)


def test_a_median_hides_no_visit_half_of_which_is_an_attack() -> None:
    assert evidence([BOUND, BOUND, BOUND, -3.0, -3.0]).score == pytest.approx(0.6)
    assert evidence([BOUND, BOUND, -3.0, -3.0]).score == pytest.approx(0.5)


def test_a_living_person_scores_high_and_a_flat_grey_is_bounded(
    texture: TextureCue, detector: Detector, woman: list[NDArray[np.uint8]]
) -> None:
    odds = [texture.log_odds(pixels, detector.detect(pixels)[0]) for pixels in woman]
    assert evidence(odds).score > 0.8
    assert -BOUND <= texture.log_odds(GREY, face(100, 60, 80, 80)) <= BOUND
