"""The root key of one gate, and the sub-keys derived from it."""

from __future__ import annotations

import os
import secrets
import stat
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import KeyMissingError
from appliance.gate.store.files import publish

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
# A planted link must not lend somebody else's file as our key, nor a planted pipe hold us up.
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class KeyUse(Enum):
    """What a sub-key is for; one key never serves two uses."""

    SEAL = "seal"
    LOOKUP = "lookup"
    ROTATION = "rotation"
    AUDIT = "audit"
    SIGN = "sign"


class RootKey(Protocol):
    """Where the gate's one secret comes from."""

    @property
    def identity(self) -> str:
        """Name the source, for people and the log; never the secret."""
        ...

    def key(self) -> bytes:
        """Return the 32 secret bytes, or raise `KeyMissingError`."""
        ...


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
        try:
            handle = os.open(self._path, FLAGS)
        except OSError as error:
            raise KeyMissingError(
                f"key file {self._path}", error.strerror, "the key this store was made with"
            ) from error
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise KeyMissingError(f"key file {self._path}", "not a file", "a regular file")
            if status.st_mode & 0o077:
                raise KeyMissingError(
                    f"key file {self._path}",
                    f"mode {stat.S_IMODE(status.st_mode):04o}",
                    "mode 0600: others could have read it",
                )
            content = os.read(handle, KEY_BYTES + 1)
        finally:
            os.close(handle)
        if len(content) != KEY_BYTES:
            raise KeyMissingError(
                f"key file {self._path}", f"{len(content)} bytes or more", f"{KEY_BYTES} bytes"
            )
        return content

    def __repr__(self) -> str:
        return f"FileKey({str(self._path)!r})"


def derive(root: RootKey, use: KeyUse) -> bytes:
    """Return the 32-byte sub-key of `root` for one use."""
    secret = root.key()
    if len(secret) != KEY_BYTES:
        raise KeyMissingError(f"root key {root.identity}", f"{len(secret)} bytes", "32 bytes")
    return expand(secret, f"sanmen/1/{use.value}")


def expand(secret: bytes, label: str, length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes that only holders of `secret` can know, one stream per label."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=label.encode()).derive(secret)
