"""A light of three colours, each diode one of the kernel's leds."""

from __future__ import annotations

from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hardware.kernel_led import KernelLed
from hardware.ports import Colour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hardware.ports import Clock, IndicatorOptions

DIODES: Final = ("red", "green", "blue")
LIT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        Colour.OFF: frozenset(),
        Colour.READY: frozenset({"red", "green", "blue"}),
        Colour.CAMERA: frozenset({"red", "blue"}),
        Colour.GRANTED: frozenset({"green"}),
        Colour.REFUSED: frozenset({"red", "green"}),
        Colour.ALARM: frozenset({"red"}),
    }
)
"""Which diodes make which colour. Steady: nothing flashes (WCAG 2.3.1)."""


class LedIndicator:
    """`sanmen-red`, `sanmen-green` and `sanmen-blue`."""

    def __init__(self, folder: str) -> None:
        with ExitStack() as stack:
            self._diodes: dict[str, KernelLed] = {}
            for name in DIODES:
                self._diodes[name] = KernelLed("indicator", f"sanmen-{name}", folder)
                stack.callback(self._diodes[name].close)
            self._open = stack.pop_all()

    def show(self, colour: str) -> None:
        """Show a colour; a light that is closed stays dark."""
        lit = LIT.get(colour, frozenset())
        for name, diode in self._diodes.items():
            diode.switch(on=name in lit)

    def close(self) -> None:
        """Go dark and let go of the diodes; closing twice is allowed."""
        self._open.close()


def open_device(options: IndicatorOptions, _clock: Clock) -> LedIndicator:
    """Open the leds of `options`, dark.

    Raises:
        DeviceUnavailableError: one of the three is not there.

    """
    return LedIndicator(options.leds)
