"""Traces: found wherever they stand, never kept themselves, and overwritten in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.cli.clean_memory import ALLOCATOR
from appliance.errors import StoreError
from appliance.gate.enrolment import own_memory
from appliance.gate.enrolment.traces import BLOCK, READ, Search, Traces
from appliance.hardening import TUNABLES, environment
from appliance.process_memory import still_copy


def found(traces: Traces, content: bytes) -> list[int]:
    return [at for at, *_ in Search([traces]).positions(np.frombuffer(content, np.uint8))]


@pytest.mark.parametrize(
    "at", [0, 1, 31, BLOCK - 32, BLOCK - 31, BLOCK - 1, BLOCK, 2 * BLOCK - 16, 3 * BLOCK - 32]
)
def test_a_piece_is_found_once_wherever_it_stands(at: int) -> None:
    piece = os.urandom(32)
    content = bytearray(os.urandom(3 * BLOCK))
    content[at : at + 32] = piece
    assert found(Traces.of([piece]), bytes(content)) == [at]


@given(st.binary(min_size=16, max_size=200), st.binary(max_size=40), st.binary(max_size=40))
@settings(deadline=None)
def test_a_field_between_anything_is_found(field: bytes, before: bytes, after: bytes) -> None:
    # An empty page is skipped, as is a piece of zeros alone: nothing of anybody.
    if any(field):
        assert found(Traces.of([field]), before + b"\1" + field + after)


def test_a_part_of_a_field_is_found_and_half_a_piece_is_not() -> None:
    field = os.urandom(1280)
    traces = Traces.of([field])
    assert found(traces, b"x" * 9 + field[64:96]) == [9]
    assert found(traces, field[-32:]) == [0]
    assert found(traces, field[65:96]) == []
    assert found(traces, os.urandom(100_000)) == []


def test_a_file_is_read_over_the_borders_of_its_reads(tmp_path: Path) -> None:
    field = os.urandom(32)
    search = Search([Traces.of([field, os.urandom(20)])])
    for at in (0, READ - 31, READ - 16, READ, 2 * READ - 1):
        content = bytearray(2 * READ + 100)
        content[at : at + 32] = field
        (tmp_path / "file").write_bytes(content)
        assert search.in_file(tmp_path / "file") == (2 * READ + 100, [1])
    with pytest.raises(StoreError, match="read back"):
        search.in_file(tmp_path / "gone")


def test_fingerprints_hold_nothing_of_the_field() -> None:
    field = os.urandom(640)
    content = Traces.of([field]).encode()
    assert not any(field[start : start + 4] in content for start in range(637))
    assert found(Traces.decode(content), field) == list(range(0, 640, 32))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xc0", b"\x80", Traces.of([bytes(32)]).encode()[:-1]],
    ids=["empty", "nothing", "no fields", "cut"],
)
def test_cut_fingerprints_are_refused(content: bytes) -> None:
    with pytest.raises(StoreError):
        Traces.decode(content)


def test_one_pass_finds_several_people_and_says_whose_each_piece_is(tmp_path: Path) -> None:
    fields, key = [os.urandom(64) for _ in range(3)], os.urandom(32)
    people = [Traces.of([field], key) for field in fields]
    content = b"a" + fields[2] + b"b" + fields[0][:32]
    (tmp_path / "file").write_bytes(content)
    assert Search(people).in_file(tmp_path / "file") == (len(content), [1, 0, 2])
    others = [Traces.of([field]) for field in fields]
    assert Search(others).in_file(tmp_path / "file") == (len(content), [1, 0, 2])
    assert Search([people[1], Traces.of([])]).in_file(tmp_path / "file") == (len(content), [0, 0])


HELD = """
import os, sys
import numpy as np
from appliance.gate.enrolment import own_memory
from appliance.gate.enrolment.traces import Traces
fields = [os.urandom(size) for size in (32, 640, 70_000)]
array = np.frombuffer(os.urandom(1280), np.float32) * np.float32(1)
traces = Traces.of([*fields, array.data.cast("B")])
(held,) = own_memory.search([traces])
del fields, array
(freed,) = own_memory.search([traces])
assert held.left >= len(traces) and held.bytes_read > 10_000_000
sys.exit(min(freed.left, 99))
"""


def search_of(env: dict[str, str]) -> int:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", HELD],
        cwd=Path.cwd(),
        env=env,
        check=False,
    ).returncode


def test_what_is_held_is_told_and_what_was_freed_is_overwritten_by_the_allocator() -> None:
    assert search_of(environment(os.environ) | ALLOCATOR) == 0


def test_without_the_allocator_s_help_what_was_freed_is_found() -> None:
    bare = {name: value for name, value in os.environ.items() if name != TUNABLES}
    assert search_of(bare) > 0


def test_without_a_copy_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(StoreError, match="nothing is proven"):
        own_memory.search([Traces.of([os.urandom(32)])])


def test_the_copy_ends_with_the_search_and_when_it_is_broken_off() -> None:
    with still_copy() as copy:
        assert Path(f"/proc/{copy}").exists()
    assert not Path(f"/proc/{copy}").exists()
    with pytest.raises(ZeroDivisionError), still_copy() as copy:
        raise ZeroDivisionError
    assert not Path(f"/proc/{copy}").exists()
