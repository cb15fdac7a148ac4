"""The store of persons: its tables, its migrations, and the keys it opens with."""

from __future__ import annotations

import hmac
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from appliance.errors import KeyMissingError, RosterError, SealBrokenError, StoreError
from appliance.gate.store import database
from appliance.gate.store.keys import KeyUse, RootKey, derive
from appliance.gate.store.sealed import Place, Sealer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlite_utils import Database

KEY_CHECK = Place("meta", "", "key_check", 1)
KEY_CHECK_TEXT = b"sanmen store"

MIGRATIONS: tuple[database.Migration, ...] = (
    (
        """CREATE TABLE person (
            pseudonym TEXT PRIMARY KEY, dek BLOB NOT NULL,
            revision INTEGER NOT NULL, record BLOB NOT NULL) STRICT""",
        """CREATE TABLE credential (
            lookup BLOB PRIMARY KEY,
            pseudonym TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
            revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
        "CREATE INDEX credential_of ON credential (pseudonym)",
        """CREATE TABLE consent (
            pseudonym TEXT PRIMARY KEY REFERENCES person ON DELETE CASCADE,
            revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
        """CREATE TABLE reference (
            pseudonym TEXT PRIMARY KEY REFERENCES consent ON DELETE CASCADE,
            revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    ),
)
"""Forward only: a released entry is never edited, a change is a new one. That a reference hangs on
a consent row, not on a person, lets the database itself uphold: no consent, no reference."""


class Store:
    """An open store; belongs to the thread that opened it, prints no secret."""

    def __init__(self, path: Path, db: Database, root: RootKey) -> None:
        self.path = path
        self.db = db
        self.kek = Sealer(derive(root, KeyUse.SEAL))
        self.rotation_key = derive(root, KeyUse.ROTATION)
        self._lookup_key = derive(root, KeyUse.LOOKUP)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing of it, durably."""
        with database.transaction(self.db, f"store {self.path}"), self._speaking():
            yield

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> int:
        """Write inside a transaction; return how many rows it changed."""
        with self._speaking():
            return int(self.db.conn.execute(sql, values).rowcount)

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Read all rows of one query, which see one moment of the store."""
        with self._speaking():
            return self.db.conn.execute(sql, values).fetchall()

    def changes(self) -> int:
        """Return a number that differs after any write, by this process or another.

        SQLite's data version counts the commits of others and its change counter our own; both
        only grow, so their sum cannot come back to an old value.
        """
        ((foreign,),) = self.rows("PRAGMA data_version")
        return int(foreign) + self.db.conn.total_changes

    def lookup(self, kind: str, number: bytes) -> bytes:
        """Return the keyed hash under which a credential is found, useless without the key."""
        return hmac.digest(self._lookup_key, kind.encode() + b"\0" + number, "sha256")

    def check_key(self) -> None:
        """Raise `SealBrokenError` unless this is the key the store was made with."""
        found = self.rows("SELECT value FROM meta WHERE name = 'key_check'")
        if not found:
            raise StoreError(f"store {self.path}", "no key check", "a store made by this product")
        self.kek.open(found[0][0], KEY_CHECK)

    def person(self, pseudonym: str) -> Sealer:
        """Return the sealer with a person's own key."""
        found = self.rows("SELECT dek FROM person WHERE pseudonym = ?", (pseudonym,))
        if not found:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        return self.kek.person(pseudonym, found[0][0])

    def _speaking(self) -> AbstractContextManager[None]:
        return database.speaking(f"store {self.path}")


def create_store(path: Path, root: RootKey) -> None:
    """Make an empty store under `path`, sealed by `root`."""
    check = Sealer(derive(root, KeyUse.SEAL)).seal(KEY_CHECK_TEXT, KEY_CHECK)

    def fill(db: Database) -> None:
        db.execute("INSERT INTO meta VALUES ('key_check', ?)", (check,))

    database.create(path, MIGRATIONS, fill)


def open_store(path: Path, root: RootKey) -> Store:
    """Open the store under `path`; the wrong key, or a store that is not whole, is refused."""
    # The key first: without it, not even the file is touched.
    root.key()
    store = Store(path, database.open_existing(path, MIGRATIONS), root)
    try:
        store.check_key()
    except SealBrokenError as error:
        store.close()
        raise KeyMissingError(
            f"store {path}",
            f"sealed by another key than {root.identity}",
            "the key it was made with",
        ) from error
    except BaseException:
        store.close()
        raise
    return store
