"""RAUC's custom bootloader backend on a Pi: four questions answered from files.

RAUC reference, "Custom Bootloader Backend": called with get-primary, set-primary SLOT, get-state
SLOT or set-state SLOT good|bad; answers on standard output, and with its exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from update import files, record
from update.install import TRY_ONCE, ask_to_try
from update.table import State
from update.trial import keep
from update.words import UpdateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from update.machine import Machine, Slot


def answer(machine: Machine, words: Sequence[str]) -> str:
    """Answer RAUC; return what it reads.

    Raises:
        UpdateError: the firmware's files are damaged, or the wish would leave nothing to start.

    """
    match words:
        case ["get-primary"]:
            usual = machine.usual()
            return (machine.other(usual) if _asked(machine) else usual).name
        case ["set-primary", name]:
            if _slot(machine, name) == machine.usual():
                files.remove(machine.reboot_param)
            else:
                ask_to_try(machine)  # once; what is kept is decided by `sanmen update confirm`
            return ""
        case ["get-state", name]:
            return "good" if _good(machine, _slot(machine, name)) else "bad"
        case ["set-state", name, "good"]:
            _keep(machine, _slot(machine, name))
            return ""
        case ["set-state", name, "bad"]:
            if _slot(machine, name) == machine.usual():
                raise UpdateError("slots", f"slot {name}", "the one that is started as a rule")
            if _asked(machine):
                files.remove(machine.reboot_param)
            return ""
        case _:
            raise UpdateError("slots", "RAUC's question", " ".join(words)[:80])


def _slot(machine: Machine, name: str) -> Slot:
    for slot in machine.slots:
        if slot.name == name:
            return slot
    raise UpdateError("slots", "slot", name[:20])


def _asked(machine: Machine) -> bool:
    try:
        return machine.reboot_param.read_bytes().strip() == TRY_ONCE.strip()
    except FileNotFoundError:
        return False


def _good(machine: Machine, slot: Slot) -> bool:
    """Whether a slot holds a whole system, as far as anybody knows."""
    found = record.read(machine)
    if slot == machine.usual() or found is None:
        return True
    return not (found.state is State.WRITING and found.slot == slot.name)


def _keep(machine: Machine, slot: Slot) -> None:
    started = machine.started()
    if slot == machine.usual():
        return
    if started.slot != slot:
        raise UpdateError("slots", f"slot {slot.name}", "not the one that runs")
    keep(machine, slot.name)
