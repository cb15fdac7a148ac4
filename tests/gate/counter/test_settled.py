"""What was settled at the screen holds at the door: hours for all, no face before the sign-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.errors import SealBrokenError
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
CAMERA = "uvcvideo 046d:0825 A1B2 1-1.2"
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
        self.vision: Link | None = None
        self.vision_with(CAMERA)

    def vision_with(self, origin: str) -> None:
        """Let vision come, again if it was there, with the camera of an origin."""
        if self.vision is not None:
            self.vision.close()
        near, far = pair()
        self.vision = Link(far, FROM_GATE, self.clock)
        self.controller.meet(Link(near, FROM_VISION, self.clock))
        self.vision.send(Ready("recipe", "camera", origin=origin))
        self.controller.step()
        self.controller.step()

    def fault(self) -> str:
        faults = {one.part: one.text for one in self.told if isinstance(one, notices.Fault)}
        return faults["commissioning"]

    def faces(self) -> Standing:
        return [one.doors.face for one in self.told if isinstance(one, notices.Offered)][-1]

    def mode(self) -> SetMode:
        assert self.vision is not None
        return [one for one in self.vision.receive() if isinstance(one, SetMode)][-1]

    def card(self) -> str:
        self.controller.present_card(JudgedCard(CardProof.PROVEN, CARD, self.clock.ns))
        decided = [one for one in self.told if isinstance(one, notices.Decided)]
        return decided[-1].decision.reason.value

    def close(self) -> None:
        self.controller.close()
        self.archive.close()
        if self.vision is not None:
            self.vision.close()


@pytest.fixture
def real(tmp_path: Path, clock: HandClock) -> Iterator[Real]:
    made = Real(tmp_path, clock)
    yield made
    made.close()


def test_a_real_gate_looks_at_no_face_before_two_people_signed_it_off(real: Real) -> None:
    assert real.mode() == SetMode(face=False, qr=True)
    assert real.faces() is Standing.OFF
    assert real.fault().startswith("not signed off")
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


def signed_off(real: Real) -> None:
    real.settings.sign_off(TECHNICIAN, BOSS, real.clock.wall())
    real.controller.step()
    real.controller.step()


@pytest.mark.parametrize(
    "other", ["uvcvideo 534d:2109 1-1.2", "uvcvideo 046d:0825 A1B2 1-1.3", "virtual OBS"]
)
def test_another_camera_than_the_one_signed_off_shows_no_faces_until_it_is_signed_off(
    real: Real, other: str
) -> None:
    signed_off(real)
    assert [one.event.detail for one in real.archive.log.tail(9) if "camera" in one.event.kind] == [
        {"camera": CAMERA}
    ]
    real.vision_with(other)
    assert real.mode() == SetMode(face=False, qr=True)
    assert real.faces() is Standing.OFF
    assert real.fault() == (
        f"signed off with {CAMERA}, now there is {other}: technician and manager sign it off anew"
    )
    real.vision_with(CAMERA)
    assert real.mode() == SetMode(face=True, qr=True)
    real.vision_with(other)
    signed_off(real)
    assert real.mode() == SetMode(face=True, qr=True)
    assert real.fault() == ""


def test_a_camera_of_which_nothing_is_known_binds_nothing(real: Real) -> None:
    real.vision_with("")
    signed_off(real)
    signed = real.settings.commissioned()
    assert signed is not None
    assert signed.camera == ""
    real.vision_with(CAMERA)
    signed = real.settings.commissioned()
    assert signed is not None
    assert signed.camera == CAMERA


def test_nothing_is_bound_where_nobody_signed(real: Real) -> None:
    with pytest.raises(SealBrokenError, match="signed off"):
        real.settings.bind(CAMERA)


def test_hours_set_at_the_screen_hold_at_once_for_every_door(real: Real) -> None:
    real.archive.roster.add(Profile("1-1-101", "Li", frozenset({"card"})), (CARD,))
    assert real.card() == "granted"
    # The fourth of March 2026 is a Wednesday.
    real.settings.set_hours(SUNDAYS, BOSS)
    real.controller.step()
    assert real.card() == "outside-schedule"
