"""The self-test as a technician runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance import selftest
from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.store.operator_record import Role
from appliance.gate.store.operators import Operator
from appliance.gate.store.settings import Settings
from appliance.sections import Config, Methods, Store
from appliance.selftest import Finding, check_all
from hardware.errors import DeviceError
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from pathlib import Path

GATE = """
[site]
simulation = true
[camera]
driver = "file"
source = "{camera}"
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(GATE.format(camera=footage_path("WolfgangLanger_Pexels.mp4")))
    return path


def found(config: Path, code: int) -> dict[str, bool]:
    result = CliRunner().invoke(build(), ["selftest", "--config", str(config), "--json"])
    assert result.exit_code == code, result.output
    lines = json.loads(result.stdout)
    assert all(one["fix"] for one in lines)
    return {one["part"]: one["passed"] for one in lines}


def test_a_gate_without_store_fails_there_and_only_there(config: Path) -> None:
    failed = {part for part, passed in found(config, 1).items() if not passed}

    assert failed == {"key and store", "log"}


def test_a_missing_camera_fails_there_and_only_there(config: Path) -> None:
    config.write_text(GATE.format(camera="nothing.mp4"))
    create_archive(load(config))

    failed = {part for part, passed in found(config, 1).items() if not passed}

    assert failed == {"camera"}


def test_a_wrong_key_is_named(config: Path) -> None:
    settings = load(config)
    create_archive(settings)
    key = config.parent / "device.key"
    key.write_bytes(bytes(32))
    key.chmod(0o600)

    failed = {part for part, passed in found(config, 1).items() if not passed}

    assert failed == {"key and store", "log"}


def test_a_whole_gate_passes_and_the_table_reads_well(config: Path) -> None:
    create_archive(load(config))

    assert all(found(config, 0).values())
    result = CliRunner().invoke(build(), ["selftest", "--config", str(config)])
    assert result.exit_code == 0
    assert "every hash and shape is right" in result.output


def test_a_cue_that_is_switched_off_is_shown_as_a_weaker_gate(config: Path) -> None:
    config.write_text(config.read_text() + "[pad.texture]\non = false\n")
    create_archive(load(config))
    result = CliRunner().invoke(build(), ["selftest", "--config", str(config), "--json"])
    [line] = [one for one in json.loads(result.stdout) if one["part"] == "face cues"]
    assert line["found"].startswith("WEAKENED, off: texture; on: ")


def test_a_real_gate_that_nobody_signed_off_fails_there_until_two_people_do(
    tmp_path: Path,
) -> None:
    settings = Config(
        store=Store(folder=str(tmp_path / "state"), key_file=str(tmp_path / "device.key")),
        methods=Methods(face=True),
    )
    create_archive(settings)

    def sign_off() -> Finding:
        return next(one for one in check_all(settings) if one.part == "sign-off")

    assert not sign_off().passed
    assert "sign off at the screen" in sign_off().fix
    archive = open_archive(settings, SystemClock())
    people = Operator("Zhao", Role.TECHNICIAN, "op-2"), Operator("Wang", Role.MANAGER, "op-1")
    Settings(archive.roster.store, archive.journal).sign_off(*people, archive.clock.wall())
    archive.close()
    assert sign_off().passed
    assert sign_off().found.endswith("by op-2 and op-1")


@pytest.mark.parametrize(
    ("pad", "said"),
    [
        ("[pad.bands]\non = false\n", "print: NONE: switch bands"),
        ("", "print: FAIR: "),
        ('[pad]\nemission = "light"\n[pad.screen_light]\non = true\n', "print: STRONG in dim"),
        (
            '[pad]\nemission = "infrared"\ninfrared.on = true\n[infrared]\ndriver = "v4l2"\n',
            "STRONG: a second",
        ),
    ],
)
def test_how_strong_the_proof_against_screens_is_stands_in_plain_words(
    config: Path, pad: str, said: str
) -> None:
    config.write_text(config.read_text() + pad)
    assert said in selftest._cues(load(config))


INFRARED = '[pad.infrared]\non = true\n[infrared]\ndriver = "file"\nlamp = "mock"\nsource = "{}"\n'


def test_a_second_camera_that_is_missing_is_named(config: Path) -> None:
    config.write_text(config.read_text() + INFRARED.format("dark.mp4"))
    with pytest.raises(DeviceError, match=r"dark\.mp4"):
        selftest._infrared(load(config))


def test_a_second_camera_and_its_lamp_are_tried(config: Path) -> None:
    assert selftest._infrared(load(config)) == "not used"
    clip = footage_path("astronaut.png")
    config.write_text(config.read_text() + INFRARED.format(clip))
    assert selftest._infrared(load(config)).endswith("lamp switched")
