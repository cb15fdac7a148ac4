"""Light and loudspeaker at the terminal: the screen's room has them, and cannot reach the pins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.deploy.image.boot.machine import HEARD_HZ, LIGHTS
from tests.deploy.image.boot.residents import hold_until_open, issued_card

if TYPE_CHECKING:
    import numpy.typing as npt

    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
SEEN_S = 300.0
DRIVE = "/run/sanmen-probe"
SWITCH = "open('/sys/class/leds/sanmen-{}/brightness', 'w').write('0')"


def lit(gate: Machine) -> set[str]:
    """Return what burns, by a meter at the lines."""
    level, driven = gate.monitor.pins()
    return {name for name, line in LIGHTS.items() if level & driven & 1 << line}


def shows(gate: Machine, wanted: set[str]) -> None:
    until = time.monotonic() + SEEN_S
    while lit(gate) != wanted:
        assert time.monotonic() < until, f"{lit(gate)} burn, not {wanted}"
        time.sleep(0.02)


def test_it_is_white_at_rest_and_green_while_the_door_is_open(gate: Machine) -> None:
    shows(gate, {"red", "green", "blue"})
    card = issued_card(gate.guest)
    hold_until_open(gate, card)
    shows(gate, {"green"})
    gate.chip.take_away()
    gate.relay.wait(high=False, within_s=SEEN_S)
    shows(gate, {"red", "green", "blue"})


def loudest_hz(samples: npt.NDArray[np.int16]) -> float:
    """Return the frequency with most power."""
    power = np.abs(np.fft.rfft(samples.astype(np.float64))) ** 2
    return float(np.fft.rfftfreq(len(samples), 1 / HEARD_HZ)[int(np.argmax(power))])


def test_two_rising_notes_are_heard_when_the_door_opens(gate: Machine) -> None:
    card = issued_card(gate.guest)
    before = len(gate.heard)
    hold_until_open(gate, card)
    gate.chip.take_away()
    gate.relay.wait(high=False, within_s=SEEN_S)
    played = gate.heard[before:]
    loud = np.flatnonzero(np.abs(played.astype(np.int32)) > 500)
    notes = played[loud[0] : loud[-1] + 1]
    middle = len(notes) // 2
    assert loudest_hz(notes[:middle]) == pytest.approx(880, abs=20)
    assert loudest_hz(notes[middle:]) == pytest.approx(1175, abs=20)


@pytest.mark.parametrize(("unit", "code"), [("sanmen-ui.service", 0), ("sanmen-vision.service", 1)])
def test_only_its_room_may_switch_it(gate: Machine, unit: str, code: int) -> None:
    words = ["/opt/sanmen/bin/python", f"{DRIVE}/twin.py", unit, "-c", SWITCH.format("red")]
    assert gate.guest.run(*words, within_s=300).code == code
