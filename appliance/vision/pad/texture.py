"""The passive cue: does the texture of face and surroundings look like a living person's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.errors import PictureError
from appliance.messages import CueEvidence
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf
    from appliance.vision.pad.look import Look
    from appliance.vision.samples import Face

CUE = "texture"
SIDE = 128
SCALE = 2.7
"""Side of what the model was trained to see, in face sizes."""
SCALES = (2.4, 3.0)
"""Sides of what it is shown, picture about picture: nearer to the skin and with more of what is
around it. A surface that fits one window is seldom made for both."""
BONA_FIDE = 0
"""Index of the bona fide class in the model's output."""
SHARES = {1: (1.0,), 2: (2 / 3, 1 / 3)}
"""Weights of the views. Set on the shared clips themselves, so their figures claim nothing more."""
ARITHMETIC = 3
"""Counts the ways in which this file has made evidence of log odds."""
SPACING_NS = 75_000_000
"""Between two pictures judged; nearer ones are the same picture twice, at 30 ms of work each."""
MOST = 16
"""Pictures judged in one visit."""
BOUND = 12.0
"""Largest log odds one picture may contribute; one brilliant picture opens no door."""


class TextureCue:
    """The passive PAD model as a cue.

    Raises:
        ModelError: the model is missing, altered or of the wrong shape.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        card, _ = shelf.verified("liveness")
        self._model = shelf.onnx("liveness")
        self._odds: list[float] = []
        self._last_ns: int | None = None
        self.name = CUE
        self.version = f"{ARITHMETIC}+{card.sha256[:8]}"

    def look(self, look: Look) -> None:
        """Judge one picture, if the last one judged is long enough ago.

        Raises:
            PictureError: a box that is empty or outside the picture.
            ModelError: the model failed.

        """
        if self._last_ns is not None and look.taken_ns - self._last_ns < SPACING_NS:
            return
        if len(self._odds) >= MOST:
            return
        self._last_ns = look.taken_ns
        scale = SCALES[len(self._odds) % len(SCALES)]
        self._odds.append(self.log_odds(look.pixels, look.face, scale))

    def evidence(self) -> CueEvidence:
        """Return what the pictures judged so far say together."""
        return evidence(self._odds, self.version)

    def wipe(self) -> None:
        """Forget the visit; the model itself is rinsed by `rinse`."""
        self._odds.clear()
        self._last_ns = None

    def log_odds(self, pixels: NDArray[np.uint8], face: Face, scale: float = SCALE) -> float:
        """Return ln(bona fide / attack) of one picture, within -12 to 12.

        Raises:
            PictureError: a box that is empty or outside the picture.
            ModelError: the model failed.

        """
        views = [self._judge(view) for view in texture_inputs(pixels, face, scale)]
        return sum(share * odds for share, odds in zip(SHARES[len(views)], views, strict=True))

    def rinse(self) -> None:
        """Overwrite what the model holds of the last face."""
        self._model.rinse()

    def _judge(self, view: NDArray[np.float32]) -> float:
        with brief(view):
            raw = self._model.run(view)
        logits = raw[0][0].astype(np.float64)
        others = np.delete(logits, BONA_FIDE)
        highest = others.max()
        attack = highest + np.log(np.exp(others - highest).sum())
        return float(np.clip(logits[BONA_FIDE] - attack, -BOUND, BOUND))


def texture_inputs(
    pixels: NDArray[np.uint8], face: Face, scale: float = SCALE
) -> tuple[NDArray[np.float32], ...]:
    """Return one or two views, (1, 3, 128, 128) float32 BGR 0..255: face and surroundings.

    Where the window fits into the picture, one view. Near the border two: one in which the face
    keeps the size the model was trained on, the outermost pixels repeated; and one in which the
    window is shrunk and shifted into the picture, as the model's own demo does. Each alone fails
    on living people: a woman close to a webcam has a median of 0.94 and 0.13 in them, a film
    clip 0.61 and 0.98. The filmed screen is an attack in both.

    Raises:
        PictureError: a box that is empty or outside the picture.

    """
    if not (np.isfinite(face.box).all() and min(face.box[2:]) > 0.0):
        raise PictureError("face", f"box {face.box}", "a box of some size")
    x, y = face.centre
    width, height = face.box[2] * scale, face.box[3] * scale
    left, top = round(x - width / 2), round(y - height / 2)
    right, bottom = round(x + width / 2), round(y + height / 2)
    rows, columns = pixels.shape[:2]
    inside = pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if inside.size == 0:
        raise PictureError("face", f"{face.box} outside the picture", "a face in it")
    beyond = (max(-top, 0), max(bottom - rows, 0), max(-left, 0), max(right - columns, 0))
    if not any(beyond):
        return (_input(inside),)
    with brief(cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE)) as repeated:
        first = _input(np.asarray(repeated, dtype=np.uint8))
    return (first, _input(_squeezed(pixels, face, scale)))


def _squeezed(pixels: NDArray[np.uint8], face: Face, most: float) -> NDArray[np.uint8]:
    """Return the largest window of the face's shape in the picture that holds the face."""
    rows, columns = pixels.shape[:2]
    scale = min(rows / face.box[3], columns / face.box[2], most)
    width, height = round(face.box[2] * scale), round(face.box[3] * scale)
    x, y = face.centre
    left = min(max(round(x - width / 2), 0), columns - width)
    top = min(max(round(y - height / 2), 0), rows - height)
    return pixels[top : top + height, left : left + width]


def _input(window: NDArray[np.uint8]) -> NDArray[np.float32]:
    with brief(_shrunk(window)) as small:
        return np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32)


def _shrunk(window: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (128, 128, 3): a bare warp that shrinks would alias, and that is an attack's mark.

    At most by half between pixels, the rest by whole areas, which costs a fifth of areas alone.
    """
    whole = max(1, round(max(window.shape[:2]) / (2 * SIDE)))
    side = whole * SIDE
    with brief(cv2.resize(window, (side, side), interpolation=cv2.INTER_LINEAR)) as near:
        small = cv2.resize(near, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def evidence(log_odds: Sequence[float], version: str = "") -> CueEvidence:
    """Return the cue's evidence over a visit.

    The median as a probability, but never above the share of pictures that look bona fide: a
    median hides a visit half of which is an attack.
    Source: decide on the video, not on the picture (arXiv 2406.12258).
    """
    if not log_odds:
        return CueEvidence(cue=CUE, score=0.0, frames=0, version=version)
    median = float(1.0 / (1.0 + np.exp(-np.median(log_odds))))
    bona_fide = sum(odds >= 0.0 for odds in log_odds) / len(log_odds)
    return CueEvidence(CUE, min(median, bona_fide), len(log_odds), version)
