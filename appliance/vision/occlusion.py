"""Judges from colour and structure whether eyes and mouth are covered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
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
_GROUPS: Final = {
    "brow": _BROW,
    "jaw": _JAW,
    "lips": _LIPS,
    "inner lips": LIPS_INNER,
    "cheeks": _CHEEKS,
    "lids": _LIDS,
    "eyes": RIGHT_EYE + LEFT_EYE,
}
_ALL: Final = [point for group in _GROUPS.values() for point in group]
_ENDS: Final = tuple(accumulate(len(group) for group in _GROUPS.values()))
_PARTS: Final = {
    name: slice(end - len(group), end)
    for (name, group), end in zip(_GROUPS.items(), _ENDS, strict=True)
}
_EYE_ROWS: Final = np.array([RIGHT_EYE, LEFT_EYE])

# Logistic weights, fitted on 320 people and counted on 320 others of ../shared/data; the covers
# were drawn onto the photos, so the figures hold for drawn covers only (see `visibility`).
_MOUTH_WEIGHTS: Final = np.array(
    [
        -0.603,
        -2.619,
        -0.4978,
        0.6712,
        7.405,
        10.39,
        -1.286,
        -6.619,
        -22.28,
        -4.738,
        6.315,
        -10.75,
        -15.09,
        5.658,
        -1.481,
    ]
)
_MOUTH_BIAS: Final = 0.207
_EYE_WEIGHTS: Final = np.array(
    [
        -5.304,
        -7.487,
        7.412,
        7.658,
        7.297,
        4.019,
        7.143,
        2.743,
        -1.57,
        -2.174,
        7.597,
        -6.625,
    ]
)
_EYE_BIAS: Final = -3.734


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedFace:
    """A face at a fixed size, upright.

    Attributes:
        pixels: (96, 96, 3) uint8 BGR.
        points: the mesh's (468, 2) px in it.
        eye_distance: px of the picture, between the eye centres.

    """

    pixels: NDArray[Any]
    points: NDArray[np.float64]
    eye_distance: float


def normalised_face(pixels: NDArray[Any], points: NDArray[Any]) -> NormalisedFace:
    """Turn and scale a picture so that the mesh's eyes stand level and 40 px apart."""
    right, left = points[_EYE_ROWS, :2].mean(axis=1, dtype=np.float64)
    along = left - right
    distance = float(np.hypot(*along))
    cos, sin = along / max(distance, 1.0) * (40.0 / max(distance, 1.0))
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([SIDE / 2, 36.0]) - turn @ ((right + left) / 2)
    face = cv2.warpAffine(
        pixels,
        np.column_stack([turn, shift]),
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return NormalisedFace(face, points[:, :2] @ turn.T + shift, distance)


def visibility(face: NormalisedFace) -> tuple[float, float]:
    """Give how surely eyes and mouth are visible, each 0 to 1; below 0.5 = covered.

    Counted with the weights below, on 320 people of ../shared/data who were not fitted on, one
    photo each. The covers were drawn on the photos, the detector's points taken from the bare
    photo. Mouth covered: blue mask 320, white 315, black 319, patterned 308, skin-coloured 278 of
    320. Eyes covered: dark sunglasses 320, brown 313, patterned 271 of 320. Bare faces refused:
    mouth 0, eyes 3 of 320. A dark mask often reads as covered eyes too (284 of 320): asked to
    uncover the eyes, the person is refused all the same.

    A hand before the mouth passes, being skin with edges like lips: 17 of 17 pictures of
    WolfgangLanger_Pexels.mp4 (60 to 156, every sixth). The way from YuNet's to the mesh's mouth
    corners does not tell either: 0.05 to 0.21 eye distances there, up to 0.30 in 99 % of 320
    bare photos.
    """
    colours = _colours(face)
    covered = np.array(
        [
            eye_features(colours) @ _EYE_WEIGHTS + _EYE_BIAS,
            mouth_features(colours) @ _MOUTH_WEIGHTS + _MOUTH_BIAS,
        ]
    )
    eyes, mouth = 1.0 / (1.0 + np.exp(np.clip(covered, -30.0, 30.0)))
    return float(eyes), float(mouth)


def mouth_features(colours: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Compare jaw and lips with the person's own brow."""
    brow, jaw, lips = (_median(colours[group]) for group in ("brow", "jaw", "lips"))
    step = jaw - brow
    gap = lips - jaw
    spread = colours["jaw"].std(axis=0)
    inner = float(colours["inner lips"][:, 0].min())
    return np.array([*step, *np.abs(step), *gap, abs(gap[0]), *spread, inner - jaw[0], jaw[1]])


def eye_features(colours: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Compare eyes and lids with the person's own cheeks."""
    cheeks, lids, eyes = (_median(colours[group]) for group in ("cheeks", "lids", "eyes"))
    step, gap = lids - cheeks, eyes - cheeks
    greens = np.sort(colours["eyes"][:, 0])
    # The 10th and 90th percentile of 32 points.
    low, high = (0.9 * greens[3] + 0.1 * greens[4], 0.1 * greens[27] + 0.9 * greens[28])
    spread = colours["lids"][:, 0].std()
    return np.array([*step, *np.abs(step), *gap, high - low, spread, lids[1]])


def _colours(face: NormalisedFace) -> dict[str, NDArray[np.float64]]:
    """Give log green, log red/green and log blue/green at each group's points, blurred a little."""
    at = np.clip(np.rint(face.points[_ALL]), 0, SIDE - 1).astype(np.intp)
    blurred = cv2.GaussianBlur(face.pixels, (3, 3), 0)
    blue, green, red = np.log(blurred[at[:, 1], at[:, 0]].astype(np.float64).T + 8.0)
    colours = np.column_stack([green, red - green, blue - green])
    return {name: colours[part] for name, part in _PARTS.items()}


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each column's median; numpy's own costs more than all else here."""
    ordered = np.sort(values, axis=0)
    count = len(ordered)
    middle: NDArray[np.float64] = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return middle
