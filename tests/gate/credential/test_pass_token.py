"""The app's pass: forged, altered, stale, replayed, of a stranger, or no pass at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import KeyMissingError, StoreError
from appliance.gate.credential import base45
from appliance.gate.credential.pass_token import (
    PREFIX,
    TEXT_LENGTH,
    WINDOW_SECONDS,
    PassClaims,
    PassRefusal,
    PassVerifier,
    PhoneKey,
)
from appliance.gate.credential.replay import ReplayMemory

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PHONE = PhoneKey.create()
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def verifier(*phones: PhoneKey) -> PassVerifier:
    keys = {phone.key_id: phone.public_key for phone in phones or (PHONE,)}
    return PassVerifier(keys.get, ReplayMemory(WINDOW_SECONDS))


def content(text: str) -> bytearray:
    return bytearray(base45.decode(text.removeprefix(PREFIX)))


def text_of(fields: bytes | bytearray) -> str:
    return PREFIX + base45.encode(bytes(fields))


def test_a_fresh_pass_opens_once() -> None:
    gate, text = verifier(), PHONE.sign(NOW)
    claims = gate.verify(text, NOW)
    assert isinstance(claims, PassClaims)
    assert (claims.key_id, claims.issued_at) == (PHONE.key_id, int(NOW.timestamp()))
    assert gate.verify(text, NOW) is PassRefusal.REPLAYED
    assert isinstance(gate.verify(PHONE.sign(NOW), NOW), PassClaims)


def test_a_pass_fits_the_dense_mode_of_a_qr_code() -> None:
    text = PHONE.sign(NOW)
    assert len(text) == TEXT_LENGTH == 132
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", text)


@pytest.mark.parametrize(
    ("seconds", "good"),
    [(-6, False), (-5, True), (0, True), (30, True), (31, False), (86_400, False)],
)
def test_the_window_has_two_ends(seconds: int, *, good: bool) -> None:
    found = verifier().verify(PHONE.sign(NOW), NOW + timedelta(seconds=seconds))
    assert isinstance(found, PassClaims) if good else found is PassRefusal.EXPIRED


@given(st.integers(0, 85 * 8 - 1))
def test_any_flipped_bit_makes_it_invalid(bit: int) -> None:
    altered = content(PHONE.sign(NOW))
    altered[bit // 8] ^= 1 << bit % 8
    assert verifier().verify(text_of(altered), NOW) is PassRefusal.INVALID


@given(st.text(max_size=200) | st.binary(max_size=120).map(text_of))
def test_no_other_text_is_a_pass(text: str) -> None:
    assert verifier().verify(text, NOW) is PassRefusal.INVALID


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet=base45.ALPHABET, min_size=128, max_size=128))
def test_no_other_text_of_the_right_length_is_a_pass(text: str) -> None:
    assert verifier().verify(PREFIX + text, NOW) is PassRefusal.INVALID


def test_the_other_form_of_a_signature_is_the_same_pass() -> None:
    # ECDSA accepts (r, n - s) wherever it accepts (r, s): the id, not the text, is used once.
    text = PHONE.sign(NOW)
    twin = content(text)
    s = int.from_bytes(twin[-32:], "big")
    twin[-32:] = (P256_ORDER - s).to_bytes(32, "big")
    gate = verifier()
    assert isinstance(gate.verify(text, NOW), PassClaims)
    assert gate.verify(text_of(twin), NOW) is PassRefusal.REPLAYED


def test_a_strangers_pass_and_a_stolen_name_are_invalid() -> None:
    stranger = PhoneKey.create()
    assert verifier().verify(stranger.sign(NOW), NOW) is PassRefusal.INVALID
    stolen = content(stranger.sign(NOW))
    stolen[1:9] = PHONE.key_id
    assert verifier(PHONE, stranger).verify(text_of(stolen), NOW) is PassRefusal.INVALID


def test_a_broken_key_in_the_roster_opens_nothing() -> None:
    gate = PassVerifier(lambda _: b"\x04" + bytes(64), ReplayMemory(30))
    assert gate.verify(PHONE.sign(NOW), NOW) is PassRefusal.INVALID


def test_a_refused_pass_is_not_used_up() -> None:
    gate, text = verifier(), PHONE.sign(NOW)
    assert gate.verify(text, NOW - timedelta(seconds=9)) is PassRefusal.EXPIRED
    assert isinstance(gate.verify(text, NOW), PassClaims)


def test_a_phone_key_is_kept_private(tmp_path: Path) -> None:
    PHONE.save(tmp_path / "phone.pem")
    assert (tmp_path / "phone.pem").stat().st_mode & 0o777 == 0o600
    again = PhoneKey.load(tmp_path / "phone.pem")
    assert again.public_key == PHONE.public_key
    assert repr(again) == f"PhoneKey({PHONE.key_id.hex()})"
    with pytest.raises(StoreError):
        PHONE.save(tmp_path / "phone.pem")


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


@given(st.binary(max_size=200))
def test_base45_goes_there_and_back(content: bytes) -> None:
    assert base45.decode(base45.encode(content)) == content


def test_base45_as_published() -> None:
    # RFC 9285, sections 4.3 and 4.4.
    assert base45.encode(b"AB") == "BB8"
    assert base45.encode(b"Hello!!") == "%69 VD92EX0"
    assert base45.encode(b"base-45") == "UJCLQE7W581"
    assert base45.decode("QED8WEX0") == b"ietf!"


@pytest.mark.parametrize("text", ["GGW", "0", "BB80", ":::", "A", "BB8A", "::", "bb8", "BB8é0"])
def test_base45_that_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its own messages are not for people
        base45.decode(text)
