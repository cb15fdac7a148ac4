"""A new card at the gate's reader: what is not written and why, and one that is, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.errors import StoreError
from appliance.gate.access.card_proof import CardProof
from appliance.gate.card_writing import CardOrder, NewCard
from appliance.gate.cards import Cards
from appliance.gate.credential.card import Desfire
from appliance.gate.credential.card_layout import Site
from appliance.gate.credential.diversification import card_key
from appliance.gate.credential.scheme import CardKey
from hardware.ports import Authenticity, CardAnswered, CardTechnology
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import EV1, Memory
from hardware.sim.reader import SimReader
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.ports import CardEvent

UID = bytes.fromhex("04782E21801D80")
OTHER_UID = bytes.fromhex("04AABBCCDDEE80")
MASTER = b"an issuing key!!"
SITE = Site(bytes.fromhex("F5534D"), bytes(4))
ANSWER_NS = 3_000_000_000


def nobody(uid: bytes, number: bytes) -> bool:
    assert len(uid) + len(number) in {7, 16}
    return False


def order(taken: Callable[[bytes, bytes], bool] = nobody, master: bytes = MASTER) -> CardOrder:
    return CardOrder(SITE, master, 1, taken)


class SlowReader(SimReader):
    """Hands over at most one event at a time, and of the card's answers only so many."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__(clock)
        self.answers = 1000

    def poll(self) -> tuple[CardEvent, ...]:
        kept = []
        for event in super().poll():
            if isinstance(event, CardAnswered):
                self.answers -= 1
                if self.answers < 0:
                    continue
            kept.append(event)
        return tuple(kept)


class Bench:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.reader = SlowReader(self.clock)
        self.known: dict[bytes, CardKey] = {}
        self.cards = Cards(self.reader, (Desfire(SITE),), self.known.get)

    def turn(self) -> tuple[NewCard | None, list[str], list[CardProof]]:
        """Let the gate look three times; return the new card, the faults, cards judged."""
        judged, faults, made = [], [], None
        for _ in range(3):
            judged += [one.proof for one in self.cards.step(self.clock.now_ns())]
            new, wrong = self.cards.written()
            made = made or new
            faults += [one.value for one in wrong]
        return made, faults, judged


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    "technology",
    [one for one in CardTechnology if one is not CardTechnology.ISO_DEP],
)
def test_a_kind_that_can_be_copied_is_never_written(
    bench: Bench, technology: CardTechnology
) -> None:
    bench.cards.write(order())
    bench.reader.hold(SoftCard(Memory(UID)), technology)
    assert bench.turn() == (None, ["wrong-card"], [])


def test_an_old_desfire_is_never_written(bench: Bench) -> None:
    bench.cards.write(order())
    bench.reader.hold(SoftCard(Memory(UID, EV1)))
    assert bench.turn() == (None, ["wrong-card"], [])


def test_a_card_that_is_enrolled_is_left_as_it_is_and_opens_nothing_meanwhile(
    bench: Bench,
) -> None:
    card = SoftCard(Memory(UID))
    bench.cards.write(order(lambda uid, _: uid == UID))
    bench.reader.hold(card)
    assert bench.turn() == (None, ["card-taken"], [])
    assert card.memory.applications == {}


def test_a_card_under_another_master_key_is_refused(bench: Bench) -> None:
    card = SoftCard(Memory(UID))
    bench.cards.write(order(master=b"another key !!!!"))
    first = bench.reader.hold(card)
    assert bench.turn()[0] is not None
    bench.reader.take_away(first)
    bench.cards.write(order())
    bench.reader.hold(card)
    assert bench.turn() == (None, ["wrong-card"], [])


def test_a_store_that_fails_writes_nothing(bench: Bench) -> None:
    def fails(uid: bytes, number: bytes) -> bool:
        raise StoreError("store", f"{uid!r} {number!r}", "a store that reads")

    card = SoftCard(Memory(UID))
    bench.cards.write(order(fails))
    bench.reader.hold(card)
    assert bench.turn() == (None, ["store-failed"], [])
    assert card.memory.applications == {}


