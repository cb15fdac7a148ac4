"""The face models behind two questions: who is in view, and what does this face give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from appliance.messages import Hint
from appliance.pad_section import PadSection
from appliance.vision.acquisition import Sample
from appliance.vision.alignment import align
from appliance.vision.detection import Detector
from appliance.vision.features import FeatureExtractor
from appliance.vision.landmarks import find_mesh
from appliance.vision.pad.bands import BandsCue
from appliance.vision.pad.camera_path import CameraPathCue, Commission
from appliance.vision.pad.challenge import ChallengeCue
from appliance.vision.pad.coherence import CoherenceCue
from appliance.vision.pad.infrared import InfraredCue, NoPair, StereoGeometry
from appliance.vision.pad.look import CueBench, Glance, Look
from appliance.vision.pad.motion import MotionCue
from appliance.vision.pad.parallax import ParallaxCue
from appliance.vision.pad.raster import RasterCue
from appliance.vision.pad.screen_light import ScreenLightCue
from appliance.vision.pad.surface import SurfaceCue
from appliance.vision.pad.texture import TextureCue
from appliance.vision.pad.tracks import Tracks
from appliance.vision.pose import head_pose
from appliance.vision.quality import QualityLimits, measure, refusal, unified
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.messages import CueEvidence
    from appliance.vision.inference import ModelShelf
    from appliance.vision.landmarks import Mesh
    from appliance.vision.pad.look import Cue, Light, Prompt
    from appliance.vision.samples import Face
    from hardware.ports import CameraOrigin, Exposure, InfraredEye


@dataclass(frozen=True, slots=True)
class Setting:
    """What else is known of a picture; see `Look`.

    Attributes:
        sequence: the camera's count.
        exposure: the sensor's settings, or None.
        light: what the screen shows, or None.
        prompt: what the person was asked last, or None.

    """

    sequence: int = 0
    exposure: Exposure | None = None
    light: Light | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the cameras before any picture.

    Attributes:
        found: the device behind the camera opened, or None where no system tells.
        wanted: the one configured, or None where footage is played.
        second: the infrared camera beside it; without one that cue has no evidence.
        geometry: how the two stand.

    """

    found: CameraOrigin | None = None
    wanted: CameraOrigin | None = None
    second: InfraredEye = field(default_factory=NoPair)
    geometry: StereoGeometry = field(default_factory=StereoGeometry)


class FacePipeline:
    """All stages after the camera.

    Args:
        shelf: the models.
        limits: of quality.
        pad: which presentation attack cues are switched on.
        timed: whether a sensor stamps the pictures; those of a file are stamped by arithmetic.
        sight: the cameras.

    Raises:
        ModelError: any model is missing, altered or of the wrong shape; then there is no
            pipeline at all, since half a pipeline could admit what the other half refuses.

    """

    def __init__(
        self,
        shelf: ModelShelf,
        limits: QualityLimits | None = None,
        pad: PadSection | None = None,
        *,
        timed: bool = True,
        sight: Sight | None = None,
    ) -> None:
        self._limits = limits or QualityLimits()
        self._detector = Detector(shelf)
        self._mesh = shelf.tflite("face_mesh")
        self._features = FeatureExtractor(shelf)
        self._texture = TextureCue(shelf)
        self._tracks = Tracks()
        self._parallax = ParallaxCue(self._tracks)
        self.cues = CueBench(self._enabled(pad or PadSection(), sight or Sight(), timed=timed))

    def detect(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces in view, nearest first: all that runs before an act of intent."""
        return self._detector.detect(pixels)

    def sample(
        self,
        pixels: NDArray[np.uint8],
        face: Face,
        taken_ns: int,
        *,
        reference: bool,
        setting: Setting | None = None,
        compared: bool = True,
    ) -> Sample | Hint:
        """Return what one face gives, or what the person can do so that it gives something.

        The cues see every picture, also one that cannot be compared: a head that turns away shows
        its relief best.

        Args:
            pixels: (h, w, 3) uint8 BGR.
            face: the capture subject in it.
            taken_ns: exposure.
            reference: the vector is for a reference, not for a probe.
            setting: what else is known of the picture.
            compared: a vector is wanted; without one a good picture gives `Hint.NONE`.

        Raises:
            PictureError: not a picture this room can look at.
            ModelError: a model failed.

        """
        landmarks = self._detector.refine(pixels, face)
        mesh = find_mesh(pixels, landmarks, self._mesh)
        self._show(pixels, face, landmarks, mesh, taken_ns, setting or Setting())
        components = measure(pixels, landmarks, mesh)
        hint = refusal(components, self._limits)
        if hint is not Hint.NONE or not compared:
            return hint
        with brief(align(pixels, landmarks)) as aligned:
            vector = self._features.vector(aligned, reference=reference)
        return Sample(
            vector=vector,
            quality=unified(components),
            taken_ns=taken_ns,
            yaw=components.yaw,
        )

    def glance(
        self, pixels: NDArray[np.uint8], faces: tuple[Face, ...], taken_ns: int, setting: Setting
    ) -> None:
        """Let the cues that know the ordinary scene look at a picture outside of visits."""
        boxes = tuple(face.box for face in faces)
        self.cues.idle(Glance(pixels, boxes, taken_ns, setting.sequence, setting.exposure))

    def evidence(self) -> tuple[CueEvidence, ...]:
        """Return what the cues have seen since the last `forget`."""
        return self.cues.evidence()

    def forget(self) -> None:
        """Let the cues forget the visit, overwriting what they kept (law 3)."""
        self.cues.wipe()
        self._parallax.wipe()  # motion looks through it, and both through the tracks
        self._tracks.wipe()

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

    def _find(self, pixels: NDArray[np.uint8]) -> Mesh | None:
        """Return the mesh of the nearest face in the second camera's picture."""
        faces = self._detector.detect(pixels)
        if not faces:
            return None
        return find_mesh(pixels, self._detector.refine(pixels, faces[0]), self._mesh)

    def _enabled(self, pad: PadSection, sight: Sight, *, timed: bool) -> list[Cue]:
        every: tuple[Cue, ...] = (
            self._texture,
            self._parallax,
            CoherenceCue(self._tracks),
            MotionCue(self._parallax),
            ChallengeCue(),
            SurfaceCue(),
            RasterCue(),
            BandsCue(),
            ScreenLightCue(),
            InfraredCue(sight.second, self._find, sight.geometry),
            CameraPathCue(sight.found, Commission(origin=sight.wanted, timed=timed)),
        )
        return [cue for cue in every if pad.cues[cue.name].on]

    def _show(
        self,
        pixels: NDArray[np.uint8],
        face: Face,
        landmarks: NDArray[np.float32],
        mesh: Mesh,
        taken_ns: int,
        setting: Setting,
    ) -> None:
        with brief(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)) as grey:
            self.cues.look(
                Look(
                    pixels=pixels,
                    grey=grey,
                    face=face,
                    landmarks=landmarks,
                    mesh=mesh,
                    pose=head_pose(mesh.points),
                    taken_ns=taken_ns,
                    sequence=setting.sequence,
                    exposure=setting.exposure,
                    light=setting.light,
                    prompt=setting.prompt,
                )
            )
