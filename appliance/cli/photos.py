"""Labelled photos on a disk become feature vectors in memory, by the product's own stages."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from appliance.errors import ConfigError, PictureError
from appliance.vision.alignment import align
from appliance.vision.detection import Detector
from appliance.vision.features import FeatureExtractor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf
    from appliance.vision.samples import Face

    People = dict[str, tuple["Photo", ...]]

_Item = TypeVar("_Item")

SUFFIXES = (".jpg", ".jpeg", ".png")
CENTRE_SPREAD = 0.2
"""Of the shorter side; how fast a face loses weight away from the centre. Press photos show their
person in the middle and others beside."""
SHOWN_FAILURES = 5


class EvaluationError(ConfigError):
    """The photos, the list of pairs or an option are no basis for a measurement."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of one person.

    Attributes:
        person: name of its folder.
        path: the file.

    """

    person: str
    path: Path

    @property
    def name(self) -> str:
        """Folder and file name, as a list of pairs gives them."""
        return f"{self.person}/{self.path.name}"


def find_people(folder: Path) -> People:
    """Return the photos of each person in FOLDER/<person>/, in the order of their names.

    Raises:
        EvaluationError: no such folder, or no photo in it.

    """
    if not folder.is_dir():
        raise EvaluationError("photos", f"no folder {folder}", "a folder with one folder a person")
    people = {}
    for home in sorted(one for one in folder.iterdir() if one.is_dir()):
        photos = tuple(
            Photo(home.name, path)
            for path in sorted(home.iterdir())
            if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if photos:
            people[home.name] = photos
    if not people:
        raise EvaluationError(
            "photos", f"none in {folder}", "files <person>/<photo>.jpg or .png below it"
        )
    return people


class PhotoVectors:
    """The vectors of photos, made when asked for and kept in memory only.

    Quality does not refuse a photo: nobody can be asked to come closer any more.
    """

    def __init__(self, shelf: ModelShelf) -> None:
        self._detector = Detector(shelf)
        self._extractor = FeatureExtractor(shelf)
        self._aligned: dict[Photo, NDArray[np.uint8]] = {}
        self._vectors: dict[tuple[Photo, bool], NDArray[np.float32]] = {}
        self._seconds: dict[str, list[float]] = {"acquire": [], "probe": []}
        self.failed: list[Photo] = []

    @property
    def ms_per_image(self) -> float:
        """Mean time from a decoded picture to its probe vector; files' reading left out."""
        parts = [seconds for seconds in self._seconds.values() if seconds]
        return 1000 * sum(sum(seconds) / len(seconds) for seconds in parts)

    def acquire(self, photos: Iterable[Photo]) -> None:
        """Find and align the face in each photo; those without one are in `failed` afterwards."""
        for photo in progress(list(photos), "finding faces"):
            aligned = self._acquired(photo)
            if aligned is None:
                self.failed.append(photo)
            else:
                self._aligned[photo] = aligned

    def has(self, photo: Photo) -> bool:
        """Whether a face was found in this photo."""
        return photo in self._aligned

    def probes(self, photos: Sequence[Photo]) -> NDArray[np.float32]:
        """Return (n, 320) vectors as the gate makes them of a person who walks up."""
        return self._rows(photos, reference=False)

    def references(self, photos: Sequence[Photo]) -> NDArray[np.float32]:
        """Return (n, 320) vectors as the gate makes them at an enrolment."""
        return self._rows(photos, reference=True)

    def _rows(self, photos: Sequence[Photo], *, reference: bool) -> NDArray[np.float32]:
        wanted = [
            photo for photo in dict.fromkeys(photos) if (photo, reference) not in self._vectors
        ]
        for photo in progress(wanted, "reference vectors" if reference else "probe vectors"):
            start = time.perf_counter()
            vector = self._extractor.vector(self._aligned[photo], reference=reference)
            if not reference:
                self._seconds["probe"].append(time.perf_counter() - start)
            self._vectors[photo, reference] = vector
        return np.stack([self._vectors[photo, reference] for photo in photos])

    def _acquired(self, photo: Photo) -> NDArray[np.uint8] | None:
        try:
            # OpenCV's stubs promise an array where it gives None for no picture.
            read = cast("NDArray[np.uint8] | None", cv2.imread(str(photo.path), cv2.IMREAD_COLOR))
        except cv2.error:  # more pixels than OpenCV's limit
            return None
        if read is None:
            return None
        start = time.perf_counter()
        try:
            faces = self._detector.detect(read)
            if not faces:
                return None
            face = central(faces, read.shape[1], read.shape[0])
            aligned = align(read, self._detector.refine(read, face))
        except PictureError:
            return None
        self._seconds["acquire"].append(time.perf_counter() - start)
        return aligned


def central(faces: Sequence[Face], width: int, height: int) -> Face:
    """Return the face that is largest when weighted by its closeness to the photo's centre."""
    spread = CENTRE_SPREAD * min(width, height)

    def weight(face: Face) -> float:
        x, y = face.centre
        apart = math.hypot(x - width / 2, y - height / 2)
        # A logarithm, since far from the centre of a wide photo the weight itself becomes zero.
        return math.log(max(face.box[2] * face.box[3], 1e-9)) - apart**2 / (2 * spread**2)

    return max(faces, key=weight)


def progress(items: Sequence[_Item], words: str) -> Iterable[_Item]:
    """Go through `items` with a bar on standard error."""
    return track(items, description=words, console=Console(stderr=True), transient=True)


def failure_words(failed: Sequence[Photo]) -> str:
    """Return the first failures by name, and how many more there are."""
    shown = ", ".join(photo.name for photo in failed[:SHOWN_FAILURES])
    more = len(failed) - SHOWN_FAILURES
    return shown + (f" and {more} more" if more > 0 else "")
