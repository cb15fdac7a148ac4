"""Finds faces in a picture and, on a second look, their five points precisely (YuNet)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.vision.samples import Face, brief, checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf

MODEL = "yunet"
SCORE = 0.7
"""A detection below this score is no face; 0.7 keeps all near faces of the live clips."""
LONG_SIDE = 320
"""Pixels; pictures are shrunk to it for the first look. A face within reach of a gate is then
still above 30 pixels, three times YuNet's smallest."""
CLOSE_SIDE = 160
"""Pixels; side of the square pictures of a second look."""
CLOSE_LOOKS = (
    (2.5, 0.0, 0.0, False),
    (2.5, 0.0, 0.0, True),
    (2.0, 0.03, 0.02, False),
    (2.0, 0.03, 0.02, True),
)
"""Side and shift of each close look in face sizes, and whether it is mirrored. YuNet's int8
points jitter by 8-10 % of the eye distance; the mean of five looks is what made the largest
difference to identification, see models.toml."""
AGREEMENT = 0.3
"""Eye distances; a close look further off than this saw something else."""


class Detector:
    """YuNet at two sizes.

    Raises:
        ModelError: the model is missing, altered or unreadable.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        _, content = shelf.verified(MODEL)
        weights = np.frombuffer(content, dtype=np.uint8)
        nothing = np.array([], dtype=np.uint8)
        try:
            self._far = cv2.FaceDetectorYN.create(
                "onnx", weights, nothing, (LONG_SIDE, LONG_SIDE), SCORE, 0.3, 50
            )
            self._close = cv2.FaceDetectorYN.create(
                "onnx", weights, nothing, (CLOSE_SIDE, CLOSE_SIDE), 0.5, 0.3, 20
            )
            self._seen = (LONG_SIDE, LONG_SIDE)
            blank = np.zeros((CLOSE_SIDE, CLOSE_SIDE, 3), np.uint8)
            self._close.detect(blank)
        except cv2.error as fault:
            raise ModelError(f"model {MODEL}", str(fault).strip(), "a face detector") from fault

    def detect(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces in (height, width, 3) uint8 BGR, nearest (largest) first.

        Raises:
            PictureError: not a picture this room can look at.

        """
        small, scale = reduced(pixels)
        self._seen = (small.shape[1], small.shape[0])
        self._far.setInputSize(self._seen)
        # OpenCV's stubs promise an array where it gives None for no face.
        if small is pixels:
            rows = cast("NDArray[np.float32] | None", self._far.detect(small)[1])
        else:
            with brief(small):
                rows = cast("NDArray[np.float32] | None", self._far.detect(small)[1])
        if rows is None:
            return ()
        faces = [_face(row, scale) for row in rows]
        return tuple(sorted(faces, key=lambda face: -face.eye_distance))

    def refine(self, pixels: NDArray[np.uint8], face: Face) -> NDArray[np.float32]:
        """Return (5, 2) float32 landmarks, pixels: the mean of the first and four close looks."""
        looks = [face.landmarks]
        for close in close_looks(face):
            view = cv2.warpAffine(pixels, close, (CLOSE_SIDE, CLOSE_SIDE), flags=cv2.INTER_LINEAR)
            with brief(view):
                rows = self._close.detect(view)[1]
            looks.append(_seen_again(rows, close, face))
        return np.asarray(np.mean(looks, axis=0), dtype=np.float32)

    def rinse(self) -> None:
        """Look at black pictures, which overwrite what both sizes hold of the last ones."""
        self._far.setInputSize(self._seen)
        self._far.detect(np.zeros((self._seen[1], self._seen[0], 3), np.uint8))
        self._close.detect(np.zeros((CLOSE_SIDE, CLOSE_SIDE, 3), np.uint8))


def reduced(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return the picture of the first look, and its pixels per pixel of the original."""
    checked(pixels)
    scale = LONG_SIDE / max(pixels.shape[:2])
    if scale >= 1.0:
        return pixels, 1.0
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), scale


def close_looks(face: Face) -> Sequence[NDArray[np.float64]]:
    """Return the (2, 3) affine maps from the picture to each close look."""
    x, y = face.centre
    size = max(face.box[2:])
    maps = []
    for side, right, down, mirrored in CLOSE_LOOKS:
        scale = CLOSE_SIDE / (side * size)
        middle = (CLOSE_SIDE - 1) / 2
        close = np.array(
            [
                [scale, 0.0, middle - scale * (x + right * size)],
                [0.0, scale, middle - scale * (y + down * size)],
            ]
        )
        if mirrored:
            close[0] = -close[0]
            close[0, 2] += CLOSE_SIDE - 1
        maps.append(close)
    return maps


def _face(row: NDArray[np.float32], scale: float) -> Face:
    x, y, width, height = (float(value) / scale for value in row[:4])
    return Face(
        box=(x, y, width, height),
        landmarks=np.asarray(row[4:14].reshape(5, 2) / np.float32(scale), dtype=np.float32),
        score=float(row[14]),
    )


def _seen_again(rows: object, close: NDArray[np.float64], face: Face) -> NDArray[np.float32]:
    """Return a close look's landmarks in the picture, or the first look's if it saw another."""
    if rows is None:
        return face.landmarks
    found = np.asarray(rows, dtype=np.float32)
    off_centre = found[:, :2] + found[:, 2:4] / 2 - CLOSE_SIDE / 2
    best = found[np.argmin((off_centre**2).sum(axis=1) - 0.2 * found[:, 2] * found[:, 3])]
    points = best[4:14].reshape(5, 2)
    if close[0, 0] < 0:
        points = points[[1, 0, 2, 4, 3]]
    back = cv2.invertAffineTransform(close)
    seen = points @ back[:, :2].T + back[:, 2]
    apart = float(np.linalg.norm(seen - face.landmarks, axis=1).mean())
    if not apart < AGREEMENT * face.eye_distance:
        return face.landmarks
    return np.asarray(seen, dtype=np.float32)
