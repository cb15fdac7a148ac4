"""The configuration's tables of the cameras: which devices they must be, how they are opened."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=80)]


class OriginSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which device the camera must be, as `sanmen selftest` shows it; empty is not compared.

    Attributes:
        driver: the kernel's; empty = "uvcvideo" for v4l2, "libcamera" for picamera2.
        bus: the port it is plugged into, such as "1-1.2", or the sensor's address.
        model: USB vendor and product such as "046d:0825", or the sensor's name.
        serial: as the device tells.

    """

    driver: str = ""
    bus: str = ""
    model: str = ""
    serial: str = ""


class CameraSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The camera; see hardware.ports.CameraOptions.

    Attributes:
        driver: "file" needs site.simulation; "sim" too: it is told through a pipe what to see.
        dark_after: what `sanmen prove no-trace` plays ends in darkness, so that the room that saw
            it lives on and can be searched.

    """

    driver: Literal["picamera2", "v4l2", "file", "sim"] = "v4l2"
    source: Name = "0"
    width: Annotated[int, Meta(ge=160, le=1920)] = 640
    height: Annotated[int, Meta(ge=120, le=1920)] = 480
    fps: Annotated[float, Meta(ge=1.0, le=60.0)] = 25.0
    repeat: bool = False
    dark_after: bool = False
    origin: OriginSection = msgspec.field(default_factory=OriginSection)


class InfraredCameraSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The infrared camera beside the first, for the cue `pad.infrared`; optional.

    It must look the way the first does, with the same lens and size of picture: a point far away
    lies at the same place in both.

    Attributes:
        driver: as of the camera; "none" where it is not fitted; "file" needs site.simulation.
        lamp: "led" on a Pi; "mock" needs site.simulation.
        focal_px: focal length of both, pixels.
        baseline_mm: between the lenses, the second to the right as the camera looks.
        skew_ms: longest time between the exposures of a pair, milliseconds.

    """

    driver: Literal["none", "picamera2", "v4l2", "file"] = "none"
    source: Name = "1"
    width: Annotated[int, Meta(ge=160, le=1920)] = 640
    height: Annotated[int, Meta(ge=120, le=1920)] = 480
    fps: Annotated[float, Meta(ge=1.0, le=60.0)] = 25.0
    lamp: Literal["led", "mock"] = "led"
    focal_px: Annotated[float, Meta(ge=100.0, le=5000.0)] = 554.0
    baseline_mm: Annotated[float, Meta(ge=20.0, le=200.0)] = 50.0
    skew_ms: Annotated[int, Meta(ge=1, le=100)] = 25
    origin: OriginSection = msgspec.field(default_factory=OriginSection)
