"""A disk that is full, or dies, or turns read-only under a working gate: nobody passes unlogged."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from power_yank import Yanking
from test_controller import CARD, Gate, simulated

from appliance.errors import StoreError
from appliance.gate.archive import open_archive
from appliance.gate.enrolment.rights import Rights
from appliance.gate.store.records import Profile
from appliance.sections import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.gate.archive import Archive
    from tests.rig.small_disk import SmallDisk

PRESENTATIONS = 40


@pytest.fixture
def disk(small_disk: Callable[[str], SmallDisk]) -> SmallDisk:
    return small_disk("2m")


def gate_on(place: Path, tmp_path: Path) -> Gate:
    config = simulated(tmp_path)
    store = Store(folder=str(place / "state"), key_file=config.store.key_file)
    return Gate(type(config)(site=config.site, store=store, methods=config.methods))


def present(gate: Gate) -> str:
    """Hold the card to the reader once, and wait until the door is secured again."""
    gate.reader.present(CARD)
    gate.controller.step()
    gate.wait(10)
    return gate.decided[-1]


def releases(gate: Gate) -> int:
    return sum(on for _, on in gate.door.switchings)


def refused_until(gate: Gate, reason: str) -> None:
    """Present the card until it is refused so, and then ten times more."""
    for _ in range(PRESENTATIONS):
        if present(gate) == reason:
            break
    opened = releases(gate)
    assert [present(gate) for _ in range(10)] == [reason] * 10
    assert releases(gate) == opened


def test_on_a_full_disk_no_card_opens_and_with_room_again_it_does(
    disk: SmallDisk, tmp_path: Path
) -> None:
    gate = gate_on(disk.place, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    disk.fill()
    refused_until(gate, "log-failed")
    disk.clear()
    assert present(gate) == "granted"
    granted = gate.decided.count("granted")
    assert releases(gate) == granted
    gate.close()
    archive = open_archive(gate.config, gate.clock)
    logged = [e.event.reason for e in archive.log.tail(999) if e.event.kind == "entry.granted"]
    assert logged == ["granted"] * granted
    assert archive.log.verify() == ()
    archive.close()


def test_on_a_full_disk_nobody_is_half_enrolled_or_half_erased(
    disk: SmallDisk, tmp_path: Path
) -> None:
    gate = gate_on(disk.place, tmp_path)
    kept = gate.resident()
    disk.fill()
    refused = 0
    for number in range(60):
        card = number.to_bytes(16, "big")
        try:
            gate.archive.roster.add(Profile("1", "x" * 300, frozenset({"card"})), (card,))
        except StoreError:
            refused += 1
            assert gate.archive.roster.find_by_card(card) is None
    assert refused > 20
    there = {one.pseudonym for one in gate.archive.roster.residents()}
    with suppress(StoreError):
        Rights(gate.archive, gate.config).erase(kept)
    disk.clear()
    if kept in gate.archive.roster:
        Rights(gate.archive, gate.config).erase(kept)
    gate.close()
    archive = open_archive(gate.config, gate.clock)
    assert {one.pseudonym for one in archive.roster.residents()} == there - {kept}
    assert archive.roster.find_by_card(CARD) is None
    archive.close()


def test_a_gate_does_not_start_on_a_full_disk_nor_lose_anything_by_it(
    disk: SmallDisk, tmp_path: Path
) -> None:
    gate = gate_on(disk.place, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    gate.close()
    disk.fill()
    archive: Archive | None = None
    with suppress(StoreError):
        archive = open_archive(gate.config, gate.clock)
    if archive is not None:
        archive.close()
    disk.clear()
    archive = open_archive(gate.config, gate.clock)
    assert len(archive.roster) == 1
    assert archive.log.tail(1)[0].event.reason == "granted"
    archive.close()


def test_on_a_disk_turned_read_only_the_gate_does_not_start_and_keeps_all(
    disk: SmallDisk, tmp_path: Path
) -> None:
    gate = gate_on(disk.place, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    gate.close()
    disk.remount("ro")
    with pytest.raises(StoreError):
        open_archive(gate.config, gate.clock)
    disk.remount("rw")
    archive = open_archive(gate.config, gate.clock)
    assert archive.log.tail(1)[0].event.reason == "granted"
    assert len(archive.roster) == 1
    archive.close()


def test_when_the_disk_dies_under_it_the_gate_lives_and_opens_nothing(tmp_path: Path) -> None:
    try:
        dying = Yanking(tmp_path, 1)
    except LookupError as missing:
        pytest.skip(f"needs {missing}")
    with dying:
        gate = gate_on(dying.home, tmp_path)
        gate.resident()
        assert present(gate) == "granted"
        dying.cut()
        refused_until(gate, gate.decided[-1] if present(gate) != "granted" else "log-failed")
        assert set(gate.decided[1:]) <= {"log-failed", "store-failed", "granted"}
        granted = gate.decided.count("granted")
        assert releases(gate) == granted
        gate.close()
        dying.come_back()
        archive = open_archive(gate.config, gate.clock)
        logged = [e.event.reason for e in archive.log.tail(999) if e.event.method == "card"]
        assert logged.count("granted") == granted
        assert len(archive.roster) == 1
        assert archive.log.verify() == ()
        archive.close()
