"""Law 1: face is never the only way in, neither by configuration nor while running (S2)."""

from __future__ import annotations

from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from appliance.gate.access.policy import (
    GRACE_NS,
    DoorsWorking,
    FaceSettings,
    FaceStanding,
    Inequality,
    PortalPolicy,
    face_may_run,
)
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.schedule import ALWAYS

ZONE = ZoneInfo("Asia/Shanghai")
FACE = FaceSettings(threshold=0.4, margin=0.05)
NOTHING = DoorsWorking(card=False, qr=False)
CARD = DoorsWorking(card=True, qr=False)
QR = DoorsWorking(card=False, qr=True)
ALL = frozenset(Method)


def policy(methods: frozenset[Method] = ALL, grace_ns: int = GRACE_NS) -> PortalPolicy:
    face = FACE if Method.FACE in methods else None
    return PortalPolicy(methods, ALWAYS, ZONE, face, grace_ns)


@pytest.mark.parametrize(
    ("methods", "face", "grace_ns"),
    [
        pytest.param(frozenset[Method](), None, GRACE_NS, id="no way in"),
        pytest.param(frozenset({Method.FACE}), FACE, GRACE_NS, id="face alone"),
        pytest.param(ALL, None, GRACE_NS, id="face without settings"),
        pytest.param(frozenset({Method.CARD}), FACE, GRACE_NS, id="settings without face"),
        pytest.param(ALL, FACE, -1, id="negative grace"),
        pytest.param(ALL, FACE, 10 * GRACE_NS, id="endless grace"),
    ],
)
def test_a_policy_that_breaks_law_1_cannot_be_built(
    methods: frozenset[Method], face: FaceSettings | None, grace_ns: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        PortalPolicy(methods, ALWAYS, ZONE, face, grace_ns)


@pytest.mark.parametrize(
    ("threshold", "margin"),
    [
        pytest.param(float("nan"), 0.1, id="threshold no number"),
        pytest.param(1.1, 0.1, id="threshold too high"),
        pytest.param(0.5, -0.1, id="negative margin"),
    ],
)
def test_face_settings_out_of_range_are_refused(threshold: float, margin: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        FaceSettings(threshold, margin)


def test_there_is_one_schedule_and_no_place_for_hours_of_a_method() -> None:
    assert [field.name for field in fields(PortalPolicy) if "schedule" in field.name] == [
        "schedule"
    ]


def test_face_does_not_start_without_another_working_door() -> None:
    inequality = Inequality().observe(policy(), NOTHING, 0)

    assert face_may_run(policy(), NOTHING, inequality, 0) == FaceStanding(
        allowed=False, alarm=True, reason=Reason.FACE_SUSPENDED
    )


@pytest.mark.parametrize(
    ("doors", "methods"),
    [
        pytest.param(CARD, frozenset({Method.QR, Method.FACE}), id="card works but is off"),
        pytest.param(QR, frozenset({Method.CARD, Method.FACE}), id="qr works but is off"),
    ],
)
def test_a_door_that_is_switched_off_is_no_other_door(
    doors: DoorsWorking, methods: frozenset[Method]
) -> None:
    standing = face_may_run(policy(methods), doors, Inequality(), 0)

    assert standing.alarm
    assert not standing.allowed


def test_losing_the_last_other_door_alarms_at_once_and_suspends_face_after_the_grace() -> None:
    equal = Inequality().observe(policy(), CARD, 0)
    unequal = equal.observe(policy(), NOTHING, 100)
    later = unequal.observe(policy(), NOTHING, 200)

    def reason(now_ns: int) -> Reason:
        standing = face_may_run(policy(), NOTHING, later, now_ns)
        assert standing.alarm
        assert standing.allowed is (standing.reason is Reason.GRANTED)
        return standing.reason

    assert later.since_ns == 100
    assert reason(100 + GRACE_NS) is Reason.FACE_SUSPENDED
    assert reason(99) is Reason.CLOCK_UNSURE
    assert reason(100) is Reason.GRANTED
    assert reason(99 + GRACE_NS) is Reason.GRANTED
    assert later.observe(policy(), QR, 300) == Inequality(started_equal=True)


def test_an_inequality_that_was_not_observed_begins_now() -> None:
    standing = face_may_run(policy(), NOTHING, Inequality(started_equal=True), 5)

    assert standing == FaceStanding(allowed=True, alarm=True, reason=Reason.GRANTED)


def test_face_that_is_off_stays_off_and_the_alarm_still_tells_that_nothing_works() -> None:
    off = policy(frozenset({Method.CARD}))

    assert face_may_run(off, NOTHING, Inequality(), 0) == FaceStanding(
        allowed=False, alarm=True, reason=Reason.METHOD_OFF
    )
    assert not face_may_run(off, CARD, Inequality(), 0).alarm


@pytest.mark.parametrize("doors", [CARD, QR])
def test_face_runs_while_another_door_works(doors: DoorsWorking) -> None:
    inequality = Inequality().observe(policy(), doors, 0)

    assert face_may_run(policy(), doors, inequality, 10 * GRACE_NS) == FaceStanding(
        allowed=True, alarm=False, reason=Reason.GRANTED
    )
