"""What is common to living people who wear something: drawn on each picture, then filmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from tests.attacks.camera import HEIGHT, WIDTH, GateCamera, Shot, draw_settings, linear
from tests.attacks.sources import Stage
from tests.attacks.worn import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light
    from tests.attacks.sources import Source
    from tests.attacks.worn import Heads

    Points = NDArray[np.float64]

FINE: Final = 4
"""Times finer than a pixel that outlines are drawn, so that they creep and do not jump."""
PARTS: Final = 16
TURN: Final = 7.0
"""Degrees; as other variants, these are of people who turn."""


class Garment(Protocol):
    """Something worn."""

    def on(self, light: Light, number: int) -> Light:
        """Return the light of picture `number` with it on."""


def film(
    source: Source,
    seed: int,
    make: Callable[[Heads, np.random.Generator], Garment],
) -> Iterator[Frame]:
    """Film a living person who wears what `make` makes for the head."""
    rng = np.random.default_rng(seed)
    camera = GateCamera(draw_settings(rng, source.fps), rng)
    window = source.window(rng, TURN)
    stage = Stage(source, window, rng)
    worn = make(follow(stage, window, source.fps), rng)
    return camera.film(
        Shot(worn.on(linear(stage.show(index)), number)) for number, index in enumerate(window)
    )


def filled(points: Points) -> Light:
    """Return (480, 640) 0 to 1, the inside of (n, 2) pixels."""
    low, high, canvas = _canvas(points, 1.0)
    cv2.fillPoly(canvas, [_fine(points, low)], (255,), cv2.LINE_8, 4)
    return _placed(canvas, low, high)


def line(points: Points, thick: float) -> Light:
    """Return (480, 640) 0 to 1, the open line through (n, 2) pixels, `thick` pixels wide."""
    low, high, canvas = _canvas(points, thick + 1)
    width = max(1, round(FINE * thick))
    cv2.polylines(canvas, [_fine(points, low)], False, (255,), width, cv2.LINE_8, 4)  # noqa: FBT003 - OpenCV's own
    return _placed(canvas, low, high)


def _canvas(points: Points, room: float) -> tuple[NDArray[np.int64], NDArray[np.int64], Light]:
    size = (WIDTH, HEIGHT)
    low = np.clip(np.floor(points.min(axis=0) - room), 0, size).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + room), low + 1, np.add(size, 1)).astype(int)
    return low, high, np.zeros((high - low)[::-1] * FINE, np.uint8)  # type: ignore[return-value]


def _fine(points: Points, low: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.round(((points - low + 0.5) * FINE - 0.5) * PARTS).astype(np.int32)


def _placed(canvas: Light, low: NDArray[np.int64], high: NDArray[np.int64]) -> Light:
    plane = np.zeros((HEIGHT + 1, WIDTH + 1), np.float32)
    small = cv2.resize(canvas, tuple((high - low).tolist()), interpolation=cv2.INTER_AREA)
    plane[low[1] : high[1], low[0] : high[0]] = small
    return plane[:HEIGHT, :WIDTH] / 255
