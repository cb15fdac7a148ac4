"""Factory reset: the keys first, so that what is left anywhere on the card opens no more."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from appliance.config import load
from appliance.errors import ConfigError
from update import files
from update.words import of_system

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from update.machine import Machine

KEPT: Final = frozenset({"newest-version"})
"""Of device/: a reset lets no older version in."""
UNREADABLE: Final = "RESET"
"""Typed instead of a name that cannot be read, or written: a kernel's terminal has no Chinese."""


def gate_name(machine: Machine) -> str:
    """Return the name to type for a reset; `UNREADABLE` if the settings cannot be read."""
    try:
        return load(machine.state / "config/gate.toml").site.portal
    except ConfigError:
        return UNREADABLE


def reset(machine: Machine) -> list[Path]:
    """Destroy keys, store and settings, in this order; return what was there.

    A power cut leaves a gate that stays shut; the same command goes on from there. The settings go
    last, as they name the key, and the machine counts as set up for as long as they are there.

    Raises:
        UpdateError: the card does not take it; nothing may be thought destroyed then.

    """
    gone = []
    for path in _in_order(machine):
        try:
            if path.is_dir() and not path.is_symlink():
                for inner in sorted(path.rglob("*")):
                    if inner.is_file() and not inner.is_symlink():
                        gone.append(inner)
                        _overwrite(inner)
                shutil.rmtree(path)
            elif path.is_symlink() or path.exists():
                gone.append(path)
                _overwrite(path)
                path.unlink()
            else:
                continue
            files.sync(path.parent)
        except OSError as fault:
            raise of_system(f"file {path}", fault) from fault
    return gone


def _in_order(machine: Machine) -> Iterator[Path]:
    yield from _keys(machine)
    yield machine.root / "var/lib/systemd/credential.secret"
    yield machine.state / "reader/osdp.key"
    yield from _inside(machine.store)
    yield machine.workshop
    for path in _inside(machine.state / "device"):
        if path.name not in KEPT:
            yield path
    yield from _inside(machine.state / "config", last="gate.toml")


def _keys(machine: Machine) -> Iterator[Path]:
    yield from _inside(machine.state / "keys")
    try:
        section = load(machine.state / "config/gate.toml").store
    except ConfigError:
        return
    if section.key != "credential":
        yield machine.root / section.key_file.lstrip("/")


def _inside(folder: Path, last: str = "") -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.iterdir(), key=lambda path: (path.name == last, path.name))


def _overwrite(path: Path) -> None:
    """Write over a file where it lies; a flash card may keep an old block all the same."""
    if path.is_symlink() or not path.is_file():
        return
    with path.open("r+b") as file:
        left = os.fstat(file.fileno()).st_size
        while left > 0:
            left -= file.write(bytes(min(left, files.CHUNK)))
        file.flush()
        os.fsync(file.fileno())
