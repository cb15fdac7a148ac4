"""The app's codes: forged, widened, stale, of strangers, written in a second way; then the good."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import base45
import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cwt import COSEKey
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import KeyMissingError, PassError, StoreError
from appliance.gate.access.reasons import Reason
from appliance.gate.credential import wire
from appliance.gate.credential.findings import PassClaims, Refused, Withdrawal
from appliance.gate.credential.grant import Grant, VisitorRules
from appliance.gate.credential.pass_token import PassVerifier, PhoneKey, enrolled_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., PassVerifier]
    Sign = Callable[..., str]

INVALID = Refused(Reason.PASS_INVALID)
PHONE = PhoneKey.create()
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HOUR = timedelta(hours=1)
SHOW = {6: int(NOON.timestamp()), 7: b"12345678"}


def content(text: str) -> bytes:
    return bytes(base45.b45decode(text))


def text_of(message: bytes) -> str:
    return str(base45.b45encode(message).decode())


# What is no code


@pytest.mark.parametrize("size", [701, 10_000_000])
def test_a_text_of_ten_megabytes_is_refused_unread(verifier: Make, size: int) -> None:
    assert verifier().verify("A" * size, NOON) == INVALID


@pytest.mark.parametrize(
    "text", ["", "GGW", "0", ":::", "bb8", "BB8é", "https://example.org", "\n", "١٢٣", "SM1:AB"]
)
def test_another_text_is_refused(verifier: Make, text: str) -> None:
    assert verifier().verify(text, NOON) == INVALID


@settings(deadline=None)
@given(st.text(max_size=400) | st.binary(max_size=300).map(text_of))
def test_no_other_text_is_a_pass(text: str) -> None:
    gate = PassVerifier({PHONE.key_id: PHONE.public_key}.get, VisitorRules())
    assert gate.verify(text, NOON) == INVALID


@settings(deadline=None)
@given(st.integers(0, 101 * 8 - 1))
def test_any_flipped_bit_makes_it_invalid(bit: int) -> None:
    gate = PassVerifier({PHONE.key_id: PHONE.public_key}.get, VisitorRules())
    altered = bytearray(content(PHONE.sign(NOON)))
    altered[bit // 8] ^= 1 << bit % 8
    assert gate.verify(text_of(bytes(altered)), NOON) == INVALID


@settings(deadline=None)
@given(st.integers(0, 100))
def test_a_truncated_code_is_invalid(length: int) -> None:
    gate = PassVerifier({PHONE.key_id: PHONE.public_key}.get, VisitorRules())
    assert gate.verify(text_of(content(PHONE.sign(NOON))[:length]), NOON) == INVALID


def test_a_code_with_something_after_it_is_invalid(verifier: Make, phone: PhoneKey) -> None:
    text = phone.sign(NOON)
    assert verifier().verify(text_of(content(text) + b"\0"), NOON) == INVALID
    assert verifier().verify(text + "\n", NOON) == INVALID


def test_a_duplicated_key_is_invalid(verifier: Make, signed: Sign) -> None:
    good = cbor2.dumps(SHOW, canonical=True)
    assert isinstance(verifier().verify(signed(good), NOON), PassClaims)
    twice = b"\xa3" + good[1:] + b"\x07\x48" + b"12345678"
    assert verifier().verify(signed(twice), NOON) == INVALID


def test_non_canonical_cbor_is_invalid(verifier: Make, signed: Sign) -> None:
    issued = SHOW[6].to_bytes(4, "big") if isinstance(SHOW[6], int) else b""
    code = b"\x07\x48" + b"12345678"
    for wrong in (
        b"\xa2" + code + b"\x06\x1a" + issued,  # keys in the other order
        b"\xa2\x06\x1b\0\0\0\0" + issued + code,  # a number longer than it need be
        b"\xa2\x18\x06\x1a" + issued + code,  # a label longer than it need be
        b"\xa2\x06\x1a" + issued + b"\x07\x58\x08" + b"12345678",  # a length so
    ):
        assert verifier().verify(signed(wrong), NOON) == INVALID


def test_indefinite_lengths_are_invalid(verifier: Make, phone: PhoneKey, signed: Sign) -> None:
    issued = int(NOON.timestamp()).to_bytes(4, "big")
    for wrong in (
        b"\xbf\x06\x1a" + issued + b"\x07\x48" + b"12345678" + b"\xff",
        b"\xa2\x06\x1a" + issued + b"\x07\x5f\x44" + b"1234" + b"\x44" + b"5678" + b"\xff",
    ):
        assert verifier().verify(signed(wrong), NOON) == INVALID
    whole = content(phone.sign(NOON))
    assert verifier().verify(text_of(whole[:1] + b"\x9f" + whole[2:] + b"\xff"), NOON) == INVALID


@pytest.mark.parametrize("tag", ["", "d1", "d3", "d862", "d83dd2", "d9d9f7d2", "d818"])
def test_wrong_tags_are_invalid(verifier: Make, phone: PhoneKey, tag: str) -> None:
    untagged = content(phone.sign(NOON))[1:]
    assert verifier().verify(text_of(bytes.fromhex(tag) + untagged), NOON) == INVALID


@pytest.mark.parametrize(
    "claims",
    [
        {**SHOW, 1: b"issuer"},
        {6: SHOW[6]},
        {7: b"12345678"},
        {6: 0, 7: b"12345678"},
        {6: -5, 7: b"12345678"},
        {6: 2**32, 7: b"12345678"},
        {6: True, 7: b"12345678"},
        {6: float(NOON.timestamp()), 7: b"12345678"},
        {6: str(NOON), 7: b"12345678"},
        {6: SHOW[6], 7: b"1234567"},
        {6: SHOW[6], 7: "12345678"},
        {"6": SHOW[6], 7: b"12345678"},
        {6: SHOW[6], 7: [[[[[]]]]]},
        {6: cbor2.CBORTag(0, "2026-06-01T12:00:00Z"), 7: b"12345678"},
        {6: cbor2.CBORTag(35, "(a+)+$"), 7: b"12345678"},
        {6: 2**70, 7: b"12345678"},
        {6: None, 7: b"12345678"},
    ],
    ids=str,
)
def test_claims_that_are_not_exactly_right_are_invalid(
    verifier: Make, signed: Sign, claims: dict[int, object]
) -> None:
    assert verifier().verify(signed(claims), NOON) == INVALID


@pytest.mark.parametrize("claims", [b"", b"\x80", b"\xa0", b"\x01", b"\xf6", b"\xff", b"\xd2\x80"])
def test_a_payload_that_is_no_map_is_invalid(verifier: Make, signed: Sign, claims: bytes) -> None:
    assert verifier().verify(signed(claims), NOON) == INVALID


# Forgeries


def test_a_strangers_code_and_a_stolen_name_are_invalid(verifier: Make, phone: PhoneKey) -> None:
    stranger = PhoneKey.create()
    assert verifier().verify(stranger.sign(NOON), NOON) == INVALID
    stolen = content(stranger.sign(NOON)).replace(stranger.key_id, phone.key_id)
    assert verifier(stranger).verify(text_of(stolen), NOON) == INVALID


def test_a_broken_key_in_the_roster_opens_nothing(phone: PhoneKey) -> None:
    for point in (b"", b"\x04" + bytes(64), phone.public_key[:-1]):
        gate = PassVerifier(lambda _, key=point: key, VisitorRules())  # type: ignore[misc]
        assert gate.verify(phone.sign(NOON), NOON) == INVALID


@pytest.mark.parametrize("alg", ["a0", "a10127", "a1013822", "a101381e", "a10105", "a1012f"])
def test_a_wrong_algorithm_is_invalid(verifier: Make, phone: PhoneKey, alg: str) -> None:
    # None, EdDSA, ES384, ESP..., HMAC, and one that does not exist: the key decides, not the code.
    whole = content(phone.sign(NOON))
    header = bytes.fromhex(alg)
    swapped = whole.replace(bytes.fromhex("43a10126"), bytes([0x40 + len(header)]) + header)
    assert swapped != whole
    assert verifier().verify(text_of(swapped), NOON) == INVALID


def test_a_true_signature_by_another_algorithm_is_invalid(verifier: Make, signed: Sign) -> None:
    own = ed25519.Ed25519PrivateKey.generate()
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert verifier().verify(signed(SHOW, key=COSEKey.from_pem(pem)), NOON) == INVALID


def test_an_algorithm_or_more_outside_the_signature_is_invalid(
    verifier: Make, phone: PhoneKey
) -> None:
    named = b"\xa1\x04\x48" + phone.key_id
    for header in (b"\xa2\x01\x26" + named[1:], named[:1] + b"\x05" + named[2:], b"\xa0", b"\x80"):
        swapped = content(phone.sign(NOON)).replace(named, header)
        assert verifier().verify(text_of(swapped), NOON) == INVALID


@pytest.mark.parametrize(
    "domain", [b"", b"gate/grant/1", b"gate/static/1", b"gate/withdraw/1", b"gate/show/2"]
)
def test_a_signature_made_for_another_purpose_is_invalid(
    verifier: Make, signed: Sign, domain: bytes
) -> None:
    assert verifier().verify(signed(SHOW, domain), NOON) == INVALID


def test_a_proof_used_as_a_grant_is_invalid(
    verifier: Make, phone: PhoneKey, guest: PhoneKey, signed: Sign
) -> None:
    proof = content(phone.sign(NOON))
    assert verifier().verify(guest.sign(NOON, proof), NOON) == INVALID
    given = wire.parse(phone.grant(guest.public_key, NOON, NOON + HOUR))
    claims: dict[int, object] = {4: given.ends_at, 5: given.opens_at, 7: given.code_id}
    claims |= {8: wire.confirmation(guest.public_key), -70001: 1, -70002: 1}
    shape_of_a_grant = content(signed(claims, b"gate/show/1"))
    assert verifier().verify(guest.sign(NOON, shape_of_a_grant), NOON) == INVALID


def test_a_grant_or_an_enrolment_shown_by_itself_opens_nothing(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    assert verifier().verify(text_of(given), NOON) == INVALID
    assert verifier().verify(phone.enrolment(NOON), NOON) == INVALID


def test_the_other_form_of_a_signature_is_the_same_code(verifier: Make, phone: PhoneKey) -> None:
    # ECDSA accepts (r, n - s) wherever it accepts (r, s): the id, not the text, is used once.
    text = phone.sign(NOON)
    twin = bytearray(content(text))
    twin[-32:] = (P256_ORDER - int.from_bytes(twin[-32:], "big")).to_bytes(32, "big")
    first, second = verifier().verify(text, NOON), verifier().verify(text_of(bytes(twin)), NOON)
    assert isinstance(first, PassClaims)
    assert first == second


# Freshness


@pytest.mark.parametrize(
    ("age_s", "ahead_s"), [(31, -31), (3600, -3600), (86_400, -86_400), (-6, 6), (-900, 900)]
)
def test_a_screenshot_after_30_s_and_a_code_of_the_future_tell_the_difference(
    verifier: Make, phone: PhoneKey, age_s: int, ahead_s: int
) -> None:
    found = verifier().verify(phone.sign(NOON), NOON + timedelta(seconds=age_s))
    assert found == Refused(Reason.PASS_EXPIRED, phone.key_id, ahead_s)


@pytest.mark.parametrize("age_s", [-5, 0, 30])
def test_within_the_window_a_code_is_fresh(verifier: Make, phone: PhoneKey, age_s: int) -> None:
    assert isinstance(
        verifier().verify(phone.sign(NOON), NOON + timedelta(seconds=age_s)), PassClaims
    )


def test_nobody_is_told_about_the_clock_of_a_forgery(verifier: Make) -> None:
    stranger = PhoneKey.create()
    assert verifier().verify(stranger.sign(NOON), NOON + HOUR) == INVALID


# Visitors: a chain that only narrows


def visit(gate: PassVerifier, guest: PhoneKey, given: bytes, at: datetime = NOON) -> object:
    return gate.verify(guest.sign(at, given), at)


@pytest.mark.parametrize(
    ("longest_h", "most_uses"), [(2, 10), (24, 2)], ids=["longer than the site", "more uses"]
)
def test_a_grant_wider_than_the_site_allows_is_refused(
    verifier: Make, phone: PhoneKey, guest: PhoneKey, longest_h: int, most_uses: int
) -> None:
    gate = verifier(rules=VisitorRules(longest=longest_h * 3600, most_uses=most_uses))
    given = phone.grant(guest.public_key, NOON, NOON + 3 * HOUR, uses=3)
    assert visit(gate, guest, given) == Refused(Reason.PASS_TOO_WIDE, phone.key_id)


def test_a_grant_for_a_time_turned_round_or_too_far_away_is_refused(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    for opens, ends in ((NOON, NOON), (NOON + HOUR, NOON), (NOON + 366 * 24 * HOUR,) * 2):
        given = phone.grant(guest.public_key, opens, ends + (opens > NOON + HOUR) * HOUR)
        found = visit(verifier(), guest, given)
        assert found == Refused(Reason.PASS_TOO_WIDE, phone.key_id)


@pytest.mark.parametrize("part", ["gates", "uses", "ends", "opens"])
def test_a_grant_widened_by_its_holder_is_invalid(
    verifier: Make, phone: PhoneKey, guest: PhoneKey, part: str
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR, gates=1, uses=1)
    tagged: Any = cbor2.loads(given)
    claims: dict[int, Any] = cbor2.loads(tagged.value[2])
    label, value = {"gates": (-70001, 3), "uses": (-70002, 2), "ends": (4, None), "opens": (5, 1)}[
        part
    ]
    claims[label] = value or claims[label] + 60
    tagged.value[2] = cbor2.dumps(claims, canonical=True)
    assert visit(verifier(), guest, cbor2.dumps(tagged)) == INVALID


def test_a_visitor_cannot_pass_a_grant_on(
    verifier: Make, phone: PhoneKey, guest: PhoneKey, signed: Sign
) -> None:
    third = PhoneKey.create()
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    # Signed by the visitor, named or unnamed; and one grant inside another.
    deeper = guest.grant(third.public_key, NOON, NOON + HOUR)
    assert visit(verifier(), third, deeper) == INVALID
    assert visit(verifier(), third, content(guest.sign(NOON, given))) == INVALID
    claims = {6: SHOW[6], 7: b"12345678", -70003: given}
    assert verifier().verify(signed(claims), NOON) == INVALID


def test_a_grant_in_the_hands_of_another_key_is_invalid(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    thief = PhoneKey.create()
    assert visit(verifier(thief), thief, given) == INVALID
    # Not even the resident shows it in the visitor's place.
    assert visit(verifier(), phone, given) == INVALID


def test_a_grant_bound_to_no_point_of_the_curve_is_invalid(
    verifier: Make, phone: PhoneKey, guest: PhoneKey, signed: Sign
) -> None:
    given = wire.parse(phone.grant(guest.public_key, NOON, NOON + HOUR))
    claims: dict[int, Any] = {4: given.ends_at, 5: given.opens_at, 7: given.code_id}
    claims |= {-70001: 1, -70002: 1}
    x = guest.public_key[1:33]
    for key in (
        {1: 2, -1: 1, -2: b"\xff" * 32, -3: True},
        {1: 2, -1: 1, -2: x[:31], -3: True},
        {1: 2, -1: 2, -2: x, -3: True},
        {1: 2, -1: 1, -2: x, -3: 1},
        {True: 2, -1: 1, -2: x, -3: True},
        {1: 2, -1: True, -2: x, -3: True},
        {1: 2, -1: 1, -2: x},
        {1: 2, -1: 1, -2: x, -3: True, -4: x},
    ):
        bad = content(signed({**claims, 8: {1: key}}, b"gate/grant/1"))
        assert visit(verifier(), guest, bad) == INVALID
    for bound in ({}, {2: {}}, {1: b""}, 7):
        bad = content(signed({**claims, 8: bound}, b"gate/grant/1"))
        assert visit(verifier(), guest, bad) == INVALID


def test_a_grant_for_a_foreign_gate_is_refused(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR, gates=0b101)
    for gate, here in ((0, True), (1, False), (2, True), (31, False)):
        found = visit(verifier(rules=VisitorRules(gate=gate)), guest, given)
        assert isinstance(found, PassClaims) is here
        assert here or found == Refused(Reason.PASS_NOT_HERE, phone.key_id)


def test_a_grant_before_its_time_and_an_expired_one_are_refused(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    second = timedelta(seconds=1)
    early, late = visit(verifier(), guest, given, NOON - second), NOON + HOUR
    assert early == Refused(Reason.PASS_NOT_YET, phone.key_id)
    assert visit(verifier(), guest, given, late) == Refused(Reason.PASS_ENDED, phone.key_id)
    assert isinstance(visit(verifier(), guest, given, late - second), PassClaims)


def test_a_screenshot_of_a_visitors_code_is_stale_after_30_s(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    found = verifier().verify(guest.sign(NOON, given), NOON + timedelta(seconds=31))
    assert found == Refused(Reason.PASS_EXPIRED, phone.key_id, -31)


def test_a_site_without_visitors_takes_none(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    gate = verifier(rules=VisitorRules(allowed=False))
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    assert visit(gate, guest, given) == Refused(Reason.VISITORS_OFF, phone.key_id)


def test_printed_passes_are_off_and_where_on_they_are_narrow(
    verifier: Make, phone: PhoneKey, signed: Sign
) -> None:
    text = phone.static(NOON, NOON + HOUR)
    assert verifier().verify(text, NOON) == Refused(Reason.VISITORS_OFF, phone.key_id)
    gate = verifier(rules=VisitorRules(static=True))
    wide = Refused(Reason.PASS_TOO_WIDE, phone.key_id)
    assert gate.verify(phone.static(NOON, NOON + 5 * HOUR), NOON) == wide
    assert gate.verify(phone.static(NOON, NOON + HOUR, gates=3), NOON) == wide
    start = int(NOON.timestamp())
    twice = {4: start + 60, 5: start, 7: b"12345678", -70001: 1, -70002: 2}
    assert gate.verify(signed(twice, b"gate/static/1"), NOON) == wide
    found = gate.verify(text, NOON + HOUR / 2)
    assert isinstance(found, PassClaims)
    assert found.grant is not None
    assert found.grant.uses == 1


def test_only_its_own_resident_withdraws_a_pass_and_only_freshly(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    other = PhoneKey.create()
    given = phone.grant(guest.public_key, NOON, NOON + HOUR)
    text = phone.withdraw(given, NOON)
    grant_id = phone.key_id + wire.parse(given).code_id
    ends_at = int((NOON + HOUR).timestamp())
    assert verifier().verify(text, NOON) == Withdrawal(phone.key_id, grant_id, ends_at)
    found = verifier(other).verify(other.withdraw(given, NOON), NOON)
    assert isinstance(found, Withdrawal)
    assert found.grant_id != grant_id
    late = verifier().verify(text, NOON + timedelta(seconds=31))
    assert late == Refused(Reason.PASS_EXPIRED, phone.key_id, -31)
    assert verifier().verify(other.withdraw(given, NOON), NOON) == INVALID
    over = phone.withdraw(given, NOON + HOUR)
    assert verifier().verify(over, NOON + HOUR) == Refused(Reason.PASS_INVALID, phone.key_id)


# What is right


def test_a_fresh_code_says_who_and_when(verifier: Make, phone: PhoneKey) -> None:
    text = phone.sign(NOON)
    found = verifier().verify(text, NOON)
    assert isinstance(found, PassClaims)
    assert (found.key_id, found.issued_at) == (phone.key_id, 1_780_315_200)
    assert found.one_use_id == phone.key_id + wire.read(text).code_id
    assert found.grant is None


def test_a_visitors_code_says_who_answers_and_how_often(
    verifier: Make, phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR, uses=3)
    found = visit(verifier(), guest, given)
    assert isinstance(found, PassClaims)
    assert found.key_id == phone.key_id
    assert found.one_use_id.startswith(guest.key_id)
    grant_id = phone.key_id + wire.parse(given).code_id
    assert found.grant == Grant(grant_id, 1_780_318_800, 3)


def test_codes_fit_the_dense_mode_and_the_size_of_their_qr_codes(
    phone: PhoneKey, guest: PhoneKey
) -> None:
    given = phone.grant(guest.public_key, NOON, NOON + HOUR, gates=3, uses=2)
    resident, visitor = phone.sign(NOON), guest.sign(NOON, given)
    # Version 5-L holds 154 of these characters and 11-L 468 (ISO/IEC 18004, table 7).
    assert (len(resident), len(visitor)) == (152, 396)
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", resident + visitor)


X = "0217e617f0b6443928278f96999e69a23a4f2c152bdf6d6cdf66e5b80282d4ed"
Y = "194a7debcb97712d2dda3ca85aa8765a56f45fc758599652f2897c65306e5794"
VECTORS = {
    "show": (
        "RRQXO8O600GKP59N*LZ2R0NRU1MXLKDF3/E9700S49KB0*M0DY0L21X5831L6NI I9SMI4GRDFC%EE$9"
        "2ZJBOULJ*O+X0-*2RNMA*ABXP%9A*ZK*IUMG9R$M0I9 MRC5MMK84.0 VITFLNY9AUBKBB51"
    ),
    "visitor": (
        "RRQXO8O608CK$/NWY0FPDZOQJ-0M84-J4FV4Y.4/E7360MKEF/KJWG.FKY*4GO0LN5402%52W2KI7BK:"
        "KDF3QF9724DF3/E9700:49$C2BO2UZ2W13.FK0XK4C0J60F6BJ4RSTI9YFSW72117MAT3BI0K.0C38CE"
        "OEFSN%-QO/RP69*$J*I4/E7360A7E/E7360+CE27BSI0D 2$0CJJBD+HFBLS+K2I3WD5-%2PLM57J6O3"
        "9VRCKT5GIDBUHH99C12UBQMB1$9*KD$4V%K6C06JKAXS7842T0JP*9IMB27B1S38%BBZG8HSZBCW/9VK"
        "LIK2:Q3%OH4W76-QYUBACNAT6F5HU9KLF9/*VMCTGSBWL9Y2DI0JVF5ACB-3Q-ARAGSK:AYJLQ%8"
    ),
    "static": (
        "RRQXO8O600GKP59N*LZ2R0NR$1MZM4FN0FPDU4U1T0FPDUOQJ-0*96DL6WW66:6/E736087E/E7360*C"
        "E27BTXAGS0Q:RT454N92P95B6FMD5.BEC1L508NI8CF%2Q/H0I$TD564Y5.D42DJK2KJNGH%E4FP2E1Y"
        "J6*WF++OEHRJFHRJ7M:K"
    ),
    "withdraw": (
        "RRQXO8O600GKP59N*LZ2R0NR$1M6Y4FN0FPDU4UWY0FPDUOQJ-0BB8UM84Y8N09/E7360$PE572OI2/T"
        "2H-227B6*DS03QU67E07KK$M6+FDN54XX9JWL2U7Q8C+V1W$PAUNCJQYHM:FW2%0NZG5424 4PXI7G50"
        "NVRYO3M75TDJYQ.1M NMQIS"
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_codes_written_down_once_are_read_for_ever(name: str) -> None:
    # Phones in people's hands keep speaking this format; signed once with the key 0x11...11.
    point = bytes.fromhex("04" + X + Y)
    gate = PassVerifier({bytes.fromhex("2bad0fd610d99eae"): point}.get, VisitorRules(static=True))
    found = gate.verify(VECTORS[name], datetime.fromtimestamp(1_800_000_003, UTC))
    assert isinstance(found, Withdrawal if name == "withdraw" else PassClaims)
    assert found.key_id.hex() == "2bad0fd610d99eae"


# The phone in software, and the desk


def test_an_enrolment_code_shows_a_key_and_that_it_is_held(phone: PhoneKey, signed: Sign) -> None:
    assert enrolled_key(phone.enrolment(NOON)) == phone.public_key
    stranger = PhoneKey.create()
    claims = {6: SHOW[6], 8: wire.confirmation(stranger.public_key)}
    with pytest.raises(PassError):
        enrolled_key(signed(claims, b"gate/enrol/1", key_id=b""))
    with pytest.raises(PassError):
        enrolled_key(phone.sign(NOON))


def test_a_phone_key_is_kept_private(tmp_path: Path, phone: PhoneKey) -> None:
    phone.save(tmp_path / "phone.pem")
    assert (tmp_path / "phone.pem").stat().st_mode & 0o777 == 0o600
    again = PhoneKey.load(tmp_path / "phone.pem")
    assert again.public_key == phone.public_key
    assert repr(again) == f"PhoneKey({phone.key_id.hex()})"
    with pytest.raises(StoreError):
        phone.save(tmp_path / "phone.pem")


def test_what_is_no_phone_key_is_refused(tmp_path: Path) -> None:
    keys: tuple[ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, ...] = (
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP384R1()),
    )
    for number, key in enumerate(keys):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / str(number)).write_bytes(pem)
    (tmp_path / "2").write_bytes(b"junk")
    for number in range(4):
        with pytest.raises(KeyMissingError):
            PhoneKey.load(tmp_path / str(number))
