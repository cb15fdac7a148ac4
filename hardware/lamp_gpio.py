"""The infrared lamp on a Raspberry Pi's pin, or on gpiozero's mock of one; off unless told."""

from __future__ import annotations

import atexit
from typing import Any

from gpiozero import DigitalOutputDevice
from gpiozero.pins.mock import MockFactory

from hardware.errors import DeviceSettingError
from hardware.pi_pins import open_on_pi


class GpioLamp:
    """A lamp behind a transistor with a pull-down: it is off while nobody drives its pin."""

    # Any: gpiozero has no types.
    def __init__(self, pin: int, pin_factory: Any) -> None:  # noqa: ANN401
        self._factory = pin_factory
        self._pin = DigitalOutputDevice(pin, initial_value=False, pin_factory=pin_factory)
        atexit.register(self.close)

    @property
    def lit(self) -> bool:
        """Whether the pin is high now."""
        return bool(self._pin.value) if not self._pin.closed else False

    def switch(self, *, on: bool) -> None:
        """Switch it; a lamp that is closed stays off."""
        if not self._pin.closed:
            self._pin.value = on

    def close(self) -> None:
        """Switch it off and let go of the pin; closing twice is allowed."""
        atexit.unregister(self.close)
        self.switch(on=False)
        self._pin.close()
        self._factory.close()


def open_lamp(driver: str, pin: int) -> GpioLamp:
    """Open the lamp on BCM `pin`.

    Raises:
        DeviceSettingError: unknown driver.
        DeviceUnavailableError: the pin cannot be had.

    """
    if driver not in {"gpio", "mock"}:
        raise DeviceSettingError("lamp", f"driver {driver!r}", "one of gpio, mock")
    if driver == "mock":
        return GpioLamp(pin, MockFactory())
    return open_on_pi("lamp", lambda factory: GpioLamp(pin, factory), f"pin {pin} of a Pi, free")
