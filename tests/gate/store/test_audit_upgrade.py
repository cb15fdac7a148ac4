"""A log of version 1, frozen as that version wrote it, is brought forward whole or refused."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from appliance.errors import AuditError
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.roots.file import FileKey

FROZEN = Path(__file__).parent / "audit_v1.sql"
"""Seven events, written by version 1 under the key 00 01 02 ... 1f."""


@pytest.fixture
def key(tmp_path: Path) -> FileKey:
    path = tmp_path / "device.key"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return FileKey(path)


@pytest.fixture
def path(folder: Path) -> Path:
    path = folder / "audit.db"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.executescript(FROZEN.read_text("utf-8"))
    return path


def altered(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute(sql)
        conn.commit()


@pytest.mark.parametrize(
    ("attack", "where"),
    [
        ("UPDATE event SET body = replace(body, 'granted', 'refused') WHERE sequence = 3", 3),
        ("DELETE FROM event WHERE sequence = 2", 3),
        ("DELETE FROM event WHERE sequence = 7", 6),
        ("UPDATE meta SET value = zeroblob(32) WHERE name = 'head'", 7),
    ],
)
def test_an_altered_log_of_version_1_is_refused_and_stays_as_evidence(
    path: Path, key: FileKey, attack: str, where: int
) -> None:
    altered(path, attack)
    for _ in range(2):
        with pytest.raises(AuditError, match=f"{where} of version 1"):
            AuditLog.open(path, key)
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(link) FROM event").fetchone() >= (6,)
        assert conn.execute("SELECT value FROM meta WHERE name='schema'").fetchone() == (b"1",)


def test_another_key_does_not_bring_it_forward(path: Path, other_root: FileKey) -> None:
    with pytest.raises(AuditError, match="entry 1 of version 1"):
        AuditLog.open(path, other_root)


def test_every_event_of_version_1_is_there_and_the_chain_goes_on(path: Path, key: FileKey) -> None:
    for start in range(2):
        log = AuditLog.open(path, key)
        with contextlib.closing(log):
            entries = log.tail(100)
            assert [entry.sequence for entry in entries] == list(range(1, 8 + start))
            assert entries[0].event.portal == "北门"
            assert entries[6].event.pseudonym == "00ff00ff00ff00ff"
            assert (entries[5].event.reason, entries[5].event.detail) == (
                "unknown-card",
                {"n": "5"},
            )
            assert log.verify() == ()
            assert log.append(AuditEvent("x", entries[-1].event.at, "北门")) == 8 + start
    with contextlib.closing(sqlite3.connect(path)) as conn:
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    assert tables == {"meta", "event", "checkpoint", "sqlite_autoindex_meta_1"}
