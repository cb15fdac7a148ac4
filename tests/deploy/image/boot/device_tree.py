"""The device tree a Raspberry Pi's firmware would hand the kernel, made from QEMU's own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PI_4 = "c03114"
"""Revision code of a Pi 4 with 4 GB: without one gpiozero does not know which pins there are."""
PINS = "/pl061@9030000"
"""QEMU's `virt`."""


@dataclass(frozen=True)
class Told:
    """What the firmware tells of a start, under /chosen/bootloader.

    Attributes:
        partition: number of the boot partition it took.
        trial: whether for a try.

    """

    partition: int
    trial: bool


def write_tree(
    path: Path, command: Sequence[str], told: Told | None, lights: Mapping[str, int]
) -> None:
    """Write the tree of a machine, with new random seeds, to `path`.

    Args:
        path: of the file.
        command: of QEMU, its `-M` first: program, "-M", machine, more.
        told: by the firmware, or None for one that tells nothing.
        lights: line of each led on the board's chip of pins.

    """
    program, _, machine, *more = command
    _do([program, "-M", f"{machine},dumpdtb={path}", *more])
    _do(["fdtput", "-c", str(path), "/system"])
    _do(["fdtput", "-t", "x", str(path), "/system", "linux,revision", PI_4])
    _do(["fdtput", "-c", str(path), "/leds"])
    _do(["fdtput", "-t", "s", str(path), "/leds", "compatible", "gpio-leds"])
    chip = _do(["fdtget", "-t", "u", str(path), PINS, "phandle"]).strip()
    for name, line in lights.items():
        _do(["fdtput", "-c", str(path), f"/leds/{name}"])
        _do(["fdtput", "-t", "s", str(path), f"/leds/{name}", "label", f"sanmen-{name}"])
        _do(["fdtput", "-t", "u", str(path), f"/leds/{name}", "gpios", chip, str(line), "0"])
    if told is not None:
        _do(["fdtput", "-c", str(path), "/chosen/bootloader"])
        for name, value in (("partition", told.partition), ("tryboot", int(told.trial))):
            _do(["fdtput", "-t", "u", str(path), "/chosen/bootloader", name, str(value)])


def _do(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
