"""Draws README's picture: one frame of each scene of `sanmen demo` and what must come of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.cli.demo import Things
from appliance.cli.scenes import Scene, scenes
from appliance.clock import SkippingClock

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT, BAR, COLUMNS = 360, 225, 52, 4
OPENS, STAYS = (96, 160, 40), (48, 48, 176)
PAPER, INK = (250, 250, 250), (40, 40, 40)


def tile(scene: Scene) -> NDArray[np.uint8]:
    """Return a scene's picture with its title and outcome below."""
    view = np.full((HEIGHT + BAR, WIDTH, 3), PAPER, np.uint8)
    if scene.camera is not None:
        camera = scene.camera()
        with camera.borrow() as frame:
            scale = max(WIDTH / frame.pixels.shape[1], HEIGHT / frame.pixels.shape[0])
            seen = cv2.resize(frame.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        camera.close()
        left = (seen.shape[1] - WIDTH) * (scene.title.split()[0] in ("1", "2"))
        view[:HEIGHT] = seen[:HEIGHT, left : left + WIDTH]
    good = scene.expected in ("granted", "enrolled")
    write(view, scene.title, (12, HEIGHT + 20), INK)
    write(view, scene.expected.replace("_", " "), (12, HEIGHT + 42), OPENS if good else STAYS)
    return view


def write(
    view: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Write one line."""
    cv2.putText(view, text, at, cv2.FONT_HERSHEY_DUPLEX, 0.52, colour, 1, cv2.LINE_AA)


def main() -> None:
    """Write the picture to the path given."""
    clock = SkippingClock()
    shown = [
        tile(scene)
        for scene in scenes(clock, Things(clock).code)
        if scene.camera is not None and not scene.enrols
    ]
    rows = [np.hstack(shown[start : start + COLUMNS]) for start in range(0, len(shown), COLUMNS)]
    cv2.imwrite(sys.argv[1], np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