def test_two_cards_at_once_are_refused_and_one_alone_is_written_then(bench: Bench) -> None:
    bench.cards.write(order())
    bench.reader.collide()
    assert bench.turn() == (None, ["two-cards"], [])
    bench.reader.answers = 0
    bench.reader.hold(SoftCard(Memory(UID)))
    second = bench.reader.hold(SoftCard(Memory(OTHER_UID)))
    assert bench.turn() == (None, ["two-cards"], [])
    bench.reader.take_away(second)
    bench.reader.answers = 1000
    bench.reader.hold(SoftCard(Memory(UID)))
    made, faults, _ = bench.turn()
    assert made is not None
    assert faults == []


def test_a_card_that_falls_silent_ends_after_three_seconds_and_not_before(bench: Bench) -> None:
    bench.cards.write(order())
    bench.reader.answers = 4
    bench.reader.hold(SoftCard(Memory(UID)))
    assert bench.turn() == (None, [], [])
    bench.clock.sleep_until_ns(bench.clock.now_ns() + ANSWER_NS - 1_000_000)
    assert bench.turn() == (None, [], [])
    bench.clock.sleep_until_ns(bench.clock.now_ns() + 1_000_000)
    assert bench.turn() == (None, ["reader-fault"], [])


@pytest.mark.parametrize("answers", range(1, 41))
def test_a_card_pulled_away_after_any_answer_is_gone_on_with(bench: Bench, answers: int) -> None:
    """As many answers as writing takes, and a few more, so that every step is met."""
    card = SoftCard(Memory(UID))
    bench.cards.write(order())
    bench.reader.answers = answers
    number = bench.reader.hold(card)
    made, faults, judged = bench.turn()
    assert (faults, judged) == ([], [])
    if made is None:
        bench.reader.take_away(number)
        assert bench.turn() == (None, ["pulled-away"], [])
        bench.reader.answers = 1000
        bench.reader.hold(card)
        made, faults, _ = bench.turn()
        assert faults == []
    assert made is not None
    assert made.key == card_key(MASTER, UID, SITE.application, 1)
    assert (made.uid, made.issue, len(made.number)) == (UID, 1, 16)


def test_another_card_after_one_pulled_away_gets_another_id(bench: Bench) -> None:
    first, second = SoftCard(Memory(UID)), SoftCard(Memory(OTHER_UID))
    bench.cards.write(order())
    bench.reader.answers = 30
    number = bench.reader.hold(first)
    assert bench.turn()[0] is None
    bench.reader.take_away(number)
    bench.turn()
    bench.reader.answers = 1000
    number = bench.reader.hold(second)
    made, _, _ = bench.turn()
    assert made is not None
    bench.reader.take_away(number)
    bench.turn()
    bench.cards.write(order())
    bench.reader.hold(first)
    other, _, _ = bench.turn()
    assert other is not None
    assert other.number != made.number


def test_an_order_taken_back_in_the_middle_writes_no_further_and_judges_again(
    bench: Bench,
) -> None:
    card = SoftCard(Memory(UID))
    bench.cards.write(order())
    bench.reader.answers = 6
    number = bench.reader.hold(card)
    bench.turn()
    bench.cards.write(None)
    bench.reader.answers = 1000
    bench.reader.take_away(number)
    assert bench.turn() == (None, [], [])
    bench.reader.hold(card)
    made, faults, judged = bench.turn()
    assert (made, faults) == (None, [])
    assert judged != [CardProof.PROVEN]
    assert len(judged) == 1


def test_a_written_card_ends_the_order_and_then_proves_itself(bench: Bench) -> None:
    card = SoftCard(Memory(UID))
    bench.cards.write(order())
    number = bench.reader.hold(card)
    made, faults, judged = bench.turn()
    assert made is not None
    assert (faults, judged) == ([], [])
    assert repr(made.key) not in repr(made)
    bench.known[UID] = CardKey(made.key, made.number, made.issue)
    bench.reader.take_away(number)
    bench.turn()
    bench.reader.hold(card)
    assert bench.turn() == (None, [], [CardProof.PROVEN])


def test_a_card_that_its_reader_proves_is_taken_as_it_is_once(bench: Bench) -> None:
    bench.cards.write(order(lambda _, number: number == b"0123456789abcdef"))
    bench.reader.present(b"0123456789abcdef")
    assert bench.turn() == (None, ["card-taken"], [])
    bench.reader.present(b"", Authenticity.COPYABLE)
    assert bench.turn() == (None, ["wrong-card"], [])
    bench.reader.present(b"fedcba9876543210")
    assert bench.turn() == (NewCard(b"fedcba9876543210"), [], [])
