"""A root key in a file: for development, as whoever takes the disk has it."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from appliance.errors import KeyMissingError
from appliance.gate.store.files import publish
from appliance.gate.store.keys import KEY_BYTES

if TYPE_CHECKING:
    from pathlib import Path

# A planted link must not lend somebody else's file as our key, nor a planted pipe hold us up.
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileKey:
    """A root key in a file: for development, as whoever takes the disk has it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path) -> FileKey:
        """Draw a new key into `path`; an existing file is never touched."""
        publish(path, secrets.token_bytes(KEY_BYTES))
        return cls(path)

    @property
    def identity(self) -> str:
        """Name the file."""
        return f"file:{self._path}"

    def key(self) -> bytes:
        """Read the key afresh; nothing is kept, nothing is ever created here."""
        return read_secret(self._path)

    def __repr__(self) -> str:
        return f"FileKey({str(self._path)!r})"


def read_secret(path: Path, shared: int = 0) -> bytes:
    """Return the 32 bytes of a private file that is ours.

    Args:
        path: of the file.
        shared: mode bits it may have beside its owner's, where an access list needs them.

    Raises:
        KeyMissingError: as `read_private`, or of another length.

    """
    content = read_private(path, KEY_BYTES, shared)
    if len(content) != KEY_BYTES:
        raise KeyMissingError(
            f"key file {path}", f"{len(content)} bytes or more", f"{KEY_BYTES} bytes"
        )
    return content


def read_private(path: Path, most: int, shared: int = 0) -> bytes:
    """Return what stands in a private file that is ours, and at most one byte beyond `most`.

    Raises:
        KeyMissingError: not there, no plain file, somebody else's, or open to others.

    """
    try:
        handle = os.open(path, FLAGS)
    except OSError as error:
        raise KeyMissingError(
            f"key file {path}", error.strerror, "the key this store was made with"
        ) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise KeyMissingError(f"key file {path}", "not a file", "a regular file")
        if status.st_uid not in (0, os.geteuid()):
            raise KeyMissingError(
                f"key file {path}", f"of user {status.st_uid}", "our own file, or root's"
            )
        if status.st_mode & 0o077 & ~shared:
            raise KeyMissingError(
                f"key file {path}",
                f"mode {stat.S_IMODE(status.st_mode):04o}",
                "mode 0600: others could have read it",
            )
        return os.read(handle, most + 1)
    finally:
        os.close(handle)
