"""Consent before capture, another door before face, look-alikes found before commit."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.gate.access.identification import Candidate
from appliance.gate.enrolment.session import (
    TRANSITIONS,
    AgeGroup,
    Applicant,
    ConsentGiven,
    Enrolment,
    EnrolmentCommand,
    EnrolmentEvent,
    EnrolmentOutcome,
    EnrolmentRefusal,
    EnrolmentState,
    EnrolmentStep,
    Giver,
    LookAlikeRule,
    ask_consent,
    transition,
)

ADULT = Applicant("r1", card_active=True, qr_active=False, age_group=AgeGroup.FROM_14)
CHILD = replace(ADULT, age_group=AgeGroup.UNDER_14)
NO_DOOR = replace(ADULT, card_active=False)
OWN = ConsentGiven(Giver.SELF, datetime(2026, 6, 1, tzinfo=UTC))
GUARDIAN = replace(OWN, given_by=Giver.GUARDIAN)
PAIRS = list(itertools.product(EnrolmentState, EnrolmentEvent))
MARK, REFUSE = LookAlikeRule.MARK, LookAlikeRule.REFUSE
every_pair = pytest.mark.parametrize(("state", "event"), PAIRS)


def captured() -> Enrolment:
    enrolment = ask_consent(ADULT).enrolment.give_consent(OWN).enrolment
    for event in (EnrolmentEvent.CAPTURE_STARTED, EnrolmentEvent.CAPTURE_ENDED):
        enrolment = enrolment.handle(event).enrolment
    return enrolment


def checked() -> Enrolment:
    return captured().check((), 0.4, MARK).enrolment


@every_pair
def test_a_pair_outside_the_table_changes_nothing(
    state: EnrolmentState, event: EnrolmentEvent
) -> None:
    if event not in TRANSITIONS[state]:
        assert transition(state, event) == EnrolmentStep(state)


@every_pair
def test_capture_starts_only_after_consent_and_storing_only_after_the_check(
    state: EnrolmentState, event: EnrolmentEvent
) -> None:
    commands = transition(state, event).commands

    if EnrolmentCommand.START_CAPTURE in commands:
        assert state is EnrolmentState.CONSENT_GIVEN
    if EnrolmentCommand.STORE in commands:
        assert state is EnrolmentState.CHECKED


@every_pair
def test_whoever_is_refused_or_leaves_leaves_no_samples(
    state: EnrolmentState, event: EnrolmentEvent
) -> None:
    step = transition(state, event)

    if step.state in {EnrolmentState.REFUSED, EnrolmentState.ABANDONED} and step.state != state:
        assert EnrolmentCommand.DESTROY_SAMPLES in step.commands


def test_a_consent_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a time with its zone"):
        ConsentGiven(Giver.SELF, datetime(2026, 6, 1))  # noqa: DTZ001 - the point of the test


def test_somebody_with_neither_card_nor_qr_is_refused_before_any_question() -> None:
    outcome = ask_consent(NO_DOOR)

    assert outcome.enrolment.state is EnrolmentState.REFUSED
    assert outcome.enrolment.refusal is EnrolmentRefusal.NO_OTHER_DOOR


def test_a_card_blocked_during_the_enrolment_refuses_the_commit() -> None:
    outcome = checked().commit(NO_DOOR)

    assert outcome.enrolment.refusal is EnrolmentRefusal.NO_OTHER_DOOR
    assert EnrolmentCommand.DESTROY_SAMPLES in outcome.commands


def test_a_commit_for_somebody_else_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected r1"):
        checked().commit(replace(ADULT, pseudonym="r2"))


def test_nothing_is_captured_before_consent() -> None:
    asked = ask_consent(ADULT).enrolment

    assert asked.handle(EnrolmentEvent.CAPTURE_STARTED) == EnrolmentOutcome(asked)


@pytest.mark.parametrize(
    "event", [EnrolmentEvent.CONSENT, EnrolmentEvent.CHECK_PASSED, EnrolmentEvent.COMMIT]
)
def test_consent_check_and_commit_have_no_way_round_their_facts(event: EnrolmentEvent) -> None:
    with pytest.raises(ValueError, match="without further facts"):
        checked().handle(event)


def test_a_child_under_14_needs_the_guardian() -> None:
    refused = ask_consent(CHILD).enrolment.give_consent(OWN).enrolment
    accepted = ask_consent(CHILD).enrolment.give_consent(GUARDIAN).enrolment

    assert refused.refusal is EnrolmentRefusal.GUARDIAN_NEEDED
    assert accepted.state is EnrolmentState.CONSENT_GIVEN
    assert accepted.consent == GUARDIAN


def test_a_second_consent_changes_nothing() -> None:
    assert checked().give_consent(GUARDIAN) == EnrolmentOutcome(checked())


@pytest.mark.parametrize(
    "enrolment", [ask_consent(ADULT).enrolment, captured(), checked()], ids=lambda e: e.state.value
)
def test_a_no_counts_until_the_end(enrolment: Enrolment) -> None:
    declined = enrolment.decline().enrolment

    assert declined.state is EnrolmentState.REFUSED
    assert declined.refusal is EnrolmentRefusal.DECLINED
    assert declined.decline() == EnrolmentOutcome(declined)


def test_a_failed_capture_can_be_tried_again_or_abandoned() -> None:
    started = (
        ask_consent(ADULT)
        .enrolment.give_consent(OWN)
        .enrolment.handle(EnrolmentEvent.CAPTURE_STARTED)
    )
    failed = started.enrolment.handle(EnrolmentEvent.CAPTURE_FAILED)
    left = started.enrolment.handle(EnrolmentEvent.ABANDON)

    assert started.commands == (EnrolmentCommand.START_CAPTURE,)
    assert failed.enrolment.state is EnrolmentState.CONSENT_GIVEN
    assert left.enrolment.state is EnrolmentState.ABANDONED
    assert EnrolmentCommand.STOP_CAPTURE in left.commands


@pytest.mark.parametrize(
    ("candidates", "rule", "refusal"),
    [
        pytest.param(
            (Candidate("r2", 0.4),), REFUSE, EnrolmentRefusal.DUPLICATE, id="a near neighbour"
        ),
        pytest.param(
            (Candidate("r2", float("nan")),),
            MARK,
            EnrolmentRefusal.COMPARISON_BROKEN,
            id="no number",
        ),
    ],
)
def test_a_duplicate_or_broken_comparison_refuses(
    candidates: tuple[Candidate, ...], rule: LookAlikeRule, refusal: EnrolmentRefusal
) -> None:
    outcome = captured().check(candidates, 0.4, rule)

    assert outcome.enrolment.refusal is refusal
    assert EnrolmentCommand.DESTROY_SAMPLES in outcome.commands


def test_a_check_needs_samples_and_a_usable_threshold() -> None:
    asked = ask_consent(ADULT).enrolment

    with pytest.raises(ValueError, match="threshold"):
        captured().check((), float("nan"), MARK)
    assert asked.check((), 0.4, MARK) == EnrolmentOutcome(asked)


def test_a_failed_store_takes_the_commit_back() -> None:
    failed = checked().commit(ADULT).enrolment.store_failed().enrolment

    assert failed.state is EnrolmentState.REFUSED
    assert failed.refusal is EnrolmentRefusal.STORE_FAILED


def test_look_alikes_are_marked_and_own_references_are_passed_over() -> None:
    candidates = (
        Candidate("r3", 0.5),
        Candidate("r1", 0.9),
        Candidate("r2", 0.4),
        Candidate("r4", 0.39),
    )

    assert captured().check(candidates, 0.4, MARK).enrolment.look_alikes == ("r2", "r3")
    assert captured().check(candidates[1:2], 0.4, REFUSE).enrolment.look_alikes == ()


def test_an_enrolment_with_consent_and_another_door_is_stored() -> None:
    outcome = checked().commit(ADULT)

    assert outcome.commands == (EnrolmentCommand.STORE,)
    assert outcome.enrolment.state is EnrolmentState.COMMITTED
    assert outcome.enrolment.consent == OWN
