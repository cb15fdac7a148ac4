"""The relay's pin: looked at before it is driven and read back after, for wrong wiring shows there.

Driven low, let go and pulled down, the pin of the wiring that hardware/README.md asks for stays
low. One that comes up belongs to a board that switches on low, or has another wire on it: such a
pin is never driven, because with such a board letting go is what secures the door. One that
stays low while it is driven high hangs on a contact to ground, such as the door sensor's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from gpiozero import DigitalInputDevice, DigitalOutputDevice

from hardware.errors import DeviceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

SETTLE_S: Final = 0.002
"""How long a pin let go of may take to show what is on it."""
RIGHT: Final = "an active-high relay board, pulled down, alone on its pin (hardware/README.md)"
HELD_HIGH: Final = "held-high"
"""High although nobody drives it."""
HELD_LOW: Final = "held-low"
"""Low although it is driven high."""
FOUND: Final = {
    HELD_HIGH: "held high from outside: an active-low board, or a crossed wire",
    HELD_LOW: "held low from outside: a crossed wire or a short",
}


class RelayLine:
    """The pin of a relay, low from the first moment.

    Args:
        pin: BCM number.
        pin_factory: gpiozero's.
        pause: lets so many seconds pass.

    Attributes:
        wiring: what is wrong on the pin, or empty; once wrong it is not driven any more.

    """

    # Any: gpiozero has no types.
    def __init__(
        self,
        pin: int,
        pin_factory: Any,  # noqa: ANN401
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pin = pin
        self._factory = pin_factory
        self.wiring = ""
        self._drive().close()
        looking = DigitalInputDevice(pin, pull_up=False, pin_factory=pin_factory)
        pause(SETTLE_S)
        self._line: Any = looking
        if looking.value:
            self.wiring = HELD_HIGH
            return
        looking.close()
        self._line = self._drive()

    @property
    def closed(self) -> bool:
        """Whether the pin was let go of."""
        return bool(self._line.closed)

    @property
    def on(self) -> bool:
        """Whether the coil has power, as the pin itself reads."""
        if self.closed or self.wiring:
            return False
        return bool(self._line.value)

    def switch_on(self) -> None:
        """Give the coil power.

        Raises:
            DeviceUnavailableError: the wiring is wrong; the pin is not driven.

        """
        if not self.wiring:
            self._line.on()
            if not self._line.value:
                self._line.off()
                self.wiring = HELD_LOW
        if self.wiring:
            found = f"pin {self._pin} is {FOUND[self.wiring]}"
            raise DeviceUnavailableError("relay", found, RIGHT)

    def switch_off(self) -> None:
        """Take the coil's power; a pin that was never driven is left as it is."""
        if not self.closed and self.wiring != HELD_HIGH:
            self._line.off()

    def close(self) -> None:
        """Switch off, then let go; closing alone would keep a pin's level."""
        self.switch_off()
        self._line.close()

    def _drive(self) -> Any:  # noqa: ANN401
        return DigitalOutputDevice(self._pin, initial_value=False, pin_factory=self._factory)
