"""Says whether the process that began an erasure, and held what was erased, is still there."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Final

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
STARTED: Final = 19
"""Which word behind the name of /proc/PID/stat tells when the process began (proc(5), field 22)."""


class Beginner(Enum):
    """Who began an erasure, seen from who proves it."""

    THIS = "this process"
    ENDED = "another process, which has ended since"
    RUNNING = "another process, which still runs"


def this_process() -> str:
    """Return what tells this process from any other, also after the machine was started anew."""
    return _name(os.getpid()) or "unknown"


def beginner(name: str) -> Beginner:
    """Say who that is; what cannot be told counts as still running."""
    if name == this_process():
        return Beginner.THIS
    boot, _, rest = name.partition(" ")
    pid, _, started = rest.partition(" ")
    if not (boot and started and pid.isdigit()) or name == "unknown":
        return Beginner.RUNNING
    return Beginner.RUNNING if _name(int(pid)) == name else Beginner.ENDED


def _name(pid: int) -> str | None:
    try:
        boot = BOOT.read_text(encoding="ascii").strip()
        # A program's name stands in brackets and may hold anything, brackets and spaces too.
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return f"{boot} {pid} {int(words[STARTED])}"
    except (OSError, ValueError, IndexError):
        return None
