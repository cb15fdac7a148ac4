"""Retention: nothing young goes, no clock makes anything older, the chain stays whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.errors import AuditError
from appliance.gate.store.audit import AuditEvent, AuditLog, Witnesses
from appliance.gate.store.audit_prune import Pruned, prune

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.store.keys import RootKey

START = datetime(2026, 1, 1, tzinfo=UTC)
KEEP = timedelta(days=180)
DAY = timedelta(days=1)


@pytest.fixture
def log(folder: Path, root: RootKey) -> Iterator[AuditLog]:
    """Give a log with one event a day for 300 days and a checkpoint every ten."""
    AuditLog.create(folder / "audit.db", root)
    opened = AuditLog.open(folder / "audit.db", root, every=10)
    opened.extend(AuditEvent("day", START + day * DAY, "north") for day in range(300))
    yield opened
    opened.close()


def go(log: AuditLog, now: datetime) -> Pruned:
    def tell(first: str, last: str) -> None:
        log.append(AuditEvent("log.pruned", now, "north", detail={"first": first, "last": last}))

    return prune(log, now, KEEP, tell)


@pytest.mark.parametrize("year", [1970, 2025, 2099])
def test_a_wrong_clock_prunes_nothing(log: AuditLog, year: int) -> None:
    with pytest.raises(AuditError, match="clock"):
        go(log, datetime(year, 6, 1, tzinfo=UTC))
    assert log.span == (1, 300)


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_clock_that_was_wrong_for_an_hour_makes_nothing_older(log: AuditLog, year: int) -> None:
    newest = START + 299 * DAY
    log.append(AuditEvent("card", datetime(year, 1, 1, tzinfo=UTC), "north"))
    log.append(AuditEvent("card", newest + timedelta(hours=1), "north"))
    assert go(log, newest + timedelta(hours=2)) == Pruned(120, 120)


def test_less_than_half_a_year_is_refused(log: AuditLog) -> None:
    with pytest.raises(AuditError, match="179 days"):
        prune(log, START + 300 * DAY, timedelta(days=179), lambda *_: None)


def test_a_log_that_was_tampered_with_is_evidence_and_stays(log: AuditLog) -> None:
    log.db.conn.execute("UPDATE event SET body = replace(body, 'day', 'dai') WHERE sequence = 5")
    with pytest.raises(AuditError, match="#5 edit"):
        go(log, START + 300 * DAY)
    assert log.span == (1, 300)


def test_what_goes_is_old_told_first_and_the_rest_stays_whole(log: AuditLog, root: RootKey) -> None:
    kept = log.checkpoint()
    assert go(log, START + 300 * DAY) == Pruned(120, 120)
    assert log.span == (121, 301)
    assert log.verify(Witnesses([kept])) == ()
    last = log.tail(1)[0].event
    assert (last.kind, dict(last.detail)) == ("log.pruned", {"first": "1", "last": "120"})
    assert log.checkpoints()[0] == 120
    assert go(log, START + 300 * DAY) == Pruned(0, 120)
    log.close()
    again = AuditLog.open(log.path, root)
    assert again.verify() == ()
    again.db.conn.execute("DELETE FROM event WHERE sequence <= 130")
    (one,) = again.verify()
    assert (one.kind.value, one.sequence) == ("front cut", 121)
    assert "beyond what was pruned" in one.text
    again.close()


def test_a_gate_that_was_off_keeps_longer_not_shorter(log: AuditLog) -> None:
    back = START + 400 * DAY
    log.append(AuditEvent("start", back, "north"))
    assert go(log, back + timedelta(hours=1)) == Pruned(120, 120)


def test_an_empty_log_has_nothing_to_lose(folder: Path, root: RootKey) -> None:
    AuditLog.create(folder / "empty.db", root)
    log = AuditLog.open(folder / "empty.db", root)
    assert go(log, START) == Pruned(0, 0)
    log.close()
