"""Cuts from long clips the pieces in which somebody faces the camera and then turns, as asked.

`python -m tests.attacks.turns CLIPS OUT`: the rule knows the head's pose and nothing else, and is
the same for living people and attacks.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.cli.evaluate_pad import CLIPS
from appliance.cli.presentations import PICTURES_PER_S, PIECE_S
from appliance.vision.pose import head_pose
from tests.attacks.make import QUALITY
from tests.attacks.sources import FaceFinder

if TYPE_CHECKING:
    from collections.abc import Sequence

VISIT_S: Final = 4.0
"""Within so long after its beginning the turn must come: a visit's hard stop."""
FACING_YAW: Final = 12.0
FACING_PITCH: Final = 18.0
TURN_DEG: Final = 10.0
"""Yaw away from that of the first picture."""
HELD: Final = 0.1
"""Share of the pictures in which the head is turned so far: a glance is no answer."""
SEEN: Final = 0.9
"""Share of the pictures in which there is a face."""


def turning_pieces(poses: Sequence[tuple[float, float, float] | None], rate: float) -> list[int]:
    """Return the first pictures of pieces that hold a turn, none within another.

    Args:
        poses: second, yaw and pitch of each picture in degrees, None where there is no face.
        rate: pictures a second.

    """
    length = round(VISIT_S * rate)
    found, first = [], 0
    while first + length <= len(poses):
        if _turns(poses[first : first + length]):
            found.append(first)
            first += round(PIECE_S * rate)
        else:
            first += 1
    return found


def _turns(poses: Sequence[tuple[float, float, float] | None]) -> bool:
    seen = [pose for pose in poses if pose is not None]
    if poses[0] is None or len(seen) < SEEN * len(poses):
        return False
    _, yaw, pitch = poses[0]
    if abs(yaw) >= FACING_YAW or abs(pitch) >= FACING_PITCH:
        return False
    return sum(abs(pose[1] - yaw) >= TURN_DEG for pose in seen) >= HELD * len(seen)


def poses_of(
    path: Path, finder: FaceFinder
) -> tuple[list[tuple[float, float, float] | None], int, float]:
    """Return the poses of a clip, as many a second as a gate looks at, its step and its rate."""
    clip = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate = clip.get(cv2.CAP_PROP_FPS)
    step = max(1, round(rate / PICTURES_PER_S))
    found: list[tuple[float, float, float] | None] = []
    number = 0
    while clip.grab():
        if number % step == 0:
            mesh = finder.mesh(np.asarray(clip.retrieve()[1], np.uint8))
            pose = None if mesh is None else head_pose(mesh)
            found.append(None if pose is None else (number / rate, pose.yaw, pose.pitch))
        number += 1
    clip.release()
    return found, step, rate


def write_pieces(path: Path, firsts: Sequence[int], out: Path) -> int:
    """Write a piece from each of some pictures of a clip on; return how many."""
    clip = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate = clip.get(cv2.CAP_PROP_FPS)
    size = (int(clip.get(cv2.CAP_PROP_FRAME_WIDTH)), int(clip.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    number = 0
    for count, first in enumerate(firsts):
        while number < first and clip.grab():
            number += 1
        name = str(out / f"{path.stem}--turn-{count}.avi")
        code = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(name, cv2.CAP_OPENCV_MJPEG, code, rate, size)
        writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
        while number < first + round(PIECE_S * rate):
            read, pixels = clip.read()
            number += 1
            if not read:
                break
            writer.write(pixels)
        writer.release()
    clip.release()
    return len(firsts)


def main() -> None:
    """Read the command line, look at every clip and write the pieces."""
    parser = argparse.ArgumentParser(description="Cut the pieces of clips that hold a turn.")
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    finder = FaceFinder()
    for path in sorted(given.clips.iterdir()):
        if path.suffix.lower() in CLIPS:
            poses, step, rate = poses_of(path, finder)
            firsts = turning_pieces(poses, rate / step)
            write_pieces(path, [step * first for first in firsts], given.out)


if __name__ == "__main__":
    main()
