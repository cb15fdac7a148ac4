"""Repeated failed face attempts pause face, and nothing but face (S29, S124)."""

from __future__ import annotations

import pytest

from appliance.gate.access.lockout import COUNTED, FaceLockout, LockoutPolicy
from appliance.gate.access.reasons import Method, Reason

S = 1_000_000_000
POLICY = LockoutPolicy(failures=3, window_ns=60 * S, pause_ns=60 * S, longest_pause_ns=200 * S)
NOT_COUNTED = [r for r in Reason if r not in COUNTED and r is not Reason.GRANTED]


def fail(lockout: FaceLockout, *times_s: int, reason: Reason = Reason.NO_MATCH) -> FaceLockout:
    for time_s in times_s:
        lockout = lockout.after(reason, time_s * S, POLICY)
    return lockout


@pytest.mark.parametrize("setting", ["failures", "window_ns", "pause_ns", "longest_pause_ns"])
def test_a_lockout_policy_out_of_range_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=setting):
        LockoutPolicy(**{setting: 0})


@pytest.mark.parametrize("reason", [r for r in Reason if r in COUNTED])
def test_three_failed_attempts_pause_face_for_a_minute(reason: Reason) -> None:
    lockout = fail(FaceLockout(), 1, 2, 3, reason=reason)

    assert lockout.paused(Method.FACE, 3 * S)
    assert lockout.paused(Method.FACE, 63 * S - 1)
    assert not lockout.paused(Method.FACE, 63 * S)


def test_pauses_double_up_to_the_cap() -> None:
    lockout = FaceLockout()
    lengths = []
    now_s = 0
    for _ in range(4):
        lockout = fail(lockout, now_s, now_s, now_s)
        lengths.append(lockout.paused_until_ns // S - now_s)
        now_s = lockout.paused_until_ns // S

    assert lengths == [60, 120, 200, 200]


@pytest.mark.parametrize("method", [Method.CARD, Method.QR])
def test_card_and_qr_never_pause(method: Method) -> None:
    assert not fail(FaceLockout(), 1, 2, 3).paused(method, 3 * S)


@pytest.mark.parametrize("reason", NOT_COUNTED)
def test_a_failure_to_acquire_or_a_refused_right_does_not_count(reason: Reason) -> None:
    assert fail(FaceLockout(), *range(10), reason=reason) == FaceLockout()


def test_attempts_outside_the_window_are_forgotten() -> None:
    assert not fail(FaceLockout(), 0, 1, 60).paused(Method.FACE, 60 * S)
    assert fail(FaceLockout(), 0, 1, 59).paused(Method.FACE, 59 * S)


def test_an_outcome_that_arrives_during_a_pause_changes_nothing() -> None:
    paused = fail(FaceLockout(), 1, 2, 3)

    assert paused.after(Reason.GRANTED, 4 * S, POLICY) is paused
    assert paused.after(Reason.NO_MATCH, 4 * S, POLICY) is paused


def test_success_of_face_resets_failures_and_pauses() -> None:
    after_pause = fail(FaceLockout(), 1, 2, 3, 70)

    assert after_pause.next_pause_ns == 120 * S
    assert after_pause.after(Reason.GRANTED, 71 * S, POLICY) == FaceLockout()
