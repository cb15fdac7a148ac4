"""A machine with two slots, a firmware that starts one, and real signed bundles for it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
if str(DEPLOY) not in sys.path:
    sys.path.insert(0, str(DEPLOY))

from update import autoboot, rooms  # noqa: E402
from update.machine import Machine  # noqa: E402

from appliance.gate.store.database import create, open_existing  # noqa: E402 - after the path

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from sqlite_utils import Database

SIZES = {"boot": 64 << 10, "rootfs": 256 << 10}
OLD, NEW = "0.1.0", "0.2.0"
SCHEMA = (("CREATE TABLE person (name TEXT)",), ("CREATE TABLE visit (name TEXT)",))
"""What the old program knows of the store, and what the new one adds."""
ALL_WELL = {unit: rooms.Room(works=True, starts=0, trouble="") for unit in rooms.UNITS}
OPERATIONS = frozenset(
    {
        *("open", "write", "fsync", "replace", "rename", "unlink", "mkdir", "rmdir", "flush"),
        *("read", "backup", "connect", "execute", "chmod", "close", "scandir", "stat"),
    }
)
"""C functions that look at or change a file: the power goes at each of them."""


def image(name: str, version: str) -> bytes:
    """Return the image of a slot's partition; whether one is whole can be seen."""
    body = f"IMAGE_VERSION={version}\n{name}\n".encode()
    body += Random(f"{name} {version}").randbytes(SIZES[name] - 64 - len(body))  # noqa: S311
    return hashlib.sha256(body).hexdigest().encode() + body


def version_in(partition: Path, name: str) -> str:
    """Return the version of a whole image; demand that it is one."""
    content = partition.read_bytes()[: SIZES[name]]
    assert hashlib.sha256(content[64:]).hexdigest().encode() == content[:64], partition
    return content[64:].split(b"\n")[0].decode("ascii").removeprefix("IMAGE_VERSION=")


@dataclass
class World:
    """One machine.

    Attributes:
        machine: its files.

    """

    machine: Machine

    @property
    def store(self) -> Path:
        return self.machine.store

    def power_on(self, *, tried: bool = False) -> str:
        """Start as a Pi's firmware does; return the version that then runs."""
        shutil.rmtree(self.machine.root / "run", ignore_errors=True)
        choice = autoboot.parse(self.machine.autoboot.read_bytes())
        number = choice.tried if tried else choice.usual
        slot = next(one for one in self.machine.slots if one.number == number)
        firmware(self.machine, number, tried=tried)
        found = {version_in(slot.boot, "boot"), version_in(slot.root, "rootfs")}
        assert len(found) == 1, "kernel and system of two versions"
        (running,) = found
        release = self.machine.root / "etc/os-release"
        release.write_text(f"ID=debian\nIMAGE_VERSION={running}\n")
        return running

    def restart(self) -> str:
        """Start as `systemctl reboot` does: once into the other slot, if that was asked for."""
        asked = self.machine.reboot_param
        return self.power_on(tried=asked.exists() and asked.read_bytes() == b"0 tryboot\n")

    def open_store(self, running: str) -> list[str]:
        """Open the store as the gate of a version does; return who is in it."""
        known = SCHEMA[: 1 if running == OLD else 2]
        people = []
        for name in ("gate.db", "audit.db"):
            db = open_existing(self.store / name, known)
            try:
                rows = db.execute("SELECT name FROM person ORDER BY name").fetchall()
                people.append([row[0] for row in rows])
            finally:
                db.close()
        assert people[0] == people[1], "store and log of two moments"
        return people[0]

    def files(self) -> dict[str, bytes]:
        root = self.machine.root
        return {
            one.relative_to(root).as_posix(): one.read_bytes()
            for one in sorted(root.rglob("*"))
            if one.is_file()
        }


def firmware(machine: Machine, number: int, *, tried: bool = False) -> None:
    """Let the firmware tell which partition it started."""
    told = machine.root / "proc/device-tree/chosen/bootloader"
    told.mkdir(parents=True, exist_ok=True)
    (told / "partition").write_bytes(number.to_bytes(4, "big"))
    (told / "tryboot").write_bytes(int(tried).to_bytes(4, "big"))


