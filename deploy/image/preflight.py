"""Asks first whether this machine can build the card, and says what is missing in plain words."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from image.system import machine_architecture

if TYPE_CHECKING:
    from collections.abc import Callable

    from image.profile import Profile

TOOLS: Final = {
    "mmdebstrap": "mmdebstrap",
    "mksquashfs": "squashfs-tools",
    "genimage": "genimage",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "systemd-sysusers": "systemd",
    "systemctl": "systemd",
    "depmod": "kmod",
    "bmaptool": "bmap-tools",
    "xz": "xz-utils",
    "openssl": "openssl",
    "rauc": "rauc",
}
"""Program -> the Debian package that brings it."""
FOREIGN_TOOLS: Final = {
    "arch-test": "arch-test",
    "qemu-aarch64-static": "qemu-user-static",
    "update-binfmts": "binfmt-support",
}
"""What a machine of another processor needs besides: mmdebstrap asks arch-test first."""
EMULATOR: Final = "/proc/sys/fs/binfmt_misc/qemu-aarch64"
NEEDED_GB: Final = 12
"""10^9 bytes of free disk: packages, two roots, the card and its packed copy."""
NEEDED_PYTHON: Final = (3, 11)


@dataclass(frozen=True, slots=True)
class Host:
    """What is asked of the building machine; a test answers otherwise.

    Attributes:
        finds: where a program is, or None.
        free: bytes of free disk where a folder is or will be.
        user: number of the user who builds; 0 is root.
        architecture: of the machine, as Debian calls it.
        emulates: whether programs of the gate's processor run here.
        python: version of this Python.
        has_pip: whether it has pip.
        exists: whether a file is there.

    """

    finds: Callable[[str], str | None]
    free: Callable[[Path], int]
    user: int
    architecture: str
    emulates: bool
    python: tuple[int, int]
    has_pip: bool
    exists: Callable[[str], bool]


def this_host() -> Host:
    """Return what this machine answers."""
    from importlib.util import find_spec  # noqa: PLC0415 - asked once

    return Host(
        finds=shutil.which,
        free=_free,
        user=os.geteuid(),
        architecture=machine_architecture(),
        emulates=Path(EMULATOR).exists(),
        python=(sys.version_info[0], sys.version_info[1]),
        has_pip=find_spec("pip") is not None,
        exists=os.path.exists,
    )


def problems(host: Host, profile: Profile, work: Path, out: Path) -> list[str]:
    """Return what keeps this machine from building, each with what to do; empty if nothing does."""
    found = []
    if not host.architecture:
        found.append(
            "This is no Debian machine. Use Debian 12 (bookworm), also in a virtual machine."
        )
    if host.python != NEEDED_PYTHON:
        found.append(
            f"This Python is {host.python[0]}.{host.python[1]}; it compiles the gate's programs, "
            "and the gate's is 3.11. Use Debian 12 (bookworm)."
        )
    if not host.has_pip:
        found.append("Python's installer is missing. Run: sudo apt install python3-pip")
    foreign = host.architecture not in {"", profile.architecture}
    needed = {**TOOLS, **FOREIGN_TOOLS} if foreign else TOOLS
    missing = {package for tool, package in needed.items() if not host.finds(tool)}
    if missing:
        found.append(f"Programs are missing. Run: sudo apt install {' '.join(sorted(missing))}")
    if host.user != 0:
        found.append("Only root can make a system's files. Run it with: sudo deploy/build")
    if foreign and not host.emulates and not missing & set(FOREIGN_TOOLS.values()):
        found.append(
            f"This machine is {host.architecture} and cannot run the gate's programs: its kernel "
            "was not told of the emulator, as in a container. Run: sudo sh -c 'mount -t "
            "binfmt_misc none /proc/sys/fs/binfmt_misc; update-binfmts --enable qemu-aarch64'"
        )
    for folder in dict.fromkeys((work, out)):
        free = host.free(folder) // 10**9
        if free < NEEDED_GB:
            found.append(
                f"{folder} has {free} GB free, and {NEEDED_GB} GB are needed. Make room, or choose "
                "another disk with --work and --out."
            )
    if profile.archive and not host.exists(profile.archive.key):
        found.append(
            f"The key of Raspberry Pi's archive is not at {profile.archive.key}. Fetch it from "
            "Raspberry Pi (raspberrypi-archive-keyring), or set [archive] key in "
            f"deploy/image/profiles/{profile.name}.toml."
        )
    return found


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
