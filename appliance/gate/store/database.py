"""Opening of SQLite files so that what is committed stays, and what is broken is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from appliance.errors import StoreError
from appliance.gate.store.files import DRAFT, PRIVATE_FILE, link_new, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Migration = tuple[str | Callable[[Database], None], ...]
"""What brings a database one version forward: SQL statements, and functions where rows change."""
META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT"
BUSY_SECONDS = 5.0
HEALTHY = "a whole database on a disk with room we may write"


@contextmanager
def speaking(thing: str, kind: type[StoreError] = StoreError) -> Iterator[None]:
    """Turn what SQLite and the disk complain of into one of our own errors."""
    try:
        yield
    # A damaged file can make SQLite complain in words that are no text.
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise kind(thing, error, HEALTHY) from error


@contextmanager
def transaction(db: Database, thing: str, kind: type[StoreError] = StoreError) -> Iterator[None]:
    """Do all of the block or nothing of it; inside another transaction, be a part of that one."""
    with speaking(thing, kind):
        inner = db.conn.in_transaction
    if inner:
        yield
        return
    with speaking(thing, kind):
        db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        with speaking(thing, kind):
            db.conn.execute("COMMIT")
    except BaseException:
        _take_back(db)
        raise


def create(path: Path, migrations: Sequence[Migration], fill: Callable[[Database], None]) -> None:
    """Make a new database; it appears under its name only when complete, never over another."""
    private_folder(path.parent)
    if path.exists():
        raise StoreError(f"database {path}", "is already there", "to be opened, not created")
    log = path.with_name(path.name + "-wal")
    if log.exists():
        # SQLite would play a lost database's log into the new one.
        raise StoreError(f"log {log}", "left by a lost database", "to be moved away first")
    with (
        speaking(f"new database {path}"),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=DRAFT) as workshop,
    ):
        draft = Path(workshop) / path.name
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        db = _connect(draft)
        try:
            with transaction(db, f"new database {path}"):
                db.execute(META)
                _migrate(db, migrations, 0)
                fill(db)
        finally:
            db.close()
        link_new(draft, path)


def open_existing(
    path: Path,
    migrations: Sequence[Migration],
    check: Callable[[sqlite3.Connection], None] | None = None,
) -> Database:
    """Open a database made by `create`, bringing it forward to the newest schema.

    Args:
        path: of the file.
        migrations: all there ever were, oldest first.
        check: sees the database before a byte of any file changes, and raises to refuse it.

    Raises:
        StoreError: not there, not whole, not private, or from a newer program.

    """
    if not path.parent.is_dir():
        raise StoreError(f"folder {path.parent}", "missing", "the folder of a store")
    private_folder(path.parent)
    with speaking(f"database {path}"):
        # Of the name itself: behind a link lies a file that is not kept as this folder is.
        status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"database {path}", stat.filemode(status.st_mode), "a file of its own")
    mode, size = status.st_mode & 0o777, status.st_size
    if mode & 0o077:
        raise StoreError(f"database {path}", f"mode {mode:04o}", "mode 0600")
    if size == 0:
        # SQLite takes an empty file for a new database; for us it is a lost one.
        raise StoreError(f"database {path}", "an empty file", HEALTHY)
    if check is not None:
        with speaking(f"database {path}"), closing(_look(path)) as conn:
            check(conn)
    with speaking(f"database {path}"):
        db = _connect(path)
    try:
        _require_whole(db, path)
        with transaction(db, f"database {path}"), speaking(f"database {path}"):
            _migrate(db, migrations, _version(db, path))
        checkpoint(db, f"database {path}")
    except BaseException:
        db.close()
        raise
    return db


def checkpoint(db: Database, thing: str) -> bool:
    """Move the write-ahead log into the database and cut it to nothing; False if a reader is in."""
    with speaking(thing):
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _look(path: Path) -> sqlite3.Connection:
    """Open for reading without leaving a trace, not even a moved write-ahead log."""
    log = path.with_name(path.name + "-wal")
    # Without a log the file is all there is, and SQLite need not make one to read it.
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        conn.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        conn.close()
        raise
    return conn


def _connect(path: Path) -> Database:
    # mode=rw: a file that vanished between our check and here is not made anew.
    # No isolation level: transactions begin and end only where we say so.
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        # secure_delete: freed pages are overwritten; FULL: a commit is on the disk on return.
        conn.execute("PRAGMA secure_delete = ON")
        conn.execute("PRAGMA foreign_keys = ON")
        # A row that REPLACE pushes out is a deletion too, for whoever watches deletions.
        conn.execute("PRAGMA recursive_triggers = ON")
        conn.execute("PRAGMA synchronous = FULL")
        # What the file says is data: no functions of ours may be called from its schema.
        conn.execute("PRAGMA trusted_schema = OFF")
        conn.execute("PRAGMA journal_mode = WAL")
        return Database(conn, execute_plugins=False)
    except BaseException:
        conn.close()
        raise


def _require_whole(db: Database, path: Path) -> None:
    with speaking(f"database {path}"):
        faults = [str(row[0]) for row in db.conn.execute("PRAGMA integrity_check(3)")]
        (journal,) = db.conn.execute("PRAGMA journal_mode").fetchone()
    if faults != ["ok"]:
        raise StoreError(f"database {path}", "; ".join(faults), HEALTHY)
    if journal != "wal":
        raise StoreError(f"database {path}", f"journal mode {journal}", "a disk that takes WAL")


def _take_back(db: Database) -> None:
    """Undo the open transaction, if SQLite has not done so itself, as it does on a full disk."""
    try:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
    except sqlite3.Error:
        # A transaction that stays open would swallow all later ones; a closed database refuses.
        db.conn.close()


def _version(db: Database, path: Path) -> object:
    found = db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    if found is None:
        raise StoreError(f"schema of {path}", "no version", "a database made by this product")
    return found[0]


def _migrate(db: Database, migrations: Sequence[Migration], found: object) -> None:
    newest = len(migrations)
    version = int(found) if isinstance(found, bytes) and found.isdigit() else found
    if not isinstance(version, int) or not 0 <= version <= newest:
        raise StoreError("database schema", found, f"version 1 to {newest}: update this program")
    if version == newest:
        return
    for migration in migrations[version:]:
        for step in migration:
            if isinstance(step, str):
                db.execute(step)
            else:
                step(db)
    db.execute(
        "INSERT INTO meta VALUES ('schema', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (str(newest).encode(),),
    )
