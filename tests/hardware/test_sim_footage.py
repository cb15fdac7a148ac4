"""The footage that ships, and the scenes made from it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from hardware.board import open_camera
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import CameraOptions
from hardware.sim import library, scenes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.rig.clock import HandClock

SHAPES = {"WolfgangLanger_Pexels.mp4": (360, 640, 3), "astronaut.png": (512, 512, 3)}
CLIP = "WolfgangLanger_Pexels.mp4"


@pytest.fixture
def person(clock: HandClock) -> NDArray[np.uint8]:
    source = str(library.footage_path(CLIP))
    with open_camera(CameraOptions("file", source), clock).borrow() as frame:
        return frame.pixels.copy()


@pytest.fixture
def background() -> NDArray[np.uint8]:
    return np.full((360, 640, 3), (150, 170, 180), np.uint8)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(library.footage_path(CLIP).parent, tmp_path / "footage")
    monkeypatch.setattr(library, "files", lambda _: tmp_path)
    return tmp_path / "footage" / CLIP


@pytest.mark.parametrize("name", SHAPES)
def test_the_footage_is_what_it_says(name: str, clock: HandClock) -> None:
    camera = open_camera(CameraOptions("file", str(library.footage_path(name))), clock)

    with camera.borrow() as frame:
        assert frame.pixels.shape == SHAPES[name]


@pytest.mark.parametrize("name", ["", "footage.toml", "../scenes.py", "/etc/passwd"])
def test_only_listed_footage_is_given(name: str) -> None:
    with pytest.raises(DeviceSettingError, match="one of"):
        library.footage_path(name)


def test_altered_footage_is_refused(copied: Path) -> None:
    content = bytearray(copied.read_bytes())
    content[-1] ^= 1
    copied.write_bytes(content)

    with pytest.raises(DeviceUnavailableError, match="SHA-256 c048a302"):
        library.footage_path(CLIP)


def test_missing_footage_is_unavailable(copied: Path) -> None:
    copied.unlink()

    with pytest.raises(DeviceUnavailableError, match="no such file"):
        library.footage_path(CLIP)


def test_far_keeps_the_size_and_shrinks_the_person(person: NDArray[np.uint8]) -> None:
    small = scenes.far(person, 0.25)

    assert small.shape == person.shape
    assert (
        small[270:, 240:400] == cv2.resize(person, (160, 90), interpolation=cv2.INTER_AREA)
    ).all()
    assert np.ptp(small[100], axis=0).max() == 0


def test_two_people_fill_a_half_each(person: NDArray[np.uint8]) -> None:
    both = scenes.two_people(person, person[:, ::-1], left_centre=0.45, right_centre=0.55)

    assert both.shape == person.shape
    assert (both[:, :320] == person[:, 128:448]).all()


def test_a_centre_beside_the_picture_is_brought_back(person: NDArray[np.uint8]) -> None:
    assert (scenes.two_people(person, person, left_centre=-3)[:, :320] == person[:, :320]).all()


def test_a_replay_is_the_phone_and_nothing_else(
    person: NDArray[np.uint8], background: NDArray[np.uint8]
) -> None:
    replay = scenes.shown_on_phone(person, background, seed=1, centre=0.45).astype(int)

    assert replay.shape == background.shape
    assert abs(replay[:, :100] - background[:, :100]).mean() < 4
    assert abs(replay[150:210, 280:360] - background[150:210, 280:360]).mean() > 20


def test_a_replay_shows_a_bluer_white_and_the_grid_of_the_screen(
    background: NDArray[np.uint8],
) -> None:
    white = np.full((360, 640, 3), 235, np.uint8)
    grey = np.full((360, 640, 3), 120, np.uint8)

    seen = scenes.shown_on_phone(white, np.zeros_like(background), seed=2)[120:240, 280:360]
    plain = scenes.shown_on_phone(grey, background, seed=2)[120:240, 280:360].astype(float)

    assert seen[..., 0].mean() > seen[..., 2].mean()
    spectrum = abs(np.fft.fft2(plain[..., 1] - cv2.GaussianBlur(plain[..., 1], (0, 0), 6)))
    assert spectrum.max() > 8 * np.median(spectrum)


def test_a_replay_is_the_same_for_the_same_seed_and_trembles_with_its_sequence(
    person: NDArray[np.uint8], background: NDArray[np.uint8]
) -> None:
    first = scenes.shown_on_phone(person, background, 3, 0)

    assert (first == scenes.shown_on_phone(person, background, 3, 0)).all()
    assert (first != scenes.shown_on_phone(person, background, 3, 1)).any()
    assert (first != scenes.shown_on_phone(person, background, 4, 0)).any()


@pytest.mark.parametrize("size", [0.3, 0.6])
def test_a_code_held_into_the_scene_can_be_read(person: NDArray[np.uint8], size: float) -> None:
    code = cv2.QRCodeEncoder.create().encode("SANMEN")
    code = cv2.resize(code, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)

    held = scenes.with_picture(person, code.astype(np.uint8), size, (0.7, 0.6))

    assert held.shape == person.shape
    assert cv2.QRCodeDetector().detectAndDecode(held)[0] == "SANMEN"
    assert (held[:, :200] == person[:, :200]).all()


def test_a_scene_is_given_pixels_and_sequence_and_is_overwritten(clock: HandClock) -> None:
    source = str(library.footage_path(CLIP))
    seen: list[int] = []

    def effect(pixels: NDArray[np.uint8], sequence: int) -> NDArray[np.uint8]:
        seen.append(sequence)
        return scenes.far(pixels)

    options = CameraOptions("file", source, every_frame=True)
    camera = scenes.SceneCamera(open_camera(options, clock), effect)
    for _ in range(2):
        with camera.borrow() as frame:
            kept = frame.pixels
            assert kept.any()

    assert not kept.any()
    assert seen == [0, 1]
    camera.close()
