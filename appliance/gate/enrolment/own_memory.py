"""Searches this process's own memory for traces and overwrites those it finds (Linux)."""

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
"""Looking itself may leave a copy or two, in a hash's buffer; the next round finds them."""
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
        overwritten: pieces found and overwritten in the rounds before it.
        left: pieces found in the last round; 0 = proven.

    """

    bytes_read: int
    overwritten: int
    left: int


def search(traces: Traces) -> MemorySearch:
    """Look through all writable memory of this process and overwrite what is found.

    Only what stands in freed memory or in objects about to be freed is ever found here: the owners
    of live copies, References above all, have wiped them before. What another process holds is not
    seen; a running gate drops its copy by itself when the store changes.

    Raises:
        StoreError: the system does not let us look.

    """
    gc.collect()
    # A place of known address, so that our own copies are not searched.
    window = np.frombuffer(mmap.mmap(-1, CHUNK + OVERLAP), np.uint8)
    try:
        total, found = _round(traces, window)
        overwritten = 0
        for _ in range(ROUNDS):
            if not found:
                break
            overwritten += found
            total, found = _round(traces, window)
    finally:
        window.fill(0)
    return MemorySearch(total, overwritten, found)


def _round(traces: Traces, window: NDArray[np.uint8]) -> tuple[int, int]:
    """Search everything once and overwrite what is found; return bytes read and pieces found."""
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
                for offset, width in traces.positions(window[:got]):
                    if offset < CHUNK:
                        found += 1
                        _overwrite(at + offset, width)
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


def _overwrite(at: int, width: int) -> None:
    zeros = ctypes.create_string_buffer(width)
    _call("process_vm_writev", _Span(ctypes.addressof(zeros), width), _Span(at, width))


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
