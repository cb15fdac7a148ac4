"""Numbered key-encryption keys: each person's key is wrapped by the newest, the old are destroyed.

Root key -> KEK (random, wrapped by the root) -> one DEK per person -> that person's rows. What
rotation destroys is the wrapped form of the old KEK: wrapped DEKs that a flash cell may still hold
then open to nobody who has this store and not an older copy of it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from appliance.errors import RosterError, SealBrokenError, StoreError
from appliance.gate.store.rows import PersonKey
from appliance.gate.store.sealed import DEK_BYTES, Place, Sealer

if TYPE_CHECKING:
    from appliance.gate.store.schema import Store

KEY_COLUMNS = """person.pseudonym, person.kek, person.born, person.dek,
(SELECT wrapped FROM kek WHERE number = person.kek)"""
"""What `Keyring.open` needs of a person, read in one statement: a rotation by another process in
between cannot take the KEK away."""
BATCH = 200
"""People re-wrapped in one transaction: others wait for milliseconds, not for the whole."""


class Keyring:
    """The key-encryption keys of an open store.

    Args:
        store: whose.
        root: seals with the root's key.

    """

    def __init__(self, store: Store, root: Sealer) -> None:
        self._store = store
        self._root = root
        self._opened: dict[bytes, Sealer] = {}

    @property
    def current(self) -> int:
        """Number of the newest key-encryption key."""
        ((number,),) = self._store.rows("SELECT max(number) FROM kek")
        if number is None:
            raise StoreError(f"store {self._store.path}", "no key-encryption key", "at least one")
        return int(number)

    def open(self, key: tuple[Any, ...]) -> PersonKey:
        """Return a person's own key from the values of `KEY_COLUMNS`.

        Raises:
            SealBrokenError: altered, moved, or wrapped by a key that is gone.

        """
        pseudonym, number, born, dek, wrapped = key
        plain = self._kek(number, wrapped).open(dek, dek_place(pseudonym, number))
        return PersonKey(pseudonym, born, Sealer(plain))

    def person(self, pseudonym: str) -> PersonKey:
        """Return the key of one person on the roster.

        Raises:
            RosterError: nobody has this pseudonym.
            SealBrokenError: as `open`.

        """
        found = self._store.rows(
            f"SELECT {KEY_COLUMNS} FROM person WHERE pseudonym = ?",  # noqa: S608 - our own words
            (pseudonym,),
        )
        if not found:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        return self.open(found[0])

    def plain(self, pseudonym: str) -> bytes:
        """Return a person's own key itself: to look for it once it was destroyed, nothing else.

        Raises:
            RosterError: nobody has this pseudonym.
            SealBrokenError: as `open`.

        """
        found = self._store.rows(
            f"SELECT {KEY_COLUMNS} FROM person WHERE pseudonym = ?",  # noqa: S608 - our own words
            (pseudonym,),
        )
        if not found:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        _, number, _, dek, wrapped = found[0]
        return self._kek(number, wrapped).open(dek, dek_place(pseudonym, number))

    def new_person(self, pseudonym: str) -> tuple[PersonKey, bytes]:
        """Draw a person's own key; return it with its wrapped form. Inside a transaction only."""
        ((number, wrapped),) = self._store.rows(
            "SELECT number, wrapped FROM kek ORDER BY number DESC LIMIT 1"
        )
        dek = secrets.token_bytes(DEK_BYTES)
        sealed = self._kek(number, wrapped).seal(dek, dek_place(pseudonym, number))
        return PersonKey(pseudonym, number, Sealer(dek)), sealed

    def rotate(self) -> int:
        """Put a new key-encryption key in place of all older ones, while others read and write.

        Stopped in the middle, it leaves both keys and everybody readable; the next opening of the
        store, or the next call, goes on.

        Returns:
            The number of the new key.

        Raises:
            StoreError: somebody's wrapped key does not open, or the disk refuses.

        """
        self.finish()
        with self._store.transaction():
            number = self.draw()
        self.finish()
        return number

    def draw(self) -> int:
        """Add a new key-encryption key, in force from now on; inside a transaction only."""
        number = self.current + 1
        self._store.execute("INSERT INTO kek VALUES (?, ?)", (number, new_kek(self._root, number)))
        return number

    def finish(self) -> None:
        """Wrap everybody by the newest key and destroy the older ones, batch by batch."""
        while not self._wrap_some():
            pass
        self._opened.clear()
        self._store.checkpoint()

    def _wrap_some(self) -> bool:
        """Wrap a batch; destroy the older keys and say so when nobody is left to be wrapped."""
        with self._store.transaction():
            newest = self.current
            ((wrapped,),) = self._store.rows("SELECT wrapped FROM kek WHERE number = ?", (newest,))
            new = self._kek(newest, wrapped)
            some = self._store.rows(
                f"SELECT {KEY_COLUMNS} FROM person WHERE kek < ? LIMIT {BATCH}",  # noqa: S608
                (newest,),
            )
            for pseudonym, number, _, dek, old in some:
                plain = self._kek(number, old).open(dek, dek_place(pseudonym, number))
                self._store.execute(
                    "UPDATE person SET kek = ?, dek = ? WHERE pseudonym = ?",
                    (newest, new.seal(plain, dek_place(pseudonym, newest)), pseudonym),
                )
            if some:
                return False
            self._store.execute("DELETE FROM kek WHERE number < ?", (newest,))
            return True

    def _kek(self, number: int, wrapped: object) -> Sealer:
        # Unwrapped once, not once per person.
        if not isinstance(wrapped, bytes):
            raise SealBrokenError(f"key-encryption key {number}", "missing", "its wrapped form")
        if wrapped not in self._opened:
            self._opened[wrapped] = Sealer(self._root.open(wrapped, kek_place(number)))
        return self._opened[wrapped]

    def __repr__(self) -> str:
        return "Keyring(...)"


def new_kek(root: Sealer, number: int) -> bytes:
    """Draw a key-encryption key and return it wrapped by the root."""
    return root.seal(secrets.token_bytes(DEK_BYTES), kek_place(number))


def kek_place(number: int) -> Place:
    """Say where a wrapped key-encryption key stands."""
    return Place("kek", "", "wrapped", number)


def dek_place(pseudonym: str, number: int) -> Place:
    """Say where a person's wrapped key stands; 0, as it is not rewritten with the row."""
    return Place("person", pseudonym, "dek", 0, number)
