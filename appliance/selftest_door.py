"""The self-test's look at relay and inputs: crossed wires show in what goes along with what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hardware.errors import DeviceError

if TYPE_CHECKING:
    from hardware.ports import DoorInputs, DoorIo

SETTLE_S: Final = 0.15
"""Longer than contacts bounce, and than a relay takes to move."""
INPUTS: Final = {"door_open": "door open", "rex": "REX", "fire": "fire", "tamper": "tamper"}
WIRING: Final = {
    "held-high": "held high from outside 被拉高: an active-low board, or a crossed wire",
    "held-low": "held low from outside 被拉低: a crossed wire, or a short",
}


def relay(door: DoorIo) -> str:
    """Let the relay click; an input that goes along with it hangs on the relay's wire.

    Raises:
        DeviceError: the line is held from outside, does not follow, or drags an input along.

    """
    states, seen = [door.relay_on], [_settled(door)]
    for act in (door.release, door.secure):
        if not door.wiring:
            try:
                act()
            except DeviceError:
                if not door.wiring:
                    raise
        states.append(door.relay_on)
        seen.append(_settled(door))
    if door.wiring:
        found = WIRING.get(door.wiring, door.wiring)
        raise DeviceError("relay", found, "a line low until it is driven")
    if states != [False, True, False]:
        raise DeviceError("relay", f"off, on, off read back as {states}", "to follow")
    before, on, after = seen
    crossed = [
        words
        for name, words in INPUTS.items()
        if getattr(before, name) == getattr(after, name) != getattr(on, name)
    ]
    if crossed:
        found = f"{', '.join(crossed)}: on and off with it 线接错, crossed wires"
        raise DeviceError("relay", found, "wires of its own")
    return "off, on, off"


def inputs(door: DoorIo) -> str:
    """Look at the inputs of a door at rest.

    Raises:
        DeviceError: one is active, or cannot be read.

    """
    seen = _settled(door)
    active = [words for name, words in INPUTS.items() if getattr(seen, name)]
    if active:
        raise DeviceError("inputs", f"active: {', '.join(active)}", "door shut and all at rest")
    return "door shut, all at rest"


def _settled(door: DoorIo) -> DoorInputs:
    """Return the inputs once they have stood still."""
    until = time.monotonic() + SETTLE_S
    seen = door.read()
    while time.monotonic() < until:
        time.sleep(0.005)
        seen = door.read()
    return seen
