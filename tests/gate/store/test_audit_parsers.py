"""What reads the log's stored bytes: whatever they hold, an event, a mark, or a refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import AuditError, SealBrokenError
from appliance.gate.store.audit import AuditEvent
from appliance.gate.store.audit_chain import Checkpoint, Head, Origin

if TYPE_CHECKING:
    from typing import Any

KEY = bytes(32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda part: (
        st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=9), part, max_size=4)
    ),
    max_leaves=9,
)
NAMES = ("kind", "at", "portal", "method", "reason", "pseudonym", "detail")
TIMES = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
FIELDS = st.fixed_dictionaries(dict.fromkeys(NAMES, JSON | TIMES))
CLAIMS = ("gate", "sequence", "chain", "at", "witness", "previous")


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200) | FIELDS.map(json.dumps))
def test_any_text_is_one_event_or_refused(text: str | bytes) -> None:
    try:
        event = AuditEvent.parse(text)
    except AuditError:
        return
    assert event.canonical() == (text.decode() if isinstance(text, bytes) else text)


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=64),
    st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text(max_size=200), st.text(max_size=200), max_size=16),
)
def test_every_event_comes_back_as_it_was(kind: str, at: datetime, detail: dict[str, str]) -> None:
    event = AuditEvent(kind, at, "北门", "card", "", None, detail)
    assert AuditEvent.parse(event.canonical().encode()) == event
    assert event.canonical()[7:39] == at.isoformat(timespec="microseconds")


@pytest.mark.parametrize("text", ["[" * 60_000, "{" + " " * 70_000 + "}", "1" * 5000, "\ud800"])
def test_texts_that_exhaust_are_refused(text: str) -> None:
    with pytest.raises(AuditError):
        AuditEvent.parse(text)


def test_an_event_written_in_another_way_is_refused() -> None:
    text = AuditEvent("x", datetime(2026, 1, 1, tzinfo=UTC), "north").canonical()
    for other in (text + " ", text.replace(":", ": ", 1), text.replace("+00:00", "Z")):
        with pytest.raises(AuditError, match="stored event"):
            AuditEvent.parse(other)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(CLAIMS), JSON | TIMES | st.just("00" * 32)))
def test_signed_claims_are_a_checkpoint_or_refused(claims: dict[str, Any]) -> None:
    try:
        one = Checkpoint.parse(claims)
    except SealBrokenError:
        return
    assert len(one.chain) == 32
    assert one.sequence >= 0


@settings(deadline=None)
@given(st.none() | st.integers() | st.text() | st.binary(max_size=120))
def test_no_stranger_s_bytes_are_a_mark(stored: object) -> None:
    for kind in (Head, Origin):
        with pytest.raises(AuditError):
            kind.parse(KEY, stored)


def test_a_mark_is_what_was_packed() -> None:
    head = Head(7, bytes(range(32)), -5, 9, 4)
    assert Head.parse(KEY, head.pack(KEY)) == head
    origin = Origin(7, bytes(range(32)))
    assert Origin.parse(KEY, origin.pack(KEY)) == origin
    with pytest.raises(AuditError):
        Head.parse(b"x" * 32, head.pack(KEY))
