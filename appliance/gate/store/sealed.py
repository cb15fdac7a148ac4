"""Sealing of fields with AES-256-GCM, each bound to the place where it stands."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.errors import SealBrokenError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
DEK_BYTES = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed field stands; opened anywhere else, it counts as broken.

    Attributes:
        table: its table.
        person: pseudonym of the person it belongs to, or empty.
        column: its column, with the row's own key where a person has several rows.
        revision: counts rewrites of the row, so that no old field fits a newer row.
        kek: number of the key-encryption key: of a wrapped key, the one that wraps it; of a
            person's field, the one in force when the person's key was drawn. None for what belongs
            to the gate, and in version 1 of the schema.

    """

    table: str
    person: str
    column: str
    revision: int
    kek: int | None = None

    def associated(self) -> bytes:
        """Return the bytes a seal is bound to; lengths stand first, so that no two places agree."""
        # Plain sums: 10,000 residents ask for this 50,000 times before the gate is ready.
        content = FORMAT
        for part in (self.table, self.person, self.column, str(self.revision)):
            encoded = part.encode()
            content += len(encoded).to_bytes(4, "big") + encoded
        if self.kek is not None:
            encoded = str(self.kek).encode()
            content += len(encoded).to_bytes(4, "big") + encoded
        return content

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.person or 'the gate'}, rev {self.revision}"


class Sealer:
    """Seals and opens with one key, which it does not print."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes | bytearray) -> None:
        if len(key) != DEK_BYTES:
            raise StoreError("sealing key", f"{len(key)} bytes", f"{DEK_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes | bytearray, place: Place) -> bytes:
        """Return `plain` sealed for `place` under a fresh nonce."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, plain, place.associated())

    def open(self, sealed: object, place: Place) -> bytes:
        """Return what was sealed for exactly this place, or raise `SealBrokenError`."""
        nonce, content = _parts(sealed, place)
        try:
            return self._cipher.decrypt(nonce, content, place.associated())
        except InvalidTag as error:
            raise _altered(place) from error

    @contextmanager
    def opened(self, sealed: object, place: Place) -> Iterator[bytearray]:
        """Give what was sealed for this place, for keys and references: overwritten at the end.

        Raises:
            SealBrokenError: as `open`.

        """
        nonce, content = _parts(sealed, place)
        plain = bytearray(len(content) - TAG_BYTES)
        try:
            try:
                self._cipher.decrypt_into(nonce, content, place.associated(), plain)
            except InvalidTag as error:
                raise _altered(place) from error
            yield plain
        finally:
            wipe(plain)

    def __repr__(self) -> str:
        return "Sealer(...)"


def wipe(content: bytearray) -> None:
    """Overwrite what was opened, in its place."""
    content[:] = bytes(len(content))


def _parts(sealed: object, place: Place) -> tuple[bytes, bytes]:
    # A database column can hold anything; only bytes were ever sealed.
    if not isinstance(sealed, bytes) or len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
        raise SealBrokenError(f"field {place}", "too short or not bytes", "a sealed field")
    if sealed[:1] != FORMAT:
        raise SealBrokenError(f"field {place}", f"format {sealed[0]}", f"format {FORMAT[0]}")
    return sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]


def _altered(place: Place) -> SealBrokenError:
    return SealBrokenError(
        f"field {place}", "altered, moved or sealed by another key", "an intact field"
    )
