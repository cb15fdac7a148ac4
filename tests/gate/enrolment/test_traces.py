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

from appliance.errors import StoreError
from appliance.gate.enrolment import own_memory
from appliance.gate.enrolment.traces import BLOCK, READ, Traces


def found(traces: Traces, content: bytes) -> list[int]:
    return [at for at, _ in traces.positions(np.frombuffer(content, np.uint8))]


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
    traces = Traces.of([field, os.urandom(20)])
    for at in (0, READ - 31, READ - 16, READ, 2 * READ - 1):
        content = bytearray(2 * READ + 100)
        content[at : at + 32] = field
        (tmp_path / "file").write_bytes(content)
        assert traces.in_file(tmp_path / "file") == (2 * READ + 100, 1)
    with pytest.raises(StoreError, match="read back"):
        traces.in_file(tmp_path / "gone")


def test_fingerprints_hold_nothing_of_the_field() -> None:
    field = os.urandom(640)
    content = Traces.of([field]).encode()
    assert not any(field[start : start + 4] in content for start in range(637))
    assert found(Traces.decode(content), field) == list(range(0, 640, 32))


@pytest.mark.parametrize("content", [b"", b"\xc0", b"\x80", Traces.of([bytes(32)]).encode()[:-1]])
def test_cut_fingerprints_are_refused(content: bytes) -> None:
    with pytest.raises(StoreError):
        Traces.decode(content)


HELD = """
import os, sys
from appliance.gate.enrolment import own_memory
from appliance.gate.enrolment.traces import Traces
field = os.urandom(640)
traces = Traces.of([field])
held = own_memory.search(traces)
del field
freed = own_memory.search(traces)
sys.exit(0 if held.left >= 20 and freed.left == 0 and held.bytes_read > 1_000_000 else 1)
"""


def test_what_is_held_in_memory_is_told_and_what_was_freed_is_overwritten() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", HELD], cwd=Path.cwd(), check=False
    )
    assert done.returncode == 0


def test_without_a_map_nothing_is_proven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(own_memory, "MAPS", tmp_path / "none")
    with pytest.raises(StoreError, match="nothing is proven"):
        own_memory.search(Traces.of([os.urandom(32)]))
