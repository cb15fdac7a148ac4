"""The log: edited, cut, swapped, shortened, full disk, two writers, killed in the middle."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError, KeyMissingError, StoreError
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.roots.file import FileKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def event(number: int = 0) -> AuditEvent:
    return AuditEvent("entry.granted", AT, "north", "card", "ok", "ab12", {"n": str(number)})


@pytest.fixture
def path(folder: Path, root: FileKey) -> Path:
    AuditLog.create(folder / "audit.db", root)
    return folder / "audit.db"


@pytest.fixture
def log(path: Path, root: FileKey) -> Iterator[AuditLog]:
    opened = AuditLog.open(path, root)
    yield opened
    opened.close()


def alter(log: AuditLog, sql: str) -> None:
    log.db.conn.execute(sql)


def test_events_come_back_in_order(log: AuditLog) -> None:
    assert (log.verify(), log.tail(3)) == ((), ())
    assert [log.append(event(number)) for number in range(5)] == [1, 2, 3, 4, 5]
    assert [entry.sequence for entry in log.tail(2)] == [4, 5]
    assert log.tail(1)[0].event == event(4)
    assert log.tail(-1) == ()
    assert log.verify() == ()


def test_what_is_appended_is_on_the_disk_for_another_reader(log: AuditLog, root: FileKey) -> None:
    log.append(event())
    assert log.db.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    other = AuditLog.open(log.path, root)
    assert other.append(event(1)) == 2
    assert log.append(event(2)) == 3
    other.close()
    assert log.verify() == ()


@pytest.mark.parametrize("attack", ["DELETE FROM event WHERE sequence = 2", "DELETE FROM meta"])
def test_a_log_with_a_wrong_end_takes_no_more_events(
    log: AuditLog, root: FileKey, attack: str
) -> None:
    log.append(event())
    log.append(event())
    alter(log, attack)
    with pytest.raises(AuditError):
        log.append(event())
    log.close()
    with pytest.raises(StoreError):
        AuditLog.open(log.path, root)


def test_another_key_opens_no_log(path: Path, other_root: FileKey, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="another key"):
        AuditLog.open(path, other_root)
    with pytest.raises(KeyMissingError):
        AuditLog.open(path, FileKey(tmp_path / "gone"))


def test_a_closed_locked_or_broken_log_refuses(log: AuditLog, root: FileKey) -> None:
    other = AuditLog.open(log.path, root)
    log.db.conn.execute("PRAGMA busy_timeout = 10")
    other.db.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(AuditError, match="locked"):
        log.append(event())
    other.db.conn.execute("ROLLBACK")
    assert log.append(event()) == 1
    other.close()
    alter(log, "UPDATE event SET body = 'x'")
    with pytest.raises(AuditError, match="entry 1 of log"):
        log.tail(1)
    alter(log, "DROP TABLE event")
    for act in (lambda: log.append(event()), log.verify, lambda: log.tail(1)):
        with pytest.raises(AuditError):
            act()
    log.close()
    with pytest.raises(AuditError):
        log.append(event())
    assert "audit.db" in repr(log)


def test_a_full_disk_is_an_error_and_loses_nothing(log: AuditLog, root: FileKey) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    written = 0
    try:
        with pytest.raises(AuditError):  # noqa: PT012 - which write fails is open
            for number in range(10_000):
                written = log.append(event(number))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()
    again = AuditLog.open(log.path, root)
    assert again.verify() == ()
    assert again.tail(1)[0].sequence == written > 0
    assert again.append(event()) == written + 1
    again.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"kind": ""},
        {"reason": "x" * 65},
        {"detail": {"a": "x" * 201}},
        {"detail": {str(number): "" for number in range(17)}},
        {"detail": {"a": 1.5}},
        {"kind": ["a"]},
        {"pseudonym": 0},
        {"method": None},
    ],
)
def test_events_that_could_carry_too_much_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(AuditError):
        AuditEvent(**{"kind": "x", "at": AT, "portal": "north", **fields})  # type: ignore[arg-type]


def test_time_is_kept_in_utc(log: AuditLog) -> None:
    shanghai = timezone(timedelta(hours=8))
    log.append(AuditEvent("x", AT.astimezone(shanghai), "北门"))
    assert log.tail(1)[0].event == AuditEvent("x", AT, "北门")
    (body,) = log.db.conn.execute("SELECT body FROM event").fetchone()
    assert "2026-03-01T08:00:00.000000+00:00" in body


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from appliance.gate.store.audit import AuditEvent, AuditLog
from appliance.gate.store.roots.file import FileKey
log = AuditLog.open(Path(sys.argv[1]), FileKey(Path(sys.argv[2])))
while True:
    print(log.append(AuditEvent("x", datetime.now(UTC), "north")), flush=True)
"""


def test_no_event_reported_written_is_lost_when_the_process_is_killed(
    path: Path, root: FileKey
) -> None:
    key = root.identity.removeprefix("file:")
    for cut in range(4):
        writer = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", WRITER, str(path), key], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        said = [writer.stdout.readline()]
        time.sleep(0.01 + 0.013 * cut)
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        log = AuditLog.open(path, root)
        assert log.verify() == ()
        whole = [int(line) for line in said if line.endswith(b"\n")]
        assert log.tail(1)[0].sequence >= whole[-1]
        log.close()


def test_a_log_is_no_store(path: Path, root: FileKey) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("DELETE FROM meta WHERE name = 'schema'")
        conn.commit()
    with pytest.raises(StoreError):
        AuditLog.open(path, root)
