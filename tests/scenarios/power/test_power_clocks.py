"""A clock of 1970 or 2099, as after a flat battery: nothing is lost, nobody wrongly compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import power_world as world
import pytest
from power_model import Act

from appliance.errors import AuditError, StoreError
from appliance.gate.enrolment.retention import sweep
from appliance.gate.enrolment.rights import Rights
from appliance.gate.references import References
from appliance.gate.store.audit_prune import prune
from appliance.sections import Config, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.archive import Archive

WRONG = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)]
LI, WANG = "person 1", "person 2"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[tuple[Archive, world.WorldClock]]:
    world.create(tmp_path)
    archive, clock = world.opened(tmp_path)
    world.age(archive)
    for number, who in enumerate((LI, WANG)):
        act = Act("enrol", who, "1", bytes([number] * 16).hex(), "", number)
        world.perform(archive, clock, act, world.nobody)
    yield archive, clock
    archive.close()


def compared(archive: Archive, now: datetime) -> int:
    loaded = archive.gallery.load_all(world.RECIPE, now)
    assert loaded.faults == ()
    assert len(loaded.subjects) + len(loaded.resting) == len(archive.gallery)
    return len(loaded.subjects)


@pytest.mark.parametrize("wrong", WRONG, ids=["1970", "2099"])
def test_nobody_is_compared_and_no_reference_is_lost(
    gate: tuple[Archive, world.WorldClock], wrong: datetime
) -> None:
    archive, clock = gate
    assert compared(archive, wrong) == 0
    assert compared(archive, clock.wall()) == 2
    archive.references.want(world.RECIPE)
    assert archive.references.candidates(world.vector(0), wrong) == ()


def test_a_clock_that_was_behind_at_start_and_is_put_right_brings_everybody_back(
    gate: tuple[Archive, world.WorldClock],
) -> None:
    archive, clock = gate
    archive.references.want(world.RECIPE)
    assert archive.references.candidates(world.vector(0), WRONG[0]) == ()
    (best, score), _ = archive.references.candidates(world.vector(0), clock.wall())
    assert best == world.pseudonym_of(archive, LI)
    assert score == pytest.approx(1.0, abs=1e-5)


def test_a_clock_that_was_ahead_revives_nobody_before_a_restart(
    gate: tuple[Archive, world.WorldClock],
) -> None:
    archive, clock = gate
    archive.references.want(world.RECIPE)
    assert archive.references.candidates(world.vector(0), WRONG[1]) == ()
    assert archive.references.candidates(world.vector(0), clock.wall()) == ()
    again = References(archive.gallery, archive.roster)
    again.want(world.RECIPE)
    assert len(again.candidates(world.vector(0), clock.wall())) == 2
    again.wipe()


@pytest.mark.parametrize("wrong", WRONG, ids=["1970", "2099"])
def test_nothing_of_the_log_goes_and_an_hour_of_it_makes_nothing_older(
    gate: tuple[Archive, world.WorldClock], wrong: datetime
) -> None:
    archive, clock = gate
    span = archive.log.span
    with pytest.raises(AuditError, match="clock"):
        prune(archive.log, wrong, world.KEEP, lambda first, last: None)  # noqa: ARG005
    assert archive.log.span == span
    clock.at = wrong
    for minute in range(3):
        clock.at = wrong + timedelta(minutes=minute) if wrong.year < 2000 else wrong
        archive.journal.happened("door.held")
    with pytest.raises(AuditError, match="clock"):
        prune(archive.log, world.START, world.KEEP, lambda first, last: None)  # noqa: ARG005
    assert archive.log.span[0] == span[0]
    assert [one for one in archive.log.verify() if one.tampering] == []


@pytest.mark.parametrize("wrong", WRONG, ids=["1970", "2099"])
def test_erasure_asks_no_clock(gate: tuple[Archive, world.WorldClock], wrong: datetime) -> None:
    archive, clock = gate
    name = world.pseudonym_of(archive, LI)
    clock.at = wrong
    assert Rights(archive, world.SITE).erase(name)
    assert [one.profile.label for one in archive.roster.residents()] == [WANG]
    assert archive.roster.find_by_card(bytes(16)) is None


@pytest.mark.parametrize("wrong", WRONG, ids=["1970", "2099"])
def test_the_gate_opens_its_state_and_keeps_everybody(
    tmp_path: Path, gate: tuple[Archive, world.WorldClock], wrong: datetime
) -> None:
    archive, clock = gate
    clock.at = wrong
    archive.journal.happened("gate.started")
    faults: list[str] = []
    before = world.observe(archive, faults)
    again, _ = world.opened(tmp_path)
    assert world.observe(again, faults) == before
    assert faults == []
    assert [entry.event.at for entry in again.log.tail(1)] == [wrong]
    again.close()


def test_an_hour_of_2099_erases_nobody_although_events_bear_it_out(
    gate: tuple[Archive, world.WorldClock],
) -> None:
    archive, clock = gate
    right = clock.wall()
    settings = Config(site=Site(simulation=True))
    rights = Rights(archive, settings)
    clock.at = WRONG[1]
    for _ in range(3):
        archive.journal.happened("door.held")
    with pytest.raises(StoreError, match="since its last jump"):
        sweep(archive, rights, settings, clock.wall())
    assert compared(archive, right) == 2
