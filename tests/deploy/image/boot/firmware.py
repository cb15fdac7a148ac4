"""What a Pi's firmware does before the kernel: reads autoboot.txt, takes a slot, tells which.

QEMU has no such firmware. This one follows Raspberry Pi's documentation (config_txt/autoboot.adoc):
the first FAT partition's autoboot.txt, at most 512 bytes; under [tryboot] for one start, when the
last restart was asked with "tryboot"; that flag clears itself, and is lost without power. It shares
no code with the product, so that the two check each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.deploy.image.boot.device_tree import Told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.image.boot.sd_card import SdCard

LARGEST = 512
COMMAND_LINES = {2: "cmdline-a.txt", 3: "cmdline-b.txt"}
"""As config.txt's [boot_partition=N] sections name them."""
TRY_ONCE = "0 tryboot"
"""What the restarting kernel hands the firmware, and prints."""


@dataclass(frozen=True)
class Start:
    """What the firmware starts.

    Attributes:
        told: to the kernel, in the device tree.
        kernel: taken off the slot.
        initrd: the same.
        command_line: the slot's.

    """

    told: Told
    kernel: Path
    initrd: Path
    command_line: str


def choose(autoboot: bytes, *, trial: bool) -> int:
    """Return the number of the boot partition that is taken; 0 if the file names none."""
    section, chosen = "all", 0
    if len(autoboot) > LARGEST:
        return 0
    for line in autoboot.decode("ascii", "replace").splitlines():
        said = line.partition("#")[0].strip()
        if said.startswith("["):
            section = said.strip("[]")
        elif said.startswith("boot_partition=") and section in {"all", "tryboot" if trial else ""}:
            chosen = int(said.partition("=")[2])
    return chosen


def load(card: SdCard, folder: Path, *, trial: bool) -> Start:
    """Return what a card's slot has, as files in `folder`.

    Raises:
        RuntimeError: the firmware would stop here, with a blinking light.

    """
    number = choose(card.read("bootconfig", "autoboot.txt"), trial=trial)
    slot = next((one.name for one in card.partitions.values() if one.number == number), "")
    if number not in COMMAND_LINES or not slot:
        raise RuntimeError(f"autoboot.txt leads to partition {number}: nothing to start")
    return Start(
        Told(number, trial),
        card.take(slot, "vmlinuz", folder / "vmlinuz"),
        card.take(slot, "initrd.img", folder / "initrd.img"),
        card.read(slot, COMMAND_LINES[number]).decode("ascii").strip(),
    )
