"""Tells a door controller on two Wiegand wires that somebody may pass; an output, never an input.

A Wiegand line is clear, one-way and can be replayed by two clips on its wires, so no card is ever
read from one. Where an old controller drives the lock, the gate may speak to it, with a number the
controller knows and no card carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gpiozero import DigitalOutputDevice, GPIOZeroError

from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.pi_pins import LAST_PIN

if TYPE_CHECKING:
    from gpiozero import Factory

    from hardware.ports import Clock

PULSE_NS: Final = 50_000
"""How long a line is low for one bit, nanoseconds; controllers take 20 to 100 microseconds."""
INTERVAL_NS: Final = 2_000_000
"""From one bit to the next; controllers take 200 microseconds to 20 milliseconds."""
QUIET_NS: Final = 50_000_000
"""After a message, so that the controller knows its end."""


def wiegand_26(facility: int, number: int) -> tuple[int, ...]:
    """Return the 26 bits of format H10301: even parity, 8 bits facility, 16 number, odd parity.

    The first parity covers the first 12 data bits, the second the last 12.

    Raises:
        DeviceSettingError: a value has more bits than the format.

    """
    return _framed("26-bit", (facility, 8), (number, 16))


def wiegand_34(facility: int, number: int) -> tuple[int, ...]:
    """Return the 34 bits of format H10306: as 26-bit, with 16 bits each and parities over 16.

    Raises:
        DeviceSettingError: a value has more bits than the format.

    """
    return _framed("34-bit", (facility, 16), (number, 16))


def _framed(form: str, *fields: tuple[int, int]) -> tuple[int, ...]:
    data: list[int] = []
    for value, width in fields:
        if not 0 <= value < 1 << width:
            raise DeviceSettingError("wiegand", f"{form} value {value}", f"0..{(1 << width) - 1}")
        data += [value >> shift & 1 for shift in reversed(range(width))]
    half = len(data) // 2
    return (sum(data[:half]) % 2, *data, 1 - sum(data[half:]) % 2)


class WiegandOutput:
    """Two open-collector lines, high at rest: a low pulse on D0 is a 0, on D1 a 1.

    The pins drive transistors (README.md), so a pin is high while its line is low. Python keeps
    the pulse's shortest time, not its longest; controllers measure from edge to edge.
    """

    def __init__(self, d0: int, d1: int, clock: Clock, pin_factory: Factory | None = None) -> None:
        """Take the pins, both lines at rest.

        Raises:
            DeviceSettingError: a pin is no BCM number, or both are the same.
            DeviceUnavailableError: the pins cannot be had.

        """
        for pin in (d0, d1):
            if not 0 <= pin <= LAST_PIN:
                raise DeviceSettingError("wiegand", f"pin {pin}", f"a BCM pin 0..{LAST_PIN}")
        if d0 == d1:
            raise DeviceSettingError("wiegand", f"pin {d0} twice", "two pins")
        self._clock = clock
        self._lines: list[DigitalOutputDevice] = []
        try:
            for pin in (d0, d1):
                self._lines.append(DigitalOutputDevice(pin, pin_factory=pin_factory))
        except (GPIOZeroError, OSError) as fault:
            self.close()
            raise DeviceUnavailableError("wiegand", str(fault), "two free pins") from fault

    def send(self, bits: tuple[int, ...]) -> None:
        """Send one message; takes 2 ms a bit, so not from the gate's loop.

        Raises:
            DeviceSettingError: something else than 0 and 1.
            DeviceUnavailableError: closed.

        """
        if not bits or not set(bits) <= {0, 1}:
            raise DeviceSettingError("wiegand", f"{len(bits)} bits", "bits of 0 and 1")
        if not self._lines:
            raise DeviceUnavailableError("wiegand", "closed", "an open output")
        for bit in bits:
            start_ns = self._clock.now_ns()
            self._lines[bit].on()
            try:
                self._clock.sleep_until_ns(start_ns + PULSE_NS)
            finally:
                self._lines[bit].off()
            self._clock.sleep_until_ns(start_ns + INTERVAL_NS)
        self._clock.sleep_until_ns(self._clock.now_ns() + QUIET_NS)

    def close(self) -> None:
        """Bring both lines to rest and let go of the pins; closing twice is allowed."""
        while self._lines:
            self._lines.pop().close()
