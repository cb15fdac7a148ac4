"""The register of replication: every copy of the gate's data, who made it, where and why (S142)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from appliance.errors import KeyMissingError, StoreError

if TYPE_CHECKING:
    from appliance.gate.store.schema import Store

COPY = "copy/"
RECOVERY = "recovery"
OWN = b"recovery"
Text = Annotated[str, Meta(max_length=4096)]
Short = Annotated[str, Meta(min_length=1, max_length=200)]


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One copy.

    Attributes:
        backup: its id, in hex.
        path: where it was put.
        made_at: seconds since 1970.
        who: made it.
        reason: why.
        secret: keys the hashes of its erasure lists; stands in the copy as well.

    """

    backup: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    path: Text
    made_at: int
    who: Short
    reason: Short
    secret: Annotated[bytes, Meta(min_length=32, max_length=32)]


def enter(store: Store, copy: Copy) -> None:
    """Enter a copy, or change its entry."""
    key = bytes.fromhex(copy.backup)
    sealed = store.seal_own("meta", key, "copy", 1, msgspec.msgpack.encode(copy))
    with store.transaction():
        store.set_meta(COPY + copy.backup, sealed)


def strike(store: Store, backup: str) -> None:
    """Take a copy out: it was destroyed."""
    with store.transaction():
        store.execute("DELETE FROM meta WHERE name = ?", (COPY + backup,))


def copies(store: Store) -> tuple[Copy, ...]:
    """Return all copies, oldest first.

    Raises:
        StoreError: an entry was altered.

    """
    found = []
    for name, sealed in store.rows("SELECT name, value FROM meta WHERE name LIKE ?", (COPY + "%",)):
        key = bytes.fromhex(name.removeprefix(COPY))
        try:
            found.append(
                msgspec.msgpack.decode(store.open_own("meta", key, "copy", 1, sealed), type=Copy)
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise StoreError(f"register of copies, {name}", error, "an entry") from error
    return tuple(sorted(found, key=lambda copy: (copy.made_at, copy.backup)))


def set_recovery(store: Store, public_key: bytes) -> None:
    """Keep the public half of the recovery key, sealed: nobody else puts another in its place."""
    with store.transaction():
        store.set_meta(RECOVERY, store.seal_own("meta", OWN, RECOVERY, 1, public_key))


def recovery(store: Store) -> bytes:
    """Return the public half of the recovery key.

    Raises:
        KeyMissingError: there is none yet.
        SealBrokenError: it was altered.

    """
    sealed = store.meta(RECOVERY)
    if sealed is None:
        raise KeyMissingError("recovery key", "none yet", "`sanmen backup init` first")
    return store.open_own("meta", OWN, RECOVERY, 1, sealed)


def has_recovery(store: Store) -> bool:
    """Say whether a recovery key was drawn."""
    return store.meta(RECOVERY) is not None


def erased_hash(secret: bytes, tombstone: bytes) -> str:
    """Return what an erasure list says of one tombstone: of meaning to that one copy alone."""
    return hmac.digest(secret, tombstone, "sha256")[:16].hex()
