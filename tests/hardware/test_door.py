"""The lock relay and inputs: off at every end, cut wires loud, every lock's fire release."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from gpiozero import GPIOZeroError
from gpiozero.pins.mock import MockFactory

from hardware.board import open_door
from hardware.door_gpio import GpioDoor, MockDoor
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import DoorInputs, DoorOptions, DoorPins, Lock
from hardware.sim.door import SimDoor

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.ports import DoorIo
    from tests.rig.clock import HandClock

MOCK = DoorOptions("mock")
RELAY = 17


def mock(clock: HandClock, options: DoorOptions = MOCK) -> MockDoor:
    door = open_door(options, clock)
    assert isinstance(door, MockDoor)
    return door


def sim(clock: HandClock, lock: Lock = Lock.STRIKE) -> SimDoor:
    door = open_door(DoorOptions("sim", lock), clock)
    assert isinstance(door, SimDoor)
    return door


def level(door: MockDoor) -> bool:
    return bool(door.pin_factory.pin(RELAY).state)


@pytest.fixture(params=["mock", "sim"])
def door(request: pytest.FixtureRequest, clock: HandClock) -> DoorIo:
    return open_door(DoorOptions(request.param), clock)


def test_the_relay_is_off_at_start_and_everything_rests(door: DoorIo) -> None:
    assert not door.relay_on
    assert door.read() == DoorInputs()


def test_release_and_secure_switch_the_relay_however_often(door: DoorIo) -> None:
    door.release()
    door.release()
    assert door.relay_on

    door.secure()
    door.secure()
    assert not door.relay_on


def test_a_closed_door_is_off_refuses_release_and_closes_twice(door: DoorIo) -> None:
    door.release()
    door.close()
    door.close()
    door.secure()

    assert not door.relay_on
    for act in (door.release, door.read):
        with pytest.raises(DeviceUnavailableError, match="closed"):
            act()


@pytest.mark.parametrize("driver", ["mock", "sim"])
@pytest.mark.parametrize(
    ("lock", "strike_releases", "on"),
    [
        (Lock.MAGLOCK, False, True),
        (Lock.MAGLOCK, True, True),
        (Lock.STRIKE, False, False),
        (Lock.STRIKE, True, True),
    ],
)
def test_fire_release_by_lock(
    clock: HandClock, driver: str, lock: Lock, *, strike_releases: bool, on: bool
) -> None:
    door = open_door(DoorOptions(driver, lock, strike_releases_on_fire=strike_releases), clock)

    door.release_for_fire()

    assert door.relay_on is on


def test_the_pin_itself_is_low_from_the_first_and_low_after_close(clock: HandClock) -> None:
    door = mock(clock)
    pin = door.pin_factory.pin(RELAY)
    assert not any(state.state for state in pin.states)
    pin.clear_states()
    door.release()
    assert level(door)

    door.close()

    assert [state.state for state in pin.states] == [False, True, False]


def test_an_exception_leaves_the_relay_off_at_interpreter_exit() -> None:
    program = """
