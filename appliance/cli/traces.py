"""What a person of a clip would leave behind: runs of pixels and vectors, computed once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from appliance.clock import SkippingClock
from appliance.errors import PictureError
from appliance.vision import process as vision
from appliance.vision.alignment import align
from appliance.vision.detection import Detector, reduced
from appliance.vision.features import (
    FeatureExtractor,
    joined,
    mobilefacenet_input,
    sface_input,
)
from appliance.vision.inference import ModelShelf
from appliance.vision.landmarks import find_mesh
from appliance.vision.pad.texture import SCALES, texture_inputs
from appliance.vision.pad.tracks import followed_copy
from hardware.errors import EndOfFootageError
from hardware.ports import CameraOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.vision.samples import Face

RUN: Final = 48
"""Bytes of one run: 16 pixels of a picture, 12 values of a model's input."""
LEAST_DISTINCT: Final = 14
"""Different bytes in a run that proves something; even skin under webcam noise has more."""
LEAST_TURNS: Final = 5
"""Ups and downs in a run: a smooth ramp may stand in any table."""
EVERY: Final = 12
"""Of every so many pictures the vector is computed."""
OTHER_PERSON: Final = 0.4
"""Below this cosine a vector is another person's, and looked for on its own."""
SFACE: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What is looked for.

    Attributes:
        runs: (n, 48) uint8, each of one picture or of what is made of it.
        kinds: what each run is of.
        vectors: unit vectors of each person, by what they are.
        pictures: of the clip.

    """

    runs: NDArray[np.uint8]
    kinds: tuple[str, ...]
    vectors: tuple[tuple[str, NDArray[np.float32]], ...]
    pictures: int


def traces_of(clip: Path) -> Traces:
    """Compute with the room's own stages what each picture of `clip` could leave.

    Raises:
        DeviceError: the file is missing or no clip.
        ModelError: a model is missing or altered.
        PictureError: not one picture has anything in it that could be told from other bytes.

    """
    stages = _Stages(ModelShelf())
    found: list[tuple[str, NDArray[np.uint8]]] = []
    people: list[list[NDArray[np.float32]]] = []
    count = 0
    shown = track(
        pictures(clip),
        description="computing what to look for",
        console=Console(stderr=True),
        transient=True,
    )
    for count, (pixels, luma) in enumerate(shown, 1):
        faces = stages.detector.detect(pixels)
        found += [
            (kind, run) for kind, rows in stages.of(pixels, luma, faces) for run in runs(rows)
        ]
        if faces and count % EVERY == 0:
            _sort_in(stages.vector(pixels, faces[0]), people)
    if not found:
        raise PictureError(f"clip {clip}", "flat pictures only", "something to recognise")
    return Traces(
        runs=np.stack([run for _, run in found]),
        kinds=tuple(kind for kind, _ in found),
        vectors=tuple(
            (f"{name} of person {number}", vector)
            for number, vectors in enumerate(people, 1)
            for name, vector in _parts(joined(vectors))
        ),
        pictures=count,
    )


def pictures(clip: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Give each picture as the room gets it, and the decoder's own brightness plane."""
    # OpenCV warns that it hands out the plane untouched, which is what is wanted.
    cv2.setLogLevel(2)
    decoder = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    decoder.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    camera = vision.open_camera(CameraOptions("file", str(clip), every_frame=True), SkippingClock())
    try:
        while True:
            with camera.borrow() as frame:
                told, plane = decoder.read()
                flat = np.zeros((1, 1), np.uint8)
                yield frame.pixels, np.asarray(plane, np.uint8) if told else flat
    except EndOfFootageError:
        return
    finally:
        camera.close()
        decoder.release()


