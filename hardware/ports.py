"""What the product sees of its devices: Protocols and plain data, no device library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hardware.cards import (
    Authenticity,
    CardAnswered,
    CardEvent,
    CardGone,
    CardPresentation,
    CardsCollided,
    CardSeen,
    CardTechnology,
    Reader,
    ReaderOptions,
)
from hardware.doors import DoorInputs, DoorIo, DoorOptions, DoorPins, Lock
from hardware.signs import LED_LINES, LEDS, Colour, Indicator, IndicatorOptions, Sound, SoundOptions

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray


__all__ = [
    "LED_LINES",
    "Authenticity",
    "Camera",
    "CameraOptions",
    "CameraOrigin",
    "CardAnswered",
    "CardEvent",
    "CardGone",
    "CardPresentation",
    "CardSeen",
    "CardTechnology",
    "CardsCollided",
    "Clock",
    "Colour",
    "DoorInputs",
    "DoorIo",
    "DoorOptions",
    "DoorPins",
    "Exposure",
    "Frame",
    "Indicator",
    "IndicatorOptions",
    "Lock",
    "Reader",
    "ReaderOptions",
    "Sound",
    "SoundOptions",
]


class Clock(Protocol):
    """A monotonic time source that the caller owns."""

    def now_ns(self) -> int:
        """Return the monotonic time in nanoseconds."""
        ...

    def sleep_until_ns(self, at_ns: int) -> None:
        """Return at the monotonic time `at_ns`, or at once if it has passed."""
        ...


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the sensor took a picture.

    Attributes:
        time_us: exposure time, microseconds.
        gain: analogue x digital gain, 1.0 = none.
        lux: the camera's estimate of the scene's light, or None.

    """

    time_us: int
    gain: float
    lux: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One borrowed picture; its pixels are overwritten when it is given back.

    Attributes:
        pixels: (height, width, 3) uint8, BGR, row 0 at the top.
        taken_ns: monotonic clock at the start of exposure, nanoseconds.
        sequence: counts the camera's pictures; a gap means pictures that nobody borrowed.
        exposure: the sensor's settings, or None where the camera does not tell.

    """

    pixels: NDArray[np.uint8]
    taken_ns: int
    sequence: int
    exposure: Exposure | None = None


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """How to open a camera.

    Attributes:
        driver: "picamera2", "v4l2" or "file".
        source: device path or number, or a video file, picture or folder of pictures.
        width: wanted picture width, pixels; a file camera keeps its own size.
        height: wanted picture height, pixels.
        fps: wanted pictures a second; for a folder or picture, the rate it is played at.
        every_frame: a file camera gives each picture, instead of the newest one due by its clock.
        repeat: a file camera starts again at its end instead of raising EndOfFootageError.
        dark_after: a file camera lends black pictures from its end on, its file closed.
        start_s: a file camera begins so far into its footage, seconds.

    """

    driver: str
    source: str = "0"
    width: int = 640
    height: int = 480
    fps: float = 25.0
    every_frame: bool = False
    repeat: bool = False
    dark_after: bool = False
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CameraOrigin:
    """Where a camera's pictures come from, as the system tells, not as the device names itself.

    Attributes:
        driver: the kernel's, such as "uvcvideo" or "unicam"; "virtual" without any device behind.
        bus: the port it is plugged into, such as "1-1.2", or the sensor's bus address.
        model: USB vendor and product such as "046d:0825", or the sensor's name.
        serial: as the device tells, or empty.

    """

    driver: str
    bus: str = ""
    model: str = ""
    serial: str = ""

    def __str__(self) -> str:
        """Return all that is known of it, in one line."""
        return " ".join(one for one in (self.driver, self.model, self.serial, self.bus) if one)


class Camera(Protocol):
    """A camera that lends its newest picture."""

    @property
    def identity(self) -> str:
        """Driver and source, as the log and the self-test name it."""
        ...

    @property
    def origin(self) -> CameraOrigin | None:
        """The device behind it as the system tells, or None where none does, as of a file."""
        ...

    def borrow(self, timeout_s: float = 1.0) -> AbstractContextManager[Frame]:
        """Lend the newest picture not lent before; one loan at a time.

        Raises:
            DeviceStuckError: no new picture within `timeout_s`.
            EndOfFootageError: a file camera is at its end.
            DeviceUnavailableError: the camera is gone or closed.

        """
        ...

    def close(self) -> None:
        """Stop the camera and overwrite its buffers; closing twice is allowed."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class InfraredFrame:
    """One picture of the second camera, rectified to the first; was it lit all of its exposure."""

    frame: Frame
    lamp_on: bool


class InfraredEye(Protocol):
    """A second camera with an infrared lamp; optional hardware."""

    @property
    def origin(self) -> CameraOrigin | None:
        """As of `Camera`."""
        ...

    def beside(self, taken_ns: int) -> AbstractContextManager[InfraredFrame | None]:
        """Lend the picture taken together with the first camera's of `taken_ns`, or None."""
        ...

    def rest(self) -> None:
        """Switch the lamp off: the visit is over."""
        ...

    def close(self) -> None:
        """Switch the lamp off and close the camera; closing twice is allowed."""
        ...


@dataclass(frozen=True, slots=True)
class InfraredOptions:
    """The second camera; its lamp, "led" or "mock"; longest time in a pair; the kernel's leds."""

    camera: CameraOptions
    lamp: str = "led"
    skew_ns: int = 25_000_000
    leds: str = LEDS
