"""Challenge: early, late, wrong and computed answers do not count; one given in time does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from appliance.messages import Hint
from appliance.vision.pad.challenge import (
    TABLE,
    Action,
    ChallengeCue,
    Event,
    Posture,
    State,
    judged,
    too_smooth,
)
from appliance.vision.pad.look import Prompt

MS = 1_000_000
SHOWN = 2000 * MS


def visit(
    begin_ms: int, *, yaw: float = 0.0, pitch: float = 0.0, shut: float = 0.0, grow: float = 0.0
) -> list[Posture]:
    """A person at rest who moves within 240 ms, begun `begin_ms` after the prompt."""
    rng = np.random.default_rng(5)
    seen = []
    for at in range(800, 4400, 40):
        way = float(np.clip((at - 2000 - begin_ms) / 240, 0.0, 1.0)) ** 1.5
        noise = rng.normal(0, 0.3, 2)
        open_ = 0.3 * (1.0 - shut * (1.0 if 0 <= at - 2000 - begin_ms < 160 else 0.0))
        seen.append(
            Posture(
                at * MS, yaw * way + noise[0], pitch * way + noise[1], open_, 90 + 90 * grow * way
            )
        )
    return seen


def after(postures: list[Posture], asked: Hint) -> ChallengeCue:
    cue = ChallengeCue()
    for posture in postures:
        cue.take(posture, Prompt(asked, SHOWN) if posture.taken_ns >= SHOWN else None)
    return cue


def test_every_state_knows_every_event() -> None:
    assert set(TABLE) == set(itertools.product(State, Event))


@pytest.mark.parametrize("event", list(Event))
def test_whoever_is_caught_or_missed_stays_so_in_this_visit(event: Event) -> None:
    assert TABLE[State.CAUGHT, event] is State.CAUGHT
    assert TABLE[State.MISSED, event] is State.MISSED


@pytest.mark.parametrize("begin", [-250, -100, 0])
def test_a_turn_begun_before_the_prompt_could_be_seen_counts_against(begin: int) -> None:
    cue = after(visit(begin, yaw=15.0), Hint.TURN_SLIGHTLY)
    assert cue.state is State.CAUGHT
    assert (cue.evidence().score, cue.evidence().frames > 0) == (0.0, True)


@pytest.mark.parametrize("begin", [1600, 2000])
def test_a_turn_begun_too_late_is_no_evidence(begin: int) -> None:
    cue = after(visit(begin, yaw=15.0), Hint.TURN_SLIGHTLY)
    assert cue.state is State.MISSED
    assert cue.evidence().frames == 0


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        (Hint.NOD_SLIGHTLY, {"yaw": 15.0}),
        (Hint.TURN_SLIGHTLY, {"pitch": 15.0}),
        (Hint.BLINK, {"yaw": 15.0}),
        (Hint.COME_CLOSER, {"yaw": 15.0}),
        (Hint.COME_CLOSER, {"grow": -0.2}),
        (Hint.TURN_SLIGHTLY, {"yaw": 4.0}),
        (Hint.BLINK, {"shut": 0.2}),
        (Hint.TURN_SLIGHTLY, {}),
    ],
)
def test_another_motion_or_too_little_of_it_is_no_evidence(
    asked: Hint, done: dict[str, float]
) -> None:
    cue = after(visit(500, **done), asked)
    assert cue.state is State.MISSED
    assert cue.evidence().frames == 0


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        (Hint.TURN_SLIGHTLY, {"yaw": 15.0}),
        (Hint.TURN_SLIGHTLY, {"yaw": -15.0}),
        (Hint.NOD_SLIGHTLY, {"pitch": 12.0}),
        (Hint.BLINK, {"shut": 0.8}),
        (Hint.COME_CLOSER, {"grow": 0.2}),
    ],
)
@pytest.mark.parametrize("begin", [200, 600, 1200])
def test_what_was_asked_done_in_time_is_met(
    asked: Hint, done: dict[str, float], begin: int
) -> None:
    cue = after(visit(begin, **done), asked)
    assert cue.state is State.MET
    assert (cue.evidence().score, cue.evidence().frames) == (0.75, 1)


def test_left_and_right_are_the_persons_own() -> None:
    to_the_pictures_right = visit(500, yaw=15.0)
    assert judged(Action.TURN_LEFT, to_the_pictures_right, SHOWN) is Event.ANSWER
    assert judged(Action.TURN_RIGHT, to_the_pictures_right, SHOWN) is Event.OVER


def test_a_blink_before_its_time_is_neither_held_against_nor_counted() -> None:
    assert after(visit(-40, shut=0.8), Hint.BLINK).state is State.MISSED


def test_a_hint_that_asks_for_nothing_is_no_challenge() -> None:
    cue = after(visit(500, yaw=15.0), Hint.MORE_LIGHT)
    assert cue.state is State.QUIET
    assert cue.evidence().frames == 0


def test_who_was_not_seen_before_the_prompt_cannot_have_moved() -> None:
    late = [posture for posture in visit(500, yaw=15.0) if posture.taken_ns > SHOWN]
    assert judged(Action.TURN, late, SHOWN) is Event.OVER


def test_a_second_prompt_leaves_the_first_unmet_and_a_met_one_counts_twice() -> None:
    cue = after(visit(500, yaw=15.0), Hint.TURN_SLIGHTLY)
    later = Prompt(Hint.NOD_SLIGHTLY, 5000 * MS)
    rng = np.random.default_rng(6)
    for at in range(4400, 5600, 40):
        pitch = 12.0 * float(np.clip((at - 5400) / 100, 0.0, 1.0)) + rng.normal(0, 0.3)
        cue.take(Posture(at * MS, 15.0, pitch, 0.3, 90.0), later if at >= 5000 else None)
    assert (cue.evidence().score, cue.evidence().frames) == (0.875, 2)
    impatient = ChallengeCue()
    impatient.take(Posture(SHOWN, 0.0, 0.0, 0.3, 90.0), Prompt(Hint.BLINK, SHOWN))
    impatient.take(Posture(SHOWN + 1, 0.0, 0.0, 0.3, 90.0), Prompt(Hint.NOD_SLIGHTLY, SHOWN + 1))
    assert impatient.state is State.MISSED


@pytest.mark.parametrize("ramp", ["line", "cosine"])
def test_a_computed_ramp_is_too_smooth_and_one_with_a_heads_noise_is_not(ramp: str) -> None:
    share = np.linspace(0.0, 1.0, 12)
    way = 15.0 * (share if ramp == "line" else (1.0 - np.cos(np.pi * share)) / 2)
    assert too_smooth(np.concatenate([[0.0], way + 0.8]), 7.0)
    noisy = way + np.random.default_rng(2).normal(0, 0.3, 12)
    assert not too_smooth(noisy, 7.0)
    assert not too_smooth(way[:4], 7.0)


def test_wiping_forgets_the_visit() -> None:
    cue = after(visit(500, yaw=15.0), Hint.TURN_SLIGHTLY)
    cue.wipe()
    assert cue.state is State.QUIET
    assert cue.evidence().frames == 0
