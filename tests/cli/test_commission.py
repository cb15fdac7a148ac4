"""A new gate's store and its commissioning, as a technician and a manager type it at a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import open_archive
from appliance.gate.store.operators import Operators, Role
from appliance.gate.store.settings import Settings
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
fire_pin = "none"
[reader]
driver = "sim"
source = "reader"
"""
PINS = {"tech": "481516", "boss": "234248"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(GATE.format(camera=footage_path("astronaut.png")))
    return path


def sanmen(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build(), list(arguments))
    return result.exit_code, result.output


def staffed(config: Path) -> str:
    """Make store and operators; return the gate's public key."""
    assert sanmen("commission", "store", "--config", str(config))[0] == 0
    archive = open_archive(load(config), SystemClock())
    operators = Operators(archive.roster.store, archive.journal, archive.clock)
    boss = operators.add("boss", Role.MANAGER, PINS["boss"], None)
    operators.add("tech", Role.TECHNICIAN, PINS["tech"], boss)
    key = archive.roster.store.signer.public_key.hex()
    archive.close()
    return key


def typed(answers: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run the command at a terminal; type each answer when its question is shown."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", "from appliance.cli import main; main()", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own program
        ["setsid", "--ctty", "--wait", *command],  # noqa: S607
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        shown = ""
        seen = 0
        while True:
            try:
                shown += os.read(leader, 4096).decode("utf-8", "replace")
            except OSError:
                break
            for question, answer in answers.items():
                at = shown.find(question, seen)
                if at >= 0:
                    seen = at + len(question)
                    os.write(leader, answer.encode() + b"\n")
        os.close(leader)
    return process.returncode, shown


def record(config: Path, relay: str = "y") -> tuple[int, str]:
    answers = {
        "lock releases: is it so? [y/N]: ": relay,
        "PIN of technician tech: ": PINS["tech"],
        "PIN of manager boss: ": PINS["boss"],
    }
    questions = ("focus", "the door", "by wire", "a card", "touches", "or none", "the gate")
    answers |= {f"{one}: is it so? [y/N]: ": "y" for one in questions}
    answers |= {"gives pictures: is it so? [y/N]: ": "y", "cut: is it so? [y/N]: ": "y"}
    options = ("--config", str(config), "--technician", "tech", "--as", "boss")
    return typed(answers, "commission", "record", *options)


def test_a_new_store_is_made_once_and_then_left_alone(config: Path) -> None:
    code, said = sanmen("commission", "store", "--config", str(config))
    assert (code, said.startswith("new gate: made its store")) == (0, True)
    before = (config.parent / "state/gate.db").read_bytes()

    code, said = sanmen("commission", "store", "--config", str(config))

    assert (code, "is there" in said) == (0, True)
    assert (config.parent / "state/gate.db").read_bytes() == before


def test_a_whole_gate_gets_a_record_that_anybody_can_verify(config: Path) -> None:
    key = staffed(config)

    code, shown = record(config)

    assert code == 0, shown
    assert "commissioned" in shown
    lines = shown.replace("\r", "").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("eyJ"))
    token = "".join(line for line in lines[start:] if line and " " not in line)
    code, said = sanmen("receipt", "verify", token, "--key", key)
    assert (code, "the signature is this gate's" in said) == (0, True)
    assert "fire contact" in said[said.index("not_fitted") :]
    assert _signed_off(config) == _names(config)
    assert _log(config).endswith("gate.tried gate.commissioned")
    code, said = sanmen("keys", "show", "--config", str(config), "--json")
    assert json.loads(said)["public_key"] == key


def test_a_lock_that_does_not_release_is_no_commissioned_gate(config: Path) -> None:
    staffed(config)

    code, shown = record(config, relay="n")

    assert code == 1
    assert "NOT COMMISSIONED" in shown
    assert "gate.tried" in _log(config)
    assert "gate.commissioned" not in _log(config)
    assert _signed_off(config) is None
    archive = open_archive(load(config), SystemClock())
    tried = {name: archive.journal.check_passed(name) for name in ("relay", "camera", "fire")}
    archive.close()
    assert tried == {"relay": False, "camera": True, "fire": True}  # as its screen shows them


def test_a_part_the_self_test_fails_is_not_asked_about(config: Path) -> None:
    staffed(config)
    config.write_text(GATE.format(camera="nothing.mp4"))

    code, shown = record(config)

    assert code == 1
    assert "camera gives pictures: is it so?" not in shown
    assert "NOT COMMISSIONED" in shown


def _signed_off(config: Path) -> tuple[str, str] | None:
    archive = open_archive(load(config), SystemClock())
    signed = Settings(archive.roster.store, archive.journal).commissioned()
    archive.close()
    return None if signed is None else (signed.technician, signed.manager)


def _names(config: Path) -> tuple[str, str]:
    archive = open_archive(load(config), SystemClock())
    people = Operators(archive.roster.store, archive.journal, archive.clock).all()
    archive.close()
    by_role = {one.role: one.pseudonym for one in people}
    return by_role[Role.TECHNICIAN], by_role[Role.MANAGER]


def _log(config: Path) -> str:
    archive = open_archive(load(config), SystemClock())
    kinds = " ".join(entry.event.kind for entry in archive.log.tail(20))
    archive.close()
    return kinds
