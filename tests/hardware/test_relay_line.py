"""A relay that is wired wrong: found at its own pin, never driven, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hardware.door_gpio import GpioDoor
from hardware.errors import DeviceUnavailableError
from hardware.ports import DoorOptions

if TYPE_CHECKING:
    from conftest import HandClock

RELAY = "GPIO17"


class PulledUp(MockPin):
    """The pin of an active-low board: high as soon as nobody drives it low."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self.info.name == RELAY:
            self._change_state(True)  # noqa: FBT003 - gpiozero's own


class Grounded(MockPin):
    """The pin that a closed contact to ground hangs on: low, whoever drives it."""

    def _set_state(self, value: float) -> None:
        super()._set_state(0 if self.info.name == RELAY else value)


def door(clock: HandClock, kind: type[MockPin]) -> GpioDoor:
    return GpioDoor(DoorOptions("mock"), clock, MockFactory(pin_class=kind))


def test_a_board_that_switches_on_low_is_found_and_never_driven(clock: HandClock) -> None:
    one = door(clock, PulledUp)
    pin = one.pin_factory.pin(RELAY)

    assert one.wiring == "held-high"
    assert pin.function == "input"
    assert not one.relay_on
    with pytest.raises(DeviceUnavailableError, match="an active-low board, or a crossed wire"):
        one.release()
    one.secure()
    one.release_for_fire()  # a strike: nothing to do
    assert pin.function == "input"
    one.close()
    assert not one.relay_on


def test_a_pin_that_a_contact_holds_low_is_let_go_of_at_the_first_release(
    clock: HandClock,
) -> None:
    one = door(clock, Grounded)
    assert one.wiring == ""  # not to be seen before it is driven

    for _ in range(2):
        with pytest.raises(DeviceUnavailableError, match="a crossed wire or a short"):
            one.release()
    assert one.wiring == "held-low"
    assert not one.relay_on
    one.close()


def test_a_right_wiring_is_right_before_and_after_a_release(clock: HandClock) -> None:
    one = door(clock, MockPin)
    one.release()
    assert (one.wiring, one.relay_on) == ("", True)
    one.close()
