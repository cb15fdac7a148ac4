"""Pixels and vectors as frozen dataclasses: shapes, types and units in one place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from appliance.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_Array = TypeVar("_Array", bound="NDArray[Any]")

SMALLEST_SIDE = 64
"""Pixels; below this no face at a usable size fits into a picture."""
LARGEST_SIDE = 4096
"""Pixels; above this a picture is no camera's main stream."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face.

    Attributes:
        box: x, y of the upper left corner, width, height; pixels, may reach over the border.
        landmarks: (5, 2) float32, pixels: right eye, left eye, nose tip, right and left mouth
            corner, where right is the person's own and so on the picture's left.
        score: detector's score, 0 to 1.

    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    score: float

    @property
    def eye_distance(self) -> float:
        """Pixels between the centres of the eyes."""
        return float(np.linalg.norm(self.landmarks[0] - self.landmarks[1]))

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the box, pixels."""
        x, y, width, height = self.box
        return x + width / 2, y + height / 2

    @property
    def frontality(self) -> float:
        """How far the nose lies from midway between eyes and mouth corners; 0 = frontal.

        The larger of the two sideways offsets in eye distances; a head turned by 25 degrees
        gives about 0.25. Made of the detector's own points, so that it can be asked before
        any act of intent (law 2).
        """
        eyes = self.landmarks[:2].mean(axis=0)
        mouth = self.landmarks[3:].mean(axis=0)
        across = self.landmarks[1] - self.landmarks[0]
        length = float(np.linalg.norm(across))
        if length == 0.0:
            return float("inf")
        middle = (eyes + mouth) / 2
        return abs(float((self.landmarks[2] - middle) @ across) / length**2)


def checked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `pixels` if they are a picture this room can look at.

    Raises:
        PictureError: not (height, width, 3) uint8, or a side outside 64 to 4096 pixels.

    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:  # noqa: PLR2004
        raise PictureError("picture", f"{pixels.shape} {pixels.dtype}", "(height, width, 3) uint8")
    if min(pixels.shape[:2]) < SMALLEST_SIDE or max(pixels.shape[:2]) > LARGEST_SIDE:
        raise PictureError(
            "picture",
            f"{pixels.shape[1]}x{pixels.shape[0]} pixels",
            f"sides from {SMALLEST_SIDE} to {LARGEST_SIDE}",
        )
    return pixels


@contextmanager
def brief(values: _Array) -> Iterator[_Array]:
    """Lend a crop, a model's input or a vector, and overwrite it when the work is done (law 3).

    For what this room makes of pixels. numpy keeps freed arrays below a kilobyte for itself, where
    not even the allocator overwrites them.
    """
    try:
        yield values
    finally:
        values.fill(0)
