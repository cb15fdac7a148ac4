"""A whole gate over a real pcscd, a virtual reader and a software card: attacks, then the door."""

from __future__ import annotations

import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance import selftest
from appliance.cli.bench_cards import bench_config
from appliance.cli.card import issued_soft_card
from appliance.clock import SystemClock
from appliance.gate import process
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.notices import CardSuspected, Decided, Notice
from appliance.gate.store.records import Profile
from appliance.sections import Config, ReaderSection, Site
from hardware.errors import DeviceError

sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))
import vpcd

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_S = 15.0
SECTION = ReaderSection(driver="pcsc", source="Virtual PCD 00 00")


class Gate:
    """A gate whose loop waits as process.py does."""

    def __init__(self, folder: Path) -> None:
        self.config = bench_config(folder, SECTION)
        clock = SystemClock()
        create_archive(self.config)
        self.archive = open_archive(self.config, clock)
        self.name = self.archive.roster.add(Profile("3-1201", "", frozenset({"card"})))
        self.card = issued_soft_card(self.archive, self.config, self.name)
        self.reader = process.open_reader(self.config, clock)
        self.door = process.open_door(self.config, clock)
        self.told: list[Notice] = []
        self.controller = process.build_controller(
            self.config, self.archive, clock, self.door, self.reader, self.told.append
        )
        self.turn(lambda: self.reader.working)

    def turn(self, holds: object) -> None:
        give_up = time.monotonic() + LONG_S
        while not holds():  # type: ignore[operator]
            assert time.monotonic() < give_up, "it never happened"
            select.select([self.reader.fileno()], [], [], 0.02)
            self.controller.step()

    def present(self, field: vpcd.Field) -> tuple[str, bool]:
        self.told.clear()
        self.turn(lambda: any(isinstance(one, Decided) for one in self.told))
        (made,) = [one.decision for one in self.told if isinstance(one, Decided)]
        relay = self.door.relay_on
        field.take_away()
        self.controller.step()
        return made.reason.value, relay

    def close(self) -> None:
        self.controller.close()
        self.archive.close()


@pytest.fixture
def gate(pcscd: vpcd.Pcscd, tmp_path: Path) -> Iterator[Gate]:
    del pcscd
    made = Gate(tmp_path)
    yield made
    made.close()


def test_a_tampered_reply_is_a_mismatch(gate: Gate) -> None:
    field = vpcd.Field(gate.card)
    field.bend = lambda command, answer: (
        bytes([answer[0] ^ 1]) + answer[1:] if command[1] == 0xAD else answer
    )
    assert gate.present(field) == ("card-mismatch", False)


def test_a_clone_with_a_wrong_key_is_a_mismatch_and_the_third_time_an_alarm(gate: Gate) -> None:
    for app in gate.card.memory.applications.values():
        app.keys[1] = bytes(16)
    outcomes = [gate.present(vpcd.Field(gate.card)) for _ in range(3)]
    assert outcomes == [("card-mismatch", False)] * 3
    assert any(isinstance(one, CardSuspected) for one in gate.told)


def test_a_card_pulled_away_in_the_middle_opens_nothing(gate: Gate) -> None:
    field = vpcd.Field(gate.card)
    field.pull_at = 5
    assert gate.present(field) == ("card-pulled-away", False)


def test_the_reader_unplugged_is_a_fault_and_after_plugging_it_in_the_card_opens(
    gate: Gate, pcscd: vpcd.Pcscd
) -> None:
    pcscd.stop()
    gate.turn(lambda: not gate.reader.working)
    pcscd.start()
    gate.turn(lambda: gate.reader.working)
    assert gate.present(vpcd.Field(gate.card)) == ("granted", True)


def test_a_true_card_opens_the_door(gate: Gate) -> None:
    assert gate.present(vpcd.Field(gate.card)) == ("granted", True)


def test_the_self_test_refuses_a_virtual_reader_at_a_real_gate(pcscd: vpcd.Pcscd) -> None:
    del pcscd
    with pytest.raises(DeviceError, match="virtual"):
        selftest._reader(Config(site=Site(simulation=False), reader=SECTION))
    assert "pcsc" in selftest._reader(Config(site=Site(simulation=True), reader=SECTION))
