"""Turns a face into the upright 112 x 112 picture that the feature models were trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.errors import PictureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 112
REFERENCE_POINTS = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""(5, 2) pixels: where ArcFace (Deng 2019) puts eyes, nose tip and mouth corners."""


def similarity(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (2, 3) similarity from five landmarks to the reference points (Umeyama 1991).

    Raises:
        PictureError: landmarks that are not finite or coincide.

    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise PictureError("landmarks", f"{points.tolist()}", "(5, 2) finite numbers")
    centre, goal = points.mean(axis=0), REFERENCE_POINTS.mean(axis=0)
    spread = float(((points - centre) ** 2).sum() / 5)
    if spread <= 0.0:
        raise PictureError("landmarks", f"{points.tolist()}", "five different points")
    left, sizes, right = np.linalg.svd((REFERENCE_POINTS - goal).T @ (points - centre) / 5)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(signs) @ right
    scale = float((sizes * signs).sum()) / spread
    return np.hstack([scale * rotation, (goal - scale * rotation @ centre)[:, None]])


def align(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the face as (112, 112, 3) uint8 BGR.

    Raises:
        PictureError: landmarks that are not finite or coincide.

    """
    upright = cv2.warpAffine(pixels, similarity(landmarks), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(upright, dtype=np.uint8)
