"""A Pi's own pins through gpiozero and lgpio, and one error for whoever cannot have them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gpiozero import GPIOZeroError

from hardware.errors import DeviceSettingError, DeviceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.ports import DoorPins

LAST_PIN: Final = 27
Opened = TypeVar("Opened")


def open_on_pi(
    device: str, build: Callable[[Any], Opened], expected: str = "free pins of a Raspberry Pi"
) -> Opened:
    """Return what `build` makes of a pin factory of its own.

    Args:
        device: named in errors.
        build: takes gpiozero's factory, which has no types.
        expected: what the pins should have been.

    Raises:
        DeviceUnavailableError: no lgpio, no Pi, or a pin that somebody else has.

    """
    try:
        # Imports lgpio, which only a Pi has, and which at once makes a pipe where it is started.
        from gpiozero.pins.lgpio import LGPIOFactory, lgpio  # noqa: PLC0415
    except (ImportError, OSError) as fault:
        raise DeviceUnavailableError(
            device, str(fault), "lgpio (extra `pi`), in a folder it may write to"
        ) from fault
    try:
        return build(LGPIOFactory())
    except (GPIOZeroError, OSError, lgpio.error) as fault:
        raise DeviceUnavailableError(device, str(fault), expected) from fault


def check_pins(device: str, chosen: DoorPins) -> None:
    """Refuse numbers that are no pin of a Pi, and one for two things.

    Raises:
        DeviceSettingError: naming the pin, or all of them.

    """
    pins: dict[str, int] = {name: pin for name, pin in asdict(chosen).items() if pin is not None}
    for name, pin in pins.items():
        if not 0 <= pin <= LAST_PIN:
            raise DeviceSettingError(device, f"pin {name} = {pin}", f"a BCM pin 0..{LAST_PIN}")
    if len(set(pins.values())) < len(pins):
        raise DeviceSettingError(device, f"pins {pins}", "each pin used once")