def world(root: Path, keyring: Path | None = None) -> World:
    """Return a machine that runs version 0.1.0 from slot A; B holds what a factory left."""
    machine = Machine(root)
    for name in ("bootconfig", "etc/rauc", "dev/disk/by-partlabel", "var/lib/systemd"):
        (root / name).mkdir(parents=True)
    for name in ("device", "keys", "config", "reader"):
        (machine.state / name).mkdir(parents=True)
    machine.store.mkdir(mode=0o700)
    for slot in machine.slots:
        for name, path in (("boot", slot.boot), ("rootfs", slot.root)):
            whole = image(name, OLD) if slot.name == "A" else b"\0" * SIZES[name]
            path.write_bytes(whole + bytes(4096))  # a partition is larger than its image
    machine.autoboot.write_bytes(autoboot.render(autoboot.Choice(2, 3)))
    settings = (DEPLOY / "update/system.conf").read_text("utf-8")
    machine.settings.write_text(settings)
    if keyring is not None:
        shutil.copy(keyring, machine.settings.with_name("keyring.pem"))

    def fill(db: Database) -> None:
        db.execute("INSERT INTO person VALUES ('old')")

    for name in ("gate.db", "audit.db"):
        create(machine.store / name, SCHEMA[:1], fill)
    made = World(machine)
    made.power_on()
    return made


def add(world: World, name: str, still: str = "") -> None:
    """Let somebody be enrolled; the database `still` is one whose schema no update has moved."""
    for file in ("gate.db", "audit.db"):
        known = SCHEMA[: 1 if world.machine.running() == OLD or file == still else 2]
        db = open_existing(world.store / file, known)
        try:
            db.execute("INSERT INTO person VALUES (?)", [name])
        finally:
            db.close()


def cut(at: int, work: Callable[[], object]) -> bool:
    """Do the work in a process that dies of SIGKILL at its n-th operation on a file.

    Returns:
        Whether it got that far.

    """
    child = os.fork()
    if child == 0:
        left = at

        def called(frame: FrameType, event: str, function: object) -> None:
            nonlocal left
            del frame
            if event == "c_call" and getattr(function, "__name__", "") in OPERATIONS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(called)
            work()
            sys.setprofile(None)
        except BaseException:  # noqa: BLE001 - the child must not return into pytest
            os._exit(3)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}
    return status != 0


@dataclass
class Vendor:
    """Who signs bundles, with a throwaway CA.

    Attributes:
        folder: of keys and bundles.

    """

    folder: Path
    made: dict[tuple[str, ...], Path] = field(default_factory=dict)

    @property
    def keyring(self) -> Path:
        return self.folder / "ours.crt"

    def key(self, name: str) -> None:
        if not (self.folder / f"{name}.key").exists():
            run(
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
                *("ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}"),
                *("-keyout", str(self.folder / f"{name}.key")),
                *("-out", str(self.folder / f"{name}.crt")),
            )

    def bundle(
        self,
        version: str = NEW,
        signer: str = "ours",
        compatible: str = "sanmen-rpi",
        extra: str = "",
    ) -> Path:
        """Return a bundle, made once."""
        key = (version, signer, compatible, extra)
        if key not in self.made:
            self.key(signer)
            folder = self.folder / f"content-{len(self.made)}"
            folder.mkdir()
            for name, file in (("boot", "boot.vfat"), ("rootfs", "system.squashfs")):
                (folder / file).write_bytes(image(name, version))
            manifest = (DEPLOY / "update/manifest.raucm.in").read_text("utf-8")
            manifest = manifest.replace("@VERSION@", version).replace("@COMPATIBLE@", compatible)
            (folder / "manifest.raucm").write_text(manifest + extra)
            path = self.folder / f"{len(self.made)}.raucb"
            certificate, secret = (str(self.folder / f"{signer}.{end}") for end in ("crt", "key"))
            run(
                "rauc", "bundle", f"--cert={certificate}", f"--key={secret}", str(folder), str(path)
            )
            self.made[key] = path
        return self.made[key]


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - Debian's own tools


def vendor(folder: Path) -> Vendor:
    """Return a vendor, or skip where Debian's tools are not installed."""
    for tool in ("rauc", "mksquashfs", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install rauc squashfs-tools openssl")
    made = Vendor(folder)
    made.key("ours")
    return made
