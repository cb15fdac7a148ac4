"""Private files that appear whole or not at all, and never over another."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from appliance.errors import StoreError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
DRAFT = ".new-"
"""Begins the names of folders in which a file is made before it gets its own name."""
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""What a file system without hard links answers; FAT, as USB sticks have it, says EPERM."""


def private_folder(folder: Path) -> None:
    """Make `folder` if it is not there, and refuse one that others can look into."""
    try:
        made = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for one in made:
            # A folder whose name is not on the disk takes all it holds with it in a power cut.
            sync(one.parent)
        mode = folder.stat().st_mode & 0o777
    except OSError as error:
        raise StoreError(f"folder {folder}", error.strerror, "a folder we may write") from error
    if mode & 0o077:
        raise StoreError(f"folder {folder}", f"mode {mode:04o}", "mode 0700")


def publish(path: Path, content: bytes) -> None:
    """Write `content` durably to the new file `path`, mode 0600."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=DRAFT) as workshop:
            draft = Path(workshop) / path.name
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            link_new(draft, path)
    except OSError as error:
        raise StoreError(
            f"file {path}", error.strerror, "a folder with room we may write"
        ) from error


def link_new(draft: Path, path: Path) -> None:
    """Give the finished `draft` its name durably; an existing file of that name is refused.

    On a file system without hard links the name is taken first: a cut in that moment leaves an
    empty file of that name, and never half of one.
    """
    sync(draft)
    try:
        # A hard link, unlike a rename, never replaces what is already there.
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        try:
            path.touch(PRIVATE_FILE, exist_ok=False)
        except FileExistsError as there:
            raise _taken(path) from there
        try:
            draft.replace(path)
        except OSError:
            path.unlink()  # the name was ours, and is free again
            raise
    sync(path.parent)


def _taken(path: Path) -> StoreError:
    return StoreError(f"file {path}", "is already there", "a name not taken")


def sync(path: Path) -> None:
    """Return when `path` and its name are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
