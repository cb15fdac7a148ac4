"""A phone that replays a picture before the gate's camera: its screen, its glass, its hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]
    Light: TypeAlias = NDArray[np.float32]

GAMMA: Final = 2.2
SCREEN_HEIGHT: Final = 0.86  # of the gate's picture
ASPECT: Final = 9 / 16
PITCH: Final = 2.2  # screen pixels to one pixel of the gate's camera: what makes the moire
SUPER: Final = 3  # samples to one camera pixel, each way; also the stripes of a screen pixel
BRIGHTNESS: Final = 1.1  # of the screen's white, to the gate's white
BLACK: Final = 0.012  # light that leaks through a dark screen pixel
REFLECTED: Final = 0.045  # by the front glass
# BGR light: the screen's primaries reach into one another, and its white is bluish.
GAMUT: Final = ((0.90, 0.07, 0.03), (0.05, 0.88, 0.07), (0.02, 0.08, 0.90))
WHITE: Final = (1.12, 1.0, 0.90)


class Phone:
    """Everything is computed in linear light and brought back to the camera's gamma at the end.

    Attributes:
        rows: the screen's height in its own pixels.
        columns: its width.

    """

    def __init__(self, height: int, width: int, seed: int) -> None:
        self._size = (height, width)
        self._seed = seed
        self.rows = max(8, round(height * SCREEN_HEIGHT * PITCH))
        self.columns = max(8, round(self.rows * ASPECT))

    def show(self, picture: Pixels, background: Pixels, sequence: int) -> Pixels:
        """Return what the gate's camera sees of `picture`, (rows, columns), on the screen."""
        noise = np.random.default_rng((self._seed, sequence))
        body, bezel = self._body(self._emitted(picture))
        placed, cover = self._held(body, bezel, sequence)
        scene = _light(background)
        mirrored = cv2.GaussianBlur(scene[:, ::-1], (0, 0), self._size[0] / 12)
        seen = placed + cover * REFLECTED * (mirrored + self._glare())
        seen += scene * (1 - cover)
        seen = _floats(cv2.GaussianBlur(seen, (0, 0), 0.7))  # the gate's lens
        seen += noise.normal(0, 1, seen.shape) * np.sqrt(4e-5 * np.maximum(seen, 0) + 1e-6)
        return np.clip(255 * np.clip(seen, 0, 1) ** (1 / GAMMA) + 0.5, 0, 255).astype(np.uint8)

    def _emitted(self, picture: Pixels) -> Light:
        """Light of the lit subpixels: red, green, blue stripes and a dark line between rows."""
        light = (_light(picture) @ np.array(GAMUT, np.float32).T) * np.array(
            WHITE, np.float32
        ) * BRIGHTNESS + BLACK
        grid = np.zeros((SUPER, SUPER, 3), np.float32)
        for stripe, channel in enumerate((2, 1, 0)):
            grid[: SUPER - 1, stripe, channel] = 1
        grid /= grid.mean(axis=(0, 1))  # stripes do not make the whole darker
        fine = cv2.resize(light, None, fx=SUPER, fy=SUPER, interpolation=cv2.INTER_NEAREST)
        return _floats(fine * np.tile(grid, (self.rows, self.columns, 1)))

    def _body(self, screen: Light) -> tuple[Light, Light]:
        """Put the screen into a black frame with round corners; also return its outline."""
        rows, columns = screen.shape[:2]
        rim, corner = columns // 28, columns // 9
        body = np.full((rows + 4 * rim, columns + 2 * rim, 3), 0.006, np.float32)
        body[2 * rim : 2 * rim + rows, rim : rim + columns] = screen
        outline = np.zeros(body.shape[:2], np.uint8)
        tall, wide = outline.shape
        cv2.rectangle(outline, (corner, 0), (wide - corner, tall), (1,), -1)
        cv2.rectangle(outline, (0, corner), (wide, tall - corner), (1,), -1)
        for x in (corner, wide - corner):
            for y in (corner, tall - corner):
                cv2.circle(outline, (x, y), corner, (1,), -1)
        return body * outline[..., None], _floats(outline)

    def _held(self, body: Light, outline: Light, sequence: int) -> tuple[Light, Light]:
        """See the phone slightly from the side, in a hand that trembles, area by area.

        The warp shrinks, so the body is first averaged to the samples' own pitch; sampling it
        bare would invent a moire of the simulation instead of the camera's.
        """
        height, width = self._size
        hold = np.random.default_rng(self._seed)
        tremble = 0.003 * height * np.sin(sequence * np.array((0.31, 0.23)) + hold.uniform(0, 6, 2))
        tall = height * SCREEN_HEIGHT * body.shape[0] / (self.rows * SUPER)
        wide = tall * body.shape[1] / body.shape[0]
        middle = np.array((width / 2, height / 2)) + tremble + hold.uniform(-0.02, 0.02, 2) * width
        corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * (wide / 2, tall / 2)
        corners += middle + hold.uniform(-0.02, 0.02, (4, 2)) * wide
        fine = (width * SUPER, height * SUPER)
        size = (round(wide * SUPER), round(tall * SUPER))
        source = np.array(((0, 0), (size[0], 0), size, (0, size[1])), np.float32)
        look = cv2.getPerspectiveTransform(source, (corners * SUPER).astype(np.float32))
        both = cv2.resize(np.dstack((body, outline)), size, interpolation=cv2.INTER_AREA)
        warped = cv2.warpPerspective(both, look, fine, flags=cv2.INTER_LINEAR)
        seen = cv2.resize(warped, (width, height), interpolation=cv2.INTER_AREA)
        return _floats(seen[..., :3]), _floats(seen[..., 3:])

    def _glare(self) -> Light:
        """Return the light of a lamp in the glass, a slanting band."""
        height, width = self._size
        across = np.add.outer(np.arange(height) / height, 0.6 * np.arange(width) / width)
        where = np.random.default_rng(self._seed + 1).uniform(0.4, 1.1)
        return _floats(1.5 * np.exp(-(((across - where) / 0.12) ** 2)))[..., None]


def _light(pixels: Pixels) -> Light:
    return _floats((pixels.astype(np.float32) / 255) ** GAMMA)


def _floats(values: NDArray[Any]) -> Light:
    return values.astype(np.float32, copy=False)