import atexit
from hardware.board import open_door
from hardware.ports import DoorOptions
atexit.register(lambda: print("relay", pin.state))
from appliance.clock import SystemClock
door = open_door(DoorOptions("mock"), SystemClock())
pin = door.pin_factory.pin(17)
door.release()
print("relay", pin.state)
raise SystemExit(3)
"""
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert ended.stdout.split("\n") == ["relay True", "relay False", ""], ended.stderr
    assert ended.returncode == 3


def test_a_failing_input_leaves_no_relay_open(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = MockFactory()

    def busy(*_: object, **__: object) -> None:
        raise GPIOZeroError("pin busy")

    monkeypatch.setattr("hardware.door_gpio.DigitalInputDevice", busy)

    with pytest.raises(GPIOZeroError, match="busy"):
        GpioDoor(MOCK, clock, factory)
    assert factory.pins == {}


@pytest.mark.parametrize(
    ("name", "pin", "high_is_active"),
    [("door", 27, True), ("rex", 22, False), ("fire", 23, True), ("tamper", 24, True)],
)
def test_each_input_has_the_polarity_of_the_wiring_table(
    clock: HandClock, name: str, pin: int, *, high_is_active: bool
) -> None:
    door = mock(clock, replace(MOCK, debounce_ms=0))
    field = {"door": "door_open"}.get(name, name)
    wire = door.pin_factory.pin(pin)

    wire.drive_high()
    assert getattr(door.read(), field) is high_is_active
    wire.drive_low()
    assert getattr(door.read(), field) is not high_is_active
    door.drive(name, active=True)
    assert door.read() == replace(DoorInputs(), **{field: True})


def test_all_wires_cut_at_start_is_an_alarm_at_the_first_read(clock: HandClock) -> None:
    door = GpioDoor(MOCK, clock, MockFactory())

    assert door.read() == DoorInputs(door_open=True, rex=False, fire=True, tamper=True)


def test_a_bouncing_contact_counts_when_it_has_settled(clock: HandClock) -> None:
    door = mock(clock)
    door.read()
    seen = []
    for active in (True, False, True, True, True, True):
        door.drive("rex", active=active)
        clock.pass_ms(15)
        seen.append(door.read().rex)

    assert seen == [False, False, False, False, True, True]


def test_an_input_that_is_not_wired_is_never_active(clock: HandClock) -> None:
    pins = DoorPins(door=None, rex=None, fire=None, tamper=None)

    assert mock(clock, replace(MOCK, pins=pins)).read() == DoorInputs()


def test_two_doors_share_no_pin_state(clock: HandClock) -> None:
    one, other = mock(clock), mock(clock)

    one.release()

    assert not other.relay_on


@pytest.mark.parametrize("driver", ["mock", "gpio"])
@pytest.mark.parametrize(
    ("pins", "debounce_ms", "message"),
    [
        (DoorPins(relay=28), 30, "pin relay = 28"),
        (DoorPins(relay=-1), 30, "pin relay = -1"),
        (DoorPins(tamper=99), 30, "pin tamper = 99"),
        (DoorPins(rex=17), 30, "each pin used once"),
        (DoorPins(), -1, "debounce_ms = -1"),
        (DoorPins(), 1001, "debounce_ms = 1001"),
    ],
)
def test_impossible_settings_are_refused(
    clock: HandClock, driver: str, pins: DoorPins, debounce_ms: int, message: str
) -> None:
    with pytest.raises(DeviceSettingError, match=message):
        open_door(DoorOptions(driver, pins=pins, debounce_ms=debounce_ms), clock)


def test_gpio_without_its_library_names_the_extra(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setitem(sys.modules, "lgpio", None)

    with pytest.raises(DeviceUnavailableError, match="extra `pi`"):
        open_door(DoorOptions("gpio"), clock)


def test_gpio_started_where_its_library_may_not_write_says_so(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lgpio.py").write_text("open('/nowhere/.lgd-nfy-3', 'rb')\n")
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DeviceUnavailableError, match="in a folder it may write to"):
        open_door(DoorOptions("gpio"), clock)


@pytest.fixture
def lgpio_factory(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The two names of gpiozero.pins.lgpio that the driver uses."""
    lgpio, pins = ModuleType("lgpio"), ModuleType("gpiozero.pins.lgpio")
    vars(lgpio)["error"] = type("error", (Exception,), {})
    vars(pins).update(lgpio=lgpio, LGPIOFactory=MockFactory)
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", pins)
    return vars(pins)


@pytest.mark.usefixtures("lgpio_factory")
def test_gpio_drives_the_factory_of_the_pi(clock: HandClock) -> None:
    door = open_door(DoorOptions("gpio"), clock)

    door.release()

    assert door.relay_on
    assert not isinstance(door, MockDoor)
    door.close()


def test_gpio_without_a_chip_is_unavailable(
    clock: HandClock, lgpio_factory: dict[str, object]
) -> None:
    def no_chip() -> None:
        raise lgpio_factory["lgpio"].error("can not open gpiochip")  # type: ignore[attr-defined]

    lgpio_factory["LGPIOFactory"] = no_chip

    with pytest.raises(DeviceUnavailableError, match="can not open gpiochip"):
        open_door(DoorOptions("gpio"), clock)


def test_a_visitor_gets_in_only_while_the_lock_lets_go(clock: HandClock) -> None:
    door = sim(clock)
    assert not door.push()

    door.release()
    assert door.push()
    clock.pass_ms(3000)
    door.secure()
    assert door.read().door_open
    door.close_leaf()

    assert not door.push()
    assert not door.read().door_open
    assert door.forced == 0
    assert door.switchings == [(1_000_000_000, True), (4_000_000_000, False)]


def test_opening_a_secured_leaf_is_forced(clock: HandClock) -> None:
    door = sim(clock)

    door.open()

    assert door.forced == 1
    assert door.read().door_open


def test_opening_a_released_leaf_is_not_forced(clock: HandClock) -> None:
    door = sim(clock)
    door.release()

    door.open()

    assert door.forced == 0


@pytest.mark.parametrize(
    ("lock", "pushed", "left"), [(Lock.STRIKE, False, True), (Lock.MAGLOCK, True, True)]
)
def test_in_a_fire_people_get_out_with_the_software_dead(
    clock: HandClock, lock: Lock, *, pushed: bool, left: bool
) -> None:
    door = sim(clock, lock)
    door.fire()

    assert door.push() is pushed
    assert door.leave() is left


@pytest.mark.parametrize("lock", Lock)
def test_rex_frees_both_locks_with_the_software_dead(clock: HandClock, lock: Lock) -> None:
    door = sim(clock, lock)
    assert door.leave() is (lock is Lock.STRIKE)

    door.press_rex()
    assert door.leave()
    assert door.read().rex
    door.press_rex(held=False)

    assert not door.read().rex


def test_the_sims_contacts_are_read(clock: HandClock) -> None:
    door = sim(clock)
    door.fire()
    door.tamper()
    assert door.read() == DoorInputs(fire=True, tamper=True)
    door.fire(active=False)
    door.tamper(active=False)
    assert door.read() == DoorInputs()


def test_closing_a_released_sim_door_switches_it_off(clock: HandClock) -> None:
    door = sim(clock)
    door.release()

    door.close()

    assert [on for _, on in door.switchings] == [True, False]
