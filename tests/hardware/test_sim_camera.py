"""The simulated camera: nonsense through its pipe changes nothing; people, codes and walls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from hardware.board import open_camera
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import CameraOptions
from hardware.sim.camera import SimCamera, middled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.rig.clock import HandClock


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    return tmp_path / "camera"


@pytest.fixture
def camera(pipe: Path, clock: HandClock) -> Iterator[SimCamera]:
    made = open_camera(CameraOptions("sim", str(pipe)), clock)
    assert isinstance(made, SimCamera)
    yield made
    made.close()


def say(pipe: Path, line: bytes) -> None:
    descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, line + b"\n")
    os.close(descriptor)


def seen(camera: SimCamera) -> NDArray[np.uint8]:
    with camera.borrow() as frame:
        return frame.pixels.copy()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"somebody",
        b"code ",
        b"code \xc3\xa4",
        b"film nothing.mp4 1 0.5",
        b"film ../../etc/passwd 1 0.5",
        b"film astronaut.png -1 0.5",
        b"film astronaut.png 0 9",
        b"\xff\xfe",
        b"code " + b"x" * 2000,
    ],
)
def test_a_line_it_does_not_know_is_dropped_and_the_wall_stays(
    pipe: Path, camera: SimCamera, line: bytes
) -> None:
    say(pipe, line)
    picture = seen(camera)
    assert (int(picture.min()), int(picture.max())) == (96, 96)
    assert camera.dropped + camera._pipe.dropped == 1


def test_a_relative_pipe_and_an_impossible_rate_are_refused(pipe: Path, clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="absolute"):
        open_camera(CameraOptions("sim", "camera"), clock)
    with pytest.raises(DeviceSettingError, match="fps"):
        open_camera(CameraOptions("sim", str(pipe), fps=0.0), clock)


def test_what_is_no_pipe_is_left_alone(pipe: Path, clock: HandClock) -> None:
    pipe.write_text("mine")
    with pytest.raises(DeviceUnavailableError, match="somebody else"):
        open_camera(CameraOptions("sim", str(pipe)), clock)
    assert pipe.read_text() == "mine"


def test_a_film_plays_and_nobody_ends_it(pipe: Path, camera: SimCamera) -> None:
    say(pipe, b"film WolfgangLanger_Pexels.mp4 13 0.70")
    first, second = seen(camera), seen(camera)
    assert first.std() > 10
    assert (first != second).any()
    say(pipe, b"nobody")
    assert seen(camera).std() == 0


def test_a_camera_whose_plug_was_pulled_stays_away_until_it_is_opened_anew(
    pipe: Path, camera: SimCamera, clock: HandClock
) -> None:
    say(pipe, b"film astronaut.png 0 0.5")
    seen(camera)
    say(pipe, b"gone")
    for line in (b"nobody", b"film astronaut.png 0 0.5"):
        with pytest.raises(DeviceUnavailableError, match="no picture any more"):
            seen(camera)
        say(pipe, line)
    assert camera._film is None
    camera.close()
    again = open_camera(CameraOptions("sim", str(pipe)), clock)
    assert isinstance(again, SimCamera)
    assert (seen(again) == 96).all()
    again.close()


def test_a_code_is_shown_on_a_phone(pipe: Path, camera: SimCamera) -> None:
    say(pipe, b"code SM1:HELLO")
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(seen(camera))
    assert text == "SM1:HELLO"


def test_each_picture_has_its_time_and_is_overwritten(camera: SimCamera, clock: HandClock) -> None:
    with camera.borrow() as first:
        pass
    with camera.borrow() as second:
        assert second.taken_ns == clock.ns
    assert second.taken_ns - first.taken_ns == 40_000_000
    assert not second.pixels.any()


def test_a_face_at_the_side_is_moved_to_the_middle() -> None:
    pixels = np.zeros((2, 10, 3), np.uint8)
    pixels[:, 7] = 9
    moved = middled(pixels, 0.7)
    assert moved.shape == (2, 10, 3)
    assert moved[0, 5, 0] == 9
    assert middled(pixels, 0.3)[0, 9, 0] == 9


def test_the_pipe_is_for_its_user_alone_and_goes_with_the_camera(
    pipe: Path, camera: SimCamera
) -> None:
    assert pipe.stat().st_mode & 0o777 == 0o600
    camera.close()
    camera.close()
    assert not pipe.exists()
