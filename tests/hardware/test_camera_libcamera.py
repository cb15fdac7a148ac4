"""The Pi camera against a played-back picamera2: requests, mapped memory, time-outs."""

from __future__ import annotations

import sys
import time
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest

from hardware.board import open_camera
from hardware.errors import DeviceSettingError, DeviceStuckError, DeviceUnavailableError
from hardware.ports import CameraOptions, CameraOrigin, Exposure

if TYPE_CHECKING:
    from tests.rig.clock import HandClock

SENSOR = "/base/soc/i2c0mux/i2c@1/imx708@1a"
STRIDE = 64  # of 16 pixels of 3 bytes: padded rows


class Request:
    def __init__(self) -> None:
        self.memory = np.arange(10 * STRIDE, dtype=np.uint8)
        self.config = {"main": {"format": "RGB888", "size": (16, 10), "stride": STRIDE}}
        self.request = SimpleNamespace(sequence=41)
        self.mapped = 0
        self.memory_at_release: bytes | None = None

    def get_metadata(self) -> dict[str, float]:
        stamp = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return {
            "SensorTimestamp": stamp,
            "ExposureTime": 8000,
            "AnalogueGain": 2.0,
            "DigitalGain": 1.5,
            "Lux": 80.0,
        }

    def release(self) -> None:
        assert self.mapped == 0
        self.memory_at_release = self.memory.tobytes()


class MappedArray:
    def __init__(self, request: Request, stream: str, *, reshape: bool) -> None:
        assert (stream, reshape) == ("main", False)
        self.request = request
        self.array = request.memory

    def __enter__(self) -> Self:
        self.request.mapped += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.request.mapped -= 1


class Picamera2:
    def __init__(self, number: int) -> None:
        if number > 0:
            raise IndexError("list index out of range")
        self.log: list[Any] = []
        self.next: Request | None = Request()

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        return [{"Model": "imx708", "Location": 2, "Id": SENSOR, "Num": 0}]

    def create_video_configuration(self, **asked: object) -> dict[str, object]:
        return asked

    def configure(self, configuration: dict[str, object]) -> None:
        self.log.append(configuration)
        if configuration["main"] == {"format": "RGB888", "size": (0, 480)}:
            raise RuntimeError("invalid size")

    def capture_request(self, *, wait: float) -> Request:
        self.log.append(wait)
        if self.next is None:
            raise TimeoutError
        return self.next

    def start(self) -> None:
        self.log.append("start")

    def stop(self) -> None:
        self.log.append("stop")

    def close(self) -> None:
        self.log.append("close")

    def cancel_all_and_flush(self) -> None:
        self.log.append("flush")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[Picamera2]:
    made: list[Picamera2] = []

    def camera(number: int) -> Picamera2:
        made.append(Picamera2(number))
        return made[-1]

    vars(camera).update(global_camera_info=Picamera2.global_camera_info)
    module = ModuleType("picamera2")
    vars(module).update(Picamera2=camera, MappedArray=MappedArray)
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return made


def test_the_buffer_is_lent_bare_overwritten_with_its_padding_and_released(
    library: list[Picamera2], clock: HandClock
) -> None:
    camera = open_camera(CameraOptions("picamera2", "0", width=16, height=10), clock)
    request = library[0].next
    assert request is not None

    with camera.borrow(0.5) as frame:
        assert frame.pixels.shape == (10, 16, 3)
        assert np.shares_memory(frame.pixels, request.memory)
        assert frame.pixels[1, 0, 0] == STRIDE
        assert frame.sequence == 41
        assert frame.exposure == Exposure(8000, 3.0, 80.0)
        assert clock.ns - 60_000_000_000 < frame.taken_ns <= clock.ns
        assert request.memory_at_release is None

    assert request.memory_at_release == bytes(10 * STRIDE)


def test_a_second_loan_takes_no_request(library: list[Picamera2], clock: HandClock) -> None:
    camera = open_camera(CameraOptions("picamera2"), clock)

    with camera.borrow(0.5):
        with pytest.raises(DeviceUnavailableError, match="one loan"), camera.borrow(0.5):
            pass
        assert library[0].log.count(0.5) == 1


def test_a_stuck_sensor_is_reported_and_its_late_picture_disowned(
    library: list[Picamera2], clock: HandClock
) -> None:
    camera = open_camera(CameraOptions("picamera2"), clock)
    library[0].next = None

    with pytest.raises(DeviceStuckError, match=r"no new picture in 0\.2 s"), camera.borrow(0.2):
        pass
    assert library[0].log[-1] == "flush"


def test_closing_twice_stops_once(library: list[Picamera2], clock: HandClock) -> None:
    camera = open_camera(CameraOptions("picamera2"), clock)

    camera.close()
    camera.close()

    assert library[0].log[1:] == ["start", "stop", "close"]
    with pytest.raises(DeviceUnavailableError, match="closed"), camera.borrow():
        pass


def test_a_camera_that_refuses_its_setting_is_closed_again(
    library: list[Picamera2], clock: HandClock
) -> None:
    with pytest.raises(DeviceUnavailableError, match="invalid size"):
        open_camera(CameraOptions("picamera2", width=0), clock)

    assert library[0].log[1:] == ["close"]


@pytest.mark.usefixtures("library")
def test_no_camera_on_the_ribbon_is_unavailable(clock: HandClock) -> None:
    with pytest.raises(DeviceUnavailableError, match="ribbon"):
        open_camera(CameraOptions("picamera2", "1"), clock)


def test_a_source_that_is_no_number_is_refused(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="a camera number"):
        open_camera(CameraOptions("picamera2", "/dev/video0"), clock)


def test_a_missing_library_names_the_extra_to_install(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)

    with pytest.raises(DeviceUnavailableError, match="install the extra `pi`"):
        open_camera(CameraOptions("picamera2"), clock)


@pytest.mark.parametrize(
    ("place", "driver"),
    [
        ("Virtual0", "virtual"),
        ("/base/scb/pcie@7d500000,0/pci@0,0/usb@0,0-1.2:1.0-046d:0825", "uvcvideo"),
        (SENSOR, "libcamera"),
    ],
)
def test_the_camera_tells_which_sensor_it_is(
    library: list[Picamera2],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    driver: str,
) -> None:
    told = [{"Model": "imx708", "Id": place, "Num": 0}]
    monkeypatch.setattr(sys.modules["picamera2"].Picamera2, "global_camera_info", lambda: told)
    camera = open_camera(CameraOptions("picamera2"), clock)
    assert camera.origin == CameraOrigin(driver, place, "imx708")
    assert len(library) == 1
