"""Drives a portal's relay off, whatever became of the gate: what systemd runs when it has ended.

A Pi's kernel may keep a pin at its last level after its process died. This asks the kernel's own
interface (linux/gpio.h, version 2) and the standard library alone, so that it is done a tenth of a
second later, and also when the gate died of a broken library or of its configuration.

A pin that comes up again when it is let go of belongs to a board that switches on low, which
nobody should have wired (`relay_line.py`): it is left let go, for that is what secures it.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hardware.errors import DeviceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[int, int, bytearray], object]

USUAL_PIN: Final = 17
"""The relay's pin where the configuration names none, or is not to be read."""
LAST_PIN: Final = 27
CHIP_INFO: Final = struct.Struct("32s32sI")
"""struct gpiochip_info: name, label, number of lines."""
GET_CHIP_INFO: Final = 0x8044_B401
LINE_REQUEST: Final = struct.Struct("I252x32sQ24x240xI24xi")
"""struct gpio_v2_line_request: first offset, consumer, flags, number of lines, descriptor. No
value is asked for, and what is not asked for is low."""
GET_LINE: Final = 0xC250_B407
INPUT: Final = 1 << 2
OUTPUT: Final = 1 << 3
PULLED_DOWN: Final = 1 << 9
LINE_VALUES: Final = struct.Struct("QQ")
"""struct gpio_v2_line_values: levels, which lines are asked for."""
GET_VALUES: Final = 0xC010_B40E
SETTLE_S: Final = 0.002
MISWIRED: Final = "let go of: it is held high from outside, so the wiring is wrong"
HEADER: Final = b"pinctrl-"
"""Begins the label of the chip that a Pi's header hangs on (bcm2711, rp1)."""


def relay_off(pin: int, devices: Path, ask: Ask) -> tuple[Path, bool]:
    """Drive a pin low and let go of it; one that comes up again then is left as an input.

    Args:
        pin: BCM number.
        devices: where the pins' chips are.
        ask: fcntl.ioctl.

    Returns:
        The chip that was asked, and whether the pin is driven low.

    Raises:
        DeviceUnavailableError: there is no chip, it does not let us, or the pin is still held.

    """
    path = _chip(devices, ask)
    try:
        chip = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.close(_line(chip, pin, OUTPUT, ask))
            driven = not _comes_up(chip, pin, ask)
            if driven:
                os.close(_line(chip, pin, OUTPUT, ask))
        finally:
            os.close(chip)
    except OSError as fault:
        raise DeviceUnavailableError(
            f"relay {path}", str(fault), f"pin {pin} to be free"
        ) from fault
    return path, driven


def _line(chip: int, pin: int, flags: int, ask: Ask) -> int:
    """Return a descriptor of a line; an output is low, for no value is asked for."""
    request = bytearray(LINE_REQUEST.pack(pin, b"sanmen relay off", flags, 1, 0))
    ask(chip, GET_LINE, request)
    descriptor: int = LINE_REQUEST.unpack(request)[4]
    return descriptor


def _comes_up(chip: int, pin: int, ask: Ask) -> bool:
    """Say whether something pulls a pin up that nobody drives; no, where that cannot be told."""
    try:
        line = _line(chip, pin, INPUT | PULLED_DOWN, ask)
    except OSError:
        return False
    values = bytearray(LINE_VALUES.pack(0, 1))
    try:
        time.sleep(SETTLE_S)
        ask(line, GET_VALUES, values)
    except OSError:
        return False
    finally:
        os.close(line)
    return bool(LINE_VALUES.unpack(values)[0] & 1)


def relay_pin(config: Path) -> int:
    """Return the relay's pin by a gate's configuration; the usual one if that does not say."""
    try:
        pin = tomllib.loads(config.read_text("utf-8"))["door"]["relay_pin"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return USUAL_PIN
    return pin if isinstance(pin, int) and 0 <= pin <= LAST_PIN else USUAL_PIN


def _chip(devices: Path, ask: Ask) -> Path:
    chips = sorted(devices.glob("gpiochip*"))
    if not chips:
        raise DeviceUnavailableError(f"relay {devices}", "no gpiochip", "the pins of a Pi")
    return next((one for one in chips if _label(one, ask).startswith(HEADER)), chips[0])


def _label(path: Path, ask: Ask) -> bytes:
    info = bytearray(CHIP_INFO.size)
    try:
        chip = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            ask(chip, GET_CHIP_INFO, info)
        finally:
            os.close(chip)
    except OSError:
        return b""
    label: bytes = CHIP_INFO.unpack(info)[1]
    return label


def main(config: Path, devices: Path) -> int:
    """Drive the configured relay off; return the exit code."""
    pin = relay_pin(config)
    try:
        chip, driven = relay_off(pin, devices, fcntl.ioctl)
    except DeviceUnavailableError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write(f"relay off: pin {pin} of {chip.name} is {'low' if driven else MISWIRED}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path("/dev")))
