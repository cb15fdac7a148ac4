"""Measures how well one face can be compared, and names the one thing a person can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from appliance.messages import Hint
from appliance.vision.landmarks import POINTS, check_picture, check_points
from appliance.vision.occlusion import normalised_face, visibility
from appliance.vision.pose import head_pose
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.landmarks import Mesh

_DARK = 12
_BRIGHT = 250
_STEP = 4
"""Of every so many rows and columns one is looked at for bars."""
_BAR_DARK = 24
_BAR_NOISE = 8
"""Grey levels between the darkest and brightest value along a bar: what a codec adds to black."""


@dataclass(frozen=True, slots=True)
class QualityComponents:
    """What one picture of a face is like, in the words of ISO/IEC 29794-5.

    Attributes:
        eye_distance_px: between the eye centres.
        yaw: degrees, see `Pose`.
        pitch: degrees.
        roll: degrees.
        sharpness: mean absolute Laplacian, grey levels, of the face with eyes 40 px apart.
        luminance: mean grey level of the face, 0 to 255.
        clipped: share of the face's pixels below 12 or above 249, 0 to 1.
        eyes_visible: 0 to 1; below 0.5 = covered.
        mouth_visible: 0 to 1; below 0.5 = covered.
        inside_picture: share of the mesh inside the picture without its black bars, 0 to 1.
        presence: the mesh model's own face score, 0 to 1.

    """

    eye_distance_px: float
    yaw: float
    pitch: float
    roll: float
    sharpness: float
    luminance: float
    clipped: float
    eyes_visible: float
    mouth_visible: float
    inside_picture: float
    presence: float


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """From where on a picture is refused; defaults are first guesses unless said otherwise.

    Attributes:
        least_eye_distance: px; brief of the gate, identification.
        most_eye_distance: px; beyond it the texture cue's crop leaves a 640x480 picture.
        most_yaw: degrees.
        most_pitch: degrees.
        most_roll: degrees.
        least_sharpness: grey levels; below the ordinary webcam clips of ../shared/data.
        least_luminance: grey level.
        most_luminance: grey level.
        most_clipped: share, 0 to 1.
        least_visible: eyes and mouth; fitted, see `occlusion.visibility`.
        least_inside: share of the mesh.
        least_presence: mesh score.

    """

    least_eye_distance: float = 60.0
    most_eye_distance: float = 240.0
    most_yaw: float = 25.0
    most_pitch: float = 25.0
    most_roll: float = 30.0
    least_sharpness: float = 2.0
    least_luminance: float = 40.0
    most_luminance: float = 225.0
    most_clipped: float = 0.4
    least_visible: float = 0.5
    least_inside: float = 0.98
    least_presence: float = 0.5


def measure(
    pixels: NDArray[Any],
    landmarks: NDArray[Any],
    mesh: Mesh,
) -> QualityComponents:
    """Measure one face.

    Raises:
        PictureError: an array has a wrong shape or type, or is not finite.

    """
    check_picture(pixels)
    check_points(landmarks, 5, 2)
    check_points(mesh.points, POINTS, 3)
    points = mesh.points
    pose = head_pose(points)
    face = normalised_face(pixels, points)
    with (
        brief(face.pixels),
        brief(cv2.cvtColor(face.pixels[20:84, 20:76], cv2.COLOR_BGR2GRAY)) as core,
    ):
        eyes_visible, mouth_visible = visibility(face)
        return QualityComponents(
            eye_distance_px=face.eye_distance,
            yaw=pose.yaw,
            pitch=pose.pitch,
            roll=pose.roll,
            sharpness=cv2.norm(cv2.Laplacian(core, cv2.CV_16S), cv2.NORM_L1) / core.size,
            luminance=cv2.mean(core)[0],
            clipped=np.count_nonzero((core < _DARK) | (core >= _BRIGHT)) / core.size,
            eyes_visible=eyes_visible,
            mouth_visible=mouth_visible,
            inside_picture=_inside(pixels, points),
            presence=mesh.presence,
        )


def refusal(components: QualityComponents, limits: QualityLimits) -> Hint:
    """Give the first thing that stands in the way, in the order a person can mend it."""
    one = components
    # Written as "good" and not as "bad", so that a value that is no number refuses too.
    ahead = (
        abs(one.yaw) <= limits.most_yaw
        and abs(one.pitch) <= limits.most_pitch
        and abs(one.roll) <= limits.most_roll
    )
    checks = (
        (one.eye_distance_px >= limits.least_eye_distance, Hint.COME_CLOSER),
        (one.eye_distance_px <= limits.most_eye_distance, Hint.STEP_BACK),
        (one.inside_picture >= limits.least_inside, Hint.CENTRE_FACE),
        (one.luminance >= limits.least_luminance, Hint.MORE_LIGHT),
        (one.luminance <= limits.most_luminance, Hint.LESS_LIGHT),
        (
            one.clipped <= limits.most_clipped,
            Hint.MORE_LIGHT if one.luminance < _BRIGHT / 2 else Hint.LESS_LIGHT,
        ),
        (one.eyes_visible >= limits.least_visible, Hint.UNCOVER_EYES),
        (one.mouth_visible >= limits.least_visible, Hint.UNCOVER_MOUTH),
        (ahead and one.presence >= limits.least_presence, Hint.LOOK_AHEAD),
        (one.sharpness >= limits.least_sharpness, Hint.HOLD_STILL),
    )
    return next((hint for good, hint in checks if not good), Hint.NONE)


def unified(components: QualityComponents) -> int:
    """Give the unified quality score, 0 to 100: the worst component decides."""
    one = components
    parts = (
        one.eye_distance_px / 90.0,
        1.0 - abs(one.yaw) / 50.0,
        1.0 - abs(one.pitch) / 50.0,
        1.0 - abs(one.roll) / 90.0,
        one.sharpness / 8.0,
        one.luminance / 80.0,
        (255.0 - one.luminance) / 60.0,
        1.0 - one.clipped,
        one.eyes_visible,
        one.mouth_visible,
        one.inside_picture,
        one.presence,
    )
    if not np.isfinite(parts).all():
        return 0
    return round(100.0 * min(max(min(parts), 0.0), 1.0))


def _inside(pixels: NDArray[Any], points: NDArray[Any]) -> float:
    """Give the share of the mesh inside the picture, without black bars at its border.

    A bar is dark and constant along its whole length; the dark edge of a real scene is not.
    """
    low, high = np.empty(2), np.empty(2)
    with brief(np.ascontiguousarray(pixels[::_STEP, ::_STEP])) as small:
        scenes = [_scene(small, axis) for axis in (0, 1)]
    for axis, scene in enumerate(scenes):
        if not scene.size:
            return 0.0
        low[axis], high[axis] = scene[0] * _STEP, (scene[-1] + 1) * _STEP
    flat = points[:, :2]
    return float(((flat >= low) & (flat < high)).all(axis=1).mean())


def _scene(small: NDArray[Any], axis: int) -> NDArray[np.intp]:
    """Give the columns (axis 0) or rows (axis 1) that are no bar."""
    most = cv2.reduce(small, axis, cv2.REDUCE_MAX).reshape(-1, 3).max(axis=1)
    least = cv2.reduce(small, axis, cv2.REDUCE_MIN).reshape(-1, 3).min(axis=1)
    return np.flatnonzero((most > _BAR_DARK) | (most - least > _BAR_NOISE))
