"""Intent (law 2): near, alone, frontal, still, and long enough; once for each person."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.messages import Hint
from appliance.vision.intent import IntentGate, IntentSettings
from appliance.vision.samples import Face
from appliance.vision.tracking import Sighting

MS = 1_000_000


def face(eyes: float = 80, turned: float = 0.0) -> Face:
    points = [[-eyes / 2, 0], [eyes / 2, 0], [turned * eyes, 40], [-20, 80], [20, 80]]
    return Face((-80, -80, 160, 160), np.array(points, dtype=np.float32), 0.9)


NEAR = Sighting(face(), same=True)


def watch(gate: IntentGate, sighting: Sighting, start_ms: int, end_ms: int) -> list[int]:
    """Show a sighting every 40 ms; return when intent was complete."""
    return [at for at in range(start_ms, end_ms + 1, 40) if gate.update(sighting, at * MS)[0]]


REFUSED = {
    "nobody": (Sighting(None), Hint.NONE),
    "out of range": (Sighting(face(20), same=True), Hint.NONE),
    "far": (Sighting(face(40), same=True), Hint.COME_CLOSER),
    "two": (Sighting(face(), same=True, accompanied=True), Hint.ONE_PERSON),
    "looks away": (Sighting(face(turned=0.5), same=True), Hint.LOOK_AHEAD),
    "moves": (Sighting(face(), same=True, moved=6.0), Hint.HOLD_STILL),
    "no size": (Sighting(face(0.0), same=True), Hint.NONE),
}


@pytest.mark.parametrize(("sighting", "hint"), REFUSED.values(), ids=REFUSED)
def test_without_intent_nothing_begins_and_one_thing_is_said(
    sighting: Sighting, hint: Hint
) -> None:
    gate = IntentGate(IntentSettings())
    assert watch(gate, sighting, 0, 5000) == []
    assert gate.update(sighting, 6000 * MS) == (False, hint)


@pytest.mark.parametrize("name", REFUSED)
def test_what_interrupts_makes_dwell_begin_anew(name: str) -> None:
    gate = IntentGate(IntentSettings())
    watch(gate, NEAR, 0, 360)
    gate.update(REFUSED[name][0], 380 * MS)
    assert watch(gate, NEAR, 400, 760) == []
    assert watch(gate, NEAR, 800, 840) == [800, 840]


def test_another_person_in_the_same_place_begins_anew() -> None:
    gate = IntentGate(IntentSettings())
    watch(gate, NEAR, 0, 360)
    assert not gate.update(Sighting(face(), same=False), 400 * MS)[0]
    assert watch(gate, NEAR, 440, 760) == []


def test_passing_by_is_no_intent() -> None:
    gate = IntentGate(IntentSettings())
    assert watch(gate, NEAR, 0, 360) == []
    assert watch(gate, Sighting(None), 400, 2000) == []


def test_dwelling_is_intent() -> None:
    assert watch(IntentGate(IntentSettings()), NEAR, 0, 400) == [400]


def test_the_same_person_is_not_asked_again_at_once() -> None:
    gate = IntentGate(IntentSettings())
    watch(gate, NEAR, 0, 400)
    gate.spend(400 * MS, decided=True)
    assert watch(gate, NEAR, 440, 3300) == []
    assert watch(gate, NEAR, 3340, 4000)[0] >= 3400


def test_the_next_person_need_not_wait() -> None:
    gate = IntentGate(IntentSettings())
    watch(gate, NEAR, 0, 400)
    gate.spend(400 * MS, decided=True)
    watch(gate, Sighting(None), 440, 1200)
    assert watch(gate, NEAR, 1240, 1640) == [1640]


def test_a_visit_that_came_to_nothing_is_resumed_sooner_than_a_decided_one() -> None:
    settings = IntentSettings()
    assert settings.resume_ns < settings.retry_ns
    gate = IntentGate(settings)
    watch(gate, NEAR, 0, 400)
    gate.spend(400 * MS, decided=False)
    again = watch(gate, NEAR, 440, 4000)[0] * MS
    assert again >= 400 * MS + settings.resume_ns
    assert again < 400 * MS + settings.retry_ns


def test_a_slow_machine_does_not_make_people_faster() -> None:
    for step_ms in (40, 160, 320):
        gate = IntentGate(IntentSettings())
        moved = 2.0 * step_ms / 1000
        sightings = [Sighting(face(), same=True, moved=moved) for _ in range(20)]
        complete = [
            gate.update(sighting, at * step_ms * MS)[0] for at, sighting in enumerate(sightings, 1)
        ]

        assert any(complete), step_ms
