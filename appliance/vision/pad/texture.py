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
    left, top = round(x - width / 2), round(y - height / 2)
    right, bottom = round(x + width / 2), round(y + height / 2)
    rows, columns = pixels.shape[:2]
    inside = pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if inside.size == 0:
        raise PictureError("face", f"{face.box} outside the picture", "a face in it")
    window = cv2.copyMakeBorder(
        inside,
        max(-top, 0),
        max(bottom - rows, 0),
        max(-left, 0),
        max(right - columns, 0),
        cv2.BORDER_REPLICATE,
    )
    crop = _shrunk(np.asarray(window, dtype=np.uint8))
    return np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32)


def _shrunk(window: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (128, 128, 3): a bare warp that shrinks would alias, and that is an attack's mark.

    At most by half between pixels, the rest by whole areas, which costs a fifth of areas alone.
    """
    whole = max(1, round(max(window.shape[:2]) / (2 * SIDE)))
    near = cv2.resize(window, (whole * SIDE, whole * SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(near, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def evidence(log_odds: Sequence[float]) -> CueEvidence:
    """Return the cue's evidence over a visit: the median, as a probability.

    Source: decide on the video, not on the picture (arXiv 2406.12258).
    """
    if not log_odds:
        return CueEvidence(cue=CUE, score=0.0, frames=0)
    score = float(1.0 / (1.0 + np.exp(-np.median(log_odds))))
    return CueEvidence(cue=CUE, score=score, frames=len(log_odds))
