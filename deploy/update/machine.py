"""Where a machine keeps its slots, its choice of them and its records, and what it started from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from update.autoboot import LARGEST, NAME, Choice, parse
from update.words import UpdateError, of_system

if TYPE_CHECKING:
    from pathlib import Path

WORD_BYTES: Final = 4
"""Of a number in the device tree, most significant byte first."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the two systems.

    Attributes:
        name: as RAUC calls it.
        number: of its FAT partition, as the firmware counts.
        boot: that partition: kernel, firmware settings.
        root: the partition of its read-only system.

    """

    name: str
    number: int
    boot: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Started:
    """What the firmware did.

    Attributes:
        slot: it started.
        trial: whether only once, for a try.

    """

    slot: Slot
    trial: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine; `root` is `/`, or a folder that stands for one.

    Attributes:
        root: of all its files.

    """

    root: Path

    @property
    def slots(self) -> tuple[Slot, Slot]:
        """A and B, as deploy/image lays them out and system.conf names them."""
        labels = self.root / "dev/disk/by-partlabel"
        return (
            Slot("A", 2, labels / "boot_a", labels / "system_a"),
            Slot("B", 3, labels / "boot_b", labels / "system_b"),
        )

    @property
    def autoboot(self) -> Path:
        """The firmware's choice, on the first FAT partition."""
        return self.root / "bootconfig" / NAME

    @property
    def state(self) -> Path:
        """What stays: the data partition's folder."""
        return self.root / "var/lib/sanmen"

    @property
    def pending(self) -> Path:
        """The record of an update under way; without one no unit of an update runs."""
        return self.state / "device/update"

    @property
    def newest(self) -> Path:
        """The newest version that was ever kept here."""
        return self.state / "device/newest-version"

    @property
    def outcome(self) -> Path:
        """Words on the last update."""
        return self.state / "device/update-outcome"

    @property
    def why(self) -> Path:
        """What the last system on trial found missing."""
        return self.state / "device/update-why"

    @property
    def workshop(self) -> Path:
        """The folder a bundle is copied to and opened in."""
        return self.state / "update"

    @property
    def store(self) -> Path:
        """The folder of the gate's store and log."""
        return self.state / "gate"

    @property
    def stick(self) -> Path:
        """Where a USB stick is mounted, read-only (systemd/run-sanmen-stick.mount)."""
        return self.root / "run/sanmen/stick"

    @property
    def offers(self) -> Path:
        """What lies on the stick, for the gate to read."""
        return self.root / "run/sanmen/update-status/offers.json"

    @property
    def told(self) -> Path:
        """What became of the screen's request, for the gate to read."""
        return self.root / "run/sanmen/update-status/told.json"

    @property
    def request(self) -> Path:
        """What the gate leaves when a manager asks for an update."""
        return self.root / "run/sanmen/update-request/install"

    @property
    def reboot_param(self) -> Path:
        """What systemd hands the firmware at a restart."""
        return self.root / "run/systemd/reboot-param"

    @property
    def settings(self) -> Path:
        """RAUC's configuration, with the keyring."""
        return self.root / "etc/rauc/system.conf"

    def running(self) -> str:
        """Return the version of this system: of its image, else of the program."""
        try:
            text = (self.root / "etc/os-release").read_text("utf-8", "replace")
        except OSError:
            text = ""
        found = re.search(r'^IMAGE_VERSION="?([^"\n]+)"?$', text, re.MULTILINE)
        if found:
            return found[1]
        try:
            return version("sanmen")
        except PackageNotFoundError as fault:
            raise UpdateError("version", "this system", "no IMAGE_VERSION") from fault

    def kept(self) -> str:
        """Return the newest version ever kept here; `0.0.0` if none was."""
        try:
            return self.newest.read_text("ascii").strip()
        except FileNotFoundError:
            return "0.0.0"
        except (OSError, UnicodeDecodeError) as fault:
            raise UpdateError("record", f"file {self.newest}", fault) from fault

    def choice(self) -> Choice:
        """Return the firmware's choice.

        Raises:
            UpdateError: damaged, missing, unreadable, or of other partitions than the slots'.

        """
        try:
            with self.autoboot.open("rb") as file:
                content = file.read(LARGEST + 1)
        except FileNotFoundError as fault:
            raise UpdateError("autoboot", NAME, "not there") from fault
        except OSError as fault:
            raise of_system(f"file {self.autoboot}", fault) from fault
        choice = parse(content)
        if {choice.usual, choice.tried} != {slot.number for slot in self.slots}:
            raise UpdateError("slots", NAME, f"{choice.usual} and {choice.tried}")
        return choice

    def usual(self) -> Slot:
        """Return the slot started as a rule."""
        number = self.choice().usual
        return next(slot for slot in self.slots if slot.number == number)

    def started(self) -> Started:
        """Return what the firmware started, as it tells in the device tree.

        Raises:
            UpdateError: it does not tell, or tells of no slot.

        """
        number, trial = self._told("partition"), self._told("tryboot")
        found = [slot for slot in self.slots if slot.number == number]
        if not found or trial not in {0, 1}:
            raise UpdateError("slots", "firmware", f"partition {number}, tryboot {trial}")
        return Started(found[0], bool(trial))

    def on_trial(self) -> bool:
        """Whether this system was started once for a try, and nobody has kept it since.

        Raises:
            UpdateError: the firmware does not tell.

        """
        started = self.started()
        if not started.trial:
            return False
        try:
            return started.slot != self.usual()
        except UpdateError:
            return True

    def has_screen(self) -> bool:
        """Whether a screen is connected."""
        sockets = (self.root / "sys/class/drm").glob("card*-*/status")
        return any(_said(one) == "connected" for one in sockets)

    def is_serviced(self) -> bool:
        """Whether the screen is a technician's terminal during this start."""
        return (self.root / "run/service-shell").exists()

    def other(self, slot: Slot) -> Slot:
        """Return the slot that is not this one."""
        first, second = self.slots
        return second if slot == first else first

    def _told(self, name: str) -> int:
        path = self.root / "proc/device-tree/chosen/bootloader" / name
        try:
            content = path.read_bytes()
        except OSError as fault:
            raise UpdateError("slots", f"firmware's word {name}", fault.strerror) from fault
        if len(content) != WORD_BYTES:
            raise UpdateError("slots", f"firmware's word {name}", f"{len(content)} bytes")
        return int.from_bytes(content, "big")


def _said(path: Path) -> str:
    """Return what a file of the kernel's says, nothing if it has just gone."""
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
