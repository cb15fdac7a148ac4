"""The door's table over every pair of state and event."""

from __future__ import annotations

import itertools

import pytest

from appliance.gate.access.door import (
    TRANSITIONS,
    DoorCommand,
    DoorEvent,
    DoorState,
    DoorStep,
    transition,
)

PAIRS = list(itertools.product(DoorState, DoorEvent))
RELEASED = {DoorState.ACCESSED, DoorState.OPEN_ACCESSED, DoorState.TAMPERED_ACCESSED}
every_pair = pytest.mark.parametrize(("state", "event"), PAIRS)


@every_pair
def test_a_pair_outside_the_table_changes_nothing(state: DoorState, event: DoorEvent) -> None:
    if event not in TRANSITIONS[state]:
        assert transition(state, event) == DoorStep(state)


@every_pair
def test_the_lock_is_released_only_by_a_grant_rex_or_fire(
    state: DoorState, event: DoorEvent
) -> None:
    commands = transition(state, event).commands

    if DoorCommand.RELEASE in commands:
        assert event in {DoorEvent.GRANTED, DoorEvent.REX}
        assert DoorCommand.START_PULSE_TIMER in commands
    assert (DoorCommand.RELEASE_FOR_FIRE in commands) <= (event is DoorEvent.FIRE_ON)


@every_pair
def test_who_leaves_a_released_state_secures_the_lock(state: DoorState, event: DoorEvent) -> None:
    step = transition(state, event)
    was = state in RELEASED or state is DoorState.FIRE_RELEASE
    is_released = step.state in RELEASED or step.state is DoorState.FIRE_RELEASE

    if was and not is_released:
        assert DoorCommand.SECURE in step.commands
    if is_released:
        assert DoorCommand.SECURE not in step.commands
    if is_released and not was:
        assert {DoorCommand.RELEASE, DoorCommand.RELEASE_FOR_FIRE} & set(step.commands)


@pytest.mark.parametrize("state", DoorState)
def test_fire_overrides_every_state(state: DoorState) -> None:
    assert transition(state, DoorEvent.FIRE_ON).state is DoorState.FIRE_RELEASE


@pytest.mark.parametrize("event", [e for e in DoorEvent if e is not DoorEvent.FIRE_OFF])
def test_nothing_but_its_end_leaves_fire_release(event: DoorEvent) -> None:
    assert transition(DoorState.FIRE_RELEASE, event).state is DoorState.FIRE_RELEASE


@pytest.mark.parametrize("event", DoorEvent)
def test_a_forced_door_calms_only_when_closed(event: DoorEvent) -> None:
    cleared = DoorCommand.ALARM_CLEARED in transition(DoorState.FORCED_OPEN, event).commands

    assert cleared is (event is DoorEvent.CLOSED)


@pytest.mark.parametrize("state", DoorState)
def test_every_state_leads_back_to_secured(state: DoorState) -> None:
    reached = {state}
    for _ in DoorState:
        reached |= {transition(s, e).state for s, e in itertools.product(reached, DoorEvent)}
    calm = (DoorEvent.FIRE_OFF, DoorEvent.TAMPER_OFF, DoorEvent.CLOSED, DoorEvent.PULSE_ENDED)
    for event in calm:
        state = transition(state, event).state

    assert DoorState.SECURED in reached
    assert state is DoorState.SECURED


@pytest.mark.parametrize("event", [DoorEvent.GRANTED, DoorEvent.REX])
def test_people_get_home_while_the_terminal_is_tampered_with(event: DoorEvent) -> None:
    step = transition(DoorState.TAMPERED, event)

    assert DoorCommand.RELEASE in step.commands
    assert DoorCommand.ALARM_CLEARED not in step.commands


@pytest.mark.parametrize("state", DoorState)
def test_every_state_has_its_row(state: DoorState) -> None:
    assert TRANSITIONS[state]
