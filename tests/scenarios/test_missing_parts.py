"""A part is missing or wired wrong: the door stays secured, the other doors go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.clock import SystemClock
from appliance.gate import notices, process
from appliance.link import Link, pair
from appliance.sections import Config, ReaderSection
from appliance.terminal import FROM_SCREEN, TO_SCREEN, Standing, Terminal
from tests.gate.test_controller import CARD, Gate, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(simulated(tmp_path))
    made.resident()
    yield made
    made.close()


def doors(gate: Gate) -> tuple[Standing, Standing]:
    """Return what card and code are worth."""
    gate.controller.step()
    offered = [one.doors for one in gate.told if isinstance(one, notices.Offered)]
    return offered[-1].card, offered[-1].code


def present(gate: Gate) -> str:
    gate.reader.present(CARD)
    gate.controller.step()
    return gate.decided[-1]


def test_without_a_camera_cards_open_and_codes_are_said_to_be_out_of_order(gate: Gate) -> None:
    assert doors(gate) == (Standing.OPEN, Standing.BROKEN)
    assert present(gate) == "granted"
    assert gate.opened


def test_without_a_screen_cards_open(gate: Gate) -> None:
    assert gate.controller.front.link is None
    assert present(gate) == "granted"


def test_a_reader_that_cannot_be_opened_costs_the_cards_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = ReaderSection(driver="osdp", source="/dev/ttyUSB9:1", key_file=str(tmp_path / "no"))
    reader = process.open_reader_or_none(Config(reader=section), SystemClock())
    assert not reader.working
    assert "gate: osdp" in capsys.readouterr().err
    reader.close()


@pytest.mark.parametrize(
    ("wiring", "chinese"), [("held-high", "高电平触发"), ("held-low", "接错或短路")]
)
def test_a_relay_wired_wrong_refuses_everybody_in_the_log_and_on_the_screen(
    gate: Gate, wiring: str, chinese: str
) -> None:
    near, far = pair()
    gate.controller.front.meet(Link(near, FROM_SCREEN, gate.clock))
    screen = Link(far, TO_SCREEN, gate.clock)
    gate.door.wiring = wiring
    gate.controller.step()
    assert chinese in gate.faults["relay"]
    assert present(gate) == "door-stuck"
    assert not gate.opened
    assert "door-stuck" in gate.reasons()
    shown = [one for one in screen.receive() if isinstance(one, Terminal)]
    assert shown[-1].unwell
    screen.close()
