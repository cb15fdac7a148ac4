"""`sanmen keys`: what it shows, changes and logs, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from appliance.cli import build
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import KeyMissingError
from appliance.gate.archive import create_archive, open_archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        '[site]\nsimulation = true\n[door]\ndriver = "mock"\n[reader]\ndriver = "sim"\n'
    )
    create_archive(load(path))
    return path


def said(*words: str) -> str:
    done = CliRunner().invoke(build(), ["keys", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_keys_change_are_counted_and_logged(config: Path) -> None:
    before = json.loads(said("show", "--config", str(config), "--json"))
    assert (before["kek"], before["renewals"], before["generation"]) == (1, 0, 1)
    assert "whoever takes the disk" in before["weak"]
    assert len(before["gate"]) == 32
    assert "key 2" in said("rotate", "--config", str(config))
    assert "renewal 1" in said("renew", "--config", str(config))
    after = json.loads(said("show", "--config", str(config), "--json"))
    assert (after["kek"], after["renewals"]) == (3, 1)
    assert (after["gate"], after["public_key"]) == (before["gate"], before["public_key"])
    archive = open_archive(load(config), SystemClock())
    kinds = [entry.event.kind for entry in archive.log.tail(9)]
    archive.close()
    assert kinds == ["keys.rotated", "keys.renewed"]


def test_no_secret_is_shown(config: Path) -> None:
    secret = (config.parent / "device.key").read_bytes()
    assert secret.hex() not in said("show", "--config", str(config))


def test_without_the_key_nothing_is_shown_or_made(config: Path) -> None:
    key = config.parent / "device.key"
    key.unlink()
    for word in ("show", "rotate", "renew"):
        with pytest.raises(KeyMissingError, match=r"device\.key"):
            said(word, "--config", str(config))
    assert not key.exists()


def test_what_a_store_costs_is_measured() -> None:
    costs = json.loads(said("bench", "--residents", "3"))
    assert set(costs) == {
        *(f"store_{name}_3_ms" for name in ("check", "load", "open", "rotate", "renew")),
        *("erase_s", "erase_act_s"),
    }
    assert min(costs.values()) > 0
