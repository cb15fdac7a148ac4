"""Refusals of card, pass and face, and the same hours and rights for all three (S3, S4, S16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from appliance.gate.access.decision import (
    AccessDecision,
    CardProof,
    ConsentState,
    FaceFindings,
    Moment,
    Resident,
    decide_card,
    decide_face,
    decide_pass,
    refuse,
)
from appliance.gate.access.identification import Identity
from appliance.gate.access.policy import FaceSettings, FaceStanding, PortalPolicy
from appliance.gate.access.presentation import PresentationJudgement
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.schedule import ALWAYS, EVERY_DAY, Period, Schedule, Validity

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 6, 1, 12, tzinfo=ZONE)
NOW = Moment(NOON)
NIGHT = Schedule((Period(EVERY_DAY, 22 * 60, 6 * 60),))
POLICY = PortalPolicy(frozenset(Method), ALWAYS, ZONE, FaceSettings(0.4, 0.05))
CARD_ONLY = PortalPolicy(frozenset({Method.CARD}), ALWAYS, ZONE)
QR_ONLY = PortalPolicy(frozenset({Method.QR}), ALWAYS, ZONE)
RESIDENT = Resident(
    pseudonym="r1",
    active=True,
    validity=Validity(),
    schedule=ALWAYS,
    methods=frozenset(Method),
    card_active=True,
    qr_active=True,
    consent=ConsentState.GIVEN,
)
FINDINGS = FaceFindings(
    standing=FaceStanding(allowed=True, alarm=False, reason=Reason.GRANTED),
    paused=False,
    presentation=PresentationJudgement.SUPPORTED,
    identity=Identity("r1", Reason.GRANTED),
)


def by_card(policy: PortalPolicy, resident: Resident | None, moment: Moment) -> AccessDecision:
    return decide_card(policy, CardProof.PROVEN, resident, moment)


def by_pass(policy: PortalPolicy, resident: Resident | None, moment: Moment) -> AccessDecision:
    return decide_pass(policy, None, resident, moment)


def by_face(policy: PortalPolicy, resident: Resident | None, moment: Moment) -> AccessDecision:
    return decide_face(policy, FINDINGS, resident, moment)


ways = pytest.mark.parametrize("way", [by_card, by_pass, by_face])
if TYPE_CHECKING:
    Way = Callable[[PortalPolicy, Resident | None, Moment], AccessDecision]


def test_a_decision_that_contradicts_itself_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="granted exactly when granted"):
        refuse(Method.CARD, Reason.GRANTED, NOW)
    with pytest.raises(ValueError, match="somebody"):
        AccessDecision(
            granted=True, reason=Reason.GRANTED, method=Method.QR, pseudonym=None, at=NOON
        )


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="a time with its zone"):
        Moment(datetime(2026, 6, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("policy", "proof", "resident", "reason", "pseudonym"),
    [
        pytest.param(QR_ONLY, CardProof.PROVEN, RESIDENT, Reason.METHOD_OFF, None, id="off"),
        pytest.param(
            POLICY, CardProof.COPYABLE, RESIDENT, Reason.COPYABLE_CARD, None, id="copyable"
        ),
        pytest.param(
            POLICY, CardProof.FAILED, RESIDENT, Reason.CARD_NOT_PROVEN, None, id="not proven"
        ),
        pytest.param(POLICY, CardProof.PROVEN, None, Reason.UNKNOWN_CARD, None, id="unknown"),
        pytest.param(
            POLICY,
            CardProof.PROVEN,
            replace(RESIDENT, card_active=False),
            Reason.CARD_BLOCKED,
            "r1",
            id="blocked",
        ),
    ],
)
def test_a_card_that_proves_no_right_is_refused(
    policy: PortalPolicy,
    proof: CardProof,
    resident: Resident | None,
    reason: Reason,
    pseudonym: str | None,
) -> None:
    decision = decide_card(policy, proof, resident, NOW)

    assert decision == refuse(Method.CARD, reason, NOW, pseudonym)


@pytest.mark.parametrize(
    ("policy", "refusal", "resident", "reason", "pseudonym"),
    [
        pytest.param(CARD_ONLY, None, RESIDENT, Reason.METHOD_OFF, None, id="off"),
        pytest.param(
            POLICY, Reason.PASS_REPLAYED, RESIDENT, Reason.PASS_REPLAYED, None, id="replayed"
        ),
        pytest.param(
            POLICY, Reason.PASS_EXPIRED, RESIDENT, Reason.PASS_EXPIRED, None, id="expired"
        ),
        pytest.param(POLICY, None, None, Reason.PASS_INVALID, None, id="unknown key"),
        pytest.param(
            POLICY,
            None,
            replace(RESIDENT, qr_active=False),
            Reason.PASS_BLOCKED,
            "r1",
            id="blocked",
        ),
    ],
)
def test_a_pass_that_proves_no_right_is_refused(
    policy: PortalPolicy,
    refusal: Reason | None,
    resident: Resident | None,
    reason: Reason,
    pseudonym: str | None,
) -> None:
    decision = decide_pass(policy, refusal, resident, NOW)

    assert decision == refuse(Method.QR, reason, NOW, pseudonym)


@pytest.mark.parametrize("refusal", [Reason.GRANTED, Reason.NO_MATCH])
def test_a_finding_that_is_not_about_a_pass_is_an_error(refusal: Reason) -> None:
    with pytest.raises(ValueError, match="a finding about a pass"):
        decide_pass(POLICY, refusal, RESIDENT, NOW)


SUSPENDED = FaceStanding(allowed=False, alarm=True, reason=Reason.FACE_SUSPENDED)


@pytest.mark.parametrize(
    ("findings", "reason"),
    [
        pytest.param(replace(FINDINGS, standing=SUSPENDED), Reason.FACE_SUSPENDED, id="face alone"),
        pytest.param(replace(FINDINGS, paused=True), Reason.FACE_PAUSED, id="too many tries"),
        pytest.param(
            replace(FINDINGS, presentation=PresentationJudgement.CONTRADICTED),
            Reason.ATTACK_SUSPECTED,
            id="attack",
        ),
        pytest.param(
            replace(FINDINGS, presentation=PresentationJudgement.NO_EVIDENCE),
            Reason.PRESENTATION_UNPROVEN,
            id="no evidence of life",
        ),
        pytest.param(
            replace(FINDINGS, identity=Identity(None, Reason.NOT_CLEAR)),
            Reason.NOT_CLEAR,
            id="second too near",
        ),
    ],
)
def test_a_face_that_proves_nothing_is_refused_without_a_name(
    findings: FaceFindings, reason: Reason
) -> None:
    assert decide_face(POLICY, findings, RESIDENT, NOW) == refuse(Method.FACE, reason, NOW)


def test_face_is_refused_where_it_is_off_and_when_the_person_was_erased_meanwhile() -> None:
    assert by_face(CARD_ONLY, RESIDENT, NOW).reason is Reason.METHOD_OFF
    assert by_face(POLICY, None, NOW).reason is Reason.NO_MATCH


def test_a_face_decision_about_somebody_else_is_an_error() -> None:
    with pytest.raises(ValueError, match="as identified"):
        by_face(POLICY, replace(RESIDENT, pseudonym="r2"), NOW)


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (ConsentState.NONE, Reason.NO_CONSENT),
        (ConsentState.ENDED, Reason.CONSENT_ENDED),
        (ConsentState.FROZEN, Reason.FACE_FROZEN),
    ],
)
def test_without_living_consent_face_is_refused_and_card_and_qr_go_on(
    consent: ConsentState, reason: Reason
) -> None:
    resident = replace(RESIDENT, consent=consent)

    assert by_face(POLICY, resident, NOW) == refuse(Method.FACE, reason, NOW, "r1")
    assert by_card(POLICY, resident, NOW).granted
    assert by_pass(POLICY, resident, NOW).granted


def test_a_marked_look_alike_needs_card_or_qr_unless_the_portal_says_otherwise() -> None:
    marked = replace(RESIDENT, look_alike=True)
    lenient = replace(POLICY, face=FaceSettings(0.4, 0.05, second_factor=False))

    assert by_face(POLICY, marked, NOW).reason is Reason.NEEDS_SECOND_FACTOR
    assert by_card(POLICY, marked, NOW).granted
    assert by_face(lenient, marked, NOW).granted


LATER = Validity(begins=NOON + timedelta(days=1))
EARLIER = Validity(ends=NOON.astimezone(UTC))
UNSURE = Moment(NOON, sure=False)


@ways
@pytest.mark.parametrize(
    ("policy", "resident", "moment", "reason"),
    [
        pytest.param(
            POLICY, replace(RESIDENT, active=False), NOW, Reason.RESIDENT_INACTIVE, id="inactive"
        ),
        pytest.param(
            POLICY,
            replace(RESIDENT, methods=frozenset()),
            NOW,
            Reason.METHOD_NOT_CHOSEN,
            id="not chosen",
        ),
        pytest.param(
            POLICY, replace(RESIDENT, validity=LATER), NOW, Reason.NOT_YET_VALID, id="too early"
        ),
        pytest.param(
            POLICY, replace(RESIDENT, validity=EARLIER), NOW, Reason.VALIDITY_ENDED, id="too late"
        ),
        pytest.param(
            POLICY,
            replace(RESIDENT, schedule=NIGHT),
            NOW,
            Reason.OUTSIDE_SCHEDULE,
            id="resident's hours",
        ),
        pytest.param(
            replace(POLICY, schedule=NIGHT), RESIDENT, NOW, Reason.OUTSIDE_SCHEDULE, id="portal's"
        ),
        pytest.param(
            replace(POLICY, schedule=NIGHT), RESIDENT, UNSURE, Reason.CLOCK_UNSURE, id="no clock"
        ),
        pytest.param(
            POLICY,
            replace(RESIDENT, validity=LATER),
            UNSURE,
            Reason.CLOCK_UNSURE,
            id="no clock for a validity",
        ),
    ],
)
def test_rights_and_hours_refuse_every_method_alike(
    way: Way, policy: PortalPolicy, resident: Resident, moment: Moment, reason: Reason
) -> None:
    decision = way(policy, resident, moment)

    assert decision == refuse(decision.method, reason, moment, "r1")


@ways
@pytest.mark.parametrize("moment", [NOW, UNSURE])
def test_an_entitled_resident_passes_by_every_method(way: Way, moment: Moment) -> None:
    decision = way(POLICY, RESIDENT, moment)

    assert decision.granted
    assert decision.reason is Reason.GRANTED
    assert decision.pseudonym == "r1"
    assert decision.at == NOON
