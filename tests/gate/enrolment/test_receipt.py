"""Receipts: signed, complete under TS 27560's names, and of no use when altered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import SealBrokenError
from appliance.gate.enrolment.consent import Consent, GivenBy, Relation, Withdrawal
from appliance.gate.enrolment.consent_receipt import SHORT, consent_receipt, fields_of, text_of
from appliance.gate.enrolment.receipt import CONSENT, ERASURE, Receipt, check, issue
from appliance.gate.store.signing import Signer
from appliance.sections import Config, Site

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SITE = Config(site=Site(operator="阳光物业管理有限公司", contact="李经理 010-12345678"))
NAME = "0123456789abcdef"


class Root:
    identity = "test"

    def __init__(self, byte: int = 7) -> None:
        self._byte = byte

    def key(self) -> bytes:
        return bytes([self._byte]) * 32


SIGNER = Signer(Root())


def given_consent() -> Consent:
    return Consent("1a2b3c", "open this gate", GivenBy.SELF, NOW, NOW + timedelta(365), "signed")


def receipt(consent: Consent) -> Receipt:
    return consent_receipt(SIGNER, SITE, bytes(range(16)), NAME, consent, NOW)


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=1, max_value=255))
@settings(max_examples=80, deadline=None)
def test_a_receipt_with_any_byte_altered_is_refused(at: int, by: int) -> None:
    token = bytearray(receipt(given_consent()).token.encode())
    token[-1 - at % len(token)] ^= by
    with pytest.raises(SealBrokenError):
        check(token.decode("latin-1"), SIGNER.public_key)


def test_a_receipt_of_another_gate_or_kind_is_refused() -> None:
    token = receipt(given_consent()).token
    with pytest.raises(SealBrokenError):
        check(token, Signer(Root(8)).public_key)
    with pytest.raises(SealBrokenError, match="kind"):
        check(SIGNER.sign("checkpoint", {"v": "1"}), SIGNER.public_key)
    with pytest.raises(SealBrokenError, match="kind"):
        check(SIGNER.sign("", {}), SIGNER.public_key)


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 1101, "门", "....", "e30.e30.e30"])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(SealBrokenError):
        check(text, SIGNER.public_key)


def test_an_erasure_receipt_is_read_as_no_consent() -> None:
    with pytest.raises(SealBrokenError, match="27560"):
        fields_of(issue(SIGNER, ERASURE, {"v": "1"}))
    with pytest.raises(SealBrokenError, match="fields"):
        fields_of(issue(SIGNER, CONSENT, {"v": "sanmen-27560/1", "extra": 1}))
    with pytest.raises(SealBrokenError, match="time"):
        fields_of(issue(SIGNER, CONSENT, {"v": "sanmen-27560/1", "t": "noon"}))


def test_a_statement_too_long_for_one_code_is_refused() -> None:
    with pytest.raises(SealBrokenError, match="1100"):
        issue(SIGNER, CONSENT, {"v": "x" * 900})


def test_the_longest_names_are_cut_to_fit_one_code() -> None:
    crowded = Config(site=Site(operator="物" * 80, contact="话" * 80))
    consent = Consent(
        "n" * 400,
        "目" * 400,
        GivenBy.GUARDIAN,
        NOW,
        NOW + timedelta(365),
        "纸" * 400,
        Relation.GRANDPARENT,
    ).withdrawn(Withdrawal(NOW, "在" * 400, GivenBy.GUARDIAN))
    made = consent_receipt(SIGNER, crowded, bytes(16), NAME, consent, NOW)
    assert len(made.token) <= 1100
    assert made.claims["c"].endswith("…")


def test_a_receipt_names_what_ts_27560_asks_for() -> None:
    fields = fields_of(check(receipt(given_consent()).token, SIGNER.public_key))
    assert fields["pii_principal_id"] == NAME
    assert fields["privacy_notice"] == "1a2b3c"
    assert fields["pii_controllers.party_name"] == "阳光物业管理有限公司"
    assert fields["lawful_basis"] == "separate consent"
    assert fields["event.event_type"] == "given"
    assert fields["event.event_time"] == "2026-03-01 08:00:00 UTC"
    assert fields["event.validity_until"] == "2027-03-01 08:00:00 UTC"
    assert fields["jurisdiction"] == "CN"
    assert fields["recipient_third_parties"] == "none"
    assert set(SHORT.values()) - set(fields) == {
        "withdrawal.event_time",
        "withdrawal.entity_id",
        "withdrawal.collection_method",
    }


def test_a_withdrawal_stands_on_the_receipt() -> None:
    ended = given_consent().withdrawn(Withdrawal(NOW, "at the desk", GivenBy.SELF))
    fields = fields_of(receipt(ended))
    assert fields["event.event_type"] == "withdrawn"
    assert fields["withdrawal.event_time"] == "2026-03-01 08:00:00 UTC"
    assert "撤回时间" in text_of(receipt(ended))


def test_a_printed_receipt_with_line_breaks_is_read() -> None:
    token = receipt(given_consent()).token
    broken = "\n".join(token[start : start + 64] for start in range(0, len(token), 64))
    assert check(broken, SIGNER.public_key).claims["sub"] == NAME
    assert len(token) < 800
