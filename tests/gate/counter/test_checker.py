"""A technician tries relay and sound: wrong wiring shows, and cannot be called right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.gate.store.operators import Role
from appliance.sign_sections import SoundSection
from tests.gate.counter.staff import log_in
from tests.gate.counter.test_giver import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(tmp_path, monkeypatch, sound=SoundSection(driver="alsa"))
    log_in(made.clerk, Role.TECHNICIAN, "tech.list")  # type: ignore[arg-type] - as in test_giver
    made.step()
    yield made
    made.close()


def check(gate: Gate, name: str) -> None:
    gate.touch("check", value=name)
    gate.step()
    assert gate.name == "tech.check"


def live(gate: Gate) -> str:
    assert gate.page is not None
    return next((row.cells[0].word for row in gate.page.rows if row.key == "live"), "")


def fix(gate: Gate) -> str:
    assert gate.page is not None
    return next(row.cells[0].word for row in gate.page.rows if row.key == "fix")


def acts(gate: Gate) -> set[str]:
    assert gate.page is not None
    return {one.act for one in gate.page.choices}


@pytest.mark.parametrize("wiring", ["held-high", "held-low"])
def test_a_relay_that_is_wired_wrong_cannot_be_passed_nor_run(gate: Gate, wiring: str) -> None:
    gate.door.wiring = wiring
    check(gate, "relay")
    assert (live(gate), fix(gate)) == (wiring, f"fix-{wiring}")
    assert not acts(gate) & {"run", "passed"}
    gate.touch("passed")
    assert gate.fault == "not-allowed"
    gate.touch("failed")
    assert gate.name == "tech.list"
    assert not gate.door.relay_on


def test_a_door_that_opens_while_the_relay_rests_is_wired_the_wrong_way_round(gate: Gate) -> None:
    check(gate, "relay")
    assert live(gate) == "off"
    gate.door.open()
    gate.step()
    assert (live(gate), fix(gate)) == ("swapped", "fix-swapped")
    assert "passed" not in acts(gate)
    gate.door.close_leaf()
    gate.step()
    assert live(gate) == "swapped"  # what was seen is not forgotten
    gate.touch("back")
    check(gate, "relay")
    assert live(gate) == "off"


def test_a_door_that_opens_by_relay_or_exit_button_is_no_contradiction(gate: Gate) -> None:
    check(gate, "relay")
    gate.touch("run")
    gate.step()
    assert live(gate) == "on"
    assert gate.door.push()
    gate.step()
    assert live(gate) == "off"  # secured as soon as it opened
    gate.door.close_leaf()
    gate.step()
    gate.door.press_rex()
    gate.step()
    gate.door.push()
    gate.step()
    gate.door.press_rex(held=False)
    gate.step()
    assert live(gate) != "swapped"
    assert "passed" in acts(gate)


def test_the_sound_is_heard_when_the_technician_says_so_and_then_judged(gate: Gate) -> None:
    check(gate, "sound")
    assert (live(gate), gate.sounds) == ("waiting", [])
    gate.touch("run")
    gate.step()
    assert (live(gate), gate.sounds) == ("played", ["help"])
    gate.touch("run")
    assert gate.sounds == ["help", "help"]
    gate.touch("passed")
    assert gate.name == "tech.list"


def test_a_gate_without_a_loudspeaker_says_so_and_has_nothing_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path / "mute", monkeypatch)
    log_in(gate.clerk, Role.TECHNICIAN, "tech.list")  # type: ignore[arg-type]
    gate.step()
    check(gate, "sound")
    assert live(gate) == "not-wired"
    assert "run" not in acts(gate)
    gate.close()
