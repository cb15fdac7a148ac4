"""A code on a phone's screen as the gate's camera sees it, well held and in thirteen bad ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
import segno

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]
    Floats: TypeAlias = NDArray[np.float32]

MODULE: Final = 12  # screen pixels to one module of the code
QUIET: Final = 4  # modules of margin, as ISO/IEC 18004 asks
SUPER: Final = 2  # samples to one camera pixel, each way
JPEG_QUALITY: Final = 85  # what webcams send


@dataclass(frozen=True, slots=True)
class Hold:
    """How the phone is held and lit.

    Attributes:
        side: of the code with its margin, as a share of the picture's height.
        turn: in the picture's plane, radians.
        tilt: out of it; 0 = parallel, 0.5 = the far edge is about half as long as the near one.
        dark: grey level of the dark modules, 0 to 255.
        light: of the light ones; less than `dark` = dark mode.
        cracks: lines across the glass.

    """

    side: float = 0.6
    turn: float = 0.0
    tilt: float = 0.0
    dark: float = 30.0
    light: float = 235.0
    cracks: int = 0


def shown(text: str, kind: str, background: Pixels, draw: Generator) -> Pixels:
    """Return a camera picture of a phone that shows `text`.

    Args:
        text: of the code; drawn with error correction L, as the app does.
        kind: one of `KINDS`.
        background: (height, width, 3) uint8 BGR, the size of the picture.
        draw: all chance comes from here.

    """
    hold, damage = KINDS[kind]
    held = hold(draw)
    seen = damage(_scene(text, held, background, draw), draw)
    clipped = np.clip(seen, 0, 255).astype(np.uint8)
    _, sent = cv2.imencode(".jpg", clipped, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(sent, cv2.IMREAD_COLOR), np.uint8)


def _scene(text: str, held: Hold, background: Pixels, draw: Generator) -> Floats:
    screen, centre, side = _screen(text, held, draw)
    height, width = background.shape[:2]
    place = _homography(screen.shape, centre, side, held, (height, width), draw)
    larger = np.diag([SUPER, SUPER, 1.0]) @ place
    size = (width * SUPER, height * SUPER)
    small = (width, height)
    lit = cv2.warpPerspective(screen, larger, size, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones_like(screen), larger, size)
    lit = cv2.resize(lit, small, interpolation=cv2.INTER_AREA)[..., None]
    cover = cv2.resize(cover, small, interpolation=cv2.INTER_AREA)[..., None]
    return np.asarray(background * (1 - cover) + lit * cover, np.float32)


def _screen(text: str, held: Hold, draw: Generator) -> tuple[Floats, tuple[float, float], int]:
    """Return the phone's front, the code's centre on it and its side with margin, in pixels."""
    made = segno.make(text, error="l", boost_error=False, micro=False)
    bits = np.array([list(row) for row in made.matrix_iter(border=QUIET)], np.float32)
    code = np.kron(bits, np.ones((MODULE, MODULE), np.float32))
    side = code.shape[0]
    front = np.full((round(side * 1.9), round(side * 1.12)), held.light, np.float32)
    left, top = (front.shape[1] - side) // 2, round(side * 0.35)
    front[top : top + side, left : left + side] = held.light + code * (held.dark - held.light)
    for line in range(3):
        where = (left, top + round(side * (1.16 + 0.13 * line)))
        cv2.putText(
            front, "Gate pass 07:31", where, 0, side / 480, [held.dark], max(1, side // 150)
        )
    for _ in range(held.cracks):
        _crack(front, (top, left, side), draw)
    bezel = round(side * 0.05)
    edge = cv2.BORDER_CONSTANT
    body = cv2.copyMakeBorder(front, bezel, bezel, bezel, bezel, edge, value=[15.0])
    centre = (left + side / 2 + bezel, top + side / 2 + bezel)
    return np.asarray(body, np.float32), centre, side


def _crack(front: Floats, code: tuple[int, int, int], draw: Generator) -> None:
    """Draw one jagged line over the code: a bright edge of broken glass with a dark one."""
    top, left, side = code
    start = np.array([left + draw.uniform(0, side), top + draw.uniform(0, side)])
    angle = draw.uniform(0, 2 * math.pi)
    points = [start]
    for _ in range(8):
        angle += draw.uniform(-0.5, 0.5)
        step = side / 8 * np.array([math.cos(angle), math.sin(angle)])
        points.append(points[-1] + step)
    path = np.array(points, np.int32)[:, None]
    width = max(1, side // 220)
    cv2.polylines(front, [path + width], isClosed=False, color=[20.0], thickness=width)
    cv2.polylines(front, [path], isClosed=False, color=[250.0], thickness=width)


def _homography(
    shape: tuple[int, ...],
    centre: tuple[float, float],
    side: int,
    held: Hold,
    size: tuple[int, int],
    draw: Generator,
) -> NDArray[np.float64]:
    """Return how the phone's front maps into the picture: scaled, tilted, turned, off centre."""
    height, width = size
    corners = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], np.float64)
    flat = (corners - centre) * (held.side * height / side)
    axis = draw.uniform(0, 2 * math.pi)
    along = flat @ [math.cos(axis), math.sin(axis)]
    across = flat @ [-math.sin(axis), math.cos(axis)]
    depth = np.maximum(1 + held.tilt * along / (held.side * height), 0.2)
    along *= math.cos(math.atan(held.tilt)) / depth
    across /= depth
    turned = axis + held.turn
    # The turn is in the plane of the picture, after the tilt.
    x = along * math.cos(turned) - across * math.sin(turned)
    y = along * math.sin(turned) + across * math.cos(turned)
    off = draw.uniform(-0.05, 0.05, 2) * (width, height) + (width / 2, height / 2)
    placed = np.stack([x, y], 1) + off
    found = cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32))
    return np.asarray(found, np.float64)


