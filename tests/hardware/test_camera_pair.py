"""The infrared pair: only pictures of one moment, the lamp known, and off when it rests."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardware.board import open_infrared
from hardware.camera_pair import SETTLE_NS, CameraPair
from hardware.errors import DeviceSettingError, DeviceStuckError, DeviceUnavailableError
from hardware.kernel_led import KernelLed
from hardware.ports import CameraOptions, Frame, InfraredOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rig.clock import HandClock


class Second:
    """A camera whose next picture's time is set by the test."""

    identity = "second"
    origin = None

    def __init__(self) -> None:
        self.taken_ns: int | None = 0
        self.closed = False

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        if self.taken_ns is None:
            raise DeviceStuckError("second", f"nothing in {timeout_s} s", "a picture")
        yield Frame(np.zeros((4, 4, 3), np.uint8), self.taken_ns, 0)

    def close(self) -> None:
        self.closed = True


class Lamp:
    """Remembers how it was switched."""

    def __init__(self) -> None:
        self.on = True

        self.closed = False

    def switch(self, *, on: bool) -> None:
        self.on = on

    def close(self) -> None:
        self.closed = True


def take(pair: CameraPair, second: Second, taken_ns: int) -> bool | None:
    """Return whether the lamp was on in the pair of `taken_ns`, or None without a pair."""
    second.taken_ns = taken_ns
    with pair.beside(taken_ns) as seen:
        return None if seen is None else seen.lamp_on


def test_a_skew_in_which_people_move_is_refused(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="0 to 100 ms"):
        CameraPair(Second(), Lamp(), clock, 200_000_000)


def test_a_second_camera_that_is_stuck_gives_no_pair(clock: HandClock) -> None:
    second = Second()
    second.taken_ns = None
    with CameraPair(second, Lamp(), clock).beside(0) as seen:
        assert seen is None


def test_pictures_of_different_moments_are_no_pair(clock: HandClock) -> None:
    second = Second()
    pair = CameraPair(second, Lamp(), clock)
    second.taken_ns = clock.now_ns()
    with pair.beside(clock.now_ns() + 60_000_000) as seen:
        assert seen is None


def test_what_the_borrower_raises_reaches_the_borrower(clock: HandClock) -> None:
    second = Second()
    second.taken_ns = clock.now_ns()
    pair = CameraPair(second, Lamp(), clock)
    with pytest.raises(ValueError, match="mine"), pair.beside(clock.now_ns()):
        raise ValueError("mine")


def test_the_lamp_starts_off_and_is_known_in_each_pair(clock: HandClock) -> None:
    second, lamp = Second(), Lamp()
    pair = CameraPair(second, lamp, clock)
    assert lamp.on is False
    seen = []
    for _ in range(7):
        seen.append(take(pair, second, clock.now_ns()))
        clock.sleep_until_ns(clock.now_ns() + SETTLE_NS + 1)
    assert seen == [False, True, True, False, True, True, False]


def test_a_picture_during_which_the_lamp_was_switched_is_no_pair(clock: HandClock) -> None:
    second = Second()
    pair = CameraPair(second, Lamp(), clock)
    assert take(pair, second, clock.now_ns()) is False
    assert take(pair, second, clock.now_ns() + 1_000_000) is None
    assert take(pair, second, clock.now_ns() + SETTLE_NS + 1) is True


def test_resting_and_closing_switch_the_lamp_off(clock: HandClock) -> None:
    second, lamp = Second(), Lamp()
    pair = CameraPair(second, lamp, clock)
    take(pair, second, clock.now_ns())
    assert lamp.on is True
    pair.rest()
    assert lamp.on is False
    pair.close()
    assert (second.closed, lamp.closed) == (True, True)


def test_a_lamp_of_an_unknown_driver_or_one_that_is_not_there_is_refused(
    clock: HandClock, clip: Path, tmp_path: Path
) -> None:
    camera = CameraOptions("file", str(clip))
    with pytest.raises(DeviceSettingError, match="one of led, mock"):
        open_infrared(InfraredOptions(camera, lamp="candle"), clock)
    with pytest.raises(DeviceUnavailableError, match="label=sanmen-infrared"):
        open_infrared(InfraredOptions(camera, leds=str(tmp_path)), clock)


@pytest.fixture
def led(tmp_path: Path) -> KernelLed:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "max_brightness").write_text("1\n")
    (tmp_path / "one" / "brightness").write_text("1")
    return KernelLed("lamp", "one", str(tmp_path))


def test_a_lamp_is_off_until_told_and_after_it_is_closed(led: KernelLed, tmp_path: Path) -> None:
    file = tmp_path / "one" / "brightness"
    assert (led.lit, file.read_text()) == (False, "0")
    led.switch(on=True)
    assert (led.lit, file.read_text()) == (True, "1")
    led.close()
    assert (led.lit, file.read_text()) == (False, "0")
    led.close()
    led.switch(on=True)
    assert (led.lit, file.read_text()) == (False, "0")


def test_a_lamp_that_the_kernel_does_not_switch_is_not_called_lit() -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "full").mkdir()
        (Path(folder) / "full" / "max_brightness").write_text("1\n")
        (Path(folder) / "full" / "brightness").symlink_to("/dev/full")
        led = KernelLed("lamp", "full", folder)
    led.switch(on=True)
    assert not led.lit
    led.close()


def test_a_second_camera_that_is_missing_leaves_no_lamp_open(clock: HandClock) -> None:
    options = InfraredOptions(CameraOptions("file", "missing.mp4"), lamp="mock")
    with pytest.raises(DeviceUnavailableError, match=r"missing\.mp4"):
        open_infrared(options, clock)


def test_the_board_opens_camera_and_lamp_together(clock: HandClock, clip: Path) -> None:
    pair = open_infrared(InfraredOptions(CameraOptions("file", str(clip)), lamp="mock"), clock)
    with pair.beside(clock.now_ns()) as seen:
        assert seen is not None
        assert not seen.lamp_on
    pair.close()
    with pair.beside(clock.now_ns()) as seen:
        assert seen is None
