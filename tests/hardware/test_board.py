"""Driver names and what importing the devices must not do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hardware.board import open_camera, open_door, open_indicator, open_reader, open_sound
from hardware.errors import DeviceError, DeviceSettingError
from hardware.ports import (
    CameraOptions,
    DoorOptions,
    IndicatorOptions,
    ReaderOptions,
    SoundOptions,
)

if TYPE_CHECKING:
    from tests.rig.clock import HandClock


def test_an_unknown_camera_names_the_known_ones(clock: HandClock) -> None:
    with pytest.raises(
        DeviceSettingError, match="camera: driver 'os'; expected one of file, picamera2, sim, v4l2"
    ):
        open_camera(CameraOptions("os"), clock)


def test_an_unknown_door_names_the_known_ones(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="expected one of gpio, mock, sim"):
        open_door(DoorOptions(""), clock)


def test_an_unknown_reader_names_the_known_ones(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="expected one of none, osdp, pcsc, pn532, sim"):
        open_reader(ReaderOptions("hardware.sim.reader"), clock)


def test_an_unknown_sound_or_light_names_the_known_ones(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="sound: driver 'mp3'; expected one of alsa, none"):
        open_sound(SoundOptions("mp3"), clock)
    with pytest.raises(DeviceSettingError, match="expected one of leds, none"):
        open_indicator(IndicatorOptions("lamp"), clock)


def test_an_error_keeps_its_parts_and_is_a_value_error_where_it_is_one() -> None:
    fault = DeviceSettingError("door", "pin 99", "0..27")

    assert isinstance(fault, DeviceError)
    assert isinstance(fault, ValueError)
    assert (fault.device, fault.found, fault.expected) == ("door", "pin 99", "0..27")
    assert str(fault) == "door: pin 99; expected 0..27"


def test_the_board_imports_no_device_library_before_it_is_asked() -> None:
    program = (
        "import sys, hardware.board, hardware.ports, hardware.errors, hardware.debounce;"
        "print(sorted({'cv2', 'gpiozero', 'picamera2', 'lgpio', 'appliance'} & set(sys.modules)))"
    )
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "[]\n"
