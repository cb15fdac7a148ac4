"""What the public screen shows: folded from notices and time, with nothing about anybody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.gate import notices
from appliance.gate.access.decision import AccessDecision
from appliance.gate.access.door import DoorState
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.terminal_state import PORTALS, TerminalState, public_reason
from appliance.messages import Hint
from appliance.terminal import Doors, Phase, Portal, Standing

SECOND = 1_000_000_000
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def decided(reason: Reason, method: Method = Method.FACE) -> notices.Decided:
    granted = reason is Reason.GRANTED
    who = "3b5305262f98aeeb" if granted else None
    return notices.Decided(AccessDecision(granted, reason, method, who, AT), 1)


def after(*told: notices.Notice, now_ns: int = 0) -> TerminalState:
    state = TerminalState()
    for one in told:
        state = state.after(one, now_ns)
    return state


@pytest.mark.parametrize(
    "reason",
    [Reason.ATTACK_SUSPECTED, Reason.PRESENTATION_UNPROVEN, Reason.NOT_CLEAR, Reason.NO_MATCH],
)
def test_attack_no_match_and_low_score_look_the_same(reason: Reason) -> None:
    shown = after(decided(reason)).terminal(1)
    assert shown.outcome is not None
    assert (shown.phase, shown.outcome.reason) == (Phase.REFUSED, "face-no-match")
    assert shown == after(decided(Reason.NO_MATCH)).terminal(1)


def test_a_card_s_reason_is_told_as_it_is() -> None:
    assert public_reason(Method.CARD, Reason.STALE) is Reason.STALE
    assert public_reason(Method.FACE, Reason.STALE) is Reason.NO_MATCH


def test_an_outcome_names_nobody_and_ends() -> None:
    state = after(decided(Reason.GRANTED, Method.CARD))
    shown = state.terminal(2 * SECOND - 1)
    assert "3b53" not in repr(state)
    assert shown.outcome is not None
    assert (shown.phase, shown.outcome.method) == (Phase.GRANTED, "card")
    assert state.terminal(2 * SECOND).phase is Phase.IDLE
    refused = after(decided(Reason.CARD_BLOCKED, Method.CARD))
    assert refused.terminal(6 * SECOND - 1).phase is Phase.REFUSED
    assert refused.terminal(6 * SECOND).phase is Phase.IDLE
    assert refused.terminal(6 * SECOND).outcome is None


def test_the_camera_s_picture_is_shown_only_while_face_or_code_is_in_use() -> None:
    assert not TerminalState().terminal(0).preview
    assert after(notices.VisitBegan()).terminal(0).preview
    assert after(notices.CodeAsked()).terminal(0).preview
    assert not after(notices.CodeAsked()).terminal(20 * SECOND).preview
    assert not after(notices.VisitBegan(), notices.Stopped()).terminal(0).preview
    assert not after(notices.VisitBegan(), decided(Reason.NO_MATCH)).terminal(1).preview
    assert TerminalState().terminal(0, page_preview=True).preview
    assert TerminalState().terminal(0, page_preview=True).phase is Phase.IDLE


def test_a_visit_is_shown_even_over_an_outcome() -> None:
    state = after(decided(Reason.CARD_BLOCKED, Method.CARD), notices.VisitBegan())
    assert (state.terminal(1).phase, state.terminal(1).outcome) == (Phase.FACE, None)


def test_a_visit_without_a_face_ends_in_a_reason_and_the_other_doors() -> None:
    shown = after(notices.VisitBegan(), notices.VisitEnded(Hint.MORE_LIGHT)).terminal(1)
    assert shown.outcome is not None
    assert shown.outcome.reason == "face-not-usable"
    assert after(notices.VisitEnded(Hint.NONE)).terminal(1).phase is Phase.IDLE


def test_hints_are_shown_to_whoever_is_looked_at_and_to_nobody_else() -> None:
    assert after(notices.Hinted(Hint.COME_CLOSER)).terminal(0).hint is Hint.NONE
    visit = after(notices.VisitBegan(), notices.Hinted(Hint.COME_CLOSER))
    assert visit.terminal(0).hint is Hint.COME_CLOSER
    assert visit.after(notices.VisitBegan(), 1).terminal(1).hint is Hint.NONE


@pytest.mark.parametrize("state", DoorState)
def test_every_state_of_the_door_has_its_sign(state: DoorState) -> None:
    assert after(notices.DoorChanged(state, relay_on=False)).portal is PORTALS[state]


def test_fire_and_alarms_show() -> None:
    found = {PORTALS[one] for one in DoorState}
    assert found == set(Portal)


def test_what_keeps_every_door_shut_is_told_until_it_works_again() -> None:
    for part in ("log", "store", "relay"):
        broken = after(notices.Fault(part, "gone"))
        assert broken.terminal(0).unwell
        assert not broken.after(notices.Fault(part, ""), 0).terminal(0).unwell
    assert not after(notices.Fault("camera", "gone")).terminal(0).unwell
    assert not after(notices.Fault("clock", "back")).terminal(0).clock_sure


def test_doors_are_shown_as_offered() -> None:
    doors = Doors(Standing.OPEN, Standing.BROKEN, Standing.PAUSED)
    assert after(notices.Offered(doors)).terminal(0).doors == doors
