"""A visit's table over every pair, and evidence that counts once, fresh and in time (law 2)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from appliance.gate.access.reasons import Reason
from appliance.gate.access.transaction import (
    TRANSITIONS,
    Transaction,
    Visit,
    VisitCommand,
    VisitEvent,
    VisitOutcome,
    VisitState,
    VisitStep,
    VisitTiming,
    transition,
)
from appliance.messages import FaceEvidence, Hint, VisitAbandoned

ID = b"v" * 16
OTHER = b"o" * 16
VISIT = Visit(ID, intent_ns=1000, deadline_ns=2000)
TIMING = VisitTiming(max_age_ns=300, rest_ns=500)
EVIDENCE = FaceEvidence(
    visit=ID,
    intent_ns=1000,
    taken_ns=1400,
    features="sface",
    probe=b"\0" * 512,
    quality=80,
    frames=5,
    cues=(),
)
OPEN = Transaction().begin(VISIT).transaction
PAIRS = list(itertools.product(VisitState, VisitEvent))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_a_pair_outside_the_table_changes_nothing(state: VisitState, event: VisitEvent) -> None:
    if event not in TRANSITIONS[state]:
        assert transition(state, event) == VisitStep(state)


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_a_decision_needs_evidence_in_an_open_visit(state: VisitState, event: VisitEvent) -> None:
    decides = VisitCommand.DECIDE in transition(state, event).commands

    assert decides is (state is VisitState.VISIT_OPEN and event is VisitEvent.EVIDENCE)


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_face_work_starts_only_by_intent_at_an_idle_gate(
    state: VisitState, event: VisitEvent
) -> None:
    starts = VisitCommand.START_VISIT in transition(state, event).commands

    assert starts is (state is VisitState.IDLE and event is VisitEvent.INTENT)


@pytest.mark.parametrize("state", VisitState)
def test_every_state_leads_back_to_idle(state: VisitState) -> None:
    for event in (VisitEvent.STOP, VisitEvent.REST_OVER):
        state = transition(state, event).state

    assert state is VisitState.IDLE


@pytest.mark.parametrize(("visit", "intent_ns", "deadline_ns"), [(b"short", 1, 2), (ID, 2, 2)])
def test_a_wrong_visit_is_refused(visit: bytes, intent_ns: int, deadline_ns: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        Visit(visit, intent_ns, deadline_ns)


@pytest.mark.parametrize(("max_age_ns", "rest_ns"), [(0, 1), (1, -1)])
def test_a_wrong_timing_is_refused(max_age_ns: int, rest_ns: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        VisitTiming(max_age_ns, rest_ns)


@pytest.mark.parametrize(
    ("evidence", "now_ns"),
    [
        pytest.param(replace(EVIDENCE, visit=OTHER), 1500, id="another visit"),
        pytest.param(replace(EVIDENCE, taken_ns=999), 1100, id="taken before intent"),
        pytest.param(replace(EVIDENCE, intent_ns=1401), 1500, id="taken before its own intent"),
        pytest.param(EVIDENCE, 1701, id="too old"),
        pytest.param(replace(EVIDENCE, taken_ns=1501), 1500, id="from the future"),
        pytest.param(replace(EVIDENCE, taken_ns=1999), 2000, id="after the deadline"),
    ],
)
def test_stale_evidence_is_refused_and_the_visit_stays_open(
    evidence: FaceEvidence, now_ns: int
) -> None:
    assert OPEN.receive(evidence, now_ns, TIMING) == VisitOutcome(OPEN, (), Reason.STALE)


def test_evidence_counts_once() -> None:
    first = OPEN.receive(EVIDENCE, 1500, TIMING)
    second = first.transaction.receive(EVIDENCE, 1501, TIMING)

    assert first.commands == (VisitCommand.DECIDE,)
    assert first.refusal is None
    assert second == VisitOutcome(first.transaction, (), Reason.REPLAYED)


def test_evidence_without_an_open_visit_is_stale() -> None:
    ended = OPEN.handle(VisitEvent.STOP, 1100).transaction

    assert Transaction().receive(EVIDENCE, 1500, TIMING).refusal is Reason.STALE
    assert ended.receive(EVIDENCE, 1500, TIMING).refusal is Reason.STALE


@pytest.mark.parametrize("event", [VisitEvent.EVIDENCE, VisitEvent.INTENT])
def test_evidence_and_intent_have_no_way_round_their_checks(event: VisitEvent) -> None:
    with pytest.raises(ValueError, match="stop"):
        OPEN.handle(event, 1100)


def test_a_second_intent_does_not_replace_an_open_visit() -> None:
    outcome = OPEN.begin(Visit(OTHER, 1100, 3000))

    assert outcome == VisitOutcome(OPEN)


@pytest.mark.parametrize(
    ("transaction", "visit"),
    [pytest.param(OPEN, OTHER, id="another visit"), pytest.param(Transaction(), ID, id="none")],
)
def test_giving_up_a_visit_that_is_not_open_is_stale(
    transaction: Transaction, visit: bytes
) -> None:
    message = VisitAbandoned(visit, 1200, Hint.COME_CLOSER)

    assert transaction.abandon(message, 1200) == VisitOutcome(transaction, (), Reason.STALE)


def test_giving_up_shows_the_hint_and_rests() -> None:
    outcome = OPEN.abandon(VisitAbandoned(ID, 1200, Hint.COME_CLOSER), 1200)

    assert outcome.commands == (VisitCommand.SHOW_HINT,)
    assert outcome.transaction.tick(1699, TIMING).transaction.state is VisitState.ENDED
    assert outcome.transaction.tick(1700, TIMING).transaction.state is VisitState.IDLE


def test_the_deadline_stops_the_visit_and_points_to_the_other_doors() -> None:
    assert OPEN.tick(1999, TIMING) == VisitOutcome(OPEN)
    assert OPEN.tick(2000, TIMING).commands == (
        VisitCommand.STOP_VISIT,
        VisitCommand.SHOW_OTHER_DOORS,
    )
