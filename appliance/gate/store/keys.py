"""The root key of one gate, and the sub-keys derived from it."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import KeyMissingError

KEY_BYTES = 32


class KeyUse(Enum):
    """What a sub-key is for; one key never serves two uses."""

    SEAL = "seal"
    LOOKUP = "lookup"
    ROTATION = "rotation"
    AUDIT = "audit"
    SIGN = "sign"
    MANIFEST = "manifest"


class RootKey(Protocol):
    """Where the gate's one secret comes from."""

    @property
    def identity(self) -> str:
        """Name the source, for people and the log; never the secret."""
        ...

    def key(self) -> bytes:
        """Return the 32 secret bytes, or raise `KeyMissingError`."""
        ...


class OpenedKey:
    """A root key fetched once, for the moment in which all sub-keys are derived; not printed."""

    def __init__(self, root: RootKey) -> None:
        self.identity = root.identity
        self._key = root.key()

    def key(self) -> bytes:
        """Return the 32 secret bytes."""
        return self._key

    def __repr__(self) -> str:
        return f"OpenedKey({self.identity!r})"


def derive(root: RootKey, use: KeyUse) -> bytes:
    """Return the 32-byte sub-key of `root` for one use."""
    secret = root.key()
    if len(secret) != KEY_BYTES:
        raise KeyMissingError(f"root key {root.identity}", f"{len(secret)} bytes", "32 bytes")
    return expand(secret, f"sanmen/1/{use.value}")


def expand(secret: bytes, label: str, length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes that only holders of `secret` can know, one stream per label."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=label.encode()).derive(secret)
