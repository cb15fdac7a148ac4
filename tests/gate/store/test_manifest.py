"""The manifest: rows cut, added, swapped, rolled back or flipped by whoever has the disk."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import SealBrokenError, StoreError
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.manifest import (
    COVERED,
    Manifest,
    Tally,
    count_rows,
    differences,
    row_hash,
)
from appliance.gate.store.records import Profile
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store
from appliance.gate.store.sealed import Sealer

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.store.roots.file import FileKey

KEY = bytes(32)
CARD = b"0123456789abcdef"


def enrol(store: Store, number: int, now: datetime) -> str:
    roster = Roster(store)
    vector = np.random.default_rng(number).standard_normal(16)
    name = roster.add(Profile("1", "x", frozenset()), [number.to_bytes(16, "big")])
    consent = Consent("v1", "entry", GivenBy.SELF, now, now + timedelta(9), "signed")
    roster.set_face_consent(name, consent)
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    Gallery(roster).put(name, unit, "r", 80, now)
    return name


@pytest.fixture
def path(folder: Path, root: FileKey, now: datetime) -> Path:
    """A store of two people with everything, and rows of the gate's own."""
    create_store(folder / "store.db", root)
    with open_store(folder / "store.db", root) as store:
        names = [enrol(store, number, now) for number in (1, 2)]
        Roster(store).mark_look_alikes(names[0], frozenset({names[1]}))
        with store.transaction():
            sealed = store.seal_own("operator", b"op", "sealed", 1, b"x")
            store.execute("INSERT INTO operator VALUES (?, 1, ?)", (b"op", sealed))
            store.execute("INSERT INTO tombstone VALUES (?, 1)", (b"gone",))
            store.execute("INSERT INTO revoked VALUES (?, 1)", (b"taken back",))
            store.execute("INSERT INTO ticket VALUES (1, 1, ?)", (b"sealed",))
            store.execute("INSERT INTO setting VALUES ('hours', 1, ?)", (b"sealed",))
    return folder / "store.db"


def alter(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(sql, values)


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return [row[0] for row in conn.execute("SELECT pseudonym FROM person ORDER BY pseudonym")]


@pytest.mark.parametrize("table", sorted(COVERED))
def test_a_row_cut_from_any_table_is_found(path: Path, root: FileKey, table: str) -> None:
    alter(path, f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")  # noqa: S608
    with pytest.raises(StoreError, match=f"{table}: . rows where . were written"):
        open_store(path, root)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("person", "dek"),
        ("person", "record"),
        ("credential", "sealed"),
        ("consent", "sealed"),
        ("reference", "sealed"),
    ],
)
def test_rows_swapped_are_found_and_both_named(
    path: Path, root: FileKey, table: str, column: str
) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        (one, first), (two, second) = conn.execute(f"SELECT rowid, {column} FROM {table}")  # noqa: S608
        for row, value in ((one, second), (two, first)):
            conn.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))  # noqa: S608
    with pytest.raises(StoreError, match=f"{table}: 2 rows, not as they were written") as caught:
        open_store(path, root)
    for name in names(path):
        assert f"{table} of {name}" in str(caught.value)


def test_a_blocked_card_put_back_from_an_older_copy_is_found(
    folder: Path, path: Path, root: FileKey
) -> None:
    shutil.copy(path, folder / "yesterday.db")
    with open_store(path, root) as store:
        Roster(store).set_card_blocked((1).to_bytes(16, "big"))
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ATTACH ? AS old", (str(folder / "yesterday.db"),))
        conn.execute("DELETE FROM main.credential")
        conn.execute("INSERT INTO main.credential SELECT * FROM old.credential")
        conn.commit()
    # Every seal opens: only the manifest knows that the row is of another day.
    with pytest.raises(StoreError, match=r"credential: 2 rows, not as they were.*another day"):
        open_store(path, root)


def test_somebody_erased_does_not_come_back_with_old_rows(
    folder: Path, path: Path, root: FileKey
) -> None:
    shutil.copy(path, folder / "yesterday.db")
    with open_store(path, root) as store, store.transaction():
        store.execute("DELETE FROM person WHERE pseudonym = ?", (names(path)[0],))
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ATTACH ? AS old", (str(folder / "yesterday.db"),))
        for table in ("person", "credential", "consent", "reference"):
            conn.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM old.{table}")  # noqa: S608
        conn.commit()
    with pytest.raises(StoreError, match="person: 2 rows where 1 were written"):
        open_store(path, root)


def test_an_old_manifest_does_not_fit_new_rows(path: Path, root: FileKey) -> None:
    with closing(sqlite3.connect(path)) as conn:
        (old,) = conn.execute("SELECT value FROM meta WHERE name = 'manifest'").fetchone()
    with open_store(path, root) as store:
        Roster(store).set_card_blocked((1).to_bytes(16, "big"))
    alter(path, "UPDATE meta SET value = ? WHERE name = 'manifest'", old)
    with pytest.raises(StoreError, match="credential"):
        open_store(path, root)


@pytest.mark.parametrize("value", [b"", b"\x01" * 700, None])
def test_without_its_manifest_no_store_opens(
    path: Path, root: FileKey, value: bytes | None
) -> None:
    if value is None:
        alter(path, "DELETE FROM meta WHERE name = 'manifest'")
    else:
        alter(path, "UPDATE meta SET value = ? WHERE name = 'manifest'", value)
    with pytest.raises(SealBrokenError):
        open_store(path, root)


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE TRIGGER t AFTER UPDATE ON credential BEGIN DELETE FROM consent; END",
        "CREATE VIEW v AS SELECT * FROM person",
        "CREATE TABLE more (x)",
        "DROP INDEX credential_of",
    ],
)
def test_a_planted_table_or_trigger_is_found(path: Path, root: FileKey, planted: str) -> None:
    alter(path, planted)
    with pytest.raises(StoreError, match="schema altered"):
        open_store(path, root)


