"""A disk that is full, or dies, or turns read-only under a working gate: nobody passes unlogged."""

from __future__ import annotations

import os
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
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appliance.gate.archive import Archive

PRESENTATIONS = 40


@pytest.fixture
def disk(tmp_path: Path, shell: Callable[..., bool]) -> Iterator[Path]:
    """Give a disk of 2 MB of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ("/bin/mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "sanmen-test", str(place))
    if os.geteuid() != 0 or not shell(*words):
        pytest.skip("mounting a small disk takes root")
    yield place
    assert shell("/bin/umount", "--lazy", str(place))


def gate_on(disk: Path, tmp_path: Path) -> Gate:
    config = simulated(tmp_path)
    place = Store(folder=str(disk / "state"), key_file=config.store.key_file)
    return Gate(type(config)(site=config.site, store=place, methods=config.methods))


def fill(disk: Path) -> Path:
    """Take the last byte of room."""
    path = disk / "filler"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return path


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
    disk: Path, tmp_path: Path
) -> None:
    gate = gate_on(disk, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    filler = fill(disk)
    refused_until(gate, "log-failed")
    filler.unlink()
    assert present(gate) == "granted"
    granted = gate.decided.count("granted")
    assert releases(gate) == granted
    gate.close()
    archive = open_archive(gate.config, gate.clock)
    logged = [e.event.reason for e in archive.log.tail(999) if e.event.kind == "entry.granted"]
    assert logged == ["granted"] * granted
    assert archive.log.verify() == ()
    archive.close()


def test_on_a_full_disk_nobody_is_half_enrolled_or_half_erased(disk: Path, tmp_path: Path) -> None:
    gate = gate_on(disk, tmp_path)
    kept = gate.resident()
    filler = fill(disk)
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
    filler.unlink()
    if kept in gate.archive.roster:
        Rights(gate.archive, gate.config).erase(kept)
    gate.close()
    archive = open_archive(gate.config, gate.clock)
    assert {one.pseudonym for one in archive.roster.residents()} == there - {kept}
    assert archive.roster.find_by_card(CARD) is None
    archive.close()


def test_a_gate_does_not_start_on_a_full_disk_nor_lose_anything_by_it(
    disk: Path, tmp_path: Path
) -> None:
    gate = gate_on(disk, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    gate.close()
    filler = fill(disk)
    archive: Archive | None = None
    with suppress(StoreError):
        archive = open_archive(gate.config, gate.clock)
    if archive is not None:
        archive.close()
    filler.unlink()
    archive = open_archive(gate.config, gate.clock)
    assert len(archive.roster) == 1
    assert archive.log.tail(1)[0].event.reason == "granted"
    archive.close()


def test_on_a_disk_turned_read_only_the_gate_does_not_start_and_keeps_all(
    disk: Path, tmp_path: Path, shell: Callable[..., bool]
) -> None:
    gate = gate_on(disk, tmp_path)
    gate.resident()
    assert present(gate) == "granted"
    gate.close()
    assert shell("/bin/mount", "-o", "remount,ro", str(disk))
    with pytest.raises(StoreError):
        open_archive(gate.config, gate.clock)
    assert shell("/bin/mount", "-o", "remount,rw", str(disk))
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
