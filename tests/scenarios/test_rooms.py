"""Both rooms over a real link, on real footage: a broken model stops face and nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from appliance.camera_section import CameraSection
from appliance.clock import SkippingClock
from appliance.errors import ModelError
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, Ready
from appliance.orders import FROM_GATE
from appliance.sections import Config
from appliance.vision.inference import ModelShelf
from appliance.vision.process import camera_options, open_camera, open_pipeline
from appliance.vision.room import VisionRoom
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from pathlib import Path


def test_an_altered_model_is_named_to_gate_and_the_room_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(ModelShelf()._folder, folder)
    (folder / "fr_liveness.onnx").write_bytes(b"altered")
    pipeline = open_pipeline(ModelShelf(folder))
    assert isinstance(pipeline, ModelError)
    clock = SkippingClock()
    clip = str(footage_path("WolfgangLanger_Pexels.mp4"))
    config = Config(camera=CameraSection(driver="file", source=clip))
    camera = open_camera(camera_options(config), clock)
    near, far = pair()
    gate = Link(near, FROM_VISION, clock)
    room = VisionRoom(camera, Link(far, FROM_GATE, clock), clock, pipeline)
    for _ in range(5):
        room.step()
    ready = gate.receive()[0]
    assert isinstance(ready, Ready)
    assert "liveness" in ready.face_fault
    camera.close()
    near.close()
    far.close()
