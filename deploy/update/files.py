"""Files that hold what they held before, or what they were given, and nothing between."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from appliance.gate.store.files import sync
from update.words import of_system

if TYPE_CHECKING:
    from pathlib import Path

CHUNK: Final = 1 << 20
DRAFT: Final = ".new"
"""Ends the name of a draft; a short name, as the firmware's FAT likes them."""


def publish(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Let `path` hold `content`, durably, or what it held before.

    Raises:
        UpdateError: the disk does not take it.

    """
    draft = path.with_suffix(DRAFT)
    try:
        draft.unlink(missing_ok=True)  # of a power cut
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(handle, "wb") as file:
            with suppress(PermissionError):  # a FAT has no modes
                os.fchmod(handle, mode)  # the service's umask took some of it
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
        sync(path.parent)
    except OSError as fault:
        raise of_system(f"file {path}", fault) from fault


def remove(path: Path) -> None:
    """Remove a file durably; one that is not there is no fault."""
    try:
        path.unlink(missing_ok=True)
        sync(path.parent)
    except OSError as fault:
        raise of_system(f"file {path}", fault) from fault


def fill(source: Path, target: Path) -> None:
    """Write all of `source` over the beginning of `target`, a device or a file, durably.

    Raises:
        UpdateError: either fails.

    """
    try:
        with source.open("rb") as reading, target.open("r+b", buffering=0) as writing:
            while chunk := reading.read(CHUNK):
                left = memoryview(chunk)
                while left:
                    left = left[writing.write(left) :]
            os.fsync(writing.fileno())
    except OSError as fault:
        raise of_system(f"writing {target}", fault) from fault


def digest(path: Path, size: int) -> str:
    """Return the SHA-256 of the first `size` bytes, read from the disk and not from memory.

    Raises:
        UpdateError: it cannot be read.

    """
    found = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)
            while size > 0 and (chunk := file.read(min(CHUNK, size))):
                found.update(chunk)
                size -= len(chunk)
    except OSError as fault:
        raise of_system(f"reading {path}", fault) from fault
    return found.hexdigest()
