"""Writes a damaged autoboot.txt anew, so that the system that runs is the one that is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from update.trial import keep
from update.words import UpdateError

if TYPE_CHECKING:
    from update.machine import Machine


def repair(machine: Machine) -> bool:
    """Mend the firmware's choice; return whether there was anything to mend.

    Raises:
        UpdateError: on trial, or the card does not take it.

    """
    started = machine.started()
    if started.trial:
        # Without the file nobody knows whether this system was kept; it is not kept by a repair.
        raise UpdateError("on-trial", "this system", f"slot {started.slot.name}")
    try:
        machine.usual()
    except UpdateError as fault:
        if fault.code not in {"autoboot", "slots"}:
            raise
        keep(machine, started.slot.name)
        return True
    return False
