"""A real disk that is full, or turns read-only under the log: refused, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError, StoreError
from appliance.gate.store.audit import AuditEvent, AuditLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.store.keys import RootKey

EVENT = AuditEvent("entry.granted", datetime(2026, 3, 1, tzinfo=UTC), "north", detail={"n": "1"})


def mount(*words: str) -> bool:
    done = subprocess.run(words, check=False, capture_output=True)  # noqa: S603 - fixed words
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 512 KB of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or not mount(
        "/bin/mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "sanmen-test", str(place)
    ):
        pytest.skip("mounting a small disk takes root")
    yield place
    assert mount("/bin/umount", str(place))


def test_a_full_disk_refuses_and_room_made_goes_on(disk: Path, root: RootKey) -> None:
    AuditLog.create(disk / "audit.db", root)
    log = AuditLog.open(disk / "audit.db", root, every=16)
    written = 0
    with pytest.raises(AuditError):  # noqa: PT012 - which write fails is open
        for _ in range(100_000):
            written = log.append(EVENT)
    log.close()
    assert mount("/bin/mount", "-o", "remount,size=4m", str(disk))
    log = AuditLog.open(disk / "audit.db", root, every=16)
    assert log.tail(1)[0].sequence == written > 20
    assert log.verify() == ()
    assert log.append(EVENT) == written + 1
    log.close()


def test_a_disk_turned_read_only_refuses_and_keeps_all(disk: Path, root: RootKey) -> None:
    AuditLog.create(disk / "audit.db", root)
    log = AuditLog.open(disk / "audit.db", root)
    assert [log.append(EVENT) for _ in range(20)][-1] == 20
    log.close()
    assert mount("/bin/mount", "-o", "remount,ro", str(disk))
    with pytest.raises(StoreError):
        AuditLog.open(disk / "audit.db", root).append(EVENT)
    assert mount("/bin/mount", "-o", "remount,rw", str(disk))
    log = AuditLog.open(disk / "audit.db", root)
    assert log.verify() == ()
    assert log.append(EVENT) == 21
    log.close()
