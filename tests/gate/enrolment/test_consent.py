"""Consent as data: what is no consent, what ends one, and what was stored before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import EnrolmentError
from appliance.gate.enrolment.consent import (
    Consent,
    ConsentStatus,
    GivenBy,
    LegalBasis,
    Relation,
    Withdrawal,
)

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ENDED = Withdrawal(NOW + timedelta(days=2), "at the desk", GivenBy.SELF)


def agreed(**changes: object) -> Consent:
    plain = Consent("1a2b", "entry", GivenBy.SELF, NOW, NOW + timedelta(365), "signed")
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "irrevocable",
            "for an UNLIMITED time",
            "in per-pet-uity: perpetual",
            "I waive my rights",
        ),
        *(
            "transferable to others",
            "for ever: f o r e v e r",
            "\uff55nlimited",
            "un\u200blimited",
        ),
        *("永久有效", "不可撤销", "不 可 撤 回", "授权可转让", "放弃一切权利", "无限期"),
    ],
)
@pytest.mark.parametrize("name", ["purpose", "how", "notice_version"])
def test_no_waiver_can_be_written_into_a_consent(name: str, text: str) -> None:
    with pytest.raises(EnrolmentError, match="waiver"):
        agreed(**{name: text})


def test_a_term_over_three_years_is_refused() -> None:
    assert agreed(expires_at=NOW + timedelta(days=1096)).in_force(NOW)
    with pytest.raises(EnrolmentError, match="1096 days"):
        agreed(expires_at=NOW + timedelta(days=1096, seconds=1))
    with pytest.raises(EnrolmentError, match="term"):
        agreed(expires_at=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"given_by": GivenBy.GUARDIAN},
        {"relation": Relation.PARENT},
        {"notice_version": " "},
        {"how": "x" * 401},
        {"given_at": NOW.replace(tzinfo=None)},
        {"record_id": "1"},
        {"record_id": "no"},
        {"withdrawal": replace(ENDED, at=NOW - timedelta(seconds=1))},
        {"earlier": tuple(agreed() for _ in range(17))},
        {"earlier": (agreed(earlier=(agreed(),)),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_not_whole_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(EnrolmentError):
        agreed(**changes)


def test_a_withdrawal_holds_at_any_time_of_any_clock() -> None:
    consent = agreed().withdrawn(ENDED)
    for days in (-1, 0, 1, 2, 3, 400):
        assert not consent.in_force(NOW + timedelta(days))
        assert consent.status(NOW + timedelta(days)) is ConsentStatus.WITHDRAWN


def test_nobody_withdraws_twice() -> None:
    with pytest.raises(EnrolmentError, match="withdrawn"):
        agreed().withdrawn(ENDED).withdrawn(ENDED)


def test_a_clock_that_has_gone_back_keeps_nobody_from_withdrawing() -> None:
    early = replace(ENDED, at=NOW - timedelta(days=9))
    ended = agreed().withdrawn(early)
    assert ended.withdrawal is not None
    assert ended.withdrawal.at == NOW


def test_a_consent_holds_from_its_first_to_before_its_last_second() -> None:
    consent = agreed()
    assert consent.status(NOW - timedelta(seconds=1)) is ConsentStatus.NOT_YET
    assert consent.status(NOW) is ConsentStatus.GIVEN
    assert consent.status(NOW + timedelta(365, seconds=-1)) is ConsentStatus.GIVEN
    assert consent.status(NOW + timedelta(365)) is ConsentStatus.EXPIRED


def test_what_was_agreed_before_stays_as_facts_and_does_not_grow_for_ever() -> None:
    consent = agreed().withdrawn(ENDED)
    first = consent.record_id
    for _ in range(15):
        consent = agreed(record_id=Consent.decode(consent.encode()).record_id).after(None)
        consent = replace(agreed(), earlier=()).after(consent)
    newest = agreed().after(agreed().withdrawn(ENDED))
    assert [one.withdrawal for one in newest.earlier] == [ENDED]
    last = newest
    for _ in range(40):
        last = agreed(record_id="00000000-0000-4000-8000-000000000000").after(last)
        last = agreed().after(last)
    assert len(last.earlier) == 16
    assert first not in {one.record_id for one in last.earlier}


def test_a_consent_comes_back_as_it_was_sealed() -> None:
    guarded = Consent(
        "1a2b",
        "\ud800门",
        GivenBy.GUARDIAN,
        NOW,
        NOW + timedelta(30),
        "signed",
        Relation.GRANDPARENT,
    )
    whole = guarded.after(agreed().withdrawn(ENDED)).withdrawn(replace(ENDED, by=GivenBy.GUARDIAN))
    assert Consent.decode(whole.encode()) == whole


FIRST_FORM = {
    "notice_version": "2026-11",
    "purpose": "open this gate",
    "given_by": "self",
    "given_at": "2026-03-01T08:00:00+00:00",
    "expires_at": "2027-03-01T08:00:00+00:00",
    "how": "asked at this terminal",
}


def test_a_consent_of_the_first_form_is_brought_forward() -> None:
    content = json.dumps(FIRST_FORM).encode()
    consent = Consent.decode(content)
    assert consent.legal_basis is LegalBasis.SEPARATE_CONSENT
    assert (consent.relation, consent.withdrawal, consent.earlier) == (None, None, ())
    assert consent.expires_at == datetime(2027, 3, 1, 8, tzinfo=UTC)
    assert Consent.decode(content).record_id == consent.record_id
    assert Consent.decode(consent.encode()) == consent


def test_a_guardian_and_an_endless_term_of_the_first_form_become_what_is_known() -> None:
    old = FIRST_FORM | {"given_by": "guardian", "expires_at": "2099-03-01T08:00:00+00:00"}
    consent = Consent.decode(json.dumps(old).encode())
    assert consent.relation is Relation.UNRECORDED
    assert consent.expires_at == datetime(2029, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"null", b"[]", b"1", b"[" * 90_000, b" " * 100_001, b"\xff", b'{"form": 3}'),
        json.dumps(FIRST_FORM | {"given_at": "9999-12-31T00:00:00+00:00"}).encode(),
        json.dumps(FIRST_FORM | {"given_at": "2026-03-01T08:00:00"}).encode(),
        json.dumps(FIRST_FORM | {"purpose": 7}).encode(),
        json.dumps(FIRST_FORM | {"how": None}).encode(),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_no_consent_is_refused(content: bytes) -> None:
    with pytest.raises(EnrolmentError):
        Consent.decode(content)


PIECES = json.loads(agreed().withdrawn(ENDED).encode())
JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=9),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["at", "how", "by"]), st.text(max_size=9)),
    st.sampled_from(["2026-03-01T08:00:00+00:00", "0001-01-01T00:00:00+23:59", "guardian"]),
)


@given(st.dictionaries(st.sampled_from(sorted(PIECES)), JSON))
@settings(deadline=None)
def test_any_stored_text_is_read_or_refused(changes: dict[str, object]) -> None:
    content = json.dumps(PIECES | changes).encode()
    try:
        consent = Consent.decode(content)
    except EnrolmentError:
        return
    assert Consent.decode(consent.encode()) == consent


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(EnrolmentError):
        Consent.decode(content)
