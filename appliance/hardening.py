"""Keeps a room's memory out of core dumps, debuggers, swap and its own freed blocks (law 3)."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TUNABLES: Final = "GLIBC_TUNABLES"
OVERWRITE: Final = (
    "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=1048576"
)
"""glibc writes 165 over every block that is freed, on whatever way it is freed, in every library
of the process. `perturb` alone does not: a block of up to 1,032 bytes goes to the thread's cache
(tcache) before _int_free comes to the overwriting, so that cache is off. Blocks of 1 MiB and more,
every picture among them, are mapped on their own and unmapped instead, and the kernel gives no page
to anybody before it is zeroed. Left to itself glibc would raise that limit up to 32 MiB with the
first pictures freed and cut them out of its heap, which is then never whole again: more memory in
use, and rising for days. glibc reads this once, before main: it has to stand in the environment of
whoever is started, it cannot be set from inside (glibc manual, Memory Allocation Tunables)."""
PROBED: Final = (256, 1_024, 4_096, 60_000)
"""Bytes of the blocks freed as a probe: below and above what the thread's cache takes."""
RUN: Final = b"\x3c" * 8
"""What is written and looked for; single bytes of it may stand anywhere by chance. Not 0x5a, the
complement of 165: that is what glibc writes over a block it gives out, to Python for instance."""
BOOKKEEPING: Final = 64
"""Bytes at the beginning of a freed block that glibc itself writes to."""

_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_MCL_CURRENT_FUTURE_ONFAULT: Final = 1 | 2 | 4
_CAP_IPC_LOCK: Final = 14


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing done for the memory of a process.

    Attributes:
        name: what it is to achieve.
        held: whether it holds now.
        found: why it does not, or how it does.

    """

    name: str
    held: bool
    found: str


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment to start a room with: `base`, and freed memory overwritten."""
    ours = tuple(one.partition("=")[0] for one in OVERWRITE.split(":"))
    others = [one for one in base.get(TUNABLES, "").split(":") if one and not one.startswith(ours)]
    return {**base, TUNABLES: ":".join([*others, OVERWRITE])}


def lock_down() -> tuple[Measure, ...]:
    """Do what this process may do, and return what holds; a room calls it before anything else.

    Nothing here is fatal: a laptop may lack a right, and a gate that does not open at all helps
    nobody. The self-test fails on what a real gate must have.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return (
        _no_core(),
        _prctl(libc, "no debugger or dump", _PR_SET_DUMPABLE, 0),
        _prctl(libc, "no new privileges", _PR_SET_NO_NEW_PRIVS, 1),
        _no_swap(libc),
        _freed_overwritten(libc),
    )


def complain(room: str, measures: tuple[Measure, ...]) -> None:
    """Say once on standard error what does not hold."""
    for one in measures:
        if not one.held:
            sys.stderr.write(f"{room}: memory: {one.name} does not hold: {one.found}\n")


def freed_and_kept(libc: ctypes.CDLL, size: int) -> int:
    """Return how many bytes of a block of `size` are still there after it was freed."""
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    here = ctypes.create_string_buffer(size)
    block = libc.malloc(size)
    above = libc.malloc(size)  # keeps the block from melting into the top of the heap
    ctypes.memset(block, RUN[0], size)
    libc.free(block)
    # Read through the kernel, which answers an unmapped address with an error and not a crash.
    got = libc.process_vm_readv(
        os.getpid(),
        (ctypes.c_size_t * 2)(ctypes.addressof(here), size),
        ctypes.c_ulong(1),
        (ctypes.c_size_t * 2)(block, size),
        ctypes.c_ulong(1),
        ctypes.c_ulong(0),
    )
    unmapped = got < 0 and ctypes.get_errno() == errno.EFAULT
    libc.free(above)
    if got != size and not unmapped:
        return size  # not known counts as kept
    return len(RUN) * here.raw[BOOKKEEPING:].count(RUN)


def _no_core() -> Measure:
    name = "no core dump"
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError) as fault:
        return Measure(name, held=False, found=str(fault))
    return Measure(name, held=True, found="RLIMIT_CORE 0")


def _prctl(libc: ctypes.CDLL, name: str, option: int, value: int) -> Measure:
    prctl = getattr(libc, "prctl", None)
    if prctl is None:
        return Measure(name, held=False, found="no prctl on this system")
    zero = ctypes.c_ulong(0)
    if prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        return Measure(name, held=False, found=os.strerror(ctypes.get_errno()))
    return Measure(name, held=True, found=f"prctl {option} = {value}")


def _no_swap(libc: ctypes.CDLL) -> Measure:
    name = "no swap"
    mlockall = getattr(libc, "mlockall", None)
    # With a limit, locking works at first and then makes an allocation fail in mid-visit.
    if mlockall is not None and _may_lock_all():
        if mlockall(_MCL_CURRENT_FUTURE_ONFAULT) == 0:
            return Measure(name, held=True, found="pages locked when first touched")
        found = os.strerror(ctypes.get_errno())
    else:
        found = "may not lock its memory (LimitMEMLOCK=infinity or CAP_IPC_LOCK)"
    if not swaps(Path("/proc/swaps")):
        return Measure(name, held=True, found="this machine has no swap")
    return Measure(name, held=False, found=found)


def swaps(listed: Path) -> bool:
    """Whether the machine swaps, by the kernel's list; not known counts as yes."""
    try:
        return len(listed.read_text(encoding="ascii", errors="replace").splitlines()) > 1
    except OSError:
        return True


def _may_lock_all() -> bool:
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    effective = next((one for one in status.splitlines() if one.startswith("CapEff:")), "CapEff: 0")
    return bool(int(effective.split()[1], 16) >> _CAP_IPC_LOCK & 1)


def _freed_overwritten(libc: ctypes.CDLL) -> Measure:
    name = "freed memory overwritten"
    if getattr(libc, "process_vm_readv", None) is None:
        return Measure(name, held=False, found="cannot be looked at on this system")
    kept = {size: freed_and_kept(libc, size) for size in PROBED}
    if any(kept.values()):
        worst = ", ".join(f"{count} of {size} bytes" for size, count in kept.items() if count)
        return Measure(name, held=False, found=f"{worst} kept; start with {TUNABLES}={OVERWRITE}")
    return Measure(name, held=True, found=f"blocks of {', '.join(map(str, PROBED))} bytes tried")


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(one) for one in lock_down()]))
