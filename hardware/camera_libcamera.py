"""A Raspberry Pi camera through picamera2, its buffers lent without copying.

Not run on a Pi so far: its test plays back how picamera2 0.3.38 hands over requests.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from hardware.errors import DeviceSettingError, DeviceStuckError, DeviceUnavailableError
from hardware.loan import Loan
from hardware.ports import CameraOrigin, Exposure, Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from hardware.ports import CameraOptions, Clock


class LibcameraCamera:
    """The newest picture of picamera2, which keeps no more than one that nobody asked for."""

    def __init__(self, picamera2: ModuleType, options: CameraOptions, clock: Clock) -> None:
        self.identity = f"picamera2 {options.source}"
        self.origin = _origin(picamera2, int(options.source))
        self._mapped_array = picamera2.MappedArray
        self._clock = clock
        self._loan = Loan(self.identity)
        with ExitStack() as stack:
            self._camera = picamera2.Picamera2(int(options.source))
            stack.callback(self._camera.close)
            self._camera.configure(
                self._camera.create_video_configuration(
                    # Formats are named by significance: "RGB888" lies as B, G, R in memory.
                    main={"format": "RGB888", "size": (options.width, options.height)},
                    controls={"FrameRate": options.fps},
                    buffer_count=4,
                )
            )
            self._camera.start()
            stack.callback(self._camera.stop)
            self._open = stack.pop_all()

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        """Lend the newest picture; see `ports.Camera.borrow`."""
        with ExitStack() as held, self._loan.lend(lambda: self._take(held, timeout_s)) as frame:
            yield frame

    def close(self) -> None:
        """Stop the camera; the kernel clears the buffers before anybody gets that memory."""
        self._loan.closed = True
        self._open.close()

    def _take(self, held: ExitStack, timeout_s: float) -> Frame:
        try:
            request = self._camera.capture_request(wait=timeout_s)
        except TimeoutError as fault:
            self._camera.cancel_all_and_flush()  # or the late picture would have no owner
            raise DeviceStuckError(
                self.identity, f"no new picture in {timeout_s} s", "one in that time"
            ) from fault
        held.callback(request.release)
        # Unshaped, because MappedArray's own shaping copies where rows are padded, and a copy
        # overwritten would leave the picture in the buffer.
        memory = held.enter_context(self._mapped_array(request, "main", reshape=False)).array
        held.callback(memory.fill, 0)
        main = request.config["main"]
        width, height = main["size"]
        pixels: np.ndarray[Any, np.dtype[np.uint8]] = np.ndarray(
            (height, width, 3), np.uint8, memory, strides=(main["stride"], 3, 1)
        )
        metadata = request.get_metadata()
        return Frame(
            pixels,
            self._monotonic_ns(metadata["SensorTimestamp"]),
            request.request.sequence,
            Exposure(
                metadata["ExposureTime"],
                metadata["AnalogueGain"] * metadata.get("DigitalGain", 1.0),
                metadata.get("Lux"),
            ),
        )

    def _monotonic_ns(self, boot_ns: int) -> int:
        """Move a sensor time from CLOCK_BOOTTIME, which counts through suspend, to the clock."""
        return boot_ns - time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self._clock.now_ns()


def _origin(picamera2: ModuleType, number: int) -> CameraOrigin:
    """Return which sensor libcamera has under `number`.

    Ids are paths in the device tree, /base/soc/i2c0mux/i2c@1/imx708@1a; a USB camera's names its
    bus; libcamera's virtual cameras have none.
    """
    found = picamera2.Picamera2.global_camera_info()[number]
    place = str(found["Id"])
    if not place.startswith("/base/"):
        return CameraOrigin("virtual", place, str(found["Model"]))
    return CameraOrigin("uvcvideo" if "usb" in place else "libcamera", place, str(found["Model"]))


def open_device(options: CameraOptions, clock: Clock) -> LibcameraCamera:
    """Open camera number `options.source`."""
    identity = f"picamera2 {options.source}"
    if not options.source.isdecimal():
        raise DeviceSettingError(identity, f"source {options.source!r}", "a camera number")
    try:
        picamera2 = import_module("picamera2")
    except ImportError as fault:
        raise DeviceUnavailableError(
            identity, str(fault), "picamera2: install the extra `pi`"
        ) from fault
    try:
        return LibcameraCamera(picamera2, options, clock)
    except (IndexError, RuntimeError) as fault:
        raise DeviceUnavailableError(identity, str(fault), "a camera on its ribbon") from fault
