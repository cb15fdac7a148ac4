"""Footage as a camera: pace, odd pictures, broken files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.clock import SkippingClock, SystemClock
from hardware.board import open_camera
from hardware.camera_file import FileCamera
from hardware.errors import (
    DeviceSettingError,
    DeviceStuckError,
    DeviceUnavailableError,
    EndOfFootageError,
)
from hardware.ports import CameraOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hardware.ports import Clock
    from tests.rig.clock import HandClock


def opened(source: Path, clock: Clock, *, every: bool = True, repeat: bool = False) -> FileCamera:
    options = CameraOptions("file", str(source), fps=10.0, every_frame=every, repeat=repeat)
    camera = open_camera(options, clock)
    assert isinstance(camera, FileCamera)
    return camera


def look(camera: FileCamera) -> tuple[int, int]:
    """Borrow one picture; its sequence number, and which of the clip's pictures it shows."""
    with camera.borrow() as frame:
        return frame.sequence, round((float(frame.pixels.mean()) - 20) / 20)


def drain(camera: FileCamera) -> None:
    for _ in range(4):
        look(camera)


def picture(path: Path, pixels: NDArray[np.generic]) -> Path:
    assert cv2.imwrite(str(path), pixels)  # type: ignore[arg-type]
    return path


def test_every_frame_comes_in_turn_and_then_the_end(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock)

    assert [look(camera) for _ in range(10)] == [(i, i) for i in range(10)]
    with pytest.raises(EndOfFootageError, match="end after 10 pictures"):
        look(camera)
    assert clock.ns == 1_000_000_000


def test_in_time_a_slow_borrower_misses_pictures(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, every=False)
    assert look(camera) == (0, 0)

    clock.pass_ms(350)

    assert look(camera) == (3, 3)


def test_in_time_a_fast_borrower_waits_for_the_next_picture(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, every=False)
    look(camera)

    with camera.borrow() as frame:
        assert frame.taken_ns == clock.ns == 1_100_000_000


@pytest.mark.parametrize("clock", [SystemClock(), SkippingClock()])
def test_footage_runs_on_the_products_clocks(clip: Path, clock: Clock) -> None:
    camera = opened(clip, clock, every=False, repeat=True)

    assert look(camera)[0] < look(camera)[0]


def test_in_time_the_end_is_the_end(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, every=False)
    look(camera)
    clock.pass_ms(5000)

    with pytest.raises(EndOfFootageError):
        look(camera)


def test_a_repeated_clip_goes_on_counting(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, repeat=True)

    assert [look(camera) for _ in range(23)][9:] == [(i, i % 10) for i in range(9, 23)]


def test_a_year_away_costs_no_year_of_decoding(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, every=False, repeat=True)
    look(camera)
    clock.pass_ms(365 * 86_400_000 + 300)

    assert look(camera) == (315_360_003, 3)


