"""The whole gate on real footage: strangers stay outside, and the resident comes in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import cv2
import pytest

from appliance.cli.evaluate_clip import without_questions
from appliance.cli.house import House, temporary_config, trial_consent
from appliance.clock import SkippingClock
from appliance.gate import notices
from appliance.gate.archive import create_archive
from appliance.gate.enrolment.desk import Application
from appliance.gate.store.records import Profile
from hardware.camera_file import FileCamera
from hardware.ports import CameraOptions
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from pathlib import Path

CARD = b"0123456789abcdef"
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("name", "enters"), [("astronaut.png", False), ("WolfgangLanger_Pexels.mp4", True)]
)
def test_only_whom_the_gate_knows_enters(tmp_path: Path, name: str, *, enters: bool) -> None:
    clock, told = SkippingClock(time.process_time_ns), list[notices.Notice]()
    config = without_questions(temporary_config(tmp_path))  # footage turns for nobody
    create_archive(config)
    house = House(config, clock, told.append)
    clip = str(footage_path("WolfgangLanger_Pexels.mp4"))
    camera = FileCamera(CameraOptions("file", clip), clock)
    profile = Profile("1", "Li", frozenset({"card", "face"}))
    house.enrol(
        Application(profile, (CARD,), (), trial_consent(clock.wall())), camera, lambda _: None
    )
    camera.close()
    source = footage_path(name)
    if name.endswith("png"):  # nearer, so that the gate takes her for somebody who wants in
        portrait = cv2.imread(str(source))
        source = tmp_path / "near.png"
        cv2.imwrite(str(source), cv2.resize(portrait, None, fx=1.8, fy=1.8))
    options = CameraOptions("file", str(source), repeat=True)
    camera = FileCamera(options, clock)
    house.watch(camera)
    until = clock.now_ns() + 8 * SECOND
    while clock.now_ns() < until:
        house.step()
    granted = [one.decision.granted for one in told if isinstance(one, notices.Decided)]
    assert any(granted) is enters
    assert any(isinstance(one, notices.VisitBegan) for one in told)
    camera.close()
    house.close()
