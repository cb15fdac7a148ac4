"""A light of three colours on a Raspberry Pi's pins, or on gpiozero's mock of them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gpiozero import DigitalOutputDevice
from gpiozero.pins.mock import MockFactory

from hardware.pi_pins import check_pins, open_on_pi
from hardware.ports import Colour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hardware.ports import Clock, IndicatorOptions

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


class GpioIndicator:
    """Three pins, each through a transistor to its diode; high = lit.

    Attributes:
        pin_factory: gpiozero's factory of this light alone.

    """

    # Any: gpiozero has no types.
    def __init__(self, options: IndicatorOptions, pin_factory: Any) -> None:  # noqa: ANN401
        self.pin_factory = pin_factory
        with ExitStack() as stack:
            stack.callback(pin_factory.close)
            self._diodes = {
                name: stack.enter_context(DigitalOutputDevice(pin, pin_factory=pin_factory))
                for name, pin in asdict(options.pins).items()
            }
            stack.callback(self._dark)
            self._open = stack.pop_all()
        self._closed = False

    def show(self, colour: str) -> None:
        """Show a colour; a light that is closed stays dark."""
        if self._closed:
            return
        lit = LIT.get(colour, frozenset())
        for name, diode in self._diodes.items():
            diode.value = name in lit

    def close(self) -> None:
        """Go dark and let go of the pins."""
        self._closed = True
        self._open.close()

    def _dark(self) -> None:
        for diode in self._diodes.values():
            diode.off()


def open_device(options: IndicatorOptions, _clock: Clock) -> GpioIndicator:
    """Open the pins of `options`, dark."""
    check_pins("indicator", options.pins)
    if options.driver == "mock":
        return GpioIndicator(options, MockFactory())
    return open_on_pi("indicator", lambda factory: GpioIndicator(options, factory))
