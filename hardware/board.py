"""Opens the devices that the configuration names: driver name to driver file, nothing else."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from hardware.errors import DeviceSettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hardware.camera_watched import WatchedCamera
    from hardware.ports import (
        Camera,
        CameraOptions,
        Clock,
        DoorIo,
        DoorOptions,
        Frame,
        Indicator,
        IndicatorOptions,
        InfraredEye,
        InfraredOptions,
        Reader,
        ReaderOptions,
        Sound,
        SoundOptions,
    )

# Each file has one `open_device(options, clock)`; it is imported only when its driver is asked for.
CAMERAS: Final = MappingProxyType(
    {
        "picamera2": "hardware.camera_libcamera",
        "v4l2": "hardware.camera_v4l2",
        "file": "hardware.camera_file",
        "sim": "hardware.sim.camera",
    }
)
DOORS: Final = MappingProxyType(
    {"gpio": "hardware.door_gpio", "mock": "hardware.door_gpio", "sim": "hardware.sim.door"}
)
SOUNDS: Final = MappingProxyType({"none": "hardware.sound_none", "alsa": "hardware.sound_alsa"})
INDICATORS: Final = MappingProxyType(
    {
        "none": "hardware.indicator_none",
        "leds": "hardware.indicator_leds",
    }
)
READERS: Final = MappingProxyType(
    {
        "none": "hardware.reader_none",
        "sim": "hardware.sim.reader",
        "pcsc": "hardware.reader_pcsc",
        "pn532": "hardware.reader_pn532",
        "osdp": "hardware.reader_osdp",
    }
)


def open_camera(options: CameraOptions, clock: Clock) -> Camera:
    """Open the camera that `options` describe."""
    return cast("Camera", _open(CAMERAS, "camera", options, clock))


def open_infrared(options: InfraredOptions, clock: Clock) -> InfraredEye:
    """Open the second camera and its lamp that `options` describe; neither stays open alone."""
    from hardware.camera_pair import CameraPair  # noqa: PLC0415 - only gates with a pair need it
    from hardware.kernel_led import KernelLed  # noqa: PLC0415
    from hardware.sim.lamp import SimLamp  # noqa: PLC0415

    if options.lamp not in {"led", "mock"}:
        raise DeviceSettingError("lamp", f"driver {options.lamp!r}", "one of led, mock")
    with ExitStack() as undo:
        mock = options.lamp == "mock"
        lamp = SimLamp() if mock else KernelLed("lamp", "sanmen-infrared", options.leds)
        undo.callback(lamp.close)
        second = open_camera(options.camera, clock)
        undo.callback(second.close)
        pair = CameraPair(second, lamp, clock, options.skew_ns)
        undo.pop_all()
    return pair


def open_door(options: DoorOptions, clock: Clock) -> DoorIo:
    """Open the lock relay and inputs that `options` describe."""
    return cast("DoorIo", _open(DOORS, "door", options, clock))


def open_reader(options: ReaderOptions, clock: Clock) -> Reader:
    """Open the card reader that `options` describe."""
    return cast("Reader", _open(READERS, "reader", options, clock))


def open_sound(options: SoundOptions, clock: Clock) -> Sound:
    """Open the loudspeaker that `options` describe."""
    return cast("Sound", _open(SOUNDS, "sound", options, clock))


def open_indicator(options: IndicatorOptions, clock: Clock) -> Indicator:
    """Open the light that `options` describe."""
    return cast("Indicator", _open(INDICATORS, "indicator", options, clock))


def watch_camera(camera: Camera, watch: Callable[[Frame], None]) -> Camera:
    """Let `watch` see each of a camera's pictures too; see `WatchedCamera`."""
    watched: type[WatchedCamera] = import_module("hardware.camera_watched").WatchedCamera
    return watched(camera, watch)


def _open(
    drivers: Mapping[str, str],
    device: str,
    options: CameraOptions | DoorOptions | IndicatorOptions | ReaderOptions | SoundOptions,
    clock: Clock,
) -> Any:  # noqa: ANN401 - what a driver file opens is known only to its caller
    if options.driver not in drivers:
        raise DeviceSettingError(
            device, f"driver {options.driver!r}", "one of " + ", ".join(sorted(drivers))
        )
    return import_module(drivers[options.driver]).open_device(options, clock)
