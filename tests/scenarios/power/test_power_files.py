"""State that somebody swapped, cut or replaced: refused with a reason, never begun anew."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from random import Random
from typing import TYPE_CHECKING

import power_world as world
import pytest
from power_kill import check_migrated, make_old
from power_model import FEWEST_PEOPLE, choose

from appliance.errors import SanmenError, StoreError
from appliance.gate.archive import UNFINISHED, create_archive, is_new

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("gate.db", "audit.db")
SECTOR = 512


def made(place: Path, seed: int = 1) -> world.Ledger:
    """Make a gate with some people and openings."""
    place.mkdir()
    world.create(place)
    ledger = world.Ledger({})
    archive, clock = world.opened(place)
    rng = Random(seed)  # noqa: S311 - chance, not a secret
    for number in range(2 * FEWEST_PEOPLE):
        act = choose(rng, ledger.people, "enrol" if number < FEWEST_PEOPLE else "decide")
        ledger.hear(json.dumps({"begin": act.told()}))
        world.perform(archive, clock, act, lambda said: ledger.hear(json.dumps(said)))
        ledger.hear(json.dumps({"done": archive.roster.store.generation}))
    archive.close()
    return ledger


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made(tmp_path / "gate")
    return tmp_path / "gate"


def refused(place: Path) -> str:
    """Return why the gate does not start, and see that trying changed nothing of it."""
    with pytest.raises(StoreError) as caught:
        world.opened(place)
    assert not is_new(world.config_of(place))
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_gate_is_refused(place: Path, tmp_path: Path, name: str) -> None:
    made(tmp_path / "other", 2)
    shutil.copy(tmp_path / "other" / "state" / name, place / "state" / name)
    assert "key" in refused(place)


def test_both_files_of_another_gate_are_refused(place: Path, tmp_path: Path) -> None:
    made(tmp_path / "other", 2)
    for name in NAMES:
        shutil.copy(tmp_path / "other" / "state" / name, place / "state" / name)
    assert "another key" in refused(place)


def test_the_other_gate_s_store_and_key_do_not_fit_this_log(place: Path, tmp_path: Path) -> None:
    made(tmp_path / "other", 2)
    shutil.copy(tmp_path / "other" / "state" / "gate.db", place / "state" / "gate.db")
    shutil.copy(tmp_path / "other" / "device.key", place / "device.key")
    assert "another key" in refused(place)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "spoiled", ["gone", "empty", "folder", "pipe", "shared", "link", "dangling"]
)
def test_what_stands_in_place_of_a_file_is_refused(
    place: Path, tmp_path: Path, name: str, spoiled: str
) -> None:
    path = place / "state" / name
    kept = tmp_path / "kept"
    path.rename(kept)
    match spoiled:
        case "empty":
            path.touch(mode=0o600)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path, 0o600)
        case "shared":
            shutil.copy(kept, path)
            path.chmod(0o644)
        case "link":
            path.symlink_to(kept)
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case _:
            pass
    refused(place)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_file_is_never_made_anew(place: Path, name: str) -> None:
    (place / "state" / name).unlink()
    for planted in (False, True):
        if planted:
            (place / "state" / UNFINISHED).touch(mode=0o600)
        with suppress(StoreError):
            create_archive(world.config_of(place))
        with pytest.raises(StoreError):
            world.opened(place)
        if name == "audit.db":
            assert not (place / "state" / name).exists()


def test_a_lost_key_is_never_made_anew(place: Path) -> None:
    (place / "device.key").unlink()
    with pytest.raises(StoreError, match="missing"):
        create_archive(world.config_of(place))
    assert not (place / "device.key").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_refused_or_whole(place: Path, tmp_path: Path, name: str) -> None:
    size = (place / "state" / name).stat().st_size
    archive, _ = world.opened(place)
    everybody, openings = world.observe(archive, []), archive.log.tail(999)
    archive.close()
    refusals = 0
    rng = Random(7)  # noqa: S311 - chance, not a secret
    cuts = rng.sample(range(SECTOR, size, SECTOR), 24)
    for cut in (*cuts, 1, 99, 100, size - 1):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(place, copy)
        with (copy / "state" / name).open("r+b") as file:
            file.truncate(cut)
        try:
            archive, _ = world.opened(copy)
        except SanmenError:
            refusals += 1
            continue
        # Only the file's last page was cut: what it held is told, or it held nothing.
        with closing(archive):
            assert world.observe(archive, []) == everybody
            assert archive.log.tail(999) == openings or archive.log.verify() != ()
    assert refusals > 24


def test_a_log_of_yesterday_beside_a_store_of_today_is_told(place: Path, tmp_path: Path) -> None:
    shutil.copy(place / "state" / "gate.db", tmp_path / "yesterday.db")
    archive, clock = world.opened(place)
    label = next(one.profile.label for one in archive.roster.residents())
    world.perform(archive, clock, world.Act("erase", label), world.nobody)
    archive.close()
    shutil.copy(tmp_path / "yesterday.db", place / "state" / "gate.db")
    assert "an old file" in refused(place)


# Making, cut short


def test_a_gate_whose_making_was_cut_short_is_made_on(tmp_path: Path) -> None:
    config = world.config_of(tmp_path)
    state = tmp_path / "state"
    assert is_new(config)
    state.mkdir(mode=0o700)
    (state / ".new-abc").mkdir(mode=0o700)
    assert is_new(config)
    (state / UNFINISHED).touch(mode=0o600)
    assert is_new(config)
    create_archive(config)
    assert not is_new(config)
    assert sorted(one.name for one in state.iterdir()) == [".new-abc", "audit.db", "gate.db"]


def test_a_store_alone_that_was_never_used_gets_its_log(tmp_path: Path) -> None:
    config = world.config_of(tmp_path)
    create_archive(config)
    (tmp_path / "state" / "audit.db").unlink()
    (tmp_path / "state" / UNFINISHED).touch(mode=0o600)
    assert is_new(config)
    create_archive(config)
    world.opened(tmp_path)[0].close()


@pytest.mark.parametrize("name", ["gate", "audit"])
def test_a_migration_half_written_by_hand_is_refused(tmp_path: Path, name: str) -> None:
    make_old(tmp_path / "old")
    path = tmp_path / "old" / "state" / f"{name}.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE kek (number INTEGER PRIMARY KEY, wrapped BLOB)")
        conn.execute("CREATE TABLE event_1 (a)")
    with pytest.raises(StoreError):
        world.opened(tmp_path / "old")
    with closing(sqlite3.connect(path)) as conn, conn:
        assert conn.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == (b"1",)
        conn.execute("DROP TABLE IF EXISTS event_1")
        conn.execute("DROP TABLE IF EXISTS kek")
    assert check_migrated(tmp_path / "old") == []
