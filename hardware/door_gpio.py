"""The lock relay and inputs of a portal on a Raspberry Pi's pins, or on gpiozero's mock of them.

Every input is pulled up and wired to ground. Which level is active follows from what a cut wire
must mean, and a cut wire reads high:

========  ================================  =======================
input     contact                           active (True) when
========  ================================  =======================
door      closed while the door is shut     high: door open, or cut
rex       closed while the button is held   low
fire      normally-closed loop              high: alarm, or cut
tamper    normally-closed loop              high: opened, or cut
========  ================================  =======================

A cut REX wire locks nobody in, because the button breaks lock power by its own second contact.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from hardware.debounce import Debounce
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.pi_pins import check_pins, open_on_pi
from hardware.ports import DoorInputs, Lock
from hardware.relay_line import RelayLine

if TYPE_CHECKING:
    from hardware.ports import Clock, DoorOptions

ACTIVE_HIGH: Final = MappingProxyType({"door": True, "rex": False, "fire": True, "tamper": True})
LONGEST_DEBOUNCE_MS = 1000


class GpioDoor:
    """A portal on pins that it takes for itself.

    The wiring gives the coil one meaning for both locks: power releases, no power secures. A
    strike hangs on the relay's normally open contact, a maglock on its normally closed one.

    Attributes:
        pin_factory: gpiozero's factory of this door alone; a MockFactory for the driver "mock".

    """

    # Any: gpiozero has no types.
    def __init__(self, options: DoorOptions, clock: Clock, pin_factory: Any) -> None:  # noqa: ANN401
        self.pin_factory = pin_factory
        self._options = options
        self._clock = clock
        self._debounces = {name: Debounce(options.debounce_ms * 1_000_000) for name in ACTIVE_HIGH}
        with ExitStack() as stack:
            stack.callback(pin_factory.close)
            self._relay = RelayLine(options.pins.relay, pin_factory)
            stack.callback(self._relay.close)
            self._inputs = {
                name: stack.enter_context(
                    DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)
                )
                for name in ACTIVE_HIGH
                if (pin := getattr(options.pins, name)) is not None
            }
            # Last in, first out: off before anything else.
            stack.callback(self._relay.switch_off)
            self._open = stack.pop_all()
        atexit.register(self.close)

    @property
    def relay_on(self) -> bool:
        """Whether the relay's coil has power now."""
        return self._relay.on

    @property
    def wiring(self) -> str:
        """What is wrong at the relay's pin; see `relay_line.py`."""
        return self._relay.wiring

    def read(self) -> DoorInputs:
        """Return the inputs after debouncing; one that is not wired is never active."""
        self._demand_open()
        now_ns = self._clock.now_ns()
        active = {
            # gpiozero's own level is 1 when a pulled-up pin is low.
            name: self._debounces[name].update(bool(pin.value) != ACTIVE_HIGH[name], now_ns)
            for name, pin in self._inputs.items()
        }
        return DoorInputs(
            door_open=active.get("door", False),
            rex=active.get("rex", False),
            fire=active.get("fire", False),
            tamper=active.get("tamper", False),
        )

    def release(self) -> None:
        """Let the door be opened."""
        self._demand_open()
        self._relay.switch_on()

    def secure(self) -> None:
        """Hold the door."""
        self._relay.switch_off()

    def release_for_fire(self) -> None:
        """Release a maglock; a strike only where configured, for its egress is mechanical."""
        if self._options.lock is Lock.MAGLOCK or self._options.strike_releases_on_fire:
            self.release()

    def close(self) -> None:
        """Switch the relay off and let go of the pins."""
        atexit.unregister(self.close)
        self._open.close()

    def _demand_open(self) -> None:
        if self._relay.closed:
            raise DeviceUnavailableError("door", "closed", "an open door")


class MockDoor(GpioDoor):
    """A portal on gpiozero's mock pins, at rest: shut, nothing pressed, both loops closed."""

    def __init__(self, options: DoorOptions, clock: Clock) -> None:
        super().__init__(options, clock, MockFactory())
        for name in self._inputs:
            self.drive(name, active=False)

    def drive(self, name: str, *, active: bool) -> None:
        """Put the level on the pin of "door", "rex", "fire" or "tamper" that its wire would."""
        pin = self.pin_factory.pin(getattr(self._options.pins, name))
        if active == ACTIVE_HIGH[name]:
            pin.drive_high()
        else:
            pin.drive_low()


def open_device(options: DoorOptions, clock: Clock) -> GpioDoor:
    """Open the pins of `options`, relay off."""
    _check(options)
    if options.driver == "mock":
        return MockDoor(options, clock)
    return open_on_pi("door", lambda factory: GpioDoor(options, clock, factory))


def _check(options: DoorOptions) -> None:
    check_pins("door", options.pins)
    if not 0 <= options.debounce_ms <= LONGEST_DEBOUNCE_MS:
        raise DeviceSettingError(
            "door", f"debounce_ms = {options.debounce_ms}", f"0..{LONGEST_DEBOUNCE_MS}"
        )
