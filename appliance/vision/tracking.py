"""Follows one capture subject from picture to picture and notices others beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.vision.samples import Face

REACH = 1.2
"""Eye distances a face may move between two pictures and still be the same person."""
GROWTH = 1.35
"""Factor by which it may grow or shrink between two pictures."""
COMPANION = 0.6
"""A face of at least this share of the subject's size stands beside them, not behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The capture subject in one picture.

    Attributes:
        face: the nearest face, or None.
        same: it is the subject of the picture before.
        moved: how far it moved since, eye distances; 0 for a new one.
        accompanied: somebody else stands about as near.

    """

    face: Face | None
    same: bool = False
    moved: float = 0.0
    accompanied: bool = False


class Tracker:
    """Remembers the subject's last place; no picture, no vector."""

    def __init__(self) -> None:
        self._last: Face | None = None

    def update(self, faces: tuple[Face, ...]) -> Sighting:
        """Return this picture's sighting; `faces` are sorted nearest first."""
        if not faces:
            self._last = None
            return Sighting(None)
        nearest = faces[0]
        subject = next((face for face in faces if self._follows(face)), nearest)
        if subject.eye_distance < COMPANION * nearest.eye_distance:
            subject = nearest
        moved, same = 0.0, self._follows(subject)
        if same and self._last is not None:
            moved = _apart(subject, self._last)
        self._last = subject
        others = (face for face in faces if face is not subject)
        accompanied = any(o.eye_distance >= COMPANION * subject.eye_distance for o in others)
        return Sighting(subject, same, moved, accompanied)

    def _follows(self, face: Face) -> bool:
        if self._last is None or face.eye_distance == 0.0 or self._last.eye_distance == 0.0:
            return False
        ratio = face.eye_distance / self._last.eye_distance
        return 1 / GROWTH <= ratio <= GROWTH and _apart(face, self._last) <= REACH


def _apart(one: Face, other: Face) -> float:
    (x, y), (a, b) = one.centre, other.centre
    return float(((x - a) ** 2 + (y - b) ** 2) ** 0.5) / other.eye_distance
