"""The store's file: wrong key, broken, foreign, from the future, on a full or locked disk."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from appliance.errors import KeyMissingError, RosterError, StoreError
from appliance.gate.store import database
from appliance.gate.store.records import Profile
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import Store, create_store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.rig.small_disk import SmallDisk

SOMEBODY = Profile("1-101", "Li", frozenset({"card"}))


@pytest.fixture
def path(folder: Path, root: FileKey) -> Path:
    create_store(folder / "store.db", root)
    return folder / "store.db"


def alter(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(sql, values)


def test_a_new_store_is_private_durable_and_alone(path: Path, root: FileKey) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["store.db"]
    with open_store(path, root) as store:
        for name, value in {
            "journal_mode": "wal",
            "synchronous": 2,
            "secure_delete": 1,
            "foreign_keys": 1,
            "busy_timeout": 5000,
            "trusted_schema": 0,
        }.items():
            assert store.rows(f"PRAGMA {name}") == [(value,)]
        assert {entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()} == {0o600}
        assert "key" not in repr(store)


def test_another_gates_key_opens_nothing(path: Path, other_root: FileKey) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyMissingError, match="another key"):
        open_store(path, other_root)
    assert path.read_bytes() == before


def test_another_key_does_not_even_move_a_log_left_by_a_power_cut(
    path: Path, root: FileKey, other_root: FileKey, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    cut.mkdir(mode=0o700)
    with open_store(path, root) as store:
        Roster(store).add(SOMEBODY)
        for name in ("store.db", "store.db-wal"):
            shutil.copy(path.with_name(name), cut / name)
    files = {name: (cut / name).read_bytes() for name in ("store.db", "store.db-wal")}
    assert files["store.db-wal"]
    with pytest.raises(KeyMissingError, match="another key"):
        open_store(cut / "store.db", other_root)
    assert {name: (cut / name).read_bytes() for name in files} == files
    with open_store(cut / "store.db", root) as store:
        assert len(Roster(store)) == 1


def test_a_missing_key_leaves_the_store_as_it_is(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyMissingError):
        open_store(path, FileKey(tmp_path / "gone"))
    with pytest.raises(KeyMissingError):
        create_store(path.with_name("new.db"), FileKey(tmp_path / "gone"))
    assert path.read_bytes() == before
    assert not path.with_name("new.db").exists()


def test_a_store_is_never_made_over_another(path: Path, root: FileKey) -> None:
    with pytest.raises(StoreError, match="already there"):
        create_store(path, root)


def test_a_lost_database_is_not_made_anew(path: Path, root: FileKey) -> None:
    path.unlink()
    with pytest.raises(StoreError):
        open_store(path, root)
    assert not path.exists()
    path.with_name("store.db-wal").write_bytes(b"left")
    with pytest.raises(StoreError, match="lost database"):
        create_store(path, root)


@pytest.mark.parametrize(
    "content", [b"", b"not a database", b"SQLite format 3\0", os.urandom(9000)]
)
def test_what_is_no_database_is_refused_and_kept(path: Path, root: FileKey, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError):
        open_store(path, root)
    assert path.read_bytes() == content


@pytest.mark.parametrize("pages", [1, 2, 3, 5])
def test_a_cut_database_is_refused(path: Path, root: FileKey, pages: int) -> None:
    with path.open("r+b") as file:
        file.truncate(pages * 4096)
    with pytest.raises(StoreError):
        open_store(path, root)


def test_overwritten_pages_are_refused(path: Path, root: FileKey) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 3))
    with pytest.raises(StoreError):
        open_store(path, root)


@pytest.mark.parametrize("version", [b"4", b"99", b"-1", b"one", b"", b"1.0"])
def test_a_schema_we_do_not_know_is_refused(path: Path, root: FileKey, version: bytes) -> None:
    alter(path, "UPDATE meta SET value = ? WHERE name = 'schema'", version)
    with pytest.raises(StoreError, match="schema"):
        open_store(path, root)


@pytest.mark.parametrize("name", ["schema", "key_check"])
def test_a_store_without_its_marks_is_refused(path: Path, root: FileKey, name: str) -> None:
    alter(path, "DELETE FROM meta WHERE name = ?", name)
    with pytest.raises(StoreError):
        open_store(path, root)


def test_files_open_to_others_are_refused(path: Path, root: FileKey) -> None:
    path.chmod(0o644)
    with pytest.raises(StoreError, match="mode 0644"):
        open_store(path, root)
    path.chmod(0o600)
    path.parent.chmod(0o755)
    with pytest.raises(StoreError, match="mode 0755"):
        open_store(path, root)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, root: FileKey) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError):
        create_store(tmp_path / "file" / "store.db", root)


def test_migrations_go_forward_once(folder: Path) -> None:
    first = ("CREATE TABLE a (x)",)
    database.create(folder / "m.db", (first,), lambda _: None)
    later = (first, ("ALTER TABLE a ADD COLUMN y", "INSERT INTO a VALUES (1, 2)"))
    for _ in range(2):
        db = database.open_existing(folder / "m.db", later)
        assert db.conn.execute("SELECT * FROM a").fetchall() == [(1, 2)]
        db.close()
    with pytest.raises(StoreError, match="update this program"):
        database.open_existing(folder / "m.db", (first,))


def test_a_migration_that_fails_changes_nothing(folder: Path) -> None:
    first = ("CREATE TABLE a (x)",)
    database.create(folder / "m.db", (first,), lambda _: None)
    with pytest.raises(StoreError):
        database.open_existing(folder / "m.db", (first, ("DROP TABLE a", "nonsense")))
    database.open_existing(folder / "m.db", (first,)).close()


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def half() -> None:
        with store.transaction():
            Roster(store).add(SOMEBODY)
            raise RosterError("test", 1, "2")

    with pytest.raises(RosterError):
        half()
    assert len(Roster(store)) == 0
    assert not store.db.conn.in_transaction


def test_a_transaction_that_cannot_be_undone_closes_the_store() -> None:
    class Stuck:
        in_transaction = True
        closed = False

        def execute(self, _: str) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        def close(self) -> None:
            self.closed = True

    class Db:
        conn = Stuck()

    database._take_back(Db())  # type: ignore[arg-type]
    assert Db.conn.closed


def test_a_closed_store_refuses(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError):
        Roster(store).add(SOMEBODY)
    with pytest.raises(StoreError):
        store.changes()


def test_another_process_changes_are_seen(store: Store, root: FileKey) -> None:
    roster, seen = Roster(store), {store.changes()}
    roster.add(SOMEBODY)
    assert roster.changes() not in seen
    seen.add(roster.changes())
    code = (
        "import sys; from pathlib import Path; from appliance.gate.store.schema import open_store;"
        "from appliance.gate.store.roots.file import FileKey;"
        "from appliance.gate.store.roster import *;"
        "from appliance.gate.store.records import Profile;"
        "Roster(open_store(Path(sys.argv[1]), FileKey(Path(sys.argv[2])))).add("
        "Profile('2', 'Wang', frozenset()))"
    )
    path = root.identity.removeprefix("file:")
    subprocess.run([sys.executable, "-c", code, str(store.path), path], check=True)  # noqa: S603
    assert roster.changes() not in seen
    assert roster.changes() == roster.changes()
    assert len(roster) == 2


def test_a_store_locked_by_another_is_said(store: Store, root: FileKey) -> None:
    store.execute("PRAGMA busy_timeout = 10")
    with open_store(store.path, root) as other, other.transaction():
        other.execute("INSERT INTO meta VALUES ('x', x'00')")
        with pytest.raises(StoreError, match="locked"):
            Roster(store).add(SOMEBODY)
    Roster(store).add(SOMEBODY)


def test_a_full_disk_leaves_whole_people_only(path: Path, root: FileKey) -> None:
    # A limit on file size meets SQLite as a disk that has run full does: the write comes short.
    with open_store(path, root) as store:
        roster = Roster(store)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        added = 0
        try:
            with pytest.raises(StoreError):  # noqa: PT012 - which write fails is open
                for number in range(1000):
                    roster.add(SOMEBODY, [number.to_bytes(16, "big")])
                    added += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with open_store(path, root) as store:
        names = [resident.pseudonym for resident in Roster(store).residents()]
        assert len(names) == added > 0
        assert all(Roster(store).has_other_door(name) for name in names)


def test_a_read_only_folder_is_refused(
    path: Path, root: FileKey, small_disk: Callable[[str], SmallDisk]
) -> None:
    disk = small_disk("1m")
    shutil.copy(path, disk.place / "store.db")
    disk.remount("ro")
    with pytest.raises(StoreError):
        open_store(disk.place / "store.db", root)
    with pytest.raises(StoreError):
        create_store(disk.place / "new.db", root)


def test_a_reference_needs_a_consent_row_in_the_database_itself(store: Store) -> None:
    name = Roster(store).add(SOMEBODY)
    with store.transaction(), pytest.raises(StoreError, match="FOREIGN KEY"):
        store.execute("INSERT INTO reference VALUES (?, 1, x'00')", (name,))
