"""The time of a soak: civil time and time since boot leap for a group of processes at once."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

HERE = Path(__file__).parent
PAGE = struct.Struct("4q")
"""How wrong civil time is beside the leap that it and time since boot have made, nanoseconds; the
process that waits for nothing, and how often it did so."""
NUMBER = 8


def build(folder: Path) -> Path:
    """Compile the shim.

    Raises:
        LookupError: there is no compiler.

    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise LookupError("gcc")
    shim = folder / "soak_shim.so"
    source = HERE / "soak_shim.c"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", shim, source], check=True)  # noqa: S603 - our own source
    return shim


class SoakTime:
    """Time as the rooms see it; a `Clock` for what the soak itself signs and enrols.

    A leap is a suspend: CLOCK_REALTIME and CLOCK_BOOTTIME go on while CLOCK_MONOTONIC stands, so
    no deadline between two rooms passes unheard, and no clock seems to have been set.

    Args:
        folder: for the shared page and the shim.
        start: what civil time is at first, aware.
        leak: bytes every process is to lose now and then, as a control; 0 = none.

    """

    def __init__(self, folder: Path, start: datetime, leak: int = 0) -> None:
        self._leak = leak
        self._path = folder / "time"
        self._path.write_bytes(bytes(PAGE.size))
        with self._path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), PAGE.size)
        self._shim = build(folder)
        self._begin_ns = round((start - datetime.now(UTC)).total_seconds() * 1e9)
        self._leap_ns = 0
        self._error_ns = 0
        self._hurried = 0
        self._write()

    def environment(self) -> dict[str, str]:
        """Return what a process needs in its environment to live in this time."""
        own = {"LD_PRELOAD": str(self._shim), "SOAK_PAGE": str(self._path)}
        return own | ({"SOAK_LEAK": str(self._leak)} if self._leak else {})

    def now_ns(self) -> int:
        """Return the machine's own monotonic time."""
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        """Sleep."""
        time.sleep(max(0, at_ns - self.now_ns()) / 1e9)

    def wall(self) -> datetime:
        """Return civil time as it should be."""
        return datetime.fromtimestamp((time.time_ns() + self._begin_ns + self._leap_ns) / 1e9, UTC)

    def boot_ns(self) -> int:
        """Return the time since boot."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self._leap_ns

    def leap(self, span: timedelta) -> None:
        """Let a span pass at once; nothing if it is negative."""
        self._leap_ns += max(0, round(span.total_seconds() * 1e9))
        self._write()

    def leap_to(self, at: datetime) -> None:
        """Let it be `at`, unless it is later already."""
        self.leap(at - self.wall())

    def set_wrong(self, by: timedelta) -> None:
        """Set the rooms' civil time wrong by so much; time since boot knows better."""
        self._error_ns = round(by.total_seconds() * 1e9)
        self._write()

    def hurry(self, pid: int) -> None:
        """Let this process wait for nothing; 0 = none."""
        self._hurried = pid
        self._write()

    @property
    def turns(self) -> int:
        """How often a hurried process waited for nothing."""
        return int(PAGE.unpack(self._page[:])[3])

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()

    def _write(self) -> None:
        error_ns = self._begin_ns + self._error_ns
        values = (error_ns, self._leap_ns, self._hurried, 0)
        packed = PAGE.pack(*values)
        # Number by number, each an aligned store of 8 bytes: nobody reads half of one.
        for at in range(0, PAGE.size - NUMBER, NUMBER):
            self._page[at : at + NUMBER] = packed[at : at + NUMBER]
