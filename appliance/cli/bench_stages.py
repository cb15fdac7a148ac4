"""One frame measured three ways: as a whole, stage by stage, and as bare model calls."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.vision.acquisition import Sample
from appliance.vision.alignment import align
from appliance.vision.detection import CLOSE_SIDE, LONG_SIDE, SCORE, Detector, close_looks, reduced
from appliance.vision.features import FeatureExtractor, mobilefacenet_input, sface_input
from appliance.vision.landmarks import find_mesh
from appliance.vision.pad.texture import TextureCue, texture_inputs
from appliance.vision.pipeline import FacePipeline, Setting
from appliance.vision.quality import measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf, Tensor, TfliteModel
    from appliance.vision.samples import Face

_Result = TypeVar("_Result")

VISIT_PICTURES = 15
"""A visit's length in the measurement: what a cue pays once a visit is spread over so many."""


@dataclass(frozen=True, slots=True)
class FrameCost:
    """What one frame cost, milliseconds.

    Attributes:
        pipeline_ms: detect and sample, as the vision room calls them during a visit.
        stages_ms: each stage with its model and everything around it.
        models_ms: the models alone, on inputs prepared before.
        pad_ms: all presentation attack cues together, without the texture model's.

    """

    pipeline_ms: float
    stages_ms: dict[str, float]
    models_ms: dict[str, float]
    pad_ms: float = 0.0


class Stopwatch:
    """Times calls by name."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], _Result]) -> _Result:
        """Return what `work` returns, and remember how long it took."""
        start = time.perf_counter()
        result = work()
        self.ms[name] = 1000 * (time.perf_counter() - start)
        return result


class _MeshInput:
    """Stands where the mesh model stands, and keeps what it would have seen."""

    def __init__(self, model: TfliteModel) -> None:
        self._model = model
        self.seen: Tensor | None = None

    def run(self, picture: NDArray[np.float32], /) -> tuple[NDArray[np.float32], ...]:
        """Keep and pass on."""
        self.seen = picture
        return self._model.run(picture)


class BareModels:
    """The models of the pipeline without the pipeline.

    Raises:
        ModelError: a model is missing, altered or of the wrong shape.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        weights = np.frombuffer(shelf.verified("yunet")[1], dtype=np.uint8)
        nothing = np.array([], dtype=np.uint8)
        self._far = cv2.FaceDetectorYN.create(
            "onnx", weights, nothing, (LONG_SIDE, LONG_SIDE), SCORE, 0.3, 50
        )
        self._close = cv2.FaceDetectorYN.create(
            "onnx", weights, nothing, (CLOSE_SIDE, CLOSE_SIDE), 0.5, 0.3, 20
        )
        self.mesh = shelf.tflite("face_mesh")
        self._sface = shelf.onnx("sface")
        self._mobilefacenet = shelf.tflite("mobilefacenet")
        self._liveness = shelf.onnx("liveness")

    def measure(self, pixels: NDArray[np.uint8], face: Face, detector: Detector) -> Stopwatch:
        """Prepare the inputs of one frame, then time each model on its own."""
        small, _ = reduced(pixels)
        views = [
            cv2.warpAffine(pixels, look, (CLOSE_SIDE, CLOSE_SIDE)) for look in close_looks(face)
        ]
        landmarks = detector.refine(pixels, face)
        keeper = _MeshInput(self.mesh)
        find_mesh(pixels, landmarks, keeper)
        mesh_input = keeper.seen
        if mesh_input is None:
            raise ModelError("model face_mesh", "not called", "one call a face")
        aligned = align(pixels, landmarks)
        first, second = sface_input(aligned), mobilefacenet_input(aligned)
        around = texture_inputs(pixels, face)
        self._far.setInputSize((small.shape[1], small.shape[0]))
        watch = Stopwatch()
        watch.time("yunet_far", lambda: self._far.detect(small))
        watch.time("yunet_close", lambda: [self._close.detect(view) for view in views])
        watch.time("face_mesh", lambda: self.mesh.run(mesh_input))
        watch.time("sface", lambda: self._sface.run(first))
        watch.time("mobilefacenet", lambda: self._mobilefacenet.run(second))
        watch.time("liveness", lambda: [self._liveness.run(view) for view in around])
        return watch


class Stages:
    """The pipeline whole, its stages and its bare models, side by side.

    Raises:
        ModelError: a model is missing, altered or of the wrong shape.

    """

    def __init__(self, shelf: ModelShelf) -> None:
        self._pipeline = FacePipeline(shelf)
        self._bare = BareModels(shelf)
        self._detector = Detector(shelf)
        self._features = FeatureExtractor(shelf)
        self._texture = TextureCue(shelf)
        self._number = 0

    def measure(self, pixels: NDArray[np.uint8], *, pipeline_first: bool) -> FrameCost | None:
        """Return one frame's cost; None if it shows nobody or quality refuses it.

        Args:
            pixels: (height, width, 3) uint8 BGR.
            pipeline_first: before the bare models, or after them; in turn, so that neither
                always finds the caches warm.

        """
        faces = self._detector.detect(pixels)
        if not faces:
            return None
        whole, before = Stopwatch(), dict(self._pipeline.cues.spent_ns)
        if pipeline_first:
            seen = whole.time("pipeline", lambda: self._whole(pixels))
            bare = self._bare.measure(pixels, faces[0], self._detector)
        else:
            bare = self._bare.measure(pixels, faces[0], self._detector)
            seen = whole.time("pipeline", lambda: self._whole(pixels))
        if not isinstance(seen, Sample):
            return None
        after = self._pipeline.cues.spent_ns
        own_ns = sum(after[name] - before[name] for name in after if name != "texture")
        return FrameCost(whole.ms["pipeline"], self._stages(pixels).ms, bare.ms, own_ns / 1e6)

    def _whole(self, pixels: NDArray[np.uint8]) -> object:
        # As pictures of one visit at 10 a second; every so often the next visit begins.
        if self._number % VISIT_PICTURES == 0:
            self._pipeline.forget()
        self._number += 1
        faces = self._pipeline.detect(pixels)
        taken_ns = self._number * 100_000_000
        setting = Setting(sequence=self._number)
        return self._pipeline.sample(pixels, faces[0], taken_ns, reference=False, setting=setting)

    def _stages(self, pixels: NDArray[np.uint8]) -> Stopwatch:
        watch = Stopwatch()
        face = watch.time("detect", lambda: self._detector.detect(pixels))[0]
        landmarks = watch.time("refine", lambda: self._detector.refine(pixels, face))
        mesh = watch.time("mesh", lambda: find_mesh(pixels, landmarks, self._bare.mesh))
        watch.time("quality", lambda: measure(pixels, landmarks, mesh))
        aligned = watch.time("align", lambda: align(pixels, landmarks))
        watch.time("features", lambda: self._features.vector(aligned))
        watch.time("texture", lambda: self._texture.log_odds(pixels, face))
        return watch
