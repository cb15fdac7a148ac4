"""A bouncing contact: only a level that stayed counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.debounce import Debounce

STABLE_NS = 30

READINGS = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=60)


def test_a_bounce_shorter_than_the_span_is_not_seen() -> None:
    debounce = Debounce(STABLE_NS)
    levels = [(0, False), (10, True), (20, False), (30, True), (59, True), (60, True)]

    assert [debounce.update(level, at) for at, level in levels] == [False] * 5 + [True]


@pytest.mark.parametrize("level", [True, False])
def test_the_first_level_counts_at_once(*, level: bool) -> None:
    assert Debounce(STABLE_NS).update(level, 0) is level


@given(READINGS)
def test_it_changes_only_to_a_level_read_unchanged_for_the_span(
    readings: list[tuple[int, bool]],
) -> None:
    debounce, now_ns = Debounce(STABLE_NS), 0
    counted = debounce.update(readings[0][1], now_ns)
    history = [(now_ns, readings[0][1])]
    for pause, level in readings:
        now_ns += pause
        history.append((now_ns, level))
        before, counted = counted, debounce.update(level, now_ns)
        if counted is not before:
            assert counted is level
            unchanged_since = now_ns
            for at, read in reversed(history):
                if read is not level:
                    break
                unchanged_since = at
            assert now_ns - unchanged_since >= STABLE_NS


@given(readings=READINGS, level=st.booleans())
def test_a_level_that_stays_is_believed_in_the_end(
    readings: list[tuple[int, bool]], *, level: bool
) -> None:
    debounce, now_ns = Debounce(STABLE_NS), 0
    for pause, read in readings:
        now_ns += pause
        debounce.update(read, now_ns)
    debounce.update(level, now_ns)

    assert debounce.update(level, now_ns + STABLE_NS) is level


@given(READINGS)
def test_without_a_span_every_level_counts(readings: list[tuple[int, bool]]) -> None:
    debounce = Debounce(0)

    assert all(debounce.update(level, at) is level for at, level in readings)
