"""The versions of the store's tables, forward only, and the step that seals version 1 anew."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from appliance.gate.store.database import META
from appliance.gate.store.keyring import dek_place, new_kek
from appliance.gate.store.keys import KeyUse, RootKey, derive
from appliance.gate.store.manifest import COVERED, COVERED_2, Manifest, Tally, count_rows
from appliance.gate.store.rows import PersonKey, credential_column
from appliance.gate.store.sealed import DEK_BYTES, Place, Sealer

if TYPE_CHECKING:
    from sqlite_utils import Database

    from appliance.gate.store.database import Migration

GATE_ID_BYTES = 16
TABLES = "SELECT type, name, sql FROM main.sqlite_schema"
VERSION_1 = (
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
)
VERSION_2 = (
    # Children first: dropping a parent would delete through to rows already read.
    *(f"DROP TABLE {table}" for table in ("reference", "consent", "credential", "person")),
    "CREATE TABLE kek (number INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT",
    """CREATE TABLE person (
        pseudonym TEXT PRIMARY KEY, kek INTEGER NOT NULL REFERENCES kek,
        born INTEGER NOT NULL, dek BLOB NOT NULL,
        revision INTEGER NOT NULL, record BLOB NOT NULL) STRICT""",
    "CREATE INDEX person_by_kek ON person (kek)",
    """CREATE TABLE credential (
        lookup BLOB PRIMARY KEY, alias BLOB UNIQUE,
        pseudonym TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
        revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    "CREATE INDEX credential_of ON credential (pseudonym)",
    """CREATE TABLE consent (
        pseudonym TEXT PRIMARY KEY REFERENCES person ON DELETE CASCADE,
        revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    """CREATE TABLE reference (
        pseudonym TEXT PRIMARY KEY REFERENCES consent ON DELETE CASCADE,
        revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    """CREATE TABLE operator (
        lookup BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    """CREATE TABLE tombstone (
        lookup BLOB PRIMARY KEY, erased_at INTEGER NOT NULL) STRICT""",
    "CREATE TABLE spent (one_use_id BLOB PRIMARY KEY, issued_at INTEGER NOT NULL) STRICT",
    """CREATE TABLE uses (
        grant_id BLOB PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) STRICT""",
    "CREATE TABLE revoked (grant_id BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT",
)
VERSION_3 = (
    """CREATE TABLE ticket (
        number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    """CREATE TABLE setting (
        name TEXT PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
)


def tables() -> frozenset[tuple[str, str, str | None]]:
    """Return type, name and text of all the newest version has, as the database tells them.

    Anything beside these, such as a trigger that undoes what we write, was planted.
    """
    with closing(sqlite3.connect(":memory:")) as conn:
        for statement in (META, *VERSION_1, *VERSION_2, *VERSION_3):
            conn.execute(statement)
        return frozenset(conn.execute(TABLES))


def migrations(root: RootKey) -> tuple[Migration, ...]:
    """Return all versions, oldest first.

    A released entry is never edited, a change is a new one. That a reference hangs on a consent
    row, not on a person, lets the database itself uphold: no consent, no reference.
    """
    return (
        VERSION_1,
        (partial(_to_version_2, root=root),),
        (*VERSION_3, partial(_to_version_3, root=root)),
    )


def _to_version_2(db: Database, root: RootKey) -> None:
    """Give everybody a new key under a numbered one, seal every row anew, and count them all.

    Raises:
        SealBrokenError: a row of version 1 does not open; nothing has changed.

    """
    sealer = Sealer(derive(root, KeyUse.SEAL))
    people = [_read(db, sealer, person) for person in db.execute("SELECT * FROM person").fetchall()]
    for statement in VERSION_2:
        db.execute(statement)
    kek = new_kek(sealer, 1)
    db.execute("INSERT INTO kek VALUES (1, ?)", (kek,))
    wrapper = Sealer(sealer.open(kek, Place("kek", "", "wrapped", 1)))
    for pseudonym, rows in people:
        _write(db, wrapper, pseudonym, rows)
    db.execute("INSERT INTO meta VALUES ('gate', ?)", (secrets.token_bytes(GATE_ID_BYTES),))
    manifest = Manifest(1, count_rows(db.conn, derive(root, KeyUse.MANIFEST), COVERED_2))
    db.execute("INSERT INTO meta VALUES ('manifest', ?)", (manifest.seal(sealer),))


def _to_version_3(db: Database, root: RootKey) -> None:
    """Count the new tables, which are empty, with what was counted before.

    Raises:
        SealBrokenError: the manifest was altered; nothing has changed.

    """
    sealer = Sealer(derive(root, KeyUse.SEAL))
    found = db.execute("SELECT value FROM meta WHERE name = 'manifest'").fetchone()
    # As it stands, not counted anew: a row cut from version 2 must show after the step as well.
    before = Manifest.open(sealer, found[0] if found else None, COVERED_2)
    tallies = {**before.tallies, **{table: Tally() for table in COVERED if table not in COVERED_2}}
    db.execute(
        "UPDATE meta SET value = ? WHERE name = 'manifest'",
        (Manifest(before.generation, tallies).seal(sealer),),
    )


_Row = tuple[str, str, tuple[Any, ...], int, bytes]
"""Table, column's name in the seal, leading values, revision, opened content."""


def _read(db: Database, root: Sealer, person: tuple[Any, ...]) -> tuple[str, list[_Row]]:
    name, wrapped, revision, record = person
    sealer = Sealer(root.open(wrapped, Place("person", name, "dek", 0)))
    content = sealer.open(record, Place("person", name, "record", revision))
    rows: list[_Row] = [("person", "record", (name,), revision, content)]
    for lookup, number, sealed in db.execute(
        "SELECT lookup, revision, sealed FROM credential WHERE pseudonym = ? ORDER BY rowid",
        (name,),
    ).fetchall():
        column = credential_column(lookup)
        content = sealer.open(sealed, Place("credential", name, column, number))
        rows.append(("credential", column, (lookup, None, name), number, content))
    for table in ("consent", "reference"):
        for number, sealed in db.execute(
            f"SELECT revision, sealed FROM {table} WHERE pseudonym = ?",  # noqa: S608 - our own words
            (name,),
        ).fetchall():
            content = sealer.open(sealed, Place(table, name, "sealed", number))
            rows.append((table, "sealed", (name,), number, content))
    return name, rows


def _write(db: Database, kek: Sealer, pseudonym: str, rows: list[_Row]) -> None:
    dek = secrets.token_bytes(DEK_BYTES)
    key = PersonKey(pseudonym, 1, Sealer(dek))
    for table, column, leading, revision, content in rows:
        values = leading
        if table == "person":
            values = (*leading, 1, 1, kek.seal(dek, dek_place(pseudonym, 1)))
        values = (*values, revision, key.seal(content, table, column, revision))
        places = ", ".join("?" * len(values))
        db.execute(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608 - our own words
