"""A real disk that is full, or turns read-only under the log: refused, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError, StoreError
from appliance.gate.store.audit import AuditEvent, AuditLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.gate.store.keys import RootKey
    from tests.rig.small_disk import SmallDisk

EVENT = AuditEvent("entry.granted", datetime(2026, 3, 1, tzinfo=UTC), "north", detail={"n": "1"})


@pytest.fixture
def disk(small_disk: Callable[[str], SmallDisk]) -> SmallDisk:
    return small_disk("512k")


def test_a_full_disk_refuses_and_room_made_goes_on(disk: SmallDisk, root: RootKey) -> None:
    AuditLog.create(disk.place / "audit.db", root)
    log = AuditLog.open(disk.place / "audit.db", root, every=16)
    written = 0
    with pytest.raises(AuditError):  # noqa: PT012 - which write fails is open
        for _ in range(100_000):
            written = log.append(EVENT)
    log.close()
    disk.remount("size=4m")
    log = AuditLog.open(disk.place / "audit.db", root, every=16)
    assert log.tail(1)[0].sequence == written > 20
    assert log.verify() == ()
    assert log.append(EVENT) == written + 1
    log.close()


def test_a_disk_turned_read_only_refuses_and_keeps_all(disk: SmallDisk, root: RootKey) -> None:
    AuditLog.create(disk.place / "audit.db", root)
    log = AuditLog.open(disk.place / "audit.db", root)
    assert [log.append(EVENT) for _ in range(20)][-1] == 20
    log.close()
    disk.remount("ro")
    with pytest.raises(StoreError):
        AuditLog.open(disk.place / "audit.db", root).append(EVENT)
    disk.remount("rw")
    log = AuditLog.open(disk.place / "audit.db", root)
    assert log.verify() == ()
    assert log.append(EVENT) == 21
    log.close()
