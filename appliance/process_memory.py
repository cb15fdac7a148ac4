"""Reads the writable memory of a process, of another one or of a still copy of this one (Linux)."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.errors import SanmenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DEVICE: Final = ("/dev/", "[v")
"""Memory of devices, and the kernel's own pages, hold nothing of ours and may not be read."""
NAMED: Final = 6
"""Words in a line of maps that names what is mapped."""
_PR_SET_DUMPABLE: Final = 4


@contextmanager
def still_copy() -> Iterator[int]:
    """Give the id of a process whose memory is this one's, of this moment, and which does nothing.

    Forked, so that the kernel keeps every page of ours as it is for it, freed blocks and stacks of
    all threads too, while we go on here: a search of one's own memory writes to what it reads. What
    is shared by mapping and not by copy, such as a database's index of its write-ahead log, is
    shared there as well. The copy may be read by its parent alone among those who have no right to
    read everybody's memory, and is gone at the end, or when its parent dies.

    Raises:
        SanmenError: the system gives no copy.

    """
    gc.collect()
    prctl = ctypes.CDLL(None).prctl
    told, tell = os.pipe()
    stay, end = os.pipe()
    try:
        try:
            child = os.fork()
        except OSError as error:
            raise SanmenError("copy of own memory", error.strerror, "a process more") from error
        if child == 0:
            _stay(prctl, tell, stay, end)
    finally:
        os.close(tell)
        os.close(stay)
    try:
        if os.read(told, 1) != b"r":
            raise SanmenError("copy of own memory", "it ended at once", "to stay")
        yield child
    finally:
        os.close(told)
        os.close(end)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _stay(prctl: ctypes._NamedFuncPointer, tell: int, stay: int, end: int) -> None:
    """Wait to be read; no way leads back out of the copy into the program."""
    try:
        # A room lets nobody read its memory, and so do its copies; the parent has it anyhow.
        prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(1))
        os.close(end)
        os.write(tell, b"r")
        os.read(stay, 1)
    finally:
        os._exit(0)


def pieces(pid: int, size: int, overlap: int) -> Iterator[NDArray[np.uint8]]:
    """Give the writable memory of a process, piece by piece, in one buffer that is used again.

    Args:
        pid: the process.
        size: bytes given at a time.
        overlap: bytes of the next piece given along, so that nothing on the border is missed.

    Raises:
        SanmenError: it may not be read, or the process is gone.

    """
    folder = Path(f"/proc/{pid}")
    try:
        lines = (folder / "maps").read_text(encoding="utf-8", errors="replace").splitlines()
        file = os.open(folder / "mem", os.O_RDONLY)
    except OSError as fault:
        raise SanmenError(
            f"memory of process {pid}",
            str(fault.strerror),
            "root: a room lets nobody else read its memory; try with sudo",
        ) from fault
    window = np.empty(size + overlap, np.uint8)
    try:
        for start, end in _writable(lines):
            for at in range(start, end, size):
                try:
                    got = os.preadv(file, [window[: min(size + overlap, end - at)].data], at)
                except OSError:
                    break  # unmapped meanwhile, or a guard page
                if not got:
                    break
                yield window[:got]
    finally:
        window.fill(0)
        os.close(file)


def _writable(lines: list[str]) -> Iterator[tuple[int, int]]:
    for line in lines:
        span, rights, *rest = line.split(maxsplit=NAMED - 1)
        name = rest[-1] if len(rest) == NAMED - 2 else ""
        if rights.startswith("rw") and not name.startswith(DEVICE):
            start, _, end = span.partition("-")
            yield int(start, 16), int(end, 16)
