"""The gate's end of a DESFire conversation against a software card: attacks first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import CardError, StoreError
from appliance.gate.credential.apdu import Steps, UnexpectedError
from appliance.gate.credential.card import Desfire
from appliance.gate.credential.card_layout import CardFile, Site
from appliance.gate.credential.card_personalise import personalise
from appliance.gate.credential.diversification import card_key
from appliance.gate.credential.scheme import CardKey, Finding, Outcome
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import EV1, EV2, EV3, Memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MASTER = b"an issuing key!!"
SITE = Site(bytes.fromhex("F5534D"), bytes.fromhex("00000007"))
UID = bytes.fromhex("04782E21801D80")
FILE = CardFile(SITE.community, bytes(range(16)), 1)
READ = card_key(MASTER, UID, SITE.application, 1)
HELD = CardKey(READ, FILE.card_id, 1)


def held(_: bytes) -> CardKey | None:
    return HELD


def card(version: tuple[bytes, bytes] = EV3) -> SoftCard:
    made = SoftCard(Memory(UID, version))
    work(made)
    return made


def work(made: SoftCard, *, until: int = 100, file: CardFile = FILE, site: Site = SITE) -> int:
    """Personalise, at most `until` commands; return how many it took."""
    made.reset()
    steps = Steps(personalise(made.uid, site, MASTER, file))
    count = 0
    while steps.command and count < until:
        count += 1
        steps.answer(made.transmit(steps.command))
    return count


def converse(
    made: SoftCard,
    find: Callable[[bytes], CardKey | None] = held,
    bend: Callable[[int, bytes], bytes] = lambda _, answer: answer,
    uid: bytes = UID,
    site: Site = SITE,
) -> Outcome:
    made.reset()
    talk = Desfire(site).begin(uid, find)
    for count in range(20):
        if talk.outcome is not None:
            assert talk.command == b""
            return talk.outcome
        talk.answer(bend(count, made.transmit(talk.command)))
    raise AssertionError("no end")


def test_a_card_without_our_application_is_not_ours() -> None:
    assert converse(SoftCard(Memory(UID))) == Outcome(Finding.NOT_OURS, UID)


def test_a_card_of_another_community_is_not_ours() -> None:
    other = Site(SITE.application, b"\0\0\0\x08")
    assert converse(card(), site=other).finding is Finding.NOT_OURS


def test_an_ev1_card_is_too_old_even_with_our_application() -> None:
    made = card()
    made.memory.version = EV1
    assert converse(made) == Outcome(Finding.TOO_OLD, UID)


@pytest.mark.parametrize(
    ("hardware", "software"),
    [
        ("04080130001805", "04080130001805"),  # DESFire Light
        ("04040230001105", "04040201021105"),  # NTAG 424
        ("05010133001805", "04010103001805"),  # another vendor
        ("04010133001805", "04010101001805"),  # software of EV1
    ],
)
def test_another_chip_with_our_application_is_too_old(hardware: str, software: str) -> None:
    made = card()
    made.memory.version = (bytes.fromhex(hardware), bytes.fromhex(software))
    assert converse(made).finding is Finding.TOO_OLD


def test_a_card_with_another_key_is_a_mismatch() -> None:
    made = card()
    made.memory.applications[SITE.application].keys[1] = bytes(16)
    assert converse(made) == Outcome(Finding.MISMATCH, UID)


def test_a_key_of_another_card_is_a_mismatch() -> None:
    other = card_key(MASTER, UID[:-1] + b"\x81", SITE.application, 1)
    find: Callable[[bytes], CardKey | None] = lambda _: CardKey(other, FILE.card_id, 1)  # noqa: E731
    assert converse(card(), find).finding is Finding.MISMATCH


def test_a_card_that_names_another_uid_than_the_field_is_a_mismatch() -> None:
    assert converse(card(), uid=UID[:-1] + b"\x81").finding is Finding.MISMATCH


def test_a_four_byte_random_uid_is_a_mismatch() -> None:
    assert converse(card(), uid=b"\x08\x01\x02\x03").finding is Finding.MISMATCH


def test_a_card_lying_about_its_uid_is_caught_by_the_protected_one() -> None:
    # A clone of card B that names card A: A's key is asked, and B does not know it.
    made = card()
    told = bytes.fromhex("04AABBCCDDEE80")

    def lie(count: int, answer: bytes) -> bytes:
        return told + answer[7:] if count == 3 else answer

    assert converse(made, bend=lie, uid=b"").finding is Finding.MISMATCH


@pytest.mark.parametrize("wrong", [CardKey(READ, bytes(16), 1), CardKey(READ, FILE.card_id, 2)])
def test_a_file_of_another_card_id_or_issue_is_a_mismatch(wrong: CardKey) -> None:
    assert converse(card(), lambda _: wrong).finding is Finding.MISMATCH


def test_a_card_that_is_not_enrolled_is_unknown_and_never_asked_for_a_key() -> None:
    sent = 0

    def count(number: int, answer: bytes) -> bytes:
        nonlocal sent
        sent = number + 1
        return answer

    assert converse(card(), lambda _: None, count) == Outcome(Finding.UNKNOWN, UID)
    assert sent == 4


@pytest.mark.parametrize("count", range(8))
@pytest.mark.parametrize(
    "make",
    [
        lambda _: b"",
        lambda _: b"\x91",
        lambda answer: answer[:-2],
        lambda answer: answer[:-3] + answer[-2:],
        lambda answer: b"\x00" + answer,
        lambda answer: answer + bytes(300),
        lambda answer: answer[:-1] + b"\x1c",
        lambda _: b"\x6a\x82",
        lambda _: b"\x91\x00",
        lambda _: b"\x91\xaf",
        lambda _: bytes(256) + b"\x91\x00",
    ],
)
def test_a_bent_answer_anywhere_never_proves(count: int, make: Callable[[bytes], bytes]) -> None:
    made = card()

    def bend(number: int, answer: bytes) -> bytes:
        return make(answer) if number == count else answer

    found = converse(made, bend=bend).finding
    same = count == 0 and make(b"\x91\x00") == b"\x91\x00"
    assert (found is Finding.PROVEN) is same


@pytest.mark.parametrize("count", [5, 6, 7])
def test_every_flipped_bit_of_a_protected_answer_is_a_mismatch(count: int) -> None:
    made = card()
    whole = {5: 32, 6: 24, 7: 72}[count]
    for place in range(0, 8 * whole, 5):

        def bend(number: int, answer: bytes, place: int = place) -> bytes:
            if number != count:
                return answer
            bent = bytearray(answer)
            bent[place // 8] ^= 1 << place % 8
            return bytes(bent)

        outcome = converse(made, bend=bend)
        # A bit in the card's capabilities is no proof of anything, and read by nobody.
        capabilities = count == 5 and outcome.finding is Finding.PROVEN
        assert outcome.finding is Finding.MISMATCH or capabilities


def test_answers_of_another_session_cannot_be_replayed() -> None:
    made, heard = card(), list[bytes]()
    converse(made, bend=lambda _, answer: heard.append(answer) or answer)
    assert converse(made, bend=lambda count, _: heard[count]).finding is Finding.MISMATCH


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=12))
def test_no_bytes_whatever_break_or_prove(answers: list[bytes]) -> None:
    talk = Desfire(SITE).begin(UID, held)
    for answer in answers:
        talk.answer(answer)
    assert talk.outcome is None or talk.outcome.finding is not Finding.PROVEN


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 7), st.binary(max_size=80), st.sampled_from([0x00, 0xAF, 0xAE, 0x1E]))
def test_no_foreign_answer_in_a_true_conversation_proves(
    place: int, data: bytes, status: int
) -> None:
    made = card()
    swapped = data + bytes([0x91, status])
    truth = list[bytes]()

    def bend(count: int, answer: bytes) -> bytes:
        if count == place:
            truth.append(answer)
            return swapped
        return answer

    outcome = converse(made, bend=bend)
    assert (outcome.finding is Finding.PROVEN) <= (truth == [swapped] or place in (1, 2, 3))


def test_a_store_that_fails_is_the_callers_to_tell() -> None:
    def fail(_: bytes) -> CardKey | None:
        raise StoreError("store", "gone", "a store")

    made = card()
    made.reset()
    talk = Desfire(SITE).begin(UID, fail)
    for _ in range(3):
        talk.answer(made.transmit(talk.command))
    with pytest.raises(StoreError):
        talk.answer(made.transmit(talk.command))


@pytest.mark.parametrize("version", [EV2, EV3])
@pytest.mark.parametrize("uid", [UID, b""])
def test_a_card_of_ours_proves_itself_in_eight_commands(
    version: tuple[bytes, bytes], uid: bytes
) -> None:
    counts = list[int]()
    outcome = converse(card(version), bend=lambda n, a: counts.append(n) or a, uid=uid)
    assert outcome == Outcome(Finding.PROVEN, UID, bytes(range(16)))
    assert len(counts) == 8


def test_a_card_key_does_not_show_itself() -> None:
    assert READ.hex() not in repr(HELD)
    assert repr(READ) not in repr(HELD)


# The desk


def test_an_old_card_is_not_personalised() -> None:
    with pytest.raises(CardError, match="EV2 or EV3"):
        work(SoftCard(Memory(UID, EV1)))


def test_a_card_of_another_master_is_not_taken_over() -> None:
    made = card()
    steps = Steps(personalise(UID, SITE, b"another master!!", FILE))
    made.reset()

    def run() -> None:
        while steps.command:
            steps.answer(made.transmit(steps.command))

    with pytest.raises(CardError, match="another master key"):
        run()


def test_a_card_that_swallows_a_write_is_found_by_reading_back() -> None:
    made = SoftCard(Memory(UID))
    steps = Steps(personalise(UID, SITE, MASTER, FILE))

    def run() -> None:
        while steps.command:
            answer = made.transmit(steps.command)
            if steps.command[1] == 0x8D:
                made.memory.applications[SITE.application].files[1].content[20] ^= 1
            steps.answer(answer)

    with pytest.raises(CardError, match="read back differently"):
        run()


def test_a_bent_answer_stops_the_desk() -> None:
    made = SoftCard(Memory(UID))
    steps = Steps(personalise(UID, SITE, MASTER, FILE))
    steps.answer(made.transmit(steps.command))
    with pytest.raises(UnexpectedError):
        steps.answer(b"\x90\x00")


def test_after_issuing_no_factory_key_and_no_open_file_is_left() -> None:
    app = card().memory.applications[SITE.application]
    assert app.keys == [card_key(MASTER, UID, SITE.application, n) for n in range(3)]
    assert app.versions == [1, 1, 1]
    assert app.files[1].rights == (1, 2, 15, 0)
    assert len(app.files[1].content) == 48


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_card_pulled_away_at_any_step_is_healed_by_doing_it_again(
    cut: int, tmp_path: Path
) -> None:
    path = tmp_path / "card.json"
    made = SoftCard.blank(UID, kept=path)
    work(made, until=cut)
    again = SoftCard(Memory.load(path))
    work(again)
    assert converse(again) == Outcome(Finding.PROVEN, UID, FILE.card_id)


def test_a_card_that_comes_back_is_written_for_its_next_owner() -> None:
    made = card()
    work(made, file=CardFile(SITE.community, b"n" * 16, 2))
    outcome = converse(made, lambda _: CardKey(READ, b"n" * 16, 2))
    assert outcome == Outcome(Finding.PROVEN, UID, b"n" * 16)
    assert converse(made).finding is Finding.MISMATCH
