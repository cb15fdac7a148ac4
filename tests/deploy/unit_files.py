"""Reads the unit files of systemd/ as systemd does: sections, repeated keys, drop-in last."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEMD = Path(__file__).parents[2] / "systemd"
SANDBOX = SYSTEMD / "sanmen-.service.d" / "10-sandbox.conf"
HOST_UNITS = Path("/usr/lib/systemd/system")
PROGRAMS = ("python", "sanmen")


@dataclass(frozen=True)
class Unit:
    """One unit with the drop-in for all services."""

    name: str
    lines: tuple[tuple[str, str], ...]

    def all(self, key: str) -> list[str]:
        """Return what a key was given, each time it was given anything."""
        return [value for name, value in self.lines if name == key]

    def words(self, key: str) -> list[str]:
        return [word for value in self.all(key) for word in value.split()]

    def last(self, key: str) -> str | None:
        values = self.all(key)
        return values[-1] if values else None

    @property
    def commands(self) -> list[list[str]]:
        keys = ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecStop", "ExecStopPost")
        return [value.split() for key in keys for value in self.all(key)]


def lines_of(path: Path) -> tuple[tuple[str, str], ...]:
    """Return key and value of each line that says something."""
    said = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith(("#", ";", "[")):
            key, _, value = line.partition("=")
            said.append((key.strip(), value.strip()))
    return tuple(said)


def units(kind: str) -> dict[str, Unit]:
    """Return the units of one kind ("service", "timer") by name."""
    extra = lines_of(SANDBOX) if kind == "service" else ()
    return {
        path.name: Unit(path.name, lines_of(path) + extra)
        for path in sorted(SYSTEMD.glob(f"*.{kind}"))
    }


def table(path: Path) -> list[list[str]]:
    """Return the fields of each line of a sysusers or tmpfiles file."""
    text = path.read_text("utf-8").splitlines()
    return [line.split() for line in text if line and not line.startswith("#")]


def install(root: Path) -> None:
    """Put the files where an image has them, beside this machine's own units."""
    system = root / "usr/lib/systemd/system"
    shutil.copytree(HOST_UNITS, system, symlinks=True)
    for folder in ("etc", "run", "var/lib", "opt/sanmen/bin"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin").mkdir()
    programs = [root / "opt/sanmen/bin" / program for program in PROGRAMS]
    for path in (*programs, root / "usr/bin/systemd-tmpfiles"):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for path in SYSTEMD.iterdir():
        if path.suffix in {".service", ".timer", ".target", ".path", ".mount"}:
            shutil.copy(path, system)
    shutil.copytree(SANDBOX.parent, system / SANDBOX.parent.name)
    for name in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(SYSTEMD / name, root / "usr/lib" / name)


def is_started(unit: Unit, moved: dict[str, Path]) -> bool:
    """Let systemd say whether a unit's conditions hold where its folders lie elsewhere."""
    conditions = [f"ConditionPathExists={value}" for value in unit.all("ConditionPathExists")]
    for folder, there in moved.items():
        conditions = [condition.replace(folder, str(there)) for condition in conditions]
    words = ["systemd-analyze", "condition", *conditions]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 - as above


def allowed_calls(unit: Unit) -> set[str]:
    """Return the system calls a unit may make, as this machine's systemd knows the groups."""
    wanted: dict[bool, set[str]] = {True: set(), False: set()}
    for value in unit.all("SystemCallFilter"):
        for word in value.removeprefix("~").split():
            wanted[not value.startswith("~")] |= _calls(word)
    return wanted[True] - wanted[False]


def _calls(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(  # noqa: S603 - systemd's own tool
        ["systemd-analyze", "syscall-filter", word],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = [line.strip() for line in listed.splitlines()[1:]]
    return {call for one in words if one and not one.startswith("#") for call in _calls(one)}
