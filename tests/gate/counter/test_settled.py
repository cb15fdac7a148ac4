"""What was settled at the screen holds at the door: hours for all, no face before the sign-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.gate import notices, process
from appliance.gate.access.card_proof import CardProof
from appliance.gate.access.schedule import Period, Schedule, Weekday
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.cards import JudgedCard
from appliance.gate.store.operator_record import Role
from appliance.gate.store.operators import Operator
from appliance.gate.store.records import Profile
from appliance.gate.store.settings import Settings
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, Ready
from appliance.orders import FROM_GATE, SetMode
from appliance.sections import Config, Methods, Site, Store
from appliance.terminal import Standing
from hardware.ports import DoorOptions
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rig.clock import HandClock

CARD = b"0123456789abcdef"
BOSS = Operator("Wang", Role.MANAGER, "op-1")
TECHNICIAN = Operator("Zhao", Role.TECHNICIAN, "op-2")
SUNDAYS = Schedule((Period(frozenset({Weekday.SUNDAY}), 0, 1440),))


class Real:
    """A gate that is no simulation, with a vision that is ready."""

    def __init__(self, folder: Path, clock: HandClock) -> None:
        config = Config(
            site=Site(simulation=False),
            store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
            methods=Methods(face=True),
        )
        create_archive(config)
        self.clock = clock
        self.archive = open_archive(config, clock)
        self.settings = Settings(self.archive.roster.store, self.archive.journal)
        self.told: list[notices.Notice] = []
        door = SimDoor(DoorOptions("sim"), clock)
        self.controller = process.build_controller(
            config, self.archive, clock, door, SimReader(clock), self.told.append
        )
        near, far = pair()
        self.vision = Link(far, FROM_GATE, clock)
        self.controller.meet(Link(near, FROM_VISION, clock))
        self.vision.send(Ready("recipe", "camera"))
        self.controller.step()

    def faces(self) -> Standing:
        return [one.doors.face for one in self.told if isinstance(one, notices.Offered)][-1]

    def mode(self) -> SetMode:
        return [one for one in self.vision.receive() if isinstance(one, SetMode)][-1]

    def card(self) -> str:
        self.controller.present_card(JudgedCard(CardProof.PROVEN, CARD, self.clock.ns))
        decided = [one for one in self.told if isinstance(one, notices.Decided)]
        return decided[-1].decision.reason.value

    def close(self) -> None:
        self.controller.close()
        self.archive.close()
        self.vision.close()


@pytest.fixture
def real(tmp_path: Path, clock: HandClock) -> Iterator[Real]:
    made = Real(tmp_path, clock)
    yield made
    made.close()


def test_a_real_gate_looks_at_no_face_before_two_people_signed_it_off(real: Real) -> None:
    assert real.mode() == SetMode(face=False, qr=True)
    assert real.faces() is Standing.OFF
    faults = {one.part: one.text for one in real.told if isinstance(one, notices.Fault)}
    assert faults["commissioning"].startswith("not signed off")
    real.settings.sign_off(TECHNICIAN, BOSS, real.clock.wall())
    real.controller.step()
    assert real.mode() == SetMode(face=True, qr=True)
    assert real.faces() is Standing.OPEN


def test_a_sign_off_that_was_altered_counts_for_nothing(real: Real) -> None:
    real.settings.sign_off(TECHNICIAN, BOSS, real.clock.wall())
    real.controller.step()
    real.vision.receive()
    store = real.archive.roster.store
    with store.transaction():
        store.execute("UPDATE setting SET sealed = x'00'")
    real.controller.step()
    assert real.mode() == SetMode(face=False, qr=True)


def test_hours_set_at_the_screen_hold_at_once_for_every_door(real: Real) -> None:
    real.archive.roster.add(Profile("1-1-101", "Li", frozenset({"card"})), (CARD,))
    assert real.card() == "granted"
    # The fourth of March 2026 is a Wednesday.
    real.settings.set_hours(SUNDAYS, BOSS)
    real.controller.step()
    assert real.card() == "outside-schedule"
