"""What is done to a log behind its back: each attack is found, named and located."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError, StoreError
from appliance.gate.store.audit import AuditEvent, AuditLog, FindingKind, Witnesses
from appliance.gate.store.audit_chain import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.store.roots.file import FileKey

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def event(number: int = 0, at: datetime = AT) -> AuditEvent:
    when = at + timedelta(minutes=number)
    return AuditEvent("entry.granted", when, "north", "card", "ok", "ab12", {"n": str(number)})


@pytest.fixture
def path(folder: Path, root: FileKey) -> Path:
    AuditLog.create(folder / "audit.db", root)
    return folder / "audit.db"


@pytest.fixture
def log(path: Path, root: FileKey) -> Iterator[AuditLog]:
    """Give a log with events 1 to 10 and checkpoints at 0, 4 and 8."""
    opened = AuditLog.open(path, root, every=4)
    opened.extend(event(number) for number in range(10))
    yield opened
    opened.close()


def found(log: AuditLog, **more: object) -> list[tuple[str, int]]:
    outside = Witnesses(**more)  # type: ignore[arg-type]
    return [(one.kind.value, one.sequence) for one in log.verify(outside)]


BEHIND = {
    "UPDATE event SET body = replace(body, 'ok', 'no') WHERE sequence = 3": [("edit", 3)],
    "UPDATE event SET chain = zeroblob(32) WHERE sequence = 3": [("edit", 3)],
    "UPDATE event SET mac = zeroblob(32) WHERE sequence = 3": [("edit", 3)],
    "UPDATE event SET mac = zeroblob(9) WHERE sequence = 10": [("edit", 10)],
    "UPDATE event SET body = CAST(x'ff' AS TEXT) WHERE sequence = 3": [("edit", 3)],
    "UPDATE event SET body = replace(body, 'ok', 'no') WHERE sequence IN (2, 9)": [
        ("edit", 2),
        ("edit", 9),
    ],
    "DELETE FROM event WHERE sequence = 3": [("hole", 3)],
    "DELETE FROM event WHERE sequence IN (3, 4, 7)": [("hole", 3), ("hole", 7)],
    "DELETE FROM event WHERE sequence <= 2": [("front cut", 1)],
    "DELETE FROM event WHERE sequence >= 9": [("end cut", 9)],
    "DELETE FROM event": [("end cut", 1)],
    "UPDATE event SET sequence = sequence + 10 WHERE sequence >= 9": [
        ("hole", 9),
        ("added", 11),
        ("swap", 19),
        ("swap", 20),
    ],
    "UPDATE event SET sequence = 0 WHERE sequence = 1": [("added", 0), ("front cut", 1)],
    "INSERT INTO event SELECT 11, body, chain, mac FROM event WHERE sequence = 5": [
        ("added", 11),
        ("swap", 11),
    ],
    """UPDATE event SET body = (SELECT e.body FROM event e WHERE e.sequence = 4),
        chain = (SELECT e.chain FROM event e WHERE e.sequence = 4),
        mac = (SELECT e.mac FROM event e WHERE e.sequence = 4) WHERE sequence = 3""": [("swap", 3)],
    "UPDATE event SET sequence = CASE sequence WHEN 5 THEN -6 WHEN 6 THEN -5 ELSE sequence END;"
    "UPDATE event SET sequence = -sequence WHERE sequence < 0": [("swap", 5), ("swap", 6)],
    "UPDATE meta SET value = zeroblob(96) WHERE name = 'head'": [("end mark", 10)],
    "DELETE FROM meta WHERE name = 'head'": [("end mark", 10)],
    "UPDATE meta SET value = zeroblob(72) WHERE name = 'origin'": [("begin mark", 0)],
    "DELETE FROM checkpoint WHERE sequence = 4": [("checkpoint", 8)],
    "DELETE FROM checkpoint WHERE sequence = 8": [("checkpoint", 8)],
    "DELETE FROM checkpoint WHERE sequence = 0": [("checkpoint", 0)],
    "UPDATE checkpoint SET token = replace(token, '.', ',') WHERE sequence = 4": [
        ("checkpoint", 4)
    ],
    "UPDATE checkpoint SET token = (SELECT token FROM checkpoint WHERE sequence = 8) "
    "WHERE sequence = 4": [("checkpoint", 4)],
}


@pytest.mark.parametrize("attack", BEHIND)
def test_every_attack_is_named_and_located(log: AuditLog, attack: str) -> None:
    assert found(log) == []
    log.db.conn.executescript(attack)
    assert found(log) == BEHIND[attack]
    assert all(one.tampering for one in log.verify())


def test_a_tampered_log_opens_for_examination_only(log: AuditLog, root: FileKey) -> None:
    log.db.conn.execute("DELETE FROM event WHERE sequence = 10")
    with pytest.raises(AuditError, match="end 9 cut"):
        AuditLog.open(log.path, root)
    seen = AuditLog.inspect(log.path, root)
    with contextlib.closing(seen):
        assert found(seen) == [("end cut", 10)]
        with pytest.raises(AuditError):
            seen.append(event())


def test_a_clock_moved_back_is_told_as_that_and_not_as_tampering(log: AuditLog) -> None:
    log.append(event(10, AT - timedelta(days=20)))
    log.append(event(11, AT - timedelta(days=20)))
    log.append(event(12))
    (one,) = log.verify()
    assert (one.kind, one.sequence, one.tampering) == (FindingKind.CLOCK, 11, False)
    assert "19 days" in one.text
    assert log.newest == AT + timedelta(minutes=12)


def test_two_processes_that_cross_within_a_second_are_no_clock_moved_back(log: AuditLog) -> None:
    log.append(event(10, AT + timedelta(milliseconds=900)))
    log.append(event(10))
    assert found(log) == []


def copied(log: AuditLog, to: Path) -> Path:
    log.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to.mkdir(mode=0o700)
    shutil.copy(log.path, to / "audit.db")
    return to / "audit.db"


def test_a_whole_old_copy_is_found_by_a_checkpoint_kept_elsewhere(
    log: AuditLog, root: FileKey, tmp_path: Path
) -> None:
    older = copied(log, tmp_path / "older")
    log.append(event(10))
    token = log.checkpoint()
    old = AuditLog.open(older, root)
    with contextlib.closing(old):
        assert found(old) == []
        assert found(old, tokens=[token]) == [("old copy", 11)]
        # As long again, but another history.
        old.append(AuditEvent("forged", AT + timedelta(hours=1), "north"))
        assert found(old, tokens=[token]) == [("old copy", 11)]
    assert found(log, tokens=[token + "\n"]) == []


def test_two_histories_of_one_gate_pieced_together_are_found(
    log: AuditLog, root: FileKey, tmp_path: Path
) -> None:
    older = copied(log, tmp_path / "older")
    old = AuditLog.open(older, root, every=100)
    with contextlib.closing(old):
        old.extend(event(number + 20) for number in range(3))
        (row,) = old.db.conn.execute("SELECT * FROM event WHERE sequence = 11").fetchall()
    log.extend(event(number + 10) for number in range(3))
    log.db.conn.execute("DELETE FROM event WHERE sequence = 11")
    log.db.conn.execute("INSERT INTO event VALUES (?, ?, ?, ?)", row)
    assert found(log)[:2] == [("splice", 12), ("clock back", 12)]


def test_an_old_store_is_found_by_what_the_log_saw_of_it(log: AuditLog) -> None:
    assert log.witness == 0
    log.append(event(10), witness=41)
    log.append(event(11))
    assert log.witness == 41
    assert found(log, generation=41) == []
    assert found(log, generation=40) == [("witness", 12)]


def test_a_witness_of_another_gate_is_refused(
    log: AuditLog, folder: Path, other_root: FileKey
) -> None:
    AuditLog.create(folder / "other.db", other_root)
    other = AuditLog.open(folder / "other.db", other_root)
    with contextlib.closing(other):
        token = other.checkpoint()
    for wrong in (token, "", "x", token[:-4]):
        with pytest.raises(AuditError, match="witness"):
            log.verify(Witnesses([wrong]))


def test_a_checkpoint_says_who_where_and_when(log: AuditLog) -> None:
    token = log.checkpoint()
    one = Checkpoint.read(log.signer.public_key, token)
    assert (one.sequence, one.previous, one.witness) == (10, 8, 0)
    assert one.at == AT + timedelta(minutes=9)
    assert len(one.gate) == 16
    assert log.checkpoint() == token


def test_closing_signs_the_end(log: AuditLog, root: FileKey) -> None:
    assert log.checkpoints() == (0, 4, 8)
    log.close()
    again = AuditLog.open(log.path, root)
    with contextlib.closing(again):
        assert again.checkpoints() == (0, 4, 8, 10)


def content(path: Path) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        rows: list[tuple[object, ...]] = conn.execute(
            "SELECT sequence, body, chain, mac FROM event ORDER BY sequence"
        ).fetchall()
        return rows + conn.execute("SELECT * FROM meta ORDER BY name").fetchall()


def test_a_flipped_bit_anywhere_is_found_or_refused_or_hit_nothing(
    log: AuditLog, root: FileKey, tmp_path: Path
) -> None:
    whole = copied(log, tmp_path / "whole")
    before, good = content(whole), whole.read_bytes()
    draw = random.Random(20261122)  # noqa: S311 - a repeatable choice of bits
    harmless = refused = located = 0
    for _ in range(500):
        bit = draw.randrange(len(good) * 8)
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        whole.write_bytes(bad)
        try:
            seen = AuditLog.inspect(whole, root)
        except StoreError:
            refused += 1
            continue
        try:
            findings = seen.verify()
        except AuditError:
            refused += 1
        else:
            located += bool(findings)
            assert all(0 <= one.sequence <= 10 for one in findings)
            if not findings:
                # It hit what holds nothing; then every event is still there.
                harmless += 1
                assert content(whole) == before, bit
        finally:
            seen.db.close()
    assert (harmless + refused + located, located > 20) == (500, True)


@pytest.mark.parametrize("table", ["event", "meta"])
def test_every_bit_of_what_is_kept_counts(log: AuditLog, table: str) -> None:
    """Not a chance bit but each byte of one entry and of both marks."""
    columns = {"event": ("body", "chain", "mac"), "meta": ("value",)}[table]
    where = {"event": "sequence = 5", "meta": "name IN ('head', 'origin')"}[table]
    rows = log.db.conn.execute(f"SELECT rowid FROM {table} WHERE {where}").fetchall()  # noqa: S608
    for (row,) in rows:
        for column in columns:
            (kept,) = log.db.conn.execute(
                f"SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = ?",  # noqa: S608
                (row,),
            ).fetchone()
            for place in range(len(kept)):
                bad = bytearray(kept)
                bad[place] ^= 1
                value = bytes(bad).decode("latin1") if column == "body" else bytes(bad)
                sql = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
                log.db.conn.execute(sql, (value, row))
                assert [one.sequence for one in log.verify()] in ([5], [10], [0])
            value = kept.decode() if column == "body" else kept
            log.db.conn.execute(sql, (value, row))
    assert found(log) == []