def test_a_picture_that_is_not_due_in_time_is_a_stuck_camera(
    tmp_path: Path, clock: HandClock
) -> None:
    source = picture(tmp_path / "a.png", np.full((9, 9), 70, np.uint8))
    camera = open_camera(CameraOptions("file", str(source), fps=0.1, repeat=True), clock)
    with camera.borrow():
        pass

    with pytest.raises(DeviceStuckError, match="no picture due in 2"), camera.borrow(2):
        pass
    assert clock.ns == 3_000_000_000


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((8, 6), 120, np.uint8),
        np.full((8, 6), 120 * 256 + 120, np.uint16),
        np.full((8, 6, 3), 120 * 256 + 120, np.uint16),
        np.full((8, 6, 4), (120, 120, 120, 9), np.uint8),
        np.full((1, 1, 3), 120, np.uint8),
    ],
    ids=["grey", "grey 16 bit", "colour 16 bit", "transparent", "1x1"],
)
def test_odd_pictures_become_bgr_bytes(
    tmp_path: Path, clock: HandClock, pixels: NDArray[np.generic]
) -> None:
    camera = opened(picture(tmp_path / "odd.png", pixels), clock)

    with camera.borrow() as frame:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.shape == (*pixels.shape[:2], 3)
        assert (frame.pixels == 120).all()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((4320, 7680), (1080, 1920)), ((5000, 1), (1920, 1)), ((1080, 1920), (1080, 1920))],
)
def test_8k_pictures_are_scaled_down(
    tmp_path: Path, clock: HandClock, shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    camera = opened(picture(tmp_path / "big.png", np.full(shape, 120, np.uint8)), clock)

    with camera.borrow() as frame:
        assert frame.pixels.shape == (*expected, 3)
        assert (frame.pixels == 120).all()


def test_a_picture_beyond_opencvs_limit_is_unreadable(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise cv2.error("CV_IO_MAX_IMAGE_PIXELS")

    source = picture(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    monkeypatch.setattr(cv2, "imread", too_large)

    with pytest.raises(DeviceUnavailableError, match="no readable picture"):
        opened(source, clock)


def test_a_folder_is_played_by_name_past_what_is_no_picture(
    tmp_path: Path, clock: HandClock
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, level in (("b.png", 40), ("a.png", 20), ("d.bmp", 60)):
        picture(folder / name, np.full((9, 9), level, np.uint8))
    (folder / "notes.txt").write_text("no picture")
    (folder / "c.png").write_bytes((folder / "a.png").read_bytes()[:30])
    (folder / "sub").mkdir()
    camera = opened(folder, clock)

    assert [look(camera) for _ in range(3)] == [(0, 0), (1, 1), (3, 2)]
    assert camera.undecodable == 1
    camera.close()


@pytest.mark.parametrize("every", [True, False])
def test_a_folder_emptied_under_the_camera_does_not_hang_it(
    tmp_path: Path, clock: HandClock, *, every: bool
) -> None:
    source = picture(tmp_path / "a.png", np.full((9, 9), 20, np.uint8))
    camera = opened(source, clock, every=every, repeat=True)
    look(camera)
    source.unlink()

    with pytest.raises(DeviceUnavailableError, match="no picture left"):
        look(camera)


def test_a_clip_deleted_under_the_camera_does_not_hang_it(clip: Path, clock: HandClock) -> None:
    camera = opened(clip, clock, repeat=True)
    clip.unlink()

    assert [look(camera)[0] for _ in range(10)] == list(range(10))
    with pytest.raises(DeviceUnavailableError, match="no picture left"):
        look(camera)


def test_a_clip_cut_off_midway_plays_what_is_left(clip: Path, clock: HandClock) -> None:
    clip.write_bytes(b"00dc".join(clip.read_bytes().split(b"00dc")[:6])[:-40])
    camera = opened(clip, clock)

    assert [look(camera) for _ in range(3)] == [(i, i) for i in range(3)]
    with pytest.raises(EndOfFootageError):
        drain(camera)


def test_a_picture_spoilt_within_a_clip_is_skipped_and_counted(
    clip: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = opened(clip, clock)
    capture = camera._footage._capture  # type: ignore[attr-defined]

    class Spoilt:
        grabbed = 0

        def grab(self) -> bool:
            self.grabbed += 1
            return bool(capture.grab())

        def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
            ok, pixels = capture.retrieve()
            return (ok, pixels) if self.grabbed != 2 else (False, None)

        def release(self) -> None:
            capture.release()

    monkeypatch.setattr(camera._footage, "_capture", Spoilt())

    assert [look(camera) for _ in range(2)] == [(0, 0), (2, 2)]
    assert camera.undecodable == 1
    camera.close()


@pytest.mark.parametrize(
    "content", [b"", b"not a film", b"RIFF\xff\xff\xff\xffAVI LIST", bytes(5000)]
)
def test_a_corrupt_file_is_unavailable(tmp_path: Path, clock: HandClock, content: bytes) -> None:
    source = tmp_path / "corrupt.avi"
    source.write_bytes(content)

    with pytest.raises(DeviceUnavailableError, match=r"corrupt\.avi: no picture in it"):
        opened(source, clock)


def test_an_mp4_without_its_index_is_unavailable(tmp_path: Path, clock: HandClock) -> None:
    source = tmp_path / "cut.mp4"
    writer = cv2.VideoWriter(str(source), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for _ in range(9):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DeviceUnavailableError, match="no picture in it"):
        opened(source, clock)


@pytest.mark.parametrize("name", ["none.mp4", "rtsp://127.0.0.1:1/live", "img_%02d.png"])
def test_a_missing_file_or_a_network_address_is_unavailable(clock: HandClock, name: str) -> None:
    with pytest.raises(DeviceUnavailableError, match="no such file"):
        open_camera(CameraOptions("file", name), clock)


def test_a_pipe_is_no_footage_and_blocks_nobody(tmp_path: Path, clock: HandClock) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(DeviceUnavailableError, match="no such file"):
        opened(tmp_path / "pipe", clock)


def test_an_empty_folder_is_unavailable(tmp_path: Path, clock: HandClock) -> None:
    with pytest.raises(DeviceUnavailableError, match="no readable picture"):
        opened(tmp_path, clock)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(clip: Path, clock: HandClock, fps: float) -> None:
    with pytest.raises(DeviceSettingError, match="fps = "):
        open_camera(CameraOptions("file", str(clip), fps=fps), clock)


def open_files() -> set[str]:
    links = Path("/proc/self/fd").iterdir()
    return {str(one.resolve()) for one in links if one.is_symlink()}


def test_at_its_end_the_file_is_let_go_of_with_the_pictures_its_decoder_holds(
    clip: Path, clock: HandClock
) -> None:
    camera = opened(clip, clock)
    for _ in range(10):
        look(camera)
    assert str(clip) in open_files()
    with pytest.raises(EndOfFootageError):
        look(camera)
    assert str(clip) not in open_files()
    with pytest.raises(EndOfFootageError, match="end after 10 pictures"):
        look(camera)


def test_a_camera_that_goes_dark_lends_black_pictures_from_its_end_on(
    clip: Path, clock: HandClock
) -> None:
    camera = FileCamera(CameraOptions("file", str(clip), every_frame=True, dark_after=True), clock)
    shapes = set()
    for _ in range(10):
        with camera.borrow() as frame:
            assert frame.pixels.any()
            shapes.add(frame.pixels.shape)
    for number in (10, 11, 12):
        with camera.borrow() as frame:
            assert not frame.pixels.any()
            assert frame.sequence == number
            shapes.add(frame.pixels.shape)
    assert len(shapes) == 1
    assert str(clip) not in open_files()