def _whole(scene: Floats, _: Generator) -> Floats:
    return scene


def _blur(scene: Floats, draw: Generator) -> Floats:
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), draw.uniform(0.8, 2.0)), np.float32)


def _motion(scene: Floats, draw: Generator) -> Floats:
    length, angle = draw.uniform(4, 9), draw.uniform(0, math.pi)
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    half = length / 2 * np.array([math.cos(angle), math.sin(angle)])
    middle = (side - 1) / 2
    for share in np.linspace(-1, 1, 64):
        x, y = np.rint(middle + share * half).astype(int)
        kernel[y, x] += 1
    return np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), np.float32)


def _noise(scene: Floats, draw: Generator) -> Floats:
    return np.asarray(scene * 0.6 + draw.normal(0, draw.uniform(15, 40), scene.shape), np.float32)


def _glare(scene: Floats, draw: Generator) -> Floats:
    height, width = scene.shape[:2]
    y, x = np.mgrid[:height, :width]
    off = draw.uniform(-0.15, 0.15, 2) * (height, width) + (height / 2, width / 2)
    spread = 2 * (0.12 * height) ** 2
    lamp = np.exp(-((y - off[0]) ** 2 + (x - off[1]) ** 2) / spread) * draw.uniform(90, 170)
    fall = 1 - 0.5 * x / width
    return np.asarray(scene * fall[..., None] + lamp[..., None], np.float32)


def _dim(scene: Floats, draw: Generator) -> Floats:
    return np.asarray(scene + draw.normal(0, draw.uniform(2, 6), scene.shape), np.float32)


def _mixed(scene: Floats, draw: Generator) -> Floats:
    soft = cv2.GaussianBlur(scene, (0, 0), draw.uniform(0.5, 1.1))
    return np.asarray(soft + draw.normal(0, draw.uniform(5, 14), scene.shape), np.float32)


def _near(draw: Generator) -> Hold:
    return Hold(draw.uniform(0.45, 0.75), draw.uniform(-0.14, 0.14))


def _far(draw: Generator) -> Hold:
    return Hold(draw.uniform(0.28, 0.42), draw.uniform(-0.14, 0.14))


def _turned(draw: Generator) -> Hold:
    return Hold(draw.uniform(0.45, 0.62), draw.uniform(0, 2 * math.pi))


def _tilted(draw: Generator) -> Hold:
    return Hold(draw.uniform(0.45, 0.75), draw.uniform(-0.14, 0.14), draw.uniform(0.25, 0.6))


def _pale(draw: Generator) -> Hold:
    dark = draw.uniform(70, 120)
    return Hold(draw.uniform(0.45, 0.75), 0.0, 0.0, dark, dark + draw.uniform(18, 45))


def _dark_mode(draw: Generator) -> Hold:
    return Hold(draw.uniform(0.45, 0.75), draw.uniform(-0.14, 0.14), 0.0, 230.0, 25.0)


def _dimmed(draw: Generator) -> Hold:
    dark = draw.uniform(8, 16)
    return Hold(draw.uniform(0.45, 0.75), 0.0, 0.0, dark, dark + draw.uniform(22, 40))


def _cracked(draw: Generator) -> Hold:
    side, turn = draw.uniform(0.45, 0.75), draw.uniform(-0.14, 0.14)
    return Hold(side, turn, cracks=int(draw.integers(1, 4)))


def _carelessly(draw: Generator) -> Hold:
    side, turn, tilt = draw.uniform(0.45, 0.75), draw.uniform(-0.7, 0.7), draw.uniform(0.1, 0.35)
    return Hold(side, turn, tilt, draw.uniform(30, 70), draw.uniform(140, 220))


KINDS: Final[
    dict[str, tuple[Callable[[Generator], Hold], Callable[[Floats, Generator], Floats]]]
] = {
    "clean": (_near, _whole),
    "far": (_far, _whole),
    "rotation": (_turned, _whole),
    "perspective": (_tilted, _whole),
    "blur": (_near, _blur),
    "motion": (_near, _motion),
    "contrast": (_pale, _whole),
    "noise": (_near, _noise),
    "glare": (_near, _glare),
    "inverted": (_dark_mode, _whole),
    "mixed": (_carelessly, _mixed),
    "cracked": (_cracked, _whole),
    "dim": (_dimmed, _dim),
}
"""How the phone is held, and what is done to its picture after that."""
