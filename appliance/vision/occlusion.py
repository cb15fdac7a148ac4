"""Judges from colour and structure whether eyes and mouth are covered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from appliance.vision.landmarks import LEFT_EYE, LIPS_INNER, RIGHT_EYE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE: Final = 96
"""Side of the normalised face in px; the eyes stand 40 px apart in it."""

_BROW: Final = (9, 8, 107, 336, 108, 337, 151, 119, 348)
_JAW: Final = (164, 18, 200, 199, 206, 426, 57, 287, 202, 422, 210, 430)
_LIPS: Final = (11, 12, 15, 16, 72, 302, 85, 315, 38, 268, 86, 316)
_CHEEKS: Final = (50, 280, 205, 425, 4, 5, 9, 151)
_LIDS: Final = (229, 230, 231, 449, 450, 451, 27, 257)
_EYES: Final = RIGHT_EYE + LEFT_EYE

# Logistic weights, fitted on 320 people and counted on 320 others of ../shared/data; the covers
# were drawn onto the photos, so the figures hold for drawn covers only (see `visibility`).
_MOUTH_WEIGHTS: Final = (
    *(-0.603, -2.619, -0.4978, 0.6712, 7.405, 10.39),
    *(-1.286, -6.619, -22.28, -4.738, 6.315, -10.75),
    *(-15.09, 5.658, -1.481),
)
_MOUTH_BIAS: Final = 0.207
_EYE_WEIGHTS: Final = (
    *(-5.304, -7.487, 7.412, 7.658, 7.297, 4.019),
    *(7.143, 2.743, -1.57, -2.174, 7.597, -6.625),
)
_EYE_BIAS: Final = -3.734


def visibility(pixels: NDArray[Any], points: NDArray[Any]) -> tuple[float, float]:
    """Give how surely eyes and mouth are visible, each 0 to 1; below 0.5 = covered.

    Held-out half (320 people), covers drawn on photos, detector's points taken from the uncovered
    photo, before 0.8 was added to both thresholds (hits with it: not measured): masks blue 320,
    white 316, black 320, patterned 314, skin-coloured 307 of 320; sunglasses dark 320, brown 318,
    patterned 277 of 320; bare faces refused: mouth 1, eyes 4 of 320. With the 0.8, 800 random
    photos, fitted people among them: eyes refused 10, mouth 2. A real hand before the mouth
    (WolfgangLanger_Pexels.mp4) passed.
    """
    face, at = normalised_face(pixels, points)
    eyes = float(eye_features(face, at) @ np.array(_EYE_WEIGHTS)) + _EYE_BIAS
    mouth = float(mouth_features(face, at) @ np.array(_MOUTH_WEIGHTS)) + _MOUTH_BIAS
    seen = 1.0 / (1.0 + np.exp(np.clip([eyes, mouth], -30.0, 30.0)))
    return float(seen[0]), float(seen[1])


def normalised_face(pixels: NDArray[Any], points: NDArray[Any]) -> tuple[Any, Any]:
    """Give the face at a fixed size, upright, and the mesh's (468, 2) px in it."""
    right = points[list(RIGHT_EYE), :2].mean(axis=0)
    left = points[list(LEFT_EYE), :2].mean(axis=0)
    along = np.asarray(left - right, np.float64)
    scale = 40.0 / max(float(np.hypot(*along)), 1.0)
    cos, sin = along / max(float(np.hypot(*along)), 1.0) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([SIDE / 2, 36.0]) - turn @ ((right + left) / 2)
    matrix = np.column_stack([turn, shift])
    face = cv2.warpAffine(
        pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return face, points[:, :2] @ turn.T + shift


def _colours(face: NDArray[Any]) -> NDArray[np.float64]:
    """Give log green, log red/green and log blue/green, each blurred a little."""
    logs = np.log(cv2.GaussianBlur(face, (3, 3), 0).astype(np.float64) + 8.0)
    green = logs[..., 1]
    return np.stack([green, logs[..., 2] - green, logs[..., 0] - green], axis=-1)


def mouth_features(face: NDArray[Any], points: NDArray[Any]) -> NDArray[np.float64]:
    """Compare jaw and lips with the person's own brow."""
    colours = _colours(face)
    at = np.clip(np.rint(points), 0, SIDE - 1).astype(np.intp)
    brow, jaw, lips = (
        np.median(_sample(colours, at, group), axis=0) for group in (_BROW, _JAW, _LIPS)
    )
    step = jaw - brow
    inner = _sample(colours, at, LIPS_INNER)[:, 0]
    spread = _sample(colours, at, _JAW).std(axis=0)
    gap = lips - jaw
    return np.array(
        [*step, *np.abs(step), *gap, abs(gap[0]), *spread, float(inner.min() - jaw[0]), jaw[1]]
    )


def eye_features(face: NDArray[Any], points: NDArray[Any]) -> NDArray[np.float64]:
    """Compare eyes and lids with the person's own cheeks."""
    colours = _colours(face)
    at = np.clip(np.rint(points), 0, SIDE - 1).astype(np.intp)
    cheeks, lids, eyes = (
        np.median(_sample(colours, at, group), axis=0) for group in (_CHEEKS, _LIDS, _EYES)
    )
    step, gap = lids - cheeks, eyes - cheeks
    low, high = np.percentile(_sample(colours, at, _EYES)[:, 0], [10, 90])
    spread = _sample(colours, at, _LIDS)[:, 0].std()
    return np.array([*step, *np.abs(step), *gap, high - low, spread, lids[1]])


def _sample(
    colours: NDArray[np.float64], at: NDArray[np.intp], group: tuple[int, ...]
) -> NDArray[np.float64]:
    chosen = at[list(group)]
    result: NDArray[np.float64] = colours[chosen[:, 1], chosen[:, 0]]
    return result
