"""The store of persons, opened: its keys, its transactions, and the check that it is whole."""

from __future__ import annotations

import hmac
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from appliance.errors import KeyMissingError, SealBrokenError, StoreError
from appliance.gate.store import database, renewal
from appliance.gate.store.keyring import KEY_COLUMNS, Keyring
from appliance.gate.store.keys import KeyUse, OpenedKey, RootKey, derive
from appliance.gate.store.manifest import Manifest, Watch, count_rows, differences
from appliance.gate.store.migrations import TABLES, migrations, tables
from appliance.gate.store.sealed import Place, Sealer
from appliance.gate.store.signing import Signer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlite_utils import Database

    from appliance.gate.store.rows import PersonKey

KEY_CHECK = Place("meta", "", "key_check", 1)
KEY_CHECK_TEXT = b"sanmen store"


class Store:
    """An open store; belongs to the thread that opened it, prints no secret.

    Attributes:
        path: of the file.
        keyring: the numbered keys that wrap each person's own.
        signer: signs what the gate hands out.
        rotation_key: of the protected references, before any renewal.

    """

    def __init__(self, path: Path, db: Database, root: RootKey) -> None:
        self.path = path
        self.db = db
        self.signer = Signer(root)
        self.rotation_key = derive(root, KeyUse.ROTATION)
        self._own = Sealer(derive(root, KeyUse.SEAL))
        self._lookup_key = derive(root, KeyUse.LOOKUP)
        self._manifest_key = derive(root, KeyUse.MANIFEST)
        self.keyring = Keyring(self, self._own)
        with self._speaking():
            self._watch = Watch(db.conn, self._manifest_key)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def gate_id(self) -> bytes:
        """The gate's own 16 random bytes, drawn when the store was made."""
        found = self.meta("gate")
        if found is None:
            raise StoreError(f"store {self.path}", "no gate id", "a store made by this product")
        return found

    @property
    def generation(self) -> int:
        """A number that grows by one with every change of the rows the manifest covers."""
        return self._manifest().generation

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing of it, durably; inside another one, be a part of it."""
        with database.transaction(self.db, f"store {self.path}"), self._speaking():
            if self._watch.open:
                yield
                return
            self._watch.begin()
            try:
                yield
                self._count_changes()
            finally:
                self._watch.end()

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> int:
        """Write; return how many rows it changed.

        Rows of tables under the manifest are written inside `transaction` only, and are counted
        by the database itself, those that go along with others as well.
        """
        before = dict(self._watch.changed)
        with self._speaking():
            try:
                return int(self.db.conn.execute(sql, values).rowcount)
            except BaseException:
                # The database took the statement back; so must the count.
                self._watch.changed = before
                raise

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

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and cut it; False while a reader is in."""
        return database.checkpoint(self.db, f"store {self.path}")

    def lookup(self, kind: str, number: bytes) -> bytes:
        """Return the keyed hash under which a credential is found, useless without the key."""
        return hmac.digest(self._lookup_key, kind.encode() + b"\0" + number, "sha256")

    def person(self, pseudonym: str) -> PersonKey:
        """Return a person's own key.

        Raises:
            RosterError: nobody has this pseudonym.
            SealBrokenError: the key was altered or moved.

        """
        return self.keyring.person(pseudonym)

    def seal_own(self, table: str, key: bytes, column: str, revision: int, plain: bytes) -> bytes:
        """Return `plain` sealed for a field that belongs to the gate and not to a person."""
        return self._own.seal(plain, _own_place(table, key, column, revision))

    def open_own(self, table: str, key: bytes, column: str, revision: int, sealed: object) -> bytes:
        """Return what `seal_own` sealed for exactly this field, or raise `SealBrokenError`."""
        return self._own.open(sealed, _own_place(table, key, column, revision))

    def meta(self, name: str) -> bytes | None:
        """Return a value the gate keeps about itself; seal it with `seal_own` where it matters."""
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return bytes(found[0][0]) if found else None

    def set_meta(self, name: str, value: bytes) -> None:
        """Keep a value about the gate itself."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def verify(self) -> None:
        """Compare every row with the manifest.

        Raises:
            StoreError: a row was cut, altered, added or put back from an older copy; the message
                says in which table, and whose rows do not open.

        """
        with self._speaking():
            # One moment for all tables, so that a write by another process is not taken for damage.
            self.db.conn.execute("BEGIN")
        try:
            with self._speaking():
                found_tables = frozenset(self.db.conn.execute(TABLES))
                written = self._manifest().tallies
                found = count_rows(self.db.conn, self._manifest_key)
            planted = sorted(name for _, name, _ in found_tables ^ tables())
            if planted:
                raise StoreError(
                    f"store {self.path}", f"schema altered: {', '.join(planted)}", "our own tables"
                )
            wrong = differences(written, found)
            if wrong:
                broken = ", ".join(self._broken()) or "none; rows of another day were put back"
                raise StoreError(
                    f"store {self.path}",
                    f"{'; '.join(wrong)}; rows that do not open: {broken}",
                    "every row as this gate wrote it last: restore a backup",
                )
        finally:
            with self._speaking():
                self.db.conn.execute("ROLLBACK")

    def _broken(self) -> Iterator[str]:
        """Name the rows that do not open, by pseudonym and table."""
        for key in self.rows(f"SELECT {KEY_COLUMNS} FROM person ORDER BY pseudonym"):  # noqa: S608
            name = str(key[0])
            table = "person"
            try:
                own = self.keyring.open(key)
                for revision, sealed in self._of(name, "revision, record FROM person"):
                    own.resident(revision, sealed)
                table = "credential"
                for row in self._of(name, "lookup, revision, sealed FROM credential"):
                    own.credential(*row)
                table = "consent"
                for revision, sealed in self._of(name, "revision, sealed FROM consent"):
                    own.consent(revision, sealed)
                table = "reference"
                for revision, sealed in self._of(name, "revision, sealed FROM reference"):
                    with own.reference(revision, sealed):
                        pass
            except SealBrokenError:
                yield f"{table} of {name}"

    def _of(self, pseudonym: str, columns: str) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT {columns} WHERE pseudonym = ?", (pseudonym,))

    def _manifest(self) -> Manifest:
        return Manifest.open(self._own, self.meta("manifest"))

    def _count_changes(self) -> None:
        """Write the manifest anew, in the transaction that changed the rows."""
        changed = self._watch.changed
        if not any(tally.count or tally.total for tally in changed.values()):
            return
        # Read inside the transaction: another process may have written since we last did.
        last = self._manifest()
        tallies = {table: last.tallies[table] + tally for table, tally in changed.items()}
        self.set_meta("manifest", Manifest(last.generation + 1, tallies).seal(self._own))

    def _speaking(self) -> AbstractContextManager[None]:
        return database.speaking(f"store {self.path}")


def create_store(path: Path, root: RootKey) -> None:
    """Make an empty store under `path`, sealed by `root`.

    Raises:
        KeyMissingError: the root key is not there.
        StoreError: there is one already, or the disk refuses.

    """
    root = OpenedKey(root)
    check = Sealer(derive(root, KeyUse.SEAL)).seal(KEY_CHECK_TEXT, KEY_CHECK)

    def fill(db: Database) -> None:
        db.execute("INSERT INTO meta VALUES ('key_check', ?)", (check,))

    database.create(path, migrations(root), fill)


def open_store(path: Path, root: RootKey) -> Store:
    """Open the store under `path`, check every row, and finish what a power cut interrupted.

    Raises:
        KeyMissingError: the key is missing or not this store's; no file has changed.
        StoreError: not there, or not as this gate wrote it last.

    """
    # The key first: without it, not even the file is touched.
    root = OpenedKey(root)
    own = Sealer(derive(root, KeyUse.SEAL))

    def check(conn: sqlite3.Connection) -> None:
        _check_key(conn, own, f"store {path}", root.identity)

    store = Store(path, database.open_existing(path, migrations(root), check), root)
    try:
        store.verify()
        if renewal.unfinished(store):
            renewal.finish(store)
    except BaseException:
        store.close()
        raise
    return store


def _check_key(conn: sqlite3.Connection, own: Sealer, thing: str, identity: str) -> None:
    found = conn.execute("SELECT value FROM meta WHERE name = 'key_check'").fetchone()
    if not found:
        raise StoreError(thing, "no key check", "a store made by this product")
    try:
        own.open(found[0], KEY_CHECK)
    except SealBrokenError as error:
        raise KeyMissingError(
            thing, f"sealed by another key than {identity}", "the key it was made with"
        ) from error


def _own_place(table: str, key: bytes, column: str, revision: int) -> Place:
    return Place(table, "", f"{column}/{key.hex()}", revision)
