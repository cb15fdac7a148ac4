"""The published NXP examples, byte for byte: diversification, authentication, messaging."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from appliance.gate.credential import secure_messaging as sm
from appliance.gate.credential.apdu import Ins, authenticate, wrapped
from appliance.gate.credential.diversification import card_key, diversified

sys.path.insert(0, str(Path(__file__).parents[2] / "vectors"))
import desfire as published

ZERO = bytes(16)
H = bytes.fromhex


def session(*keys: str, count: int = 0) -> sm.Session:
    return sm.Session(*(H(key) for key in keys), count=count)


@pytest.mark.parametrize("one", published.DIVERSIFICATIONS, ids=lambda one: one.source)
def test_a_key_is_diversified_as_published(one: published.Diversification) -> None:
    assert diversified(H(one.master), H(one.message)) == H(one.key)


def test_for_a_short_message_plain_cmac_would_give_another_key() -> None:
    one = published.DIVERSIFICATIONS[1]
    assert sm.cmac(H(one.master), b"\x01" + H(one.message)) != H(one.key)


@pytest.mark.parametrize("length", [16, 17, 30, 31])
def test_from_16_bytes_on_plain_cmac_agrees(length: int) -> None:
    master, message = bytes(range(16)), bytes(range(length))
    assert diversified(master, message) == sm.cmac(master, b"\x01" + message)


@pytest.mark.parametrize(("master", "length"), [(15, 7), (17, 7), (16, 0), (16, 32)])
def test_other_lengths_are_refused(master: int, length: int) -> None:
    with pytest.raises(ValueError, match="diversification"):
        diversified(bytes(master), bytes(length))


def test_each_card_and_each_slot_has_its_own_key() -> None:
    cards = [
        card_key(bytes(16), uid, H("F5534D"), number)
        for uid in (H("04782E21801D80"), H("04782E21801D81"))
        for number in (0, 1, 2)
    ]
    assert len(set(cards)) == 6


@pytest.mark.parametrize("one", published.AUTHENTICATIONS, ids=lambda one: one.source)
def test_authentication_goes_as_published(one: published.Authentication) -> None:
    talk = authenticate(one.number, ZERO, lambda _: H(one.rnd_a))
    assert next(talk) == wrapped(0x71, bytes([one.number, 0]))
    assert sm.decrypt(ZERO, ZERO, H(one.rnd_b_secret)) == H(one.rnd_b)
    assert talk.send(H(one.rnd_b_secret) + b"\x91\xaf") == wrapped(0xAF, H(one.proof))
    with pytest.raises(StopIteration) as end:
        talk.send(H(one.answer) + b"\x91\x00")
    made: sm.Session = end.value.value
    assert made.encryption_key == H(one.encryption_key)
    assert made.mac_key == H(one.mac_key)
    assert made.transaction == H(one.transaction)
    assert made.count == 0


@pytest.mark.parametrize("one", published.AUTHENTICATIONS, ids=lambda one: one.source)
@pytest.mark.parametrize("byte", [4, 19, 20])
def test_a_card_that_does_not_prove_our_random_number_has_no_session(
    one: published.Authentication, byte: int
) -> None:
    talk = authenticate(one.number, ZERO, lambda _: H(one.rnd_a))
    next(talk)
    talk.send(H(one.rnd_b_secret) + b"\x91\xaf")
    answer = bytearray(sm.decrypt(ZERO, ZERO, H(one.answer)))
    answer[byte] ^= 1
    response = sm.encrypt(ZERO, ZERO, bytes(answer)) + b"\x91\x00"
    if byte == 20:  # capabilities are no proof
        with pytest.raises(StopIteration):
            talk.send(response)
    else:
        with pytest.raises(sm.MessagingError):
            talk.send(response)


def test_session_keys_of_a_later_authentication_are_as_published() -> None:
    one = published.NON_FIRST
    made = sm.session_keys(ZERO, H(one.rnd_a), H(one.rnd_b))
    assert made == (H(one.encryption_key), H(one.mac_key))


@pytest.mark.parametrize("one", published.EXCHANGES, ids=lambda one: one.source)
def test_a_command_and_its_answer_are_as_published(one: published.Exchange) -> None:
    ours = session(one.encryption_key, one.mac_key, one.transaction, count=one.count)
    if one.full:
        assert ours.protect(one.ins, H(one.header), H(one.data)) == H(one.body)
        assert ours.reveal(0, H(one.answer)) == H(one.plain)
    else:
        assert ours.sign(one.ins, H(one.header)) == H(one.body)
        assert ours.confirm(0, H(one.answer)) == H(one.plain)
    assert ours.count == one.count + 1


@pytest.mark.parametrize("one", published.EXCHANGES, ids=lambda one: one.source)
def test_every_flipped_bit_of_a_published_answer_is_refused(one: published.Exchange) -> None:
    answer = H(one.answer)
    for place in range(8 * len(answer)):
        bent = bytearray(answer)
        bent[place // 8] ^= 1 << place % 8
        ours = session(one.encryption_key, one.mac_key, one.transaction, count=one.count)
        with pytest.raises(sm.MessagingError):
            (ours.reveal if one.full else ours.confirm)(0, bytes(bent))


@pytest.mark.parametrize("one", published.OWN_KEY_CHANGES, ids=lambda one: one.source)
def test_changing_the_sessions_own_key_is_as_published(one: published.Exchange) -> None:
    ours = session(one.encryption_key, one.mac_key, one.transaction, count=one.count)
    assert ours.protect(one.ins, H(one.header), H(one.data)) == H(one.body)


@pytest.mark.parametrize("one", published.IVS, ids=lambda one: one[0])
def test_an_iv_is_as_published(one: tuple[str, str, str, str, int, str, str]) -> None:
    _, encryption_key, mac_key, transaction, count, label, iv = one
    assert session(encryption_key, mac_key, transaction, count=count).iv(H(label)) == H(iv)


@pytest.mark.parametrize("one", published.CHANGES, ids=lambda one: one[0])
def test_change_key_data_is_as_published(one: tuple[str, str, int, str | None, str]) -> None:
    _, new, version, old, plain = one
    assert sm.change_key_data(H(new), version, H(old) if old else None) == H(plain)


def test_another_slots_key_travels_mixed_with_the_old_one() -> None:
    # The published example's old key is zero, so it does not show the exclusive or.
    data = sm.change_key_data(b"\x0f" * 16, 1, b"\xff" * 16)
    assert data[:16] == b"\xf0" * 16


def test_the_primitives_serve_the_published_ntag_message() -> None:
    data, plain, prefix, key, mac = (H(part) for part in published.SUN)
    assert sm.decrypt(ZERO, ZERO, data) == plain
    assert sm.cmac(ZERO, prefix + plain[1:8] + plain[8:11]) == key
    assert sm.truncated_mac(key, b"") == mac


@pytest.mark.parametrize("content", [b"", b"\x80" * 16, bytes(range(1, 17)), b"\x80\x00"])
def test_padding_comes_off_as_it_went_on(content: bytes) -> None:
    assert len(sm.padded(content)) % 16 == 0
    assert sm.unpadded(sm.padded(content)) == content


@pytest.mark.parametrize("content", [b"", bytes(16), b"\x80" + bytes(16), bytes(15) + b"\x01"])
def test_what_was_never_padded_is_refused(content: bytes) -> None:
    with pytest.raises(sm.MessagingError):
        sm.unpadded(content)


def test_a_session_does_not_show_its_keys() -> None:
    one = published.AUTHENTICATIONS[0]
    shown = repr(session(one.encryption_key, one.mac_key, one.transaction))
    assert one.encryption_key.lower() not in shown.lower()
    assert repr(H(one.mac_key)) not in shown


def test_the_instruction_of_a_full_read_is_the_protected_one() -> None:
    assert Ins.READ == 0xAD
    assert Ins.WRITE == 0x8D
