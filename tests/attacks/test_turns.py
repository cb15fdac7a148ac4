"""Which pieces of a clip hold a turn: the head's pose alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.attacks.turns import turning_pieces, write_pieces

if TYPE_CHECKING:
    from pathlib import Path

RATE = 10.0


def poses(*yaws: float | None) -> list[tuple[float, float, float] | None]:
    return [None if yaw is None else (0.0, yaw, 0.0) for yaw in yaws]


def test_who_never_turns_gives_no_piece() -> None:
    assert turning_pieces(poses(*[3.0, -3.0] * 60), RATE) == []


def test_a_piece_begins_facing_and_holds_a_turn_and_none_lies_within_another() -> None:
    still, turned = [0.0] * 30, [14.0] * 10
    assert turning_pieces(poses(*still, *turned, *still, *turned, *still), RATE) == [0, 45]


def test_a_glance_is_no_turn() -> None:
    assert turning_pieces(poses(*[0.0] * 20, *[14.0] * 3, *[0.0] * 40), RATE) == []


def test_who_is_turned_away_all_the_time_does_not_begin_facing() -> None:
    assert turning_pieces(poses(*[25.0] * 30, *[40.0] * 30), RATE) == []


def test_a_clip_with_too_few_faces_or_too_short_gives_no_piece() -> None:
    assert turning_pieces(poses(*[0.0] * 20, *[None] * 10, *[14.0] * 10), RATE) == []
    assert turning_pieces(poses(*[0.0] * 20, *[14.0] * 10), RATE) == []


def test_pieces_are_written_from_their_first_picture_on(tmp_path: Path) -> None:
    path = tmp_path / "one.avi"
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, code, RATE, (64, 48))
    for number in range(100):
        writer.write(np.full((48, 64, 3), 2 * number, np.uint8))
    writer.release()
    assert write_pieces(path, [10, 55], tmp_path) == 2
    for count, (first, length) in enumerate(((10, 45), (55, 45))):
        clip = cv2.VideoCapture(str(tmp_path / f"one--turn-{count}.avi"))
        shown = [int(np.median(clip.read()[1])) // 2 for _ in range(length)]
        assert not clip.read()[0]
        clip.release()
        assert [shown[0], shown[-1]] == [first, first + length - 1]
