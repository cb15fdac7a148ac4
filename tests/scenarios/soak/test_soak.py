"""Some simulated days of the real rooms: whatever fails heals, and a leak would be found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from soak_month import Month, Plan, failed
from soak_street import plan
from soak_time import SoakTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_shim = pytest.mark.skipif(
    not (shutil.which("gcc") or shutil.which("cc")), reason="compiling the time's shim takes gcc"
)
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="a room lets nobody but root look at its memory"
)
START = datetime(2027, 3, 1, tzinfo=UTC)
LOOK = """
import time
from datetime import UTC, datetime
boot, now = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.monotonic_ns()
print(datetime.now(UTC).isoformat(), boot, now)
"""
FAULTS = {
    "vision killed": 1,
    "vision hangs": 1,
    "ui killed": 1,
    "gate killed": 1,
    "reader pulled": 1,
    "camera gone": 1,
    "browser crashes": 1,
    "clock set wrong": 1,
    "disk full": 1,
}


@pytest.fixture
def soak(tmp_path: Path) -> Iterator[SoakTime]:
    one = SoakTime(tmp_path, START)
    yield one
    one.close()


def look(soak: SoakTime) -> tuple[datetime, int, int]:
    """Return what a process in the soak's time sees."""
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", LOOK],
        env={**os.environ, **soak.environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return datetime.fromisoformat(said[0]), int(said[1]), int(said[2])


@needs_shim
def test_a_leap_moves_civil_time_and_time_since_boot_and_no_deadline(soak: SoakTime) -> None:
    before = look(soak)
    soak.leap(timedelta(days=7))
    after = look(soak)
    slack = timedelta(seconds=30)
    assert START <= before[0] < START + slack
    assert timedelta(days=7) <= after[0] - before[0] < timedelta(days=7) + slack
    assert 7 * 86_400 * 10**9 <= after[1] - before[1] < (7 * 86_400 + 30) * 10**9
    assert 0 <= after[2] - before[2] < 30 * 10**9


@needs_shim
def test_a_clock_set_wrong_is_wrong_for_the_rooms_alone_and_not_since_boot(soak: SoakTime) -> None:
    right = look(soak)
    soak.set_wrong(timedelta(hours=-5))
    wrong = look(soak)
    assert wrong[0] < right[0] - timedelta(hours=4)
    assert wrong[1] >= right[1]
    assert soak.wall() >= right[0]


@needs_shim
def test_the_control_really_loses_memory_and_descriptors(tmp_path: Path) -> None:
    soak = SoakTime(tmp_path, START, leak=65_536)
    code = (
        "import os, time\n"
        "def held():\n"
        "    pages = int(open('/proc/self/statm').read().split()[1])\n"
        "    return pages * os.sysconf('SC_PAGE_SIZE'), len(os.listdir('/proc/self/fd'))\n"
        "before = held()\n"
        "for _ in range(100_000): time.time()\n"
        "after = held()\n"
        "print(after[0] - before[0], after[1] - before[1])"
    )
    said = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        env={**os.environ, **soak.environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    soak.close()
    assert int(said[0]) > 90 * 65_536
    assert int(said[1]) == 5


def test_a_day_is_planned_alike_from_the_same_seed_and_in_order() -> None:
    first, second = (plan(Random(5), START, 20, 5, 3) for _ in range(2))  # noqa: S311
    assert first == second
    assert len(first) == 28
    assert [one.at for one in first] == sorted(one.at for one in first)
    assert {one.door for one in first} == {"card", "qr", "face"}


def test_a_month_has_every_fault_and_days_between_those_that_end_a_room() -> None:
    month = Plan(30, (1, 1, 1), 0.0)
    days = [month.faults(day, tuple(FAULTS)) for day in range(30)]
    assert {one for day in days for one in day} == set(FAULTS)
    ends = [number for number, day in enumerate(days) if len(day) == 2]
    assert ends == [3, 5, 7, 9, 11]


def test_a_soak_that_found_something_has_failed() -> None:
    clean: dict[str, object] = {"days": 30, "leaks": [], "wrong": [], "blind": []}
    assert not failed(clean)
    assert failed({**clean, "leaks": ["gate files"]})
    assert failed({**clean, "wrong": ["ui killed on day 3"]})
    assert failed({**clean, "blind": ["gate files"]})
    assert not failed({**clean, "days": 2, "blind": ["gate files"]})


@needs_shim
@as_root
@pytest.mark.rig
def test_two_days_with_every_fault_heal_and_answer_everybody(tmp_path: Path) -> None:
    month = Month(tmp_path, Plan(2, (20, 5, 2), 2.0), 1, print)
    try:
        result = month.run()
    finally:
        month.close()
    assert result["wrong"] == []
    assert result["faults"] == FAULTS
    decided = result["decided"]
    assert isinstance(decided, dict)
    for what in ("card granted", "card card-blocked", "card card-not-ours", "card card-mismatch"):
        assert decided[what] > 0, decided
    assert decided["card log-failed"] > 0, "the disk was never full"
    assert decided["qr clock-unsure"] == 1
    assert result["nights"] == {"sweep": 2}


@needs_shim
@as_root
@pytest.mark.rig
def test_rooms_that_lose_memory_and_descriptors_are_found(tmp_path: Path) -> None:
    wanted = Plan(7, (5, 0, 0), 1.0, leak=65_536, faulty=False)
    month = Month(tmp_path, wanted, 1, print)
    try:
        result = month.run()
    finally:
        month.close()
    leaks = result["leaks"]
    assert isinstance(leaks, list)
    assert {"gate anon_kib", "gate files"} <= set(leaks), result["quantities"]
    assert failed(result)
