"""Puts a bundle into the slot that does not run, and asks the firmware to try it once."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from update import files, record
from update.bundle import accept, clear
from update.record import Record
from update.table import Command, Event, State, after
from update.trial import settle
from update.words import UpdateError, of_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from update.bundle import Offer
    from update.machine import Machine, Slot

TRY_ONCE: Final = b"0 tryboot\n"
"""What systemd hands the firmware: partition 0 = as autoboot.txt says, for once the tried one."""


def target_of(machine: Machine) -> Slot:
    """Return the slot an update goes to: the one this system neither runs from nor starts from.

    Raises:
        UpdateError: on trial, or the firmware tells of no such pair.

    """
    started, usual = machine.started(), machine.usual()
    if machine.on_trial():
        raise UpdateError("on-trial", "this system", f"slot {started.slot.name}")
    if started.slot != usual:
        found = f"runs {started.slot.name}, starts {usual.name}"
        raise UpdateError("slots", "slots", found)
    return machine.other(usual)


def inspect(machine: Machine, source: Path) -> Offer:
    """Check a bundle as `install` does, and change nothing.

    Raises:
        UpdateError: why `install` would refuse it.

    """
    with _alone(machine):
        try:
            return accept(machine, source, target_of(machine))
        finally:
            clear(machine)


def install(
    machine: Machine, source: Path, restart: Callable[[], None], kept: int | None = None
) -> str:
    """Install a bundle and restart into it for a try; return its version.

    Nothing but the workshop is touched before signature, content and version are known to be
    right; the slot that runs, and the choice of it, are not touched at all.

    Args:
        machine: to update.
        source: the bundle.
        restart: into the system that is to be tried.
        kept: bytes of the store, where this process may not look at it.

    Raises:
        UpdateError: refused or failed; the running system stays the one that is started.

    """
    with _alone(machine):
        target = target_of(machine)
        settle(machine)
        offer = accept(machine, source, target, kept)
        put(machine, target, offer)
    restart()
    return offer.version


def put(machine: Machine, target: Slot, offer: Offer) -> None:
    """Write accepted images into a slot, read them back, and ask for a try of it.

    Raises:
        UpdateError: on trial now, or the card does not take it.

    """
    state, commands = after(_state(machine), Event.BEGUN)
    if Command.REFUSE in commands:
        raise UpdateError("on-trial", "this system", state.value)
    begun = Record(state, target.name, offer.version, machine.running(), machine.has_screen())
    record.write(machine, begun)
    files.remove(machine.why)  # of an earlier try
    for image in offer.images:
        device = target.boot if image.name == "boot" else target.root
        files.fill(image.file, device)
        if files.digest(device, image.size) != image.checksum:
            raise UpdateError("dying", f"partition {device}", "reads back otherwise")
    clear(machine)
    state, _ = after(state, Event.WRITTEN)
    record.write(machine, replace(begun, state=state))
    ask_to_try(machine)


def ask_to_try(machine: Machine) -> None:
    """Have the next restart try the other slot; a start after a power cut does not."""
    try:
        machine.reboot_param.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise of_system(f"folder {machine.reboot_param.parent}", fault) from fault
    files.publish(machine.reboot_param, TRY_ONCE)


def _state(machine: Machine) -> State:
    found = record.read(machine)
    return State.IDLE if found is None else found.state


@contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """Keep a second update out for as long as this one lasts."""
    try:
        handle = os.open(machine.state / "device", os.O_RDONLY)
    except OSError as fault:
        raise of_system(f"folder {machine.state}", fault) from fault
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        os.close(handle)
        raise UpdateError("busy", "update", "another process") from fault
    try:
        yield
    finally:
        os.close(handle)