def runs(rows: NDArray[Any]) -> Iterator[NDArray[np.uint8]]:
    """Give the most telling run of each row that has one, as bytes."""
    for row in rows:
        flat = np.ascontiguousarray(row).reshape(-1)
        length = RUN // flat.itemsize
        if flat.size < length:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(flat, length)[:: max(1, length // 2)]
        steps = np.diff(windows.astype(np.float32), axis=1)
        turns = (np.sign(steps[:, 1:]) * np.sign(steps[:, :-1]) < 0).sum(axis=1)
        best = windows[int(np.argmax(turns))]
        content = np.frombuffer(best.tobytes(), np.uint8)
        if turns.max() >= LEAST_TURNS and len(np.unique(content)) >= LEAST_DISTINCT:
            yield content


class _Stages:
    """The stages of the room, each asked for what it would hold."""

    def __init__(self, shelf: ModelShelf) -> None:
        self.detector = Detector(shelf)
        self._features = FeatureExtractor(shelf)
        self.given: NDArray[np.float32] | None = None

    def run(self, picture: NDArray[np.float32], /) -> tuple[NDArray[np.float32], ...]:
        """Stand where the mesh model stands, and keep what it would have seen."""
        self.given = picture.copy()
        return np.zeros(468 * 3, np.float32), np.zeros(1, np.float32)

    def vector(self, pixels: NDArray[np.uint8], face: Face) -> NDArray[np.float32]:
        """Give the feature vector of one face."""
        return self._features.vector(align(pixels, self.detector.refine(pixels, face)))

    def of(
        self, pixels: NDArray[np.uint8], luma: NDArray[np.uint8], faces: tuple[Face, ...]
    ) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give rows of everything made of one picture, named."""
        small, scale = reduced(pixels)
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        followed, smaller = followed_copy(grey)
        boxes = [face.box for face in faces[:2]] or [_middle(pixels)]
        for box in boxes:
            yield "picture", _rows(pixels, box, 5)
            yield "grey picture", _rows(grey, box, 3)
            yield "decoded brightness", _rows(luma, box, 3)
            yield "detector's picture", _rows(small, tuple(value * scale for value in box), 3)
            yield "followed copy", _rows(followed, tuple(value * smaller for value in box), 3)
        for face in faces[:1]:
            landmarks = self.detector.refine(pixels, face)
            aligned = align(pixels, landmarks)
            yield "aligned face", aligned[30:100:18]
            yield "SFace input", sface_input(aligned)[0, 1, 30:100:25]
            yield "MobileFaceNet input", mobilefacenet_input(aligned)[0, 30:100:25]
            for scale in SCALES:
                for view in texture_inputs(pixels, face, scale):
                    yield "texture input", view[0, 1, 40:100:25]
            find_mesh(pixels, landmarks, self)
            if self.given is not None:
                yield "mesh input", self.given[0, 60:150:40]


def _middle(pixels: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    height, width = pixels.shape[:2]
    return width / 4, height / 4, width / 2, height / 2


def _rows(pixels: NDArray[Any], box: tuple[float, ...], count: int) -> NDArray[Any]:
    """Give `count` rows of the part of a picture inside a box."""
    height, width = pixels.shape[:2]
    left, right = (min(max(round(x), 0), width) for x in (box[0], box[0] + box[2]))
    top, bottom = (min(max(round(y), 0), height) for y in (box[1], box[1] + box[3]))
    inside = pixels[top:bottom, left:right]
    return inside[np.linspace(0, len(inside) - 1, count).astype(int)] if len(inside) else inside


def _sort_in(vector: NDArray[np.float32], people: list[list[NDArray[np.float32]]]) -> None:
    best = max(people, key=lambda one: float(joined(one) @ vector), default=None)
    if best is None or float(joined(best) @ vector) < OTHER_PERSON:
        people.append([vector])
    else:
        best.append(vector)


def _parts(whole: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield "joined vector", whole
    for name, part in (("SFace vector", whole[:SFACE]), ("MobileFaceNet vector", whole[SFACE:])):
        yield name, part / np.linalg.norm(part)
