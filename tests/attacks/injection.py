"""A clip fed in through a virtual camera: recorded, re-encoded, given on an exact clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from hardware.ports import CameraOrigin, Frame
from tests.attacks.bona_fide import live_light
from tests.attacks.camera import GateCamera, Shot, draw_settings, linear
from tests.attacks.puppets import dancing
from tests.attacks.sources import Source, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONFIGURED: Final = CameraOrigin("uvcvideo", "1-1.2", "046d:0825", "A1B2C3D4")
"""The gate's own camera, as its configuration names it to the last digit."""
DEVICES: Final = (
    CameraOrigin("virtual", "", "Dummy video device (0x0000)"),  # v4l2loopback
    CameraOrigin("virtual", "", "OBS Virtual Camera"),
    CameraOrigin("vivid", "vivid.0", "vivid-000-vid-cap"),
    CameraOrigin("uvcvideo", "1-1.2", "534d:2109"),  # an HDMI grabber in the camera's place
    CameraOrigin("uvcvideo", "1-1.4", "046d:0825", "F00DF00D"),  # the same model, another port
)
"""What a clip is fed in through, as the kernel tells it (`hardware/camera_origin.py`)."""


def device(seed: int) -> CameraOrigin:
    """Return what the presentation of that seed is fed in through."""
    return DEVICES[seed % len(DEVICES)]


def told(origin: CameraOrigin) -> str:
    """Return the words in which a file beside a clip tells its camera: `[camera.origin]`'s."""
    values = (origin.driver, origin.bus, origin.model, origin.serial)
    named = zip(("driver", "bus", "model", "serial"), values, strict=True)
    return "".join(f'{key} = "{value}"\n' for key, value in named)


def injection(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a recording of the person, or of the person's animated photo, as a camera's own.

    It was filmed by some camera like the gate's and then compressed one to three times; no lens
    or sensor of the gate sees it, and its pictures come at exactly equal intervals.
    """
    rng = np.random.default_rng(seed)
    fps = source.fps or cast[0].fps or 15.0
    if source.filmed:
        lights = live_light(source, rng, 7.0 if rng.random() < 0.6 else 0.0)
    else:
        pictures = dancing(source, rng, fps)
        still = Source(source.person, pictures, fps, source.finder)
        stage = Stage(still, range(len(pictures)), rng)
        lights = (linear(stage.show(index)) for index in range(len(pictures)))
    recorder = GateCamera(draw_settings(rng, fps), rng)
    quality = [int(value) for value in rng.integers(60, 92, int(rng.integers(1, 4)))]
    step_ns = round(1e9 / fps)
    for number, frame in enumerate(recorder.film(Shot(light) for light in lights)):
        pixels = frame.pixels
        for amount in quality:
            _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, amount])
            pixels = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
        yield Frame(pixels, 1_000_000_000 + number * step_ns, number)
