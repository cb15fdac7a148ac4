"""A clip fed in through a virtual camera: recorded, re-encoded, given on an exact clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from hardware.ports import Frame
from tests.attacks.bona_fide import live_light
from tests.attacks.camera import GateCamera, Shot, draw_settings, linear
from tests.attacks.puppets import dancing
from tests.attacks.sources import Source, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
