"""What every camera promises, whatever is behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import pytest

from hardware.board import open_camera
from hardware.camera_v4l2 import V4l2Camera
from hardware.errors import DeviceStuckError, DeviceUnavailableError
from hardware.newest import Newest
from hardware.ports import CameraOptions
from hardware.sim.scenes import SceneCamera

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from hardware.ports import Camera, Clock

WAIT_S = 30.0  # never waited for; only a bound for a machine under load


@dataclass
class Source:
    """A capture that gives some pictures and then does what `ending` says."""

    pictures: int
    ending: str = "gone"
    picture: NDArray[np.generic] | None = None

    def __post_init__(self) -> None:
        self.unstuck = Event()
        self.released = Event()
        self.given: list[NDArray[np.uint8]] = []

    def read(self) -> NDArray[np.uint8] | None:
        if len(self.given) < self.pictures:
            level = 50 + len(self.given)
            pixels = (
                self.picture if self.picture is not None else np.full((48, 64, 3), level, np.uint8)
            )
            self.given.append(cast("NDArray[np.uint8]", pixels))
            return self.given[-1]
        if self.ending == "stuck":
            self.unstuck.wait(WAIT_S)
        if self.ending == "broken":
            raise cv2.error("select() timeout")
        return None

    def release(self) -> None:
        self.released.set()


class Endless:
    """A capture with no pace of its own."""

    def read(self) -> NDArray[np.uint8] | None:
        return np.full((48, 64, 3), 50, np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture(params=["file in time", "file every frame", "v4l2", "scene"])
def camera(request: pytest.FixtureRequest, clip: Path, clock: Clock) -> Iterator[Camera]:
    made: Camera
    if request.param == "v4l2":
        made = V4l2Camera("v4l2 test", Endless(), clock)
    else:
        options = CameraOptions(
            "file", str(clip), every_frame=request.param == "file every frame", repeat=True
        )
        made = open_camera(options, clock)
        if request.param == "scene":
            made = SceneCamera(made, lambda pixels, _: np.flipud(pixels).copy())
    yield made
    made.close()


def test_pictures_are_bgr_bytes_in_order(camera: Camera) -> None:
    seen = []
    for _ in range(25):
        with camera.borrow(WAIT_S) as frame:
            assert frame.pixels.shape == (48, 64, 3)
            assert frame.pixels.dtype == np.uint8
            assert frame.pixels.any()
            seen.append((frame.sequence, frame.taken_ns))

    assert [s for s, _ in seen] == sorted({s for s, _ in seen})
    assert [t for _, t in seen] == sorted(t for _, t in seen)


def test_a_picture_given_back_is_overwritten(camera: Camera) -> None:
    with camera.borrow(WAIT_S) as frame:
        kept = frame.pixels

    assert not kept.any()


def test_a_picture_is_overwritten_when_its_borrower_fails(camera: Camera) -> None:
    kept: list[NDArray[np.uint8]] = []

    def fail() -> None:
        with camera.borrow(WAIT_S) as frame:
            kept.append(frame.pixels)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not kept[0].any()
    with camera.borrow(WAIT_S):
        pass


def test_a_second_loan_is_refused_and_the_first_unharmed(camera: Camera) -> None:
    with camera.borrow(WAIT_S) as frame:
        with pytest.raises(DeviceUnavailableError, match="one loan"), camera.borrow(WAIT_S):
            pass

        assert frame.pixels.any()
    with camera.borrow(WAIT_S):
        pass


def test_a_closed_camera_lends_nothing_and_closes_twice(camera: Camera) -> None:
    camera.close()
    camera.close()

    with pytest.raises(DeviceUnavailableError), camera.borrow(WAIT_S):
        pass


def test_a_camera_says_what_it_is(camera: Camera) -> None:
    assert camera.identity.split()[0] in {"file", "v4l2", "scene"}


def test_a_stuck_source_is_reported_and_closing_does_not_hang(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.camera_v4l2._JOIN_S", 0.0)
    source = Source(pictures=0, ending="stuck")
    camera = V4l2Camera("v4l2 test", source, clock)

    with pytest.raises(DeviceStuckError, match="v4l2 test: no new picture"), camera.borrow(0.01):
        pass
    camera.close()

    assert not source.released.is_set()
    source.unstuck.set()
    assert source.released.wait(WAIT_S)


def test_the_same_picture_is_not_lent_twice(clock: Clock) -> None:
    source = Source(pictures=1, ending="stuck")
    camera = V4l2Camera("v4l2 test", source, clock)
    with camera.borrow(WAIT_S):
        pass

    with pytest.raises(DeviceStuckError), camera.borrow(0.0):
        pass
    source.unstuck.set()
    camera.close()


@pytest.mark.parametrize("ending", ["gone", "broken"])
def test_an_unplugged_camera_is_unavailable_and_released(clock: Clock, ending: str) -> None:
    source = Source(pictures=3, ending=ending)
    camera = V4l2Camera("v4l2 test", source, clock)

    assert source.released.wait(WAIT_S)
    with pytest.raises(DeviceUnavailableError, match="plugged-in"), camera.borrow(WAIT_S):
        pass
    assert not any(pixels.any() for pixels in source.given)
    camera.close()


@pytest.mark.parametrize(
    "picture", [np.zeros((48, 64), np.uint8), np.zeros((4, 4, 3), np.uint16)], ids=["grey", "16bit"]
)
def test_a_source_that_gives_no_colour_bytes_is_refused(
    clock: Clock, picture: NDArray[np.generic]
) -> None:
    camera = V4l2Camera("v4l2 test", Source(1, picture=picture), clock)

    with pytest.raises(DeviceUnavailableError, match="picture of shape"), camera.borrow(WAIT_S):
        pass
    camera.close()


def test_newest_drops_what_nobody_borrowed_and_leaves_the_gap_to_see() -> None:
    newest = Newest("test")
    for level in (10, 20, 30):
        newest.put(np.full((2, 2, 3), level, np.uint8), level)

    with newest.borrow(0) as frame:
        assert (frame.sequence, frame.taken_ns, frame.pixels[0, 0, 0]) == (2, 30, 30)
        newest.put(np.full((4, 2, 3), 40, np.uint8), 40)
        newest.put(np.full((4, 2, 3), 50, np.uint8), 50)
        assert frame.pixels[0, 0, 0] == 30
    with newest.borrow(0) as frame:
        assert frame.sequence == 4
        assert frame.pixels.shape == (4, 2, 3)


def test_closing_wakes_who_waits() -> None:
    newest = Newest("test")

    def wait() -> str:
        try:
            with newest.borrow(WAIT_S):
                return "a picture"
        except DeviceUnavailableError as fault:
            return fault.found

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait)
        newest.close()

        assert waiting.result() == "closed"


def test_a_lost_format_leaves_no_pixels_behind() -> None:
    newest = Newest("test")
    newest.put(np.full((2, 2, 3), 9, np.uint8), 0)
    assert newest._waiting is not None
    old = newest._waiting.pixels

    newest.put(np.full((4, 2, 3), 9, np.uint8), 1)

    assert not old.any()


def test_newest_overwrites_the_waiting_picture_at_close() -> None:
    newest = Newest("test")
    newest.put(np.full((2, 2, 3), 9, np.uint8), 0)
    assert newest._waiting is not None
    waiting = newest._waiting.pixels

    newest.close()
    newest.put(np.full((2, 2, 3), 9, np.uint8), 0)

    assert not waiting.any()
    assert newest._waiting is None


@pytest.mark.parametrize("source", ["99", "/dev/video-none"])
def test_a_missing_video_device_is_unavailable(clock: Clock, source: str) -> None:
    with pytest.raises(DeviceUnavailableError, match=f"v4l2 {source}"):
        open_camera(CameraOptions("v4l2", source), clock)


def test_an_opened_video_device_is_read_into_the_same_memory(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Capture:
        def __init__(self, *opened: object) -> None:
            self.opened = opened
            self.options: dict[int, float] = {}
            self.images: list[object] = []
            self.released = False

        def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
            return True

        def set(self, option: int, value: float) -> None:
            self.options[option] = value

        def get(self, option: int) -> float:
            return self.options.get(option, 0.0)

        def read(self, image: NDArray[np.uint8] | None) -> tuple[bool, NDArray[np.uint8] | None]:
            self.images.append(image)
            if len(self.images) == 3:
                return False, None
            return True, np.full((4, 6, 3), 7, np.uint8) if image is None else image

        def release(self) -> None:
            self.released = True

    made: list[Capture] = []

    def capture(*opened: object) -> Capture:
        made.append(Capture(*opened))
        return made[0]

    monkeypatch.setattr(cv2, "VideoCapture", capture)
    camera = open_camera(CameraOptions("v4l2", "0", width=6, height=4), clock)
    while not made[0].released:
        with suppress(DeviceUnavailableError), camera.borrow(WAIT_S):
            pass
    camera.close()

    assert made[0].opened == (0, cv2.CAP_V4L2)
    assert made[0].options[cv2.CAP_PROP_FRAME_WIDTH] == 6
    assert made[0].images[0] is None
    assert made[0].images[1] is made[0].images[2] is not None
