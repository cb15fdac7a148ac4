"""Power cuts at any moment: nothing that opened a door is lost, nobody is left half in or out.

A small part of what `run.py` beside this file does thousands of times.
"""

from __future__ import annotations

import shutil
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest
from power_disk import Disk, Op
from power_kill import Campaign
from power_record import CARELESS
from power_tear import Tearing
from power_yank import Yanking

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20260301

needs_shim = pytest.mark.skipif(
    shutil.which("gcc") is None or not sys.platform.startswith("linux"),
    reason="recording writes takes gcc and Linux",
)


def test_a_gate_that_opens_before_it_logs_is_found_out(tmp_path: Path) -> None:
    assert "opening" in str(Campaign(tmp_path, SEED, eager=True, kinds=("decide",)).run(60).losses)


def test_killed_at_any_moment_it_starts_again_and_nothing_is_missing(tmp_path: Path) -> None:
    tally = Campaign(tmp_path, SEED).run(66)
    assert tally.losses == []
    assert tally.cuts.total() == 66
    assert tally.inside > 30
    assert tally.opened > 40


@needs_shim
def test_a_gate_that_never_syncs_is_found_out(tmp_path: Path) -> None:
    assert Tearing(tmp_path, SEED, CARELESS).run(30, 30, 20).failed > 5


@needs_shim
def test_cut_in_the_middle_of_any_write_it_starts_again_and_nothing_is_missing(
    tmp_path: Path,
) -> None:
    tearing = Tearing(tmp_path, SEED)
    tally = tearing.run(60, 60, 30)
    assert tally.losses == []
    assert tearing.writes > 300
    assert tally.opened > 20


def test_a_real_file_system_shut_down_under_it_keeps_everything(tmp_path: Path) -> None:
    try:
        yanking = Yanking(tmp_path, SEED)
    except LookupError as missing:
        pytest.skip(f"needs {missing}")
    with yanking:
        tally = yanking.run(24)
    assert tally.losses == []
    assert tally.cuts.total() == 24


# The disk itself


def draw(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - chance, not a secret


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "root").mkdir()
    one = Disk(tmp_path / "root")
    for op in (
        Op("C", 7, 0, str(tmp_path / "root" / "a").encode()),
        Op("W", 7, 0, b"first"),
        Op("S", 7, 0, str(tmp_path / "root" / "a").encode()),
        Op("W", 7, 5, b"x" * 1000),
    ):
        one.do(op)
    return one


def test_an_unsynced_name_is_not_there(disk: Disk, tmp_path: Path) -> None:
    disk.leave(tmp_path / "cut", "synced only", draw())
    assert list((tmp_path / "cut").iterdir()) == []


def test_a_synced_name_keeps_what_was_synced(disk: Disk, tmp_path: Path) -> None:
    disk.do(Op("S", 1, 0, str(tmp_path / "root").encode()))
    disk.leave(tmp_path / "cut", "synced only", draw())
    assert (tmp_path / "cut" / "a").read_bytes() == b"first"
    disk.leave(tmp_path / "whole", "everything", draw())
    assert (tmp_path / "whole" / "a").read_bytes() == b"first" + b"x" * 1000


def test_a_torn_write_ends_anywhere(disk: Disk, tmp_path: Path) -> None:
    disk.do(Op("S", 1, 0, str(tmp_path / "root").encode()))
    lengths = set()
    for seed in range(60):
        disk.leave(tmp_path / f"cut{seed}", "torn", draw(seed))
        content = (tmp_path / f"cut{seed}" / "a").read_bytes()
        assert content == b"first" + b"x" * (len(content) - 5)
        lengths.add(len(content))
    assert {5, 512, 1005} & lengths == {5, 512}
    assert len(lengths) > 10


def test_a_name_used_again_is_another_file(disk: Disk, tmp_path: Path) -> None:
    path = str(tmp_path / "root" / "a").encode()
    root = Op("S", 1, 0, str(tmp_path / "root").encode())
    for op in (root, Op("U", 0, 0, path), Op("C", 7, 0, path), Op("W", 7, 0, b"new"), root):
        disk.do(op)
    disk.leave(tmp_path / "cut", "synced only", draw())
    assert (tmp_path / "cut" / "a").read_bytes() == b""
    disk.leave(tmp_path / "whole", "everything", draw())
    assert (tmp_path / "whole" / "a").read_bytes() == b"new"
