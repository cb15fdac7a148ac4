"""Searches this process's own memory for traces and has freed memory overwritten (Linux)."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from appliance.gate.enrolment.traces import Traces

CHUNK = 1 << 20
OVERLAP = 64
MAPS = Path("/proc/self/maps")
ROUNDS = 3
SCRUBS = 2048
SMALL = range(15, 512, 16)
"""Sizes of Python's own allocator."""
MIDDLE = range(519, 4200, 16)
"""Sizes that the C library keeps apart, each for itself, a few of each."""
LARGE = (8000, 16_000, 64_000, 100_000)
GAPS = (65_000, 16_000, 4000, 1000, 400, 100, 40)
BURST = 16
DEVICE = ("/dev/", "[v")
"""Memory of devices, and the kernel's own pages, hold nothing of ours and may not be read."""


class _Span(ctypes.Structure):
    """One `struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True, slots=True)
class MemorySearch:
    """What a search of this process found.

    Attributes:
        bytes_read: writable memory read in the last round.
        overwritten: pieces found in the first round and gone in the last.
        left: pieces found in the last round; 0 = proven.

    """

    bytes_read: int
    overwritten: int
    left: int


def search(traces: Traces) -> MemorySearch:
    """Look through all writable memory of this process; where something is found, scrub and repeat.

    Nothing is written to an address found: by then it may hold something else. Freed memory is
    taken from the allocators, filled with zeros and given back instead. A copy somebody still holds
    stays, and is told; the owners of such, References above all, wipe theirs before. What another
    process holds is not seen; a running gate drops its copy by itself when the store changes.

    Raises:
        StoreError: the system does not let us look.

    """
    gc.collect()
    # A place of known address, so that our own copies are not searched.
    window = np.frombuffer(mmap.mmap(-1, CHUNK + OVERLAP), np.uint8)
    try:
        total, first = _round(traces, window)
        left = first
        for turn in range(ROUNDS):
            if not left:
                break
            _scrub(SCRUBS << turn)
            total, left = _round(traces, window)
    finally:
        window.fill(0)
    return MemorySearch(total, max(0, first - left), left)


def _scrub(count: int) -> None:
    """Take freed memory of every size, fill it with zeros, and give it back."""
    gc.collect()
    # Byte arrays are filled with zeros by hand; memory that comes zeroed may come from elsewhere.
    held = [bytearray(size) for size in SMALL for _ in range(count)]
    held += [bytearray(size) for size in MIDDLE for _ in range(max(8, count >> 6))]
    held += [bytearray(size) for size in LARGE for _ in range(max(1, (1 << 22) // size))]
    held.clear()
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    # Whole free pages go back to the system, which hands out zeros; then what is left between
    # blocks in use is taken, largest first, until the heap has to grow.
    libc.malloc_trim(ctypes.c_size_t(0))
    taken: list[ctypes.c_void_p] = []
    for size in GAPS:
        grown = _heap_end(libc)
        while _heap_end(libc) == grown:
            for _ in range(BURST):
                place = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
                libc.memset(place, 0, ctypes.c_size_t(size))
                taken.append(place)
    for place in taken:
        libc.free(place)


def _heap_end(libc: ctypes.CDLL) -> int:
    libc.sbrk.restype = ctypes.c_void_p
    return int(libc.sbrk(ctypes.c_ssize_t(0)) or 0)


def _round(traces: Traces, window: NDArray[np.uint8]) -> tuple[int, int]:
    """Search everything once; return bytes read and pieces found."""
    ours = window.ctypes.data
    total = found = 0
    for start, end in _regions():
        if start <= ours < end:
            # Neighbouring maps are joined by the kernel; what lies around ours is searched.
            spans = [(start, ours), (ours + len(window), end)]
        else:
            spans = [(start, end)]
        for low, high in spans:
            for at in range(low, high, CHUNK):
                got = _copy(at, window[: min(CHUNK + OVERLAP, high - at)])
                if got is None:
                    continue
                total += min(got, CHUNK)
                for offset, _ in traces.positions(window[:got]):
                    if offset < CHUNK:
                        found += 1
    window.fill(0)
    return total, found


def _regions() -> Iterator[tuple[int, int]]:
    try:
        lines = MAPS.read_text("ascii", "replace").splitlines()
    except OSError as error:
        raise StoreError("memory map", error.strerror, "to be read: nothing is proven") from error
    for line in lines:
        span, rights, *rest = line.split(maxsplit=5)
        name = rest[3] if len(rest) > 3 else ""  # noqa: PLR2004 - offset, device, inode, name
        if rights.startswith("rw") and not name.startswith(DEVICE):
            start, _, end = span.partition("-")
            yield int(start, 16), int(end, 16)


def _copy(at: int, into: NDArray[np.uint8]) -> int | None:
    """Copy memory; None if it is no longer there, or a guard page."""
    here = _Span(into.ctypes.data, len(into))
    there = _Span(at, len(into))
    got = _call("process_vm_readv", here, there)
    return got if got > 0 else None


def _call(name: str, here: _Span, there: _Span) -> int:
    """Ask the kernel: unlike a pointer of our own, it answers a vanished page with an error."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_ssize_t
    got = function(
        ctypes.c_int(os.getpid()),
        ctypes.byref(here),
        ctypes.c_ulong(1),
        ctypes.byref(there),
        ctypes.c_ulong(1),
        ctypes.c_ulong(0),
    )
    error = ctypes.get_errno()
    if got < 0 and error not in {14, 5, 22}:  # EFAULT, EIO, EINVAL: not there
        raise StoreError("own memory", os.strerror(error), "to be read: nothing is proven")
    return int(got)
