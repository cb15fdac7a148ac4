"""Which camera a clip is played as coming from, and the face models that look through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from appliance.camera_section import OriginSection
from appliance.cli.photos import EvaluationError
from appliance.vision.inference import ModelShelf
from appliance.vision.pipeline import FacePipeline, Sight
from appliance.vision.process import wanted_origin
from hardware.ports import CameraOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.sections import Config


class ClipCameras:
    """The face models, once for each camera that clips come from.

    A clip tells nothing of the camera it came through, so that one fed into a cable would look
    like the gate's own. `CLIP.toml` beside `CLIP.avi` tells it, in the words of `[camera.origin]`
    and of `sanmen selftest`; a clip without such a file comes from the configured camera. The
    pictures of a clip are stamped by arithmetic: their timing is not judged.

    Args:
        config: of the gate; its [camera] says which camera is the right one, its [pad] which cues.

    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._wanted = wanted_origin(config.camera)
        self._shelf = ModelShelf()
        self._opened: dict[CameraOrigin | None, FacePipeline] = {}

    def pipeline(self, clip: Path) -> FacePipeline:
        """Return the face models that look through the camera of a clip.

        Raises:
            EvaluationError: the file beside it tells no camera.
            ModelError: a model is missing, altered or of the wrong shape.

        """
        found = self._origin(clip)
        if found not in self._opened:
            sight = Sight(found, self._wanted)
            pad = self._config.pad
            self._opened[found] = FacePipeline(self._shelf, pad=pad, timed=False, sight=sight)
        return self._opened[found]

    def ms_by_cue(self) -> dict[str, float]:
        """Return what each cue took of a picture so far, milliseconds."""
        looks = sum(one.cues.looks for one in self._opened.values())
        spent: dict[str, int] = {}
        for one in self._opened.values():
            for name, ns in one.cues.spent_ns.items():
                spent[name] = spent.get(name, 0) + ns
        return {name: ns / max(looks, 1) / 1e6 for name, ns in spent.items()}

    def _origin(self, clip: Path) -> CameraOrigin | None:
        told = clip.with_suffix(".toml")
        if not told.exists():
            return self._wanted
        try:
            one = msgspec.toml.decode(told.read_bytes(), type=OriginSection)
        except (OSError, msgspec.MsgspecError) as fault:
            raise EvaluationError(f"camera {told}", str(fault), "driver, bus, model") from fault
        if not one.driver:
            raise EvaluationError(f"camera {told}", "no driver", "the kernel's, or virtual")
        return CameraOrigin(one.driver, one.bus, one.model, one.serial)
