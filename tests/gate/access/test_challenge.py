"""What a person is asked to do cannot be foreseen, and each act waits for the last one's answer."""

from __future__ import annotations

import secrets

import pytest

from appliance.gate.access.challenge import OTHERS, SIDES, Challenge, draw_acts
from appliance.messages import Hint

MS = 1_000_000


def least(number: int) -> int:
    """A lot that always falls on the first."""
    assert number > 0
    return 0


def test_a_newcomer_turns_to_either_side() -> None:
    drawn = {draw_acts(secrets.randbelow, again=False) for _ in range(60)}
    assert drawn == {(Hint.TURN_LEFT,), (Hint.TURN_RIGHT,)}


def test_who_was_refused_has_twelve_ways_to_be_asked_each_with_one_turn() -> None:
    drawn = {draw_acts(secrets.randbelow, again=True) for _ in range(400)}
    assert len(drawn) == 12
    assert all(len(set(one) & set(SIDES)) == len(set(one) & set(OTHERS)) == 1 for one in drawn)


def test_nothing_is_asked_before_its_moment_and_nothing_is_owed() -> None:
    challenge = Challenge((Hint.TURN_LEFT,), 1_000 * MS, least)
    assert challenge.due(0, 1_399 * MS) is None
    assert not challenge.open(1_399 * MS)
    assert challenge.prompts == 0
    assert challenge.open(1_400 * MS)
    assert challenge.due(0, 1_400 * MS) is Hint.TURN_LEFT
    assert challenge.prompts == 1


def test_each_act_is_asked_once_and_the_next_after_an_answer_and_a_pause() -> None:
    challenge = Challenge((Hint.BLINK, Hint.TURN_RIGHT), 0, least)
    assert challenge.due(0, 400 * MS) is Hint.BLINK
    assert challenge.prompts == 2
    assert challenge.due(0, 2_000 * MS) is None  # not answered
    assert challenge.due(1, 2_100 * MS) is None  # the pause is drawn now
    assert challenge.due(1, 2_199 * MS) is None
    assert challenge.due(1, 2_200 * MS) is Hint.TURN_RIGHT
    assert challenge.due(2, 3_000 * MS) is None
    assert challenge.open(3_000 * MS)


@pytest.mark.parametrize("met", [1, 7])
def test_answers_to_what_was_not_asked_yet_hurry_nothing(met: int) -> None:
    challenge = Challenge((Hint.TURN_LEFT, Hint.BLINK), 0, least)
    assert challenge.due(met, 399 * MS) is None
