"""The light: dark at both ends, each colour its diodes, and no more of the machine than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hardware.board import open_indicator
from hardware.errors import DeviceUnavailableError
from hardware.indicator_leds import LedIndicator
from hardware.ports import Colour, IndicatorOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rig.clock import HandClock

NAMES = ("sanmen-red", "sanmen-green", "sanmen-blue")
LEVELS = {
    Colour.OFF: ("0", "0", "0"),
    Colour.READY: ("255", "255", "255"),
    Colour.CAMERA: ("255", "0", "255"),
    Colour.GRANTED: ("0", "255", "0"),
    Colour.REFUSED: ("255", "255", "0"),
    Colour.ALARM: ("255", "0", "0"),
}


@pytest.fixture
def leds(tmp_path: Path) -> Path:
    """Return a folder laid out as the kernel's, each led burning."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "max_brightness").write_text("255\n")
        (tmp_path / name / "brightness").write_text("255")
    return tmp_path


def light(leds: Path, clock: HandClock) -> LedIndicator:
    made = open_indicator(IndicatorOptions("leds", str(leds)), clock)
    assert isinstance(made, LedIndicator)
    return made


def levels(leds: Path) -> tuple[str, ...]:
    """Return the values, and forget them, as a file keeps the tail of a longer one."""
    files = [leds / name / "brightness" for name in NAMES]
    found = tuple(file.read_text() for file in files)
    for file in files:
        file.write_text("")
    return found


@pytest.mark.parametrize("missing", NAMES)
def test_a_light_that_lacks_a_diode_says_which_line_of_the_firmware_makes_it(
    leds: Path, clock: HandClock, missing: str
) -> None:
    (leds / missing / "brightness").unlink()
    with pytest.raises(DeviceUnavailableError, match=f"dtoverlay=gpio-led,label={missing}"):
        open_indicator(IndicatorOptions("leds", str(leds)), clock)


def test_a_machine_without_leds_says_so(tmp_path: Path, clock: HandClock) -> None:
    with pytest.raises(DeviceUnavailableError, match="No such file"):
        open_indicator(IndicatorOptions("leds", str(tmp_path / "none")), clock)


def test_each_colour_has_its_diodes_and_the_start_is_dark(leds: Path, clock: HandClock) -> None:
    for name in NAMES:
        (leds / name / "brightness").write_text("")
    made = light(leds, clock)
    assert levels(leds) == ("0", "0", "0")
    shown = {}
    for colour in Colour:
        made.show(colour)
        shown[colour] = levels(leds)
    assert shown == LEVELS
    made.close()


def test_a_colour_it_does_not_know_is_dark(leds: Path, clock: HandClock) -> None:
    made = light(leds, clock)
    levels(leds)
    made.show("mauve")
    assert levels(leds) == ("0", "0", "0")
    made.close()


def test_closing_goes_dark_and_stays_so(leds: Path, clock: HandClock) -> None:
    made = light(leds, clock)
    made.show(Colour.ALARM)
    levels(leds)
    made.close()
    assert levels(leds) == ("0", "0", "0")
    made.close()
    made.show(Colour.GRANTED)
    assert levels(leds) == ("", "", "")


def test_no_light_is_a_driver_too(clock: HandClock) -> None:
    made = open_indicator(IndicatorOptions("none"), clock)
    made.show(Colour.GRANTED)
    made.close()
