"""Whether the rooms have answered: a pure judgement of what systemd tells of them over time.

A room says READY=1 to systemd when it works: the gate when store and log are open, whole and
brought forward, vision when the camera is open, the screen when it serves its pages. From then on
each says WATCHDOG=1 from its loop, or is killed; vision adds what is wrong with the camera, the
screen's room whether a browser has its page open.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

UNITS: Final = ("sanmen-gate.service", "sanmen-vision.service", "sanmen-ui.service")
SCREEN: Final = UNITS[-1]
SETTLED_S: Final = 30.0
"""How long all must work without a fault or a new start."""
LIMIT_S: Final = 300.0
"""By when they must have; a loaded Pi 4 is ready in about 40 s."""
LOOK_S: Final = 1.0
ASKING_S: Final = 20.0
_ASKED: Final = ("Id", "ActiveState", "SubState", "NRestarts", "StatusText")


@dataclass(frozen=True, slots=True)
class Room:
    """What systemd knows of a room.

    Attributes:
        works: it said that it is ready, and its loop turns.
        starts: how often it was started again.
        trouble: what it says is wrong, or empty.

    """

    works: bool
    starts: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen so far.

    Attributes:
        since_s: all work since then; None = they do not.
        starts: of all rooms together.
        why: what is missing, for the technician.

    """

    since_s: float | None = None
    starts: int = 0
    why: str = "nothing has answered yet"


def seen(before: Watch, rooms: dict[str, Room], now_s: float, *, screen: bool) -> Watch:
    """Return what is known after another look.

    Args:
        before: what was known.
        rooms: what systemd tells now.
        now_s: seconds since the first look.
        screen: one should show the page; without one nobody has it open, and that is no fault.

    """
    missing = [unit for unit in UNITS if unit not in rooms or not rooms[unit].works]
    heard = [unit for unit in rooms if screen or unit != SCREEN]
    faults = [f"{unit}: {rooms[unit].trouble}" for unit in heard if rooms[unit].trouble]
    starts = sum(room.starts for room in rooms.values())
    if missing or faults:
        why = "; ".join([*(f"{unit} does not run" for unit in missing), *faults])
        return Watch(None, starts, why)
    since_s = before.since_s
    if since_s is None or starts != before.starts:
        since_s = now_s
    return Watch(since_s, starts, f"all have run for {now_s - since_s:.0f} s")


def answered(watch: Watch, now_s: float) -> bool:
    """Whether all have worked for long enough."""
    return watch.since_s is not None and now_s - watch.since_s >= SETTLED_S


def read(told: str) -> dict[str, Room]:
    """Return the rooms out of what `systemctl show` prints: blocks of `key=value`."""
    rooms = {}
    for block in told.split("\n\n"):
        pairs = (line.partition("=") for line in block.splitlines())
        said = {key: value for key, _, value in pairs}
        if said.get("Id") in UNITS:
            starts = said.get("NRestarts", "")
            rooms[said["Id"]] = Room(
                (said.get("ActiveState"), said.get("SubState")) == ("active", "running"),
                int(starts) if starts.isdigit() else 0,
                said.get("StatusText", ""),
            )
    return rooms


def ask() -> dict[str, Room]:
    """Return what systemd knows of the rooms now; nothing if it does not answer."""
    try:
        told = subprocess.run(  # noqa: S603 - systemd's own tool, found by PATH
            ["systemctl", "show", f"--property={','.join(_ASKED)}", *UNITS],  # noqa: S607
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=ASKING_S,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    return read(told)
