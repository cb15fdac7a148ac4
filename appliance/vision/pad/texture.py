"""The passive cue: does the texture of face and surroundings look like a living person's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.errors import PictureError
from appliance.messages import CueEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf
    from appliance.vision.samples import Face

CUE = "texture"
SIDE = 128
SCALE = 2.7
"""Side of what the model sees, in face sizes."""
BONA_FIDE = 0
"""Index of the bona fide class in the model's output."""
BOUND = 12.0
"""Largest log odds one picture may contribute; one brilliant picture opens no door."""


class TextureCue:
    """The passive PAD model.

    Raises:
        ModelError: the model is missing, altered or of the wrong shape.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        self._model = shelf.onnx("liveness")

    def log_odds(self, pixels: NDArray[np.uint8], face: Face) -> float:
        """Return ln(bona fide / attack) of one picture, within -12 to 12.

        Raises:
            PictureError: a box that is empty or outside the picture.
            ModelError: the model failed.

        """
        logits = self._model.run(texture_input(pixels, face))[0][0].astype(np.float64)
        others = np.delete(logits, BONA_FIDE)
        highest = others.max()
        attack = highest + np.log(np.exp(others - highest).sum())
        return float(np.clip(logits[BONA_FIDE] - attack, -BOUND, BOUND))


def texture_input(pixels: NDArray[np.uint8], face: Face) -> NDArray[np.float32]:
    """Return (1, 3, 128, 128) float32 BGR 0..255: the face and its surroundings.

    Near the border the outermost pixels are repeated, so that the face always has the size the
    model was trained on. Squeezing the crop into the picture instead, as the model's own demo
    does, gave a living woman close to a webcam 0.26 where this gives her 0.97.

    Raises:
        PictureError: a box that is empty or outside the picture.

    """
    if not (np.isfinite(face.box).all() and min(face.box[2:]) > 0.0):
        raise PictureError("face", f"box {face.box}", "a box of some size")
    x, y = face.centre
    width, height = face.box[2] * SCALE, face.box[3] * SCALE
    across, down = SIDE / width, SIDE / height
    window = np.array([[across, 0.0, SIDE / 2 - across * x], [0.0, down, SIDE / 2 - down * y]])
    blur = max(width, height) / SIDE / 3
    left, top = max(0, int(x - width / 2) - 8), max(0, int(y - height / 2) - 8)
    right, bottom = int(x + width / 2) + 8, int(y + height / 2) + 8
    seen = pixels[top:bottom, left:right]
    if seen.size == 0:
        raise PictureError("face", f"box {face.box}", "one that reaches into the picture")
    if blur > 2 / 3:
        # A linear warp that shrinks by more than two would alias, and aliasing is an attack's mark.
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), blur), dtype=np.uint8)
    window[:, 2] += window[:, :2] @ np.array([left, top])
    crop = cv2.warpAffine(
        seen, window, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32)


def evidence(log_odds: Sequence[float]) -> CueEvidence:
    """Return the cue's evidence over a visit: the median, as a probability.

    Source: decide on the video, not on the picture (arXiv 2406.12258).
    """
    if not log_odds:
        return CueEvidence(cue=CUE, score=0.0, frames=0)
    score = float(1.0 / (1.0 + np.exp(-np.median(log_odds))))
    return CueEvidence(cue=CUE, score=score, frames=len(log_odds))
