"""Clips as presentations: nothing passes by default, and the counts are those of ISO 30107-3."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.cli.clip_cameras import ClipCameras
from appliance.cli.evaluate_pad import Part, Tried, labelled, part_of, person_of, summary
from appliance.cli.photos import EvaluationError
from appliance.cli.presentations import ClipError, Outcome, Presentation, pieces, play
from appliance.config import parse
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.rules import cue_policies
from appliance.messages import CueEvidence
from appliance.pad_section import PadSection
from appliance.sections import Config
from appliance.vision.inference import ModelShelf
from appliance.vision.pipeline import FacePipeline
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTURE = (CuePolicy("texture", CueKind.PROOF_TEXTURE, 0.5, 0.5, 3),)
WOMAN = "WolfgangLanger_Pexels.mp4"


@pytest.fixture(scope="module")
def pipeline() -> FacePipeline:
    return FacePipeline(ModelShelf())


def write(path: Path, pictures: list[NDArray[np.uint8]], fps: float = 15.0) -> Path:
    height, width = pictures[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, fps, (width, height))
    for one in pictures:
        writer.write(one)
    writer.release()
    return path


def footage(count: int) -> list[NDArray[np.uint8]]:
    clip = cv2.VideoCapture(str(footage_path(WOMAN)))
    found = [np.asarray(clip.read()[1], np.uint8) for _ in range(count)]
    clip.release()
    return found


def test_what_is_no_clip_is_refused(pipeline: FacePipeline, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no clip")
    with pytest.raises(ClipError, match=r"bad\.mp4"):
        list(play(bad, pipeline, TEXTURE))


def test_a_clip_without_a_face_is_no_pass(pipeline: FacePipeline, tmp_path: Path) -> None:
    wall = np.full((240, 320, 3), 90, np.uint8)
    path = write(tmp_path / "wall.avi", [wall] * 30)
    [(name, outcome)] = play(path, pipeline, TEXTURE)
    assert name == "wall.avi"
    assert (outcome.accepted, outcome.responded) == (False, False)
    assert outcome.reason == "face-not-usable: none"


def test_a_clip_shorter_than_the_least_is_no_pass(pipeline: FacePipeline, tmp_path: Path) -> None:
    path = write(tmp_path / "short.avi", footage(3))
    [(_, outcome)] = play(path, pipeline, TEXTURE)
    assert not outcome.accepted


def test_a_policy_with_a_cue_that_does_not_run_accepts_nobody(
    pipeline: FacePipeline, tmp_path: Path
) -> None:
    path = write(tmp_path / "woman.avi", footage(45))
    policy = (*TEXTURE, CuePolicy("wink", CueKind.VETO, 0.5, 0.5, 1))
    [(_, outcome)] = play(path, pipeline, policy)
    assert (outcome.accepted, outcome.reason) == (False, "face-unproven")
    assert outcome.responded


def test_who_turned_and_showed_no_relief_is_refused_and_who_never_turned_could_be_asked(
    pipeline: FacePipeline,
) -> None:
    policy = (*TEXTURE, CuePolicy("parallax", CueKind.PROOF_GEOMETRY, 0.6, 0.0, 8))
    one = Presentation(pipeline, policy)
    skin = CueEvidence("texture", 0.9, 8, "1")
    still = one._judged((skin, CueEvidence("parallax", 0.0, 0, "1")))
    flat = one._judged((skin, CueEvidence("parallax", 0.1, 12, "1")))
    ink = CueEvidence("texture", 0.1, 8, "1")
    paper = one._judged((ink, CueEvidence("parallax", 0.0, 0, "1")))
    assert [out.accepted for out in (still, flat, paper)] == [False, False, False]
    assert [out.turned for out in (still, flat, paper)] == [False, True, True]


@pytest.mark.parametrize(
    ("total", "fps", "parts"),
    [
        (1, 25.0, [1]),
        (112, 25.0, [112]),
        (113, 25.0, [112]),
        (174, 25.0, [112]),
        (176, 25.0, [112, 64]),
        (450, 25.0, [112, 112, 112, 112]),
    ],
)
def test_long_clips_are_cut_and_short_ends_left_out(
    total: int, fps: float, parts: list[int]
) -> None:
    assert pieces(total, fps) == parts


def test_a_sub_folder_is_a_species_and_a_name_tells_the_person(tmp_path: Path) -> None:
    for name in ("print/anna--1.mp4", "print/deep/ben--2.mp4", "loose.avi", "print/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [(path.name, label) for path, label in labelled(tmp_path, attacks=True)]
    assert found == [("loose.avi", "attack"), ("anna--1.mp4", "print"), ("ben--2.mp4", "print")]
    assert {label for _, label in labelled(tmp_path, attacks=False)} == {"live"}
    assert person_of(Path("print/anna--1.mp4")) == "anna"
    assert person_of(Path("ben.mp4")) == "ben"


def test_limits_are_reported_on_others_than_they_were_chosen_on() -> None:
    assert part_of("d3") is Part.CHOSEN
    assert part_of("d13") is Part.REPORTED


def test_a_folder_without_clips_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no clip"):
        labelled(tmp_path, attacks=True)


def test_attacks_and_people_are_counted_apart_and_no_response_is_no_refusal() -> None:
    passed, refused = (
        Outcome(accepted=True, reason="supported", waited_for="motion"),
        Outcome(accepted=False, reason="face-attack"),
    )
    nothing = Outcome(accepted=False, reason="face-not-usable: none", responded=False)
    figures = summary(
        [
            Tried("a", "live", "anna", passed),
            Tried("b", "live", "anna", refused),
            Tried("c", "live", "ben", nothing),
            Tried("d", "print", "anna", refused),
            Tried("g", "live", "cleo", replace(refused, turned=False)),
            Tried("h", "print", "cleo", replace(refused, turned=False)),
            Tried("e", "print", "ben", nothing),
            Tried("f", "phone", "ben", passed),
        ]
    )
    assert figures["apcer"] == {"print": [0, 3], "phone": [1, 1]}
    assert figures["bpcer"] == [1, 2]
    assert figures["bpcer_with_no_turn"] == [2, 3]
    assert figures["bona_fide_no_turn"] == 1
    assert figures["waited_for"] == {"motion": 1}
    assert figures["bona_fide_no_response"] == 1
    assert figures["people"] == {"live": 3, "print": 3, "phone": 1}


def test_the_command_prints_json_with_its_keys(tmp_path: Path) -> None:
    live, attack = tmp_path / "live", tmp_path / "attack" / "wall"
    live.mkdir()
    attack.mkdir(parents=True)
    write(live / "woman.avi", footage(30))
    write(attack / "wall.avi", [np.full((240, 320, 3), 90, np.uint8)] * 12)
    folders = ["--live", str(live), "--attack", str(tmp_path / "attack")]
    done = CliRunner().invoke(build(), ["evaluate", "pad", *folders, "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout[done.stdout.index("{") :])
    assert {"apcer", "bpcer", "per_clip", "ms_per_frame"} <= figures.keys()
    assert figures["apcer"] == {"wall": [0, 1]}
    first = figures["per_clip"][0]
    assert {"file", "label", "accepted", "reason", "cues"} <= first.keys()


GATE = """[camera.origin]
bus = "1-1.2"
model = "046d:0825"
"""


def through(device: str, clip: Path) -> tuple[str, str]:
    """Return the reason and the deciding cue of a clip fed in through a device."""
    clip.with_suffix(".toml").write_text(device)
    cameras = ClipCameras(parse(GATE))
    [(_, outcome)] = play(clip, cameras.pipeline(clip), cue_policies(PadSection()))
    assert not outcome.accepted
    return outcome.reason, outcome.cue


@pytest.mark.parametrize(
    "device",
    [
        'driver = "virtual"\nmodel = "Dummy video device (0x0000)"',
        'driver = "uvcvideo"\nbus = "1-1.2"\nmodel = "534d:2109"',
        'driver = "uvcvideo"\nbus = "1-1.4"\nmodel = "046d:0825"',
    ],
)
def test_a_living_face_through_another_camera_is_an_attack(device: str, tmp_path: Path) -> None:
    clip = write(tmp_path / "woman.avi", footage(60))
    assert through(device, clip) == ("face-attack", "camera_path")


def test_a_clip_that_tells_no_camera_comes_from_the_configured_one(tmp_path: Path) -> None:
    clip = write(tmp_path / "woman.avi", footage(60))
    cameras = ClipCameras(parse(GATE))
    [(_, outcome)] = play(clip, cameras.pipeline(clip), cue_policies(PadSection()))
    [path] = [one for one in outcome.cues if one.cue == "camera_path"]
    assert path.score == 1.0
    assert path.frames > 8


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("driver = 3", "str"),
        ('maker = "x"', "maker"),
        ('bus = "1-1.2"', "no driver"),
        ("=", "nvalid"),
    ],
)
def test_a_file_that_tells_no_camera_is_an_error(text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(EvaluationError, match=found):
        ClipCameras(Config()).pipeline(tmp_path / "a.avi")
