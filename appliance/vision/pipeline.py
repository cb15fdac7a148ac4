"""The face models behind two questions: who is in view, and what does this face give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.messages import Hint
from appliance.vision.acquisition import Sample
from appliance.vision.alignment import align
from appliance.vision.detection import Detector
from appliance.vision.features import FeatureExtractor
from appliance.vision.landmarks import find_mesh
from appliance.vision.pad.texture import TextureCue
from appliance.vision.quality import QualityLimits, measure, refusal, unified
from appliance.vision.samples import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from appliance.vision.inference import ModelShelf
    from appliance.vision.samples import Face


class FacePipeline:
    """All stages after the camera.

    Raises:
        ModelError: any model is missing, altered or of the wrong shape; then there is no
            pipeline at all, since half a pipeline could admit what the other half refuses.

    """

    def __init__(self, shelf: ModelShelf, limits: QualityLimits | None = None) -> None:
        self._limits = limits or QualityLimits()
        self._detector = Detector(shelf)
        self._mesh = shelf.tflite("face_mesh")
        self._features = FeatureExtractor(shelf)
        self._texture = TextureCue(shelf)

    def detect(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces in view, nearest first: all that runs before an act of intent."""
        return self._detector.detect(pixels)

    def sample(
        self, pixels: NDArray[np.uint8], face: Face, taken_ns: int, *, reference: bool
    ) -> Sample | Hint:
        """Return what one face gives, or what the person can do so that it gives something.

        Raises:
            PictureError: not a picture this room can look at.
            ModelError: a model failed.

        """
        landmarks = self._detector.refine(pixels, face)
        mesh = find_mesh(pixels, landmarks, self._mesh)
        components = measure(pixels, landmarks, mesh)
        hint = refusal(components, self._limits)
        if hint is not Hint.NONE:
            return hint
        with brief(align(pixels, landmarks)) as aligned:
            vector = self._features.vector(aligned, reference=reference)
        return Sample(
            vector=vector,
            quality=unified(components),
            log_odds=self._texture.log_odds(pixels, face),
            taken_ns=taken_ns,
            yaw=components.yaw,
        )

    def rinse(self) -> None:
        """Overwrite what the models hold of the last person, by black pictures.

        Costs about a picture's work, in which nothing is waited for: after a visit's evidence is
        sent, and when nobody is in view any more.

        Raises:
            ModelError: a model failed.

        """
        self._detector.rinse()
        self._mesh.rinse()
        self._features.rinse()
        self._texture.rinse()
