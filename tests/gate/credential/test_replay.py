"""One-use ids: replays, floods, and clocks set back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SanmenError
from appliance.gate.credential.replay import ReplayMemory


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100), st.integers(-20, 200))))
def test_whatever_the_clock_does_nothing_passes_twice(
    shown: list[tuple[int, int, int]],
) -> None:
    memory, used = ReplayMemory(30, capacity=4), set()
    for number, issued_at, now in shown:
        one_use_id = bytes([number, issued_at])
        if memory.use(one_use_id, issued_at, now):
            assert one_use_id not in used
            used.add(one_use_id)
        assert len(memory) <= 4


def test_old_ids_are_forgotten_and_stay_shut() -> None:
    memory = ReplayMemory(30)
    assert memory.use(b"a", 100, 100)
    assert memory.use(b"b", 131, 131)
    assert len(memory) == 1
    assert not memory.use(b"a", 100, 100)
    assert not memory.use(b"c", 100, 100)
    assert memory.use(b"d", 101, 131)


def test_a_flood_shuts_rather_than_forgets() -> None:
    memory = ReplayMemory(30, capacity=2)
    assert memory.use(b"a", 100, 100)
    assert memory.use(b"b", 100, 100)
    assert not memory.use(b"c", 101, 101)
    assert not memory.use(b"a", 100, 101)
    assert memory.use(b"c", 101, 131)


def test_nothing_from_before_the_start_passes() -> None:
    memory = ReplayMemory(30, floor=105)
    assert not memory.use(b"a", 105, 106)
    assert memory.use(b"a", 106, 106)


@pytest.mark.parametrize(("window", "capacity"), [(0, 1), (1, 0)])
def test_a_memory_without_room_is_refused(window: int, capacity: int) -> None:
    with pytest.raises(SanmenError):
        ReplayMemory(window, capacity)
