"""What the screen may see: nothing without leave, nobody beside the oval, nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.vision.preview import CODE_NS, Easel, Leave, Preview, Showing
from hardware.ports import Frame
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECOND = 1_000_000_000


class Screen:
    """Takes pictures, or does not."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, NDArray[np.uint8]]] = []
        self.views: list[memoryview] = []
        self.takes = True
        self.closed = 0

    def send(self, taken_ns: int, picture: memoryview) -> bool:
        if self.takes:
            self.views.append(picture)
            drawn = cv2.imdecode(np.frombuffer(bytes(picture), np.uint8), cv2.IMREAD_COLOR)
            self.heard.append((taken_ns, np.asarray(drawn, np.uint8)))
        return self.takes

    def close(self) -> None:
        self.closed += 1


class Desk:
    """A preview with its clock and screen, fed by hand."""

    def __init__(self, pixels: NDArray[np.uint8] | None = None) -> None:
        self.clock = HandClock()
        self.screen = Screen()
        self.preview = Preview(self.screen, self.clock)
        self.pixels = np.full((480, 640, 3), 200, np.uint8) if pixels is None else pixels

    def look(self, pictures: int = 1, period_ns: int = SECOND // 25) -> list[int]:
        """Let so many pictures pass; return when those were taken that came through."""
        before = len(self.screen.heard)
        for number in range(pictures):
            self.clock.sleep_until_ns(self.clock.now_ns() + period_ns)
            self.preview.look(Frame(self.pixels, self.clock.now_ns(), number))
        return [taken for taken, _ in self.screen.heard[before:]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_untold_nothing_is_shown_whatever_happens(desk: Desk) -> None:
    desk.preview.follow(visiting=False, codes=True)
    assert desk.look(50) == []
    desk.preview.follow(visiting=True, codes=True)
    assert desk.look(50) == []


def test_told_but_without_visit_and_codes_nothing_is_shown(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=False, codes=False)
    assert desk.look(50) == []


def test_the_end_of_a_visit_ends_the_preview_by_itself_with_a_black_picture(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    assert len(desk.look(5)) > 0
    desk.preview.follow(visiting=False, codes=True)
    taken, black = desk.screen.heard[-1]
    assert (taken, int(black.max()) <= 2) == (0, True)
    assert desk.look(50) == []
    desk.preview.tell(on=True)
    assert desk.look(50) == []


def test_the_next_visit_of_an_enrolment_is_seen_again(desk: Desk) -> None:
    desk.preview.tell(on=True)
    for _ in range(3):
        desk.preview.follow(visiting=True, codes=True)
        assert len(desk.look(5)) > 0
        desk.preview.follow(visiting=False, codes=True)
        assert desk.look(5) == []


def test_told_off_the_black_picture_is_the_last(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.look(5)
    desk.preview.tell(on=False)
    assert desk.screen.heard[-1][0] == 0
    assert desk.look(50) == []


def test_a_code_is_aimed_for_half_a_minute_whatever_gate_forgets(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=False, codes=True)
    assert len(desk.look(5)) > 0
    desk.clock.sleep_until_ns(desk.clock.now_ns() + CODE_NS - SECOND)
    assert len(desk.look(5)) > 0
    desk.preview.tell(on=True)
    desk.clock.sleep_until_ns(desk.clock.now_ns() + SECOND)
    assert desk.look(1) == [0]
    assert desk.look(50) == []


def test_told_anew_a_code_can_be_aimed_after_a_visit(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.preview.follow(visiting=False, codes=True)
    desk.preview.tell(on=False)
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=False, codes=True)
    assert len(desk.look(5)) > 0


def test_a_black_picture_that_is_not_taken_closes_the_connection_instead(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.look(5)
    desk.screen.takes = False
    desk.preview.tell(on=False)
    assert desk.screen.closed == 1


@pytest.mark.parametrize(
    ("leave", "showing"),
    [
        (Leave(), Showing.NOTHING),
        (Leave(visiting=True, visited=True, codes=True, until_ns=10), Showing.NOTHING),
        (Leave(on=True, until_ns=10), Showing.NOTHING),
        (Leave(on=True, codes=True, until_ns=5), Showing.NOTHING),
        (Leave(on=True, codes=True, until_ns=6), Showing.CODE),
        (Leave(on=True, codes=True, visited=True, until_ns=10), Showing.NOTHING),
        (Leave(on=True, visiting=True, visited=True, until_ns=0), Showing.FACE),
    ],
)
def test_the_leave_decides(leave: Leave, showing: Showing) -> None:
    assert leave.showing(5) is showing


@pytest.mark.parametrize(("fps", "sent"), [(10, 100), (15, 150), (25, 150), (30, 150), (60, 150)])
def test_fifteen_pictures_a_second_and_no_more(desk: Desk, fps: int, sent: int) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    assert abs(len(desk.look(10 * fps, SECOND // fps)) - sent) <= 2


SIZES = {
    (480, 640): 480,
    (640, 480): 480,
    (360, 640): 360,
    (720, 1280): 360,
    (1080, 1920): 540,
    (1920, 1920): 640,
    (120, 160): 120,
}


@pytest.mark.parametrize(("shape", "side"), SIZES.items(), ids=str)
def test_bystanders_are_black_before_the_picture_is_encoded(
    shape: tuple[int, int], side: int
) -> None:
    pixels = np.full((*shape, 3), 255, np.uint8)
    picture = cv2.imdecode(drawn(pixels, Showing.FACE), cv2.IMREAD_COLOR)
    y, x = np.mgrid[:side, :side] + 0.5
    away = ((x - side / 2) / (0.35 * side)) ** 2 + ((y - side / 2) / (0.45 * side)) ** 2
    assert picture.shape == (side, side, 3)
    assert picture[away > 1.25].max() <= 40  # what JPEG makes of an edge
    assert picture[away < 0.75].min() >= 215


def test_of_a_code_only_the_frame_in_the_middle_is_seen() -> None:
    picture = cv2.imdecode(
        drawn(np.full((480, 640, 3), 255, np.uint8), Showing.CODE), cv2.IMREAD_COLOR
    )
    assert picture[96:384, 96:384].min() >= 247
    picture[72:408, 72:408] = 0
    assert picture.max() <= 8


def test_the_picture_is_the_middle_and_mirrored_like_a_looking_glass() -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[200:280, 200:280] = (0, 0, 255)  # red at the left of the middle
    picture = cv2.imdecode(drawn(pixels, Showing.FACE), cv2.IMREAD_COLOR)
    red = picture[:, :, 2] > 128
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max()) == pytest.approx((200, 279), abs=2)
    # x = 200..279 of 640 is 120..199 of the square, and from the right 280..359.
    assert (columns.min(), columns.max()) == pytest.approx((280, 359), abs=2)


def drawn(pixels: NDArray[np.uint8], showing: Showing) -> NDArray[np.uint8]:
    made = Easel().paint(pixels, showing)
    assert made is not None
    return made


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64, 3), np.uint16),
    ],
    ids=["empty", "grey", "four channels", "16 bit"],
)
def test_what_is_no_picture_is_passed_over(pixels: NDArray[np.uint8]) -> None:
    desk = Desk(pixels)
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    assert desk.look(5) == []


def test_a_camera_that_changes_its_size_is_followed(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.look(5)
    desk.pixels = np.full((120, 160, 3), 200, np.uint8)
    desk.look(5)
    assert desk.screen.heard[-1][1].shape == (120, 120, 3)


def test_nothing_is_left_in_memory_of_what_was_shown(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.look(5)
    assert all(not any(view) for view in desk.screen.views)
    desk.preview.tell(on=False)
    easel = desk.preview._easel
    assert not easel._mirrored.any()
    assert not easel._square.any()


def test_closing_ends_a_preview_and_lets_go(desk: Desk) -> None:
    desk.preview.tell(on=True)
    desk.preview.follow(visiting=True, codes=True)
    desk.look(5)
    desk.preview.close()
    assert desk.screen.heard[-1][0] == 0
    assert desk.screen.closed == 1
    assert desk.look(5) == []
