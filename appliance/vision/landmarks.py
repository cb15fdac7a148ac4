"""Turns a picture and a face's five points into a 468-point mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import cv2
import numpy as np

from appliance.errors import PictureError
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS: Final = 468
INPUT: Final = 192
"""Side of the mesh model's input in px."""

# Index sets of mediapipe 0.10.18, python/solutions/face_mesh_connections.py, in drawing order.
# "Right" and "left" are the person's own.
RIGHT_EYE: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
LIPS_OUTER: Final = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375),
    *(291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
)
LIPS_INNER: Final = (
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324),
    *(308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288),
    *(397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136),
    *(172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)

# Where the crop lies, from five points. Fitted so that the crop is 1.5 times the mesh's own
# bounding square, as mediapipe's graph does while it follows a face.
_SIDE_PER_EYES: Final = 3.65
_SIDE_PER_HEIGHT: Final = 3.60
_DOWN: Final = 0.48

_COLOUR: Final = 3
_FAR: Final = 1e5
_MOST_SIDE: Final = 16_384  # px; OpenCV warps nothing beyond twice that
_SIGMOID_LIMIT: Final = 60.0


class MeshModel(Protocol):
    """Anything that runs mediapipe's face_landmark.tflite."""

    def run(self, picture: NDArray[np.float32], /) -> tuple[NDArray[np.float32], ...]:
        """Take (1, 192, 192, 3) RGB 0..1; give 1,404 coordinates and one face logit."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """One face as 468 points.

    Attributes:
        points: (468, 3) float32 px of the picture; z grows away from the camera, scaled as x.
        presence: how sure the model is that it looks at a face, 0 to 1.

    """

    points: NDArray[np.float32]
    presence: float


def check_picture(pixels: NDArray[Any]) -> None:
    """Refuse what is no (h, w, 3) uint8 picture."""
    if not isinstance(pixels, np.ndarray):
        raise PictureError("picture", type(pixels).__name__, "a numpy array")
    if pixels.dtype != np.uint8 or pixels.ndim != _COLOUR or pixels.shape[2] != _COLOUR:
        raise PictureError("picture", f"{pixels.dtype} {pixels.shape}", "uint8 (h, w, 3) BGR")
    if min(pixels.shape[:2]) < 2:  # noqa: PLR2004 - nothing can be sampled from a line
        raise PictureError("picture", pixels.shape, "at least 2 px high and wide")
    if max(pixels.shape[:2]) > _MOST_SIDE:
        raise PictureError("picture", pixels.shape, f"at most {_MOST_SIDE} px high and wide")


def check_points(points: NDArray[Any], count: int, axes: int) -> None:
    """Refuse points of a wrong shape or type, not finite or beyond any picture."""
    if not isinstance(points, np.ndarray):
        raise PictureError("landmarks", type(points).__name__, "a numpy array")
    if points.shape != (count, axes) or not np.issubdtype(points.dtype, np.floating):
        raise PictureError("landmarks", f"{points.dtype} {points.shape}", f"({count}, {axes}) px")
    # Written as "not within" so that a value that is no number is refused too.
    if not (np.abs(points) < _FAR).all():
        raise PictureError("landmarks", "not finite or far away", f"px below {_FAR:g}")


def find_mesh(pixels: NDArray[Any], landmarks: NDArray[Any], model: MeshModel) -> Mesh:
    """Fit the mesh to the face that five points stand on.

    Args:
        pixels: (h, w, 3) uint8 BGR.
        landmarks: (5, 2) px: right eye, left eye, nose, right and left mouth corner (YuNet).
        model: face_landmark.tflite.

    Raises:
        PictureError: the arrays have a wrong shape or type, or the points span no face.

    """
    check_picture(pixels)
    check_points(landmarks, 5, 2)
    to_picture = crop_transform(landmarks)
    crop = cv2.warpAffine(
        pixels,
        to_picture,
        (INPUT, INPUT),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    with (
        brief(crop),
        brief(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)) as turned,
        brief(np.multiply(turned, np.float32(1.0 / 255.0), dtype=np.float32)) as picture,
    ):
        outputs = model.run(picture[np.newaxis])
    by_size = {output.size: output for output in outputs}
    if not {POINTS * 3, 1} <= set(by_size):
        raise PictureError("mesh output", sorted(by_size), f"{POINTS * 3} and 1 values")
    raw = by_size[POINTS * 3].reshape(POINTS, 3).astype(np.float64)
    scale = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    points = np.empty((POINTS, 3), np.float32)
    points[:, :2] = raw[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    points[:, 2] = raw[:, 2] * scale
    logit = np.clip(float(by_size[1].ravel()[0]), -_SIGMOID_LIMIT, _SIGMOID_LIMIT)
    return Mesh(points, float(1.0 / (1.0 + np.exp(-logit))))


def crop_transform(landmarks: NDArray[Any]) -> NDArray[np.float64]:
    """Give the 2x3 matrix from px of the model's input to px of the picture.

    The crop is a square turned with the line of the eyes. Eyes close in when a head turns, the
    way from eyes to mouth shortens when it nods: the larger of the two sets the size.
    """
    points = np.asarray(landmarks, np.float64)
    eyes = points[1] - points[0]
    middle = points[:2].mean(axis=0)
    mouth = points[3:].mean(axis=0)
    distance = float(np.hypot(*eyes))
    height = float(np.hypot(*(mouth - middle)))
    if distance < 1.0 or height < 1.0:
        raise PictureError("landmarks", f"eyes {distance:.2f} px apart", "points that span a face")
    along = eyes / distance
    side = max(_SIDE_PER_EYES * distance, _SIDE_PER_HEIGHT * height)
    centre = middle + _DOWN * (mouth - middle)
    step = side / INPUT
    across = np.array([-along[1], along[0]])
    corner = centre - 0.5 * side * (along + across)
    return np.column_stack([along * step, across * step, corner])
