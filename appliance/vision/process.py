"""The process that sees: camera, models and link; the only builder in this room."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import ConfigError, LinkClosedError, LinkError, ModelError
from appliance.hardening import complain, lock_down
from appliance.link import Link, connect
from appliance.messages import FROM_GATE
from appliance.preview_link import PreviewSender
from appliance.vision.inference import ModelShelf
from appliance.vision.intent import IntentSettings
from appliance.vision.pipeline import FacePipeline
from appliance.vision.preview import Preview
from appliance.vision.room import VisionRoom
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError, EndOfFootageError
from hardware.ports import CameraOptions

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.pad_section import PadSection
    from appliance.sections import Config
    from hardware.ports import Camera


def open_pipeline(
    shelf: ModelShelf | None = None, pad: PadSection | None = None, *, timed: bool = True
) -> FacePipeline | ModelError:
    """Return the face models, or why they cannot be used; card and QR go on without."""
    try:
        return FacePipeline(shelf or ModelShelf(), pad=pad, timed=timed)
    except ModelError as fault:
        return fault


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
        pipeline = open_pipeline(pad=config.pad, timed=config.camera.driver != "file")
        preview = Preview(PreviewSender(socket_path.with_name("preview.socket")), clock)
        camera = watched(open_camera(camera_options(config), clock), preview)
    except (ConfigError, DeviceError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 3
    link: Link | None = None
    try:
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
            watchdog.alive()
    except LinkClosedError:
        return 0  # gate has gone; the supervisor decides what next
    except (LinkError, EndOfFootageError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 1
    finally:
        camera.close()
        preview.close()
        if link is not None:
            link.close()
    return 0
