"""Clips through the whole gate: who is enrolled is admitted, nobody else ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.cli.evaluate_clip import play
from hardware.errors import DeviceUnavailableError
from hardware.sim.library import footage_path

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
HER = footage_path("WolfgangLanger_Pexels.mp4")
shared = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/data/clips")
NEAR = ["d13.mp4", "d3.mp4", "d6.mp4", "d9.mp4", "selfie-man.mp4", "woman-webcam-640x480.avi"]


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailableError, match=r"nothing\.mp4"):
        play(tmp_path / "nothing.mp4", HER)


def test_a_broken_clip_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(HER.read_bytes()[:4000])
    with pytest.raises(DeviceUnavailableError, match=r"broken\.mp4"):
        play(HER, broken)


def test_a_portrait_is_not_the_woman() -> None:
    outcome = play(footage_path("astronaut.png"), HER)

    assert not outcome.granted


def test_she_is_admitted_as_json() -> None:
    arguments = ["evaluate", "clip", str(HER), "--enrol-from", str(HER), "--json"]
    result = CliRunner().invoke(build(), arguments)

    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome["granted"]
    assert outcome["reason"] == "granted"
    assert outcome["frames"] > 0
    assert outcome["ms_intent_to_relay"] > 0


@shared
@pytest.mark.parametrize("clip", sorted((CLIPS / "other").glob("*")), ids=lambda path: path.name)
def test_nobody_of_the_other_clips_is_admitted(clip: Path) -> None:
    assert not play(clip, CLIPS / "live" / "woman-webcam-640x480.avi").granted


@shared
def test_his_replay_on_a_screen_is_refused() -> None:
    outcome = play(
        CLIPS / "attack" / "selfie-man-replayed-on-screen.mp4",
        CLIPS / "live" / "selfie-man.mp4",
    )

    assert not outcome.granted
    assert outcome.reason in {"face-attack", "face-paused"}


@shared
def test_a_face_too_far_away_is_not_enrolled() -> None:
    far = CLIPS / "live" / "man-glasses-320x240-far.mov"

    assert "come_closer" in play(far, far).reason


@shared
@pytest.mark.parametrize("name", NEAR)
def test_who_is_near_enough_is_admitted(name: str) -> None:
    assert play(CLIPS / "live" / name, CLIPS / "live" / name).granted


@shared
@pytest.mark.parametrize("name", NEAR)
def test_nobody_passes_as_somebody_else(name: str) -> None:
    other = NEAR[(NEAR.index(name) + 1) % len(NEAR)]

    assert not play(CLIPS / "live" / other, CLIPS / "live" / name).granted
