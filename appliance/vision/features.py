"""Turns an aligned face into one unit feature vector: SFace and MobileFaceNet joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.errors import PictureError
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf

RECIPE = "sface+0.3xmobilefacenet/5-looks/1"
"""Names this arithmetic; references made by another one cannot be compared."""
LENGTH = 320
SHARE = 0.3
"""MobileFaceNet's weight in the sum of the two cosines, chosen on half of the people; anything
from 0.2 to 0.5 does as well (models.toml)."""


class FeatureExtractor:
    """The feature models.

    Raises:
        ModelError: a model is missing, altered or of the wrong shape.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        self._sface = shelf.onnx("sface")
        self._mobilefacenet = shelf.tflite("mobilefacenet")

    def vector(self, aligned: NDArray[np.uint8], *, reference: bool = False) -> NDArray[np.float32]:
        """Return the (320,) float32 unit vector of one aligned face.

        Args:
            aligned: (112, 112, 3) uint8 BGR.
            reference: made for enrolment, where time is plenty: SFace sees the mirror image too.

        Raises:
            PictureError: another shape or type.
            ModelError: a model failed.

        """
        if aligned.shape != (112, 112, 3) or aligned.dtype != np.uint8:
            raise PictureError("face", f"{aligned.shape} {aligned.dtype}", "(112, 112, 3) uint8")
        with brief(self._seen_by_sface(aligned)) as first:
            if reference:
                with (
                    brief(np.ascontiguousarray(aligned[:, ::-1])) as mirrored,
                    brief(self._seen_by_sface(mirrored)) as other,
                    brief(first + other) as both,
                ):
                    np.copyto(first, unit(both))
            with (
                brief(mobilefacenet_input(aligned)) as data,
                brief(self._mobilefacenet.run(data)[0]) as two,
                brief(two.sum(axis=0)) as total,
                brief(unit(total)) as second,
                brief(np.sqrt(np.float32(SHARE)) * second) as lighter,
                brief(np.concatenate([first, lighter])) as whole,
            ):
                return unit(whole)

    def rinse(self) -> None:
        """Overwrite what the models hold of the last face."""
        self._sface.rinse()
        self._mobilefacenet.rinse()

    def _seen_by_sface(self, aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        with (
            brief(sface_input(aligned)) as data,
            brief(self._sface.run(data)[0]) as raw,
        ):
            return unit(raw[0])


def sface_input(aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (1, 3, 112, 112) float32 RGB 0..255."""
    blob = cv2.dnn.blobFromImage(aligned, 1.0, (112, 112), (0.0, 0.0, 0.0), swapRB=True)
    return np.asarray(blob, dtype=np.float32)


def mobilefacenet_input(aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (2, 112, 112, 3) float32 RGB -1..1: the face and its mirror image."""
    with brief((aligned[:, :, ::-1].astype(np.float32) - 127.5) / 128.0) as face:
        return np.stack([face, face[:, ::-1]])


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `vector` at length one; a zero vector stays zero and so matches nobody."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0.0 else vector.copy(), dtype=np.float32)


def joined(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return one unit vector for several of one track or person.

    A plain sum: weights by quality, the maximum and the mean of scores were tried and did not
    pay (models.toml).
    """
    with brief(np.sum(vectors, axis=0, dtype=np.float32)) as total:
        return unit(total)
