"""The process that sees: camera, models and link; the only builder in this room."""

from __future__ import annotations

import signal
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import (
    CameraError,
    ConfigError,
    LinkClosedError,
    LinkError,
    ModelError,
    SanmenError,
)
from appliance.hardening import complain, lock_down
from appliance.link import Link, connect
from appliance.orders import FROM_GATE
from appliance.preview_link import PreviewSender
from appliance.vision.inference import ModelShelf
from appliance.vision.intent import IntentSettings
from appliance.vision.pad.camera_path import check_origin
from appliance.vision.pad.infrared import NoPair, StereoGeometry
from appliance.vision.pipeline import FacePipeline, Sight
from appliance.vision.preview import Preview
from appliance.vision.room import VisionRoom
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError, EndOfFootageError
from hardware.ports import CameraOptions, CameraOrigin, InfraredOptions

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.camera_section import CameraSection, InfraredCameraSection
    from appliance.clock import Clock
    from appliance.pad_section import PadSection
    from appliance.sections import Config
    from hardware.ports import Camera, InfraredEye


KERNEL_DRIVERS = MappingProxyType({"v4l2": "uvcvideo", "picamera2": "libcamera"})
"""Of the device behind each camera driver, where the configuration names none."""
STARVED_NS = 5_000_000_000
"""A camera that lends nothing for so long is opened anew, with all that is asked of it then: what
is plugged in meanwhile may be another one. That is done by ending; the supervisor starts us."""


def open_pipeline(
    shelf: ModelShelf | None = None,
    pad: PadSection | None = None,
    *,
    timed: bool = True,
    sight: Sight | None = None,
) -> FacePipeline | SanmenError:
    """Return the face models, or why face cannot be used; card and QR go on without.

    A camera that is not the configured one shows no faces, as anybody could feed it pictures. Each
    model has looked once when this returns: its first look takes longest, and no person shall wait.
    """
    try:
        if sight is not None and (pad is None or pad.camera_path.on):
            check_origin(sight.found, sight.wanted)
        pipeline = FacePipeline(shelf or ModelShelf(), pad=pad, timed=timed, sight=sight)
        pipeline.rinse()
    except (CameraError, ModelError) as fault:
        return fault
    return pipeline


def open_sight(
    config: Config, camera: Camera, second: InfraredEye | DeviceError | None = None
) -> FacePipeline | SanmenError:
    """Return the face models for the cameras opened; footage is stamped by arithmetic.

    Args:
        config: of the gate.
        camera: the first.
        second: the infrared camera, why it cannot be opened, or None where it is not used, as at
            an enrolment beside staff.

    """
    infrared = config.infrared
    if isinstance(second, DeviceError):
        return CameraError(f"infrared {second.device}", second.found, second.expected)
    try:
        if second is not None and config.pad.camera_path.on:
            check_origin(second.origin, wanted_origin(infrared), "infrared camera")
    except CameraError as fault:
        return fault
    return open_pipeline(
        pad=config.pad,
        timed=config.camera.driver != "file",
        sight=Sight(
            camera.origin,
            wanted_origin(config.camera),
            second or NoPair(),
            StereoGeometry(infrared.focal_px, infrared.baseline_mm),
        ),
    )


def open_second(config: Config, clock: Clock) -> InfraredEye | DeviceError | None:
    """Return the infrared camera, why it cannot be opened, or None if its cue is off."""
    if not config.pad.infrared.on:
        return None
    infrared = config.infrared
    camera = CameraOptions(
        infrared.driver, infrared.source, infrared.width, infrared.height, infrared.fps
    )
    try:
        return board.open_infrared(
            InfraredOptions(camera, infrared.lamp, infrared.skew_ms * 1_000_000), clock
        )
    except DeviceError as fault:
        return fault


def wanted_origin(camera: CameraSection | InfraredCameraSection) -> CameraOrigin | None:
    """Return the device that the configured camera must be, or None for footage."""
    if camera.driver not in KERNEL_DRIVERS:
        return None
    origin = camera.origin
    driver = origin.driver or KERNEL_DRIVERS[camera.driver]
    return CameraOrigin(driver, origin.bus, origin.model, origin.serial)


def camera_options(config: Config) -> CameraOptions:
    """Return how the configured camera is opened."""
    return CameraOptions(
        driver=config.camera.driver,
        source=config.camera.source,
        width=config.camera.width,
        height=config.camera.height,
        fps=config.camera.fps,
        repeat=config.camera.repeat,
        dark_after=config.camera.dark_after,
    )


def open_camera(options: CameraOptions, clock: Clock) -> Camera:
    """Return the camera of a driver's name.

    Raises:
        DeviceError: unknown driver, or the camera cannot be opened.

    """
    return board.open_camera(options, clock)


def watched(camera: Camera, preview: Preview) -> Camera:
    """Return a camera whose pictures the preview sees too, at the camera's own pace."""
    return board.watch_camera(camera, preview.look)


def main(config_path: Path, socket_path: Path) -> int:
    """Run the room until SIGTERM or until gate is gone; return the exit code.

    Args:
        config_path: the gate's TOML file.
        socket_path: where gate listens; the screen listens for pictures beside it.

    """
    complain("vision", lock_down())
    clock = SystemClock()
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watchdog = Watchdog()
    try:
        config = load(config_path)
        preview = Preview(PreviewSender(socket_path.with_name("preview.socket")), clock)
        camera = watched(open_camera(camera_options(config), clock), preview)
    except (ConfigError, DeviceError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 3
    second = open_second(config, clock)
    link: Link | None = None
    try:
        pipeline = open_sight(config, camera, second)
        link = Link(connect(socket_path), FROM_GATE, clock)
        room = VisionRoom(
            camera,
            link,
            clock,
            pipeline,
            IntentSettings(near_px=config.face.near_px),
            preview=preview,
        )
        watchdog.ready()
        while not stop:
            room.step()
            watchdog.alive(room.camera_fault)
            if room.starved_ns > STARVED_NS:
                sys.stderr.write(f"vision: {room.camera_fault}; starting anew\n")
                return 1
    except LinkClosedError:
        return 0  # gate has gone; the supervisor decides what next
    except (LinkError, EndOfFootageError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 1
    finally:
        camera.close()
        preview.close()
        if second is not None and not isinstance(second, DeviceError):
            second.close()
        if link is not None:
            link.close()
    return 0
