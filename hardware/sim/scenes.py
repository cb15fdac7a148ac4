"""Scenes that nobody filmed, made from footage: too far, two people, a replaying phone, a code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from hardware.ports import Frame
from hardware.sim.phone import Phone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hardware.ports import Camera

    Pixels: TypeAlias = NDArray[np.uint8]
    Effect: TypeAlias = Callable[[Pixels, int], Pixels]

PAPER = 235.0
"""A white card as the gate's camera sees it."""


class SceneCamera:
    """Another camera with an effect on each picture, given its pixels and sequence number."""

    def __init__(self, camera: Camera, effect: Effect) -> None:
        self.identity = f"scene of {camera.identity}"
        self.origin = camera.origin
        self._camera = camera
        self._effect = effect

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        """Lend the other camera's picture, changed."""
        with self._camera.borrow(timeout_s) as frame:
            pixels = self._effect(frame.pixels, frame.sequence)
            try:
                yield Frame(pixels, frame.taken_ns, frame.sequence, frame.exposure)
            finally:
                pixels.fill(0)

    def close(self) -> None:
        """Close the other camera."""
        self._camera.close()


def far(frame: Pixels, scale: float = 0.25) -> Pixels:
    """Put the scene small at the foot of a plain wall of its own colour."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rows, columns = small.shape[:2]
    light = np.linspace(1.05, 0.9, height, dtype=np.float32)[:, None, None]
    edge = np.median(frame[:, : max(1, width // 8)], axis=(0, 1))
    wall = np.broadcast_to(_byte(light * edge), frame.shape).copy()
    left = (width - columns) // 2
    wall[height - rows :, left : left + columns] = small
    return wall


def closer(frame: Pixels, zoom: float, centre: tuple[float, float], sequence: int = 0) -> Pixels:
    """See a part of the scene `zoom` times nearer, by an unsteady hand.

    `centre` says where in width and height the nearer view's middle is.
    """
    height, width = frame.shape[:2]
    sway = 0.002 * width * np.sin(sequence * np.array((0.11, 0.07)))
    middle = np.array((centre[0] * width, centre[1] * height)) + sway
    # The view stays inside the scene, which has nothing beyond its border to show.
    half = np.array((width, height)) / (2 * zoom)
    left, top = np.clip(middle, half + 2, np.array((width, height)) - half - 2) - half + sway / 2
    look = np.array([[zoom, 0.0, -zoom * left], [0.0, zoom, -zoom * top]])
    return _byte(cv2.warpAffine(frame, look, (width, height), flags=cv2.INTER_CUBIC))


def as_camera(frame: Pixels, _: int = 0) -> Pixels:
    """See footage as a camera of 640x480 does: as high, its sides cut off."""
    height, width = frame.shape[:2]
    cut = min(width, round(height * 4 / 3))
    left = (width - cut) // 2
    part = np.ascontiguousarray(frame[:, left : left + cut])
    return _byte(cv2.resize(part, (640, 480), interpolation=cv2.INTER_CUBIC))


def two_people(
    left: Pixels, right: Pixels, left_centre: float = 0.5, right_centre: float = 0.5
) -> Pixels:
    """Stand two people side by side; each centre says where in its width the face is.

    A half of `left`'s width is cut around each centre, so a face no wider than that is complete.
    """
    height, width = left.shape[:2]
    halves = width // 2, width - width // 2
    sides = zip((left, right), (left_centre, right_centre), halves, strict=True)
    return np.hstack([_upright_cut(side, at, half, height) for side, at, half in sides])


def shown_on_phone(
    frame: Pixels, background: Pixels, seed: int, sequence: int = 0, centre: float = 0.5
) -> Pixels:
    """Replay `frame` on a phone held before `background`; `centre` as for `two_people`.

    `seed` chooses the phone's hold, `sequence` its tremble and the noise of one picture.
    """
    phone = Phone(background.shape[0], background.shape[1], seed)
    return phone.show(_upright_cut(frame, centre, phone.columns, phone.rows), background, sequence)


def with_picture(
    background: Pixels,
    picture: Pixels,
    size: float = 0.5,
    centre: tuple[float, float] = (0.5, 0.5),
    tilt_deg: float = 4.0,
) -> Pixels:
    """Hold `picture`, such as a QR code, into the scene on a white card `size` of its height."""
    height, width = background.shape[:2]
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture  # noqa: PLR2004
    side = max(8, round(height * size))
    margin = side // 10
    inner = (side - 2 * margin, side - 2 * margin)
    # Nearest on the way up keeps a code's edges; by area on the way down keeps its modules' means.
    way = cv2.INTER_AREA if colour.shape[0] > inner[0] else cv2.INTER_NEAREST
    card = np.full((side, side, 3), PAPER, np.float32)
    printed = cv2.resize(colour, inner, interpolation=way)
    card[margin : side - margin, margin : side - margin] = printed * np.float32(PAPER / 255)
    turn = np.array(cv2.getRotationMatrix2D((side / 2, side / 2), tilt_deg, 1.0), np.float64)
    turn[:, 2] += (centre[0] * width - side / 2, centre[1] * height - side / 2)
    placed = cv2.warpAffine(card, turn, (width, height), flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(np.ones((side, side, 1), np.float32), turn, (width, height))[..., None]
    return _byte(placed + background * (1 - cover))


def _upright_cut(frame: Pixels, centre: float, width: int, height: int) -> Pixels:
    """Cut the full height of `frame` around `centre` in the shape of width x height."""
    rows, columns = frame.shape[:2]
    cut = min(columns, max(1, round(rows * width / height)))
    left = min(max(0, round(centre * columns - cut / 2)), columns - cut)
    part = frame[:, left : left + cut]
    way = cv2.INTER_AREA if rows > height else cv2.INTER_CUBIC
    return cv2.resize(part, (width, height), interpolation=way).astype(np.uint8)


def _byte(values: NDArray[Any]) -> Pixels:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
