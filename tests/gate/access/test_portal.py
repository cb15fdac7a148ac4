"""A door in time: levels and timers, and a lock that is never released longer than its pulse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.gate.access.door import DoorCommand, DoorEvent, DoorState
from appliance.gate.access.portal import (
    DoorLevels,
    DoorTiming,
    Portal,
    PortalStep,
    start,
    step,
    tick,
)
from appliance.gate.access.reasons import Reason

S = 1_000_000_000
TIMING = DoorTiming(pulse_ns=5 * S, held_open_ns=30 * S)
CALM = DoorLevels()
OPEN = DoorLevels(door_open=True)
REX = DoorLevels(rex=True)
FIRE = DoorLevels(fire=True)
TAMPER = DoorLevels(tamper=True)
SECURED = Portal(TIMING)
GRANTED = step(SECURED, DoorEvent.GRANTED, 0).portal


def run(portal: Portal, *looks: tuple[float, DoorLevels]) -> tuple[Portal, list[DoorCommand]]:
    commands: list[DoorCommand] = []
    for at_s, levels in looks:
        seen = tick(portal, levels, int(at_s * S))
        portal = seen.portal
        commands += seen.commands
    return portal, commands


@pytest.mark.parametrize(
    ("pulse_ns", "held_open_ns"),
    [
        pytest.param(S // 4, 30 * S, id="pulse too short"),
        pytest.param(31 * S, 60 * S, id="pulse too long"),
        pytest.param(5 * S, 4 * S, id="held time too short"),
        pytest.param(20 * S, 19 * S, id="held time shorter than the pulse"),
        pytest.param(5 * S, 601 * S, id="held time too long"),
    ],
)
def test_a_timing_out_of_range_is_refused(pulse_ns: int, held_open_ns: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        DoorTiming(pulse_ns, held_open_ns)


def test_a_door_opened_without_a_grant_is_forced_until_it_closes() -> None:
    forced, alarm = run(SECURED, (1, OPEN))
    still, silence = run(forced, (100, OPEN))
    closed, cleared = run(still, (101, CALM))

    assert forced.state is still.state is DoorState.FORCED_OPEN
    assert alarm == [DoorCommand.ALARM_FORCED]
    assert silence == []
    assert closed.state is DoorState.SECURED
    assert DoorCommand.ALARM_CLEARED in cleared


def test_an_unused_grant_ends_with_its_pulse() -> None:
    waiting, nothing = run(GRANTED, (4.9, CALM))
    ended, commands = run(waiting, (5, CALM))

    assert waiting.state is DoorState.ACCESSED
    assert nothing == []
    assert ended == SECURED
    assert commands == [DoorCommand.SECURE, DoorCommand.STOP_TIMERS]


def test_the_lock_is_secured_when_the_door_opens_and_again_when_it_closes() -> None:
    opened, at_opening = run(GRANTED, (1, OPEN))
    closed, at_closing = run(opened, (3, CALM))

    assert opened.state is DoorState.OPEN
    assert DoorCommand.SECURE in at_opening
    assert closed == SECURED
    assert DoorCommand.SECURE in at_closing


def test_a_door_that_opened_in_time_but_is_seen_late_is_not_forced() -> None:
    assert run(GRANTED, (6, OPEN))[0].state is DoorState.OPEN


def test_a_door_held_open_alarms_once_and_is_cleared_on_close() -> None:
    held, alarm = run(GRANTED, (1, OPEN), (30.9, OPEN), (31, OPEN), (40, OPEN))
    ignored = step(held, DoorEvent.GRANTED, 41 * S)
    closed, cleared = run(held, (50, CALM))

    assert held.state is DoorState.HELD_OPEN
    assert alarm.count(DoorCommand.ALARM_HELD) == 1
    assert ignored == PortalStep(held, (), (DoorEvent.GRANTED,))
    assert closed == SECURED
    assert DoorCommand.ALARM_CLEARED in cleared


def test_a_rex_press_does_not_shorten_a_running_grant() -> None:
    pressed, _ = run(GRANTED, (4, REX), (6, REX))

    assert pressed.state is DoorState.ACCESSED
    assert pressed.pulse_until_ns == 9 * S


def test_a_stuck_rex_button_releases_once() -> None:
    stuck, commands = run(SECURED, (0, REX), (3, REX), (5, REX), (60, REX))

    assert stuck.state is DoorState.SECURED
    assert commands.count(DoorCommand.RELEASE) == 1


def test_a_door_opened_while_the_button_is_still_held_is_not_forced() -> None:
    opened, commands = run(SECURED, (0, REX), (6, REX), (7, replace(REX, door_open=True)))

    assert opened.state is DoorState.OPEN
    assert DoorCommand.ALARM_FORCED not in commands


def test_a_grant_while_the_door_is_open_outlives_its_closing() -> None:
    opened, _ = run(GRANTED, (1, OPEN))
    again = step(opened, DoorEvent.GRANTED, 2 * S)
    closed, commands = run(again.portal, (3, CALM))
    ended, _ = run(closed, (7, CALM))

    assert DoorCommand.RELEASE in again.commands
    assert closed.state is DoorState.ACCESSED
    assert commands == []
    assert ended.state is DoorState.SECURED


def test_a_second_grant_that_ends_while_open_leaves_the_held_time_running() -> None:
    opened, _ = run(GRANTED, (1, OPEN))
    again = step(opened, DoorEvent.GRANTED, 2 * S).portal

    assert run(again, (7, OPEN))[0].state is DoorState.OPEN
    assert run(again, (7, OPEN), (32, OPEN))[0].state is DoorState.HELD_OPEN


def test_fire_releases_and_the_level_says_what_follows() -> None:
    burning, commands = run(SECURED, (1, FIRE), (60, replace(FIRE, door_open=True)))
    left_open, after = run(burning, (61, OPEN))
    closed, _ = run(burning, (61, CALM))
    tampered, _ = run(burning, (61, replace(FIRE, tamper=True)), (62, TAMPER))

    assert DoorCommand.RELEASE_FOR_FIRE in commands
    assert burning.state is DoorState.FIRE_RELEASE
    assert left_open.state is DoorState.OPEN
    assert DoorCommand.SECURE in after
    assert run(left_open, (91, OPEN))[0].state is DoorState.HELD_OPEN
    assert closed.state is DoorState.SECURED
    assert tampered.state is DoorState.TAMPERED


def test_tamper_refuses_face_and_lets_card_holders_home() -> None:
    tampered, alarm = run(SECURED, (1, TAMPER))
    released = step(tampered, DoorEvent.GRANTED, 2 * S)
    inside, _ = run(released.portal, (3, replace(TAMPER, door_open=True)), (4, TAMPER))

    assert DoorCommand.ALARM_TAMPER in alarm
    assert tampered.face_refusal is Reason.TAMPERED
    assert released.portal.face_refusal is Reason.TAMPERED
    assert SECURED.face_refusal is None
    assert DoorCommand.RELEASE in released.commands
    assert inside.state is DoorState.TAMPERED
    assert run(inside, (5, CALM))[0].state is DoorState.SECURED


def test_a_door_standing_open_when_tamper_ends_is_alarmed_as_forced() -> None:
    both = replace(TAMPER, door_open=True)

    assert run(SECURED, (1, both), (2, OPEN))[0].state is DoorState.FORCED_OPEN


def test_a_grant_outlives_the_end_of_tamper() -> None:
    tampered, _ = run(GRANTED, (1, TAMPER))

    assert tampered.state is DoorState.TAMPERED_ACCESSED
    assert run(tampered, (2, CALM))[0].state is DoorState.ACCESSED
    assert run(tampered, (2, CALM), (5, CALM))[0].state is DoorState.SECURED


@pytest.mark.parametrize(
    ("levels", "state"),
    [
        pytest.param(CALM, DoorState.SECURED, id="closed"),
        pytest.param(OPEN, DoorState.OPEN, id="found open"),
        pytest.param(replace(OPEN, tamper=True), DoorState.TAMPERED, id="tampered"),
        pytest.param(replace(TAMPER, fire=True), DoorState.FIRE_RELEASE, id="fire"),
        pytest.param(REX, DoorState.SECURED, id="button already held"),
    ],
)
def test_a_start_secures_first_and_takes_the_door_up_where_it_stands(
    levels: DoorLevels, state: DoorState
) -> None:
    started = start(TIMING, levels, 0)

    assert started.commands[0] is DoorCommand.SECURE
    assert started.portal.state is state
    assert started.portal.levels == levels
    assert DoorCommand.ALARM_FORCED not in started.commands


looks = st.tuples(
    st.integers(0, 8 * S),
    st.booleans(),
    st.builds(DoorLevels, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)


class Lock:
    """The lock as the commands move it, and when somebody last was let in or out."""

    def __init__(self) -> None:
        self.released = False
        self.fire = False
        self.let_pass_ns = -(10**18)

    def obey(self, outcome: PortalStep, now_ns: int) -> Portal:
        if {DoorEvent.GRANTED, DoorEvent.REX} & set(outcome.events):
            self.let_pass_ns = now_ns
        for command in outcome.commands:
            if command in {DoorCommand.RELEASE, DoorCommand.RELEASE_FOR_FIRE}:
                self.released = True
                self.fire = command is DoorCommand.RELEASE_FOR_FIRE
            elif command is DoorCommand.SECURE:
                self.released = self.fire = False
        return outcome.portal


@given(history=st.lists(looks, max_size=40))
def test_whatever_happens_the_lock_is_released_no_longer_than_a_pulse_unless_fire(
    history: list[tuple[int, bool, DoorLevels]],
) -> None:
    lock, portal, now_ns = Lock(), SECURED, 0
    for wait_ns, granted, levels in history:
        now_ns += wait_ns
        portal = lock.obey(tick(portal, levels, now_ns), now_ns)
        if granted:
            portal = lock.obey(step(portal, DoorEvent.GRANTED, now_ns), now_ns)

        assert lock.fire is (portal.state is DoorState.FIRE_RELEASE) is levels.fire
        if lock.released and not lock.fire:
            assert now_ns < lock.let_pass_ns + TIMING.pulse_ns
        if levels.tamper and not levels.fire:
            assert portal.face_refusal is Reason.TAMPERED

    for wait_ns in (0, TIMING.pulse_ns):
        now_ns += wait_ns
        portal = lock.obey(tick(portal, CALM, now_ns), now_ns)
    assert portal == SECURED
    assert not lock.released
