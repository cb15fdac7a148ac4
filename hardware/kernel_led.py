"""A diode or lamp that the kernel switches: one file each, so that no room needs all the pins."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from hardware.errors import DeviceUnavailableError

DARK = b"0"


class KernelLed:
    """One of `/sys/class/leds`, made from a pin by `dtoverlay=gpio-led`; dark at both ends.

    A gpiochip is given whole, and the door's relay hangs on it: whoever lights a diode through
    one could open the door. A file of the kernel's led class can be given alone
    (Linux, Documentation/leds/leds-class.rst).

    Args:
        device: named in errors.
        name: of the led, its `label`.
        folder: of the kernel's leds.

    Raises:
        DeviceUnavailableError: there is no such led, or it may not be switched.

    """

    def __init__(self, device: str, name: str, folder: str) -> None:
        led = Path(folder) / name
        try:
            self._full = (led / "max_brightness").read_bytes().strip()
            self._file = os.open(led / "brightness", os.O_WRONLY | os.O_CLOEXEC)
        except OSError as fault:
            raise DeviceUnavailableError(
                device, f"{led}: {fault.strerror}", f"dtoverlay=gpio-led,label={name}"
            ) from fault
        self._closed = self._lit = False
        self.switch(on=False)

    @property
    def lit(self) -> bool:
        """Whether it was switched on, and the kernel took it."""
        return self._lit

    def switch(self, *, on: bool) -> None:
        """Switch it; one that is closed or has gone stays dark."""
        if self._closed:
            return
        self._lit = False
        with suppress(OSError):
            os.pwrite(self._file, self._full if on else DARK, 0)
            self._lit = on

    def close(self) -> None:
        """Go dark and let go of it; closing twice is allowed."""
        self.switch(on=False)
        if not self._closed:
            os.close(self._file)
        self._closed = True
