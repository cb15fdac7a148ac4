"""The light: dark at both ends, each colour its diodes, impossible wiring refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from hardware.board import open_indicator
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.indicator_gpio import GpioIndicator
from hardware.ports import Colour, IndicatorOptions, LedPins

if TYPE_CHECKING:
    from tests.rig.clock import HandClock

LEVELS = {
    Colour.OFF: (0, 0, 0),
    Colour.READY: (1, 1, 1),
    Colour.CAMERA: (1, 0, 1),
    Colour.GRANTED: (0, 1, 0),
    Colour.REFUSED: (1, 1, 0),
    Colour.ALARM: (1, 0, 0),
}


def light(clock: HandClock) -> GpioIndicator:
    made = open_indicator(IndicatorOptions("mock"), clock)
    assert isinstance(made, GpioIndicator)
    return made


def levels(made: GpioIndicator) -> tuple[int, ...]:
    return tuple(int(made.pin_factory.pin(pin).state) for pin in (5, 6, 13))


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        (LedPins(red=28), "pin red = 28"),
        (LedPins(blue=-1), "pin blue = -1"),
        (LedPins(red=6), "each pin used once"),
    ],
)
@pytest.mark.parametrize("driver", ["mock", "gpio"])
def test_impossible_wiring_is_refused(
    clock: HandClock, driver: str, pins: LedPins, message: str
) -> None:
    with pytest.raises(DeviceSettingError, match=message):
        open_indicator(IndicatorOptions(driver, pins), clock)


def test_gpio_without_its_library_names_the_extra(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(DeviceUnavailableError, match="extra `pi`"):
        open_indicator(IndicatorOptions("gpio"), clock)


def test_each_colour_has_its_diodes_and_the_start_is_dark(clock: HandClock) -> None:
    made = light(clock)
    assert levels(made) == (0, 0, 0)
    shown = {}
    for colour in Colour:
        made.show(colour)
        shown[colour] = levels(made)
    assert shown == LEVELS
    made.close()


def test_a_colour_it_does_not_know_is_dark(clock: HandClock) -> None:
    made = light(clock)
    made.show("granted")
    made.show("mauve")
    assert levels(made) == (0, 0, 0)
    made.close()


def test_closing_goes_dark_and_stays_so(clock: HandClock) -> None:
    made = light(clock)
    pins = [made.pin_factory.pin(pin) for pin in (5, 6, 13)]
    made.show(Colour.ALARM)
    made.close()
    made.close()
    made.show(Colour.GRANTED)
    assert [int(pin.state) for pin in pins] == [0, 0, 0]


def test_no_light_is_a_driver_too(clock: HandClock) -> None:
    made = open_indicator(IndicatorOptions("none"), clock)
    made.show(Colour.GRANTED)
    made.close()