def state(path: Path, root: FileKey, now: datetime) -> object:
    """Everything one can learn from a store, or that it is refused."""
    try:
        with open_store(path, root) as store:
            roster = Roster(store)
            loaded = Gallery(roster).load_all("r", now)
            people = list(roster.residents())
            held = [roster.credentials(one.pseudonym) for one in people]
            cards = [roster.find_by_card(n.to_bytes(16, "big")) for n in (1, 2)]
            consents = [roster.consent(one.pseudonym) for one in people]
            content = loaded.matrix.tobytes()
            return people, held, cards, consents, loaded.subjects, content, store.generation
    except StoreError:
        return "refused"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_bit_flipped_anywhere_is_refused_or_changes_nothing(
    path: Path, root: FileKey, now: datetime, data: st.DataObject
) -> None:
    before = path.read_bytes()
    whole = state(path, root, now)
    assert whole != "refused"
    bit = data.draw(st.integers(0, len(before) * 8 - 1))
    altered = bytearray(before)
    altered[bit // 8] ^= 1 << bit % 8
    try:
        path.write_bytes(altered)
        assert state(path, root, now) in ("refused", whole)
    finally:
        for left in path.parent.glob("store.db*"):
            left.unlink()
        path.write_bytes(before)
        path.chmod(0o600)


def test_what_is_written_outside_a_transaction_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="outside a transaction"):
        store.execute("INSERT INTO tombstone VALUES (x'00', 1)")
    store.execute("INSERT INTO spent VALUES (x'00', 1)")
    assert store.rows("SELECT count(*) FROM tombstone") == [(0,)]
    assert store.generation == 1


def test_the_generation_grows_with_each_change_and_with_nothing_else(store: Store) -> None:
    roster = Roster(store)
    name = roster.add(Profile("1", "x", frozenset()), [CARD])
    assert store.generation == 2
    roster.freeze_face(name)
    assert store.generation == 3
    with store.transaction():
        roster.freeze_face(name)
        roster.freeze_face(name, frozen=False)
    assert store.generation == 4
    with store.transaction():
        store.execute("INSERT INTO uses VALUES (x'00', 1, 2)")
        store.rows("SELECT * FROM person")
    assert store.generation == 4
    store.verify()


def test_statements_and_transactions_taken_back_are_not_counted(store: Store) -> None:
    with store.transaction():
        store.execute("INSERT INTO tombstone VALUES (x'00', 1)")
        with pytest.raises(StoreError):
            store.execute("INSERT INTO tombstone VALUES (x'01', 1), (x'00', 2)")
    store.verify()

    def half() -> None:
        with store.transaction():
            store.execute("INSERT INTO tombstone VALUES (x'02', 1)")
            raise StoreError("test", 1, "2")

    with pytest.raises(StoreError):
        half()
    store.verify()
    with store.transaction():
        store.execute("REPLACE INTO tombstone VALUES (x'00', 3)")
        store.execute("UPDATE tombstone SET erased_at = erased_at + 1")
    store.verify()
    assert store.generation == 3


def test_two_writers_keep_one_manifest(store: Store, root: FileKey) -> None:
    with open_store(store.path, root) as other:
        for number in range(4):
            Roster((store, other)[number % 2]).add(
                Profile("1", "x", frozenset()), [number.to_bytes(16, "big")]
            )
        other.verify()
    store.verify()
    assert store.generation == 5


def test_the_manifest_keeps_no_order_and_takes_back_what_it_added() -> None:
    rows = [("a", 1, b"x"), ("b", 2, None), ("a", 1, b"x")]
    sums = [sum(row_hash(KEY, "t", row) for row in order) for order in (rows, rows[::-1])]
    assert sums[0] == sums[1]
    one = Tally(1, row_hash(KEY, "t", rows[0]))
    back = Tally(-1, -row_hash(KEY, "t", rows[0]))
    assert one + back == Tally(0, 0)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("ab", "c"), ("a", "bc")),
        (("1",), (1,)),
        ((b"1",), ("1",)),
        ((None,), (b"",)),
        ((1, 2), (12,)),
        (("a",), ("a", None)),
    ],
)
def test_different_rows_have_different_hashes(one: tuple[object], two: tuple[object]) -> None:
    hashes = {row_hash(KEY, table, row) for table in ("t", "u") for row in (one, two)}  # type: ignore[arg-type]
    assert len(hashes) == 4
    assert row_hash(bytes([1]) * 32, "t", one) not in hashes  # type: ignore[arg-type]


def test_a_manifest_comes_back_as_it_was_sealed() -> None:
    tallies = {table: Tally(number, 7**number) for number, table in enumerate(COVERED)}
    sealer = Sealer(KEY)
    manifest = Manifest(5, tallies)
    assert Manifest.open(sealer, manifest.seal(sealer)) == manifest
    assert differences(tallies, tallies) == ()
    wrong = {**tallies, "person": Tally(1, 8), "consent": Tally(9, 343)}
    assert differences(tallies, wrong) == (
        "person: 1 rows, not as they were written",
        "consent: 9 rows where 3 were written",
    )


def test_what_stands_in_the_file_is_what_is_counted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        found = count_rows(conn, KEY)
    assert {table: tally.count for table, tally in found.items()} == {
        "kek": 1,
        "person": 2,
        "credential": 2,
        "consent": 2,
        "reference": 2,
        "operator": 1,
        "tombstone": 1,
        "revoked": 1,
        "ticket": 1,
        "setting": 1,
    }
