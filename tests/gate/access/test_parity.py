"""Whoever never gives a face passes wherever and whenever somebody with a face does (S3, S16)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from appliance.gate.access.decision import (
    CardProof,
    ConsentState,
    FaceFindings,
    Moment,
    Resident,
    decide_card,
    decide_face,
    decide_pass,
)
from appliance.gate.access.identification import Identity
from appliance.gate.access.policy import (
    DoorsWorking,
    FaceSettings,
    Inequality,
    PortalPolicy,
    face_may_run,
)
from appliance.gate.access.presentation import PresentationJudgement
from appliance.gate.access.reasons import Method, Reason
from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Validity, Weekday

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "UTC", "Asia/Kathmandu", "Europe/Berlin")]
DAYS = st.frozensets(st.sampled_from(Weekday), min_size=1)
MINUTES = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(
    lambda span: span[0] != span[1]
)
PERIODS = st.builds(lambda days, span: Period(days, *span), DAYS, MINUTES)
SCHEDULES = st.just(ALWAYS) | st.builds(
    Schedule,
    st.lists(PERIODS, max_size=3).map(tuple),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=3),
    st.lists(PERIODS, max_size=2).map(tuple),
)
OFFERED = st.sampled_from(
    [
        frozenset({Method.CARD, Method.FACE}),
        frozenset({Method.QR, Method.FACE}),
        frozenset({Method.CARD, Method.QR, Method.FACE}),
    ]
)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
VALIDITIES = st.one_of(
    st.just(Validity()),
    TIMES.map(lambda at: Validity(at, None)),
    TIMES.map(lambda at: Validity(None, at)),
    TIMES.map(lambda at: Validity(at, at + timedelta(days=30))),
)
POLICIES = st.builds(
    lambda methods, schedule, zone: PortalPolicy(methods, schedule, zone, FaceSettings(0.5, 0.05)),
    OFFERED,
    SCHEDULES,
    st.sampled_from(ZONES),
)
MOMENTS = st.builds(Moment, TIMES, st.booleans())


def resident(schedule: Schedule, validity: Validity, *, face: bool) -> Resident:
    return Resident(
        pseudonym="r1",
        active=True,
        validity=validity,
        schedule=schedule,
        methods=frozenset(Method) if face else frozenset({Method.CARD, Method.QR}),
        card_active=True,
        qr_active=True,
        consent=ConsentState.GIVEN if face else ConsentState.NONE,
    )


def by_face(policy: PortalPolicy, who: Resident, moment: Moment) -> Reason:
    doors = DoorsWorking(card=True, qr=True)
    standing = face_may_run(policy, doors, Inequality().observe(policy, doors, 0), 0)
    clear = FaceFindings(
        standing,
        paused=False,
        presentation=PresentationJudgement.SUPPORTED,
        identity=Identity("r1", Reason.GRANTED),
    )
    return decide_face(policy, clear, who, moment).reason


def by_another_door(policy: PortalPolicy, who: Resident, moment: Moment) -> set[Reason]:
    made = [
        decide_card(policy, CardProof.PROVEN, who, moment),
        decide_pass(policy, None, who, moment),
    ]
    return {one.reason for one in made if one.method in policy.methods}


@given(POLICIES, SCHEDULES, VALIDITIES, MOMENTS)
@example(
    PortalPolicy(frozenset(Method), ALWAYS, ZONES[0], FaceSettings(0.5, 0.05)),
    ALWAYS,
    Validity(),
    Moment(datetime(2026, 6, 1, 12, tzinfo=UTC)),
)
def test_without_a_face_all_doors_open_that_open_with_one(
    policy: PortalPolicy, schedule: Schedule, validity: Validity, moment: Moment
) -> None:
    with_face = by_face(policy, resident(schedule, validity, face=True), moment)
    without = by_another_door(policy, resident(schedule, validity, face=False), moment)

    # Not only whether: also why, at every offered door.
    assert without == {with_face}


@given(POLICIES, SCHEDULES, VALIDITIES, MOMENTS)
def test_having_given_a_face_costs_nothing_either(
    policy: PortalPolicy, schedule: Schedule, validity: Validity, moment: Moment
) -> None:
    with_face = by_another_door(policy, resident(schedule, validity, face=True), moment)
    without = by_another_door(policy, resident(schedule, validity, face=False), moment)

    assert with_face == without
