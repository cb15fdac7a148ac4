"""Draws README's picture: one frame of each scene of `sanmen demo` and what must come of it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.cli.scenes import Scene, scenes
from appliance.clock import SkippingClock
from appliance.gate.credential.pass_token import PhoneKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT, BAR = 480, 300, 56
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
        left = (seen.shape[1] - WIDTH) * (1 if scene.title[0] in "12" else 0)
        view[:HEIGHT] = seen[:HEIGHT, left : left + WIDTH]
    good = scene.expected in ("granted", "enrolled")
    write(view, scene.title, (12, HEIGHT + 22), INK)
    write(view, scene.expected.replace("_", " "), (12, HEIGHT + 46), OPENS if good else STAYS)
    return view


def write(
    view: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Write one line."""
    cv2.putText(view, text, at, cv2.FONT_HERSHEY_DUPLEX, 0.62, colour, 1, cv2.LINE_AA)


def main() -> None:
    """Write the picture to the path given."""
    phone = PhoneKey.create()
    shown = [
        tile(scene)
        for scene in scenes(SkippingClock(), lambda: phone.sign(datetime.now(UTC)))
        if scene.camera is not None and not scene.enrols
    ]
    rows = [np.hstack(shown[start : start + 3]) for start in range(0, len(shown), 3)]
    cv2.imwrite(sys.argv[1], np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
