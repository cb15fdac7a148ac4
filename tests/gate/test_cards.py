"""Cards at the gate: what is refused and why, clone alarms, and the door for a true card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import StoreError
from appliance.gate import notices, process
from appliance.gate.access.card_proof import CardProof
from appliance.gate.access.clones import MOST_UIDS, CloneWatch, Suspicion
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.cards import MOST_COMMANDS, Cards
from appliance.gate.credential.card import Desfire
from appliance.gate.credential.card_layout import Site as CardSite
from appliance.gate.enrolment.card_desk import CardDesk, Slot
from appliance.gate.store.records import Profile
from appliance.sections import Config, ReaderSection, Site, Store
from hardware.errors import DeviceUnavailableError
from hardware.ports import (
    CardAnswered,
    CardGone,
    CardSeen,
    CardTechnology,
    DoorOptions,
)
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import EV1, Memory
from hardware.sim.door import SimDoor
from hardware.sim.reader import SimReader
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.gate.credential.scheme import CardKey
    from hardware.ports import CardEvent

SECOND = 1_000_000_000
UID = bytes.fromhex("04782E21801D80")
OTHER_UID = bytes.fromhex("04AABBCCDDEE80")
MASTER = b"an issuing key!!"


class Gate:
    """A whole gate but vision, with a simulated reader that software cards really talk to."""

    def __init__(self, folder: Path) -> None:
        self.config = Config(
            site=Site(simulation=True),
            store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
            reader=ReaderSection(driver="sim"),
        )
        self.clock = HandClock()
        create_archive(self.config)
        self.archive = open_archive(self.config, self.clock)
        self.reader = SimReader(self.clock)
        self.door = SimDoor(DoorOptions("sim"), self.clock)
        self.told: list[notices.Notice] = []
        self.controller = process.build_controller(
            self.config, self.archive, self.clock, self.door, self.reader, self.told.append
        )
        site = process.card_site(self.config)
        self.desk = CardDesk(self.archive.roster, self.archive.journal, site)

    def issue(self, uid: bytes = UID, pseudonym: str = "") -> tuple[SoftCard, str]:
        name = pseudonym or self.archive.roster.add(
            Profile("3-1201", "", frozenset({"card"})), (), ()
        )
        card = SoftCard(Memory(uid))
        reader = SimReader(self.clock)
        reader.hold(card)
        slot = Slot(reader, self.clock)
        slot.wait(0)
        self.desk.issue(name, slot, MASTER)
        reader.close()
        return card, name

    def present(
        self, card: SoftCard, technology: CardTechnology = CardTechnology.ISO_DEP
    ) -> tuple[str, bool]:
        """Hold a card, take it away; return the reason and whether the relay is on."""
        self.told.clear()
        number = self.reader.hold(card, technology)
        self.controller.step()
        outcome = self.reason(), self.door.relay_on
        self.reader.take_away(number)
        self.clock.ns += 6 * SECOND
        self.controller.step()
        return outcome

    def reason(self) -> str:
        (made,) = [one.decision for one in self.told if isinstance(one, notices.Decided)]
        return made.reason.value

    def alarms(self) -> list[Suspicion]:
        return [one.why for one in self.told if isinstance(one, notices.CardSuspected)]

    def kinds(self) -> list[str]:
        return [one.event.kind for one in self.archive.log.tail(20)]

    def close(self) -> None:
        self.controller.close()
        self.archive.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("technology", "reason"),
    [
        (CardTechnology.CLASSIC, "card-classic"),
        (CardTechnology.TYPE_2, "card-number-only"),
        (CardTechnology.LOW_FREQUENCY, "card-number-only"),
        (CardTechnology.TYPE_B, "card-id-card"),
        (CardTechnology.UNKNOWN, "card-copyable"),
    ],
)
def test_what_can_be_copied_is_refused_even_with_an_enrolled_uid(
    gate: Gate, technology: CardTechnology, reason: str
) -> None:
    card, _ = gate.issue()
    assert gate.present(card, technology) == (reason, False)


def test_a_blank_card_is_not_ours(gate: Gate) -> None:
    assert gate.present(SoftCard(Memory(UID))) == ("card-not-ours", False)


def test_an_old_card_is_too_old(gate: Gate) -> None:
    card, _ = gate.issue()
    card.memory.version = EV1
    assert gate.present(card) == ("card-too-old", False)


def test_a_card_of_the_community_that_is_not_enrolled_here_is_unknown(gate: Gate) -> None:
    gate.issue()
    card, _ = gate.issue(OTHER_UID)
    card.memory.uid = bytes.fromhex("04111111111180")
    assert gate.present(card) == ("card-unknown", False)


def test_a_clone_with_the_uid_but_without_the_key_is_a_mismatch(gate: Gate) -> None:
    card, _ = gate.issue()
    for app in card.memory.applications.values():
        app.keys[1] = bytes(16)
    assert gate.present(card) == ("card-mismatch", False)
    assert gate.alarms() == []


def test_a_true_card_renamed_to_another_residents_uid_is_a_mismatch(gate: Gate) -> None:
    card, _ = gate.issue()
    gate.issue(OTHER_UID)
    card.memory.uid = OTHER_UID
    assert gate.present(card) == ("card-mismatch", False)


def test_a_blocked_card_is_refused_at_once_and_a_found_one_passes_again(gate: Gate) -> None:
    card, name = gate.issue()
    assert gate.present(card) == ("granted", True)
    gate.desk.block(name)
    assert gate.present(card) == ("card-blocked", False)
    gate.desk.block(name, blocked=False)
    assert gate.present(card) == ("granted", True)


def test_a_replaced_card_stays_shut_and_the_new_one_opens(gate: Gate) -> None:
    old, name = gate.issue()
    gate.desk.block(name)
    new, _ = gate.issue(OTHER_UID, name)
    assert gate.present(old) == ("card-blocked", False)
    assert gate.present(new) == ("granted", True)
    assert [one.issue for one in gate.desk.cards(name)] == [1, 2]


def test_two_cards_at_once_are_refused_and_told_once(gate: Gate) -> None:
    card, _ = gate.issue()
    gate.reader.hold(card)
    gate.reader._events.pop()
    gate.reader.collide()
    gate.reader.collide()
    gate.controller.step()
    assert gate.reason() == "cards-collided"
    assert not gate.door.relay_on


def test_a_card_pulled_away_in_the_middle_is_told_so(gate: Gate) -> None:
    card, _ = gate.issue()
    number = gate.reader.hold(card)
    gate.reader.take_away(number)
    gate.controller.step()
    assert gate.reason() == "card-pulled-away"


def test_three_failed_proofs_of_one_uid_alarm_and_log_but_do_not_block(gate: Gate) -> None:
    true, name = gate.issue()
    clone, _ = SoftCard(Memory.load(keep(true, gate))), None
    for app in clone.memory.applications.values():
        app.keys[1] = bytes(16)
    seen = []
    for _ in range(3):
        gate.present(clone)
        seen.append(gate.alarms())
    assert seen == [[], [], [Suspicion.FAILURES]]
    assert "card.suspected" in gate.kinds()
    last = [one for one in gate.archive.log.tail(20) if one.event.kind == "card.suspected"]
    assert last[-1].event.pseudonym == name
    assert gate.present(true) == ("granted", True)


def keep(card: SoftCard, gate: Gate) -> Path:
    from pathlib import Path  # noqa: PLC0415

    card.memory.kept = Path(gate.config.store.folder).parent / "card.json"
    card.memory.save()
    return card.memory.kept


def test_the_same_card_twice_at_once_alarms(gate: Gate) -> None:
    card, _ = gate.issue()
    gate.reader.hold(card)
    gate.controller.step()
    assert gate.alarms() == []
    gate.reader.hold(card)
    gate.controller.step()
    assert gate.alarms() == [Suspicion.TWO_PLACES]


def test_a_true_card_opens_and_the_log_has_it_before_the_relay(gate: Gate) -> None:
    card, name = gate.issue()
    assert gate.present(card) == ("granted", True)
    events = [one.event for one in gate.archive.log.tail(10)]
    assert ("entry.granted", "card", name) in [(e.kind, e.method, e.pseudonym) for e in events]


def test_the_read_key_is_not_in_the_database_in_clear(gate: Gate, tmp_path: Path) -> None:
    card, _ = gate.issue()
    (app,) = card.memory.applications.values()
    gate.archive.roster.store.checkpoint()
    for path in (tmp_path / "state").iterdir():
        for key in app.keys:
            assert key not in path.read_bytes()
            assert key.hex().encode() not in path.read_bytes()


# The steps alone, with a reader that plays


class PlayedReader:
    """Gives what it is fed."""

    identity = "played"
    working = True

    def __init__(self) -> None:
        self.events: list[CardEvent] = []
        self.sent: list[tuple[int, bytes]] = []
        self.broken = False

    def fileno(self) -> int:
        return -1

    def poll(self) -> tuple[CardEvent, ...]:
        if self.broken:
            raise DeviceUnavailableError("played", "broken", "whole")
        events, self.events = tuple(self.events), []
        return events

    def send(self, card: int, command: bytes) -> None:
        self.sent.append((card, command))

    def close(self) -> None:
        pass


def no_key(_: bytes) -> CardKey | None:
    return None


def steps(reader: PlayedReader) -> Cards:
    return Cards(reader, (Desfire(CardSite(bytes.fromhex("F5534D"), bytes(4))),), no_key)


def proofs(cards: Cards, now_ns: int) -> list[CardProof]:
    return [one.proof for one in cards.step(now_ns)]


SEEN = CardSeen(1, 0, CardTechnology.ISO_DEP, UID)


def test_a_card_that_never_answers_is_over_after_one_second() -> None:
    reader = PlayedReader()
    cards = steps(reader)
    reader.events = [SEEN]
    assert proofs(cards, 999_999_999) == []
    assert proofs(cards, SECOND) == [CardProof.READER_FAULT]
    assert proofs(cards, 2 * SECOND) == []


def test_an_answer_after_the_end_changes_nothing() -> None:
    reader = PlayedReader()
    cards = steps(reader)
    reader.events = [SEEN]
    proofs(cards, SECOND)
    reader.events = [CardAnswered(1, b"\x91\x00"), CardAnswered(7, b"\x91\x00"), CardGone(1)]
    assert proofs(cards, SECOND) == []
    assert len(reader.sent) == 1


def test_a_reader_that_breaks_still_tells_what_was_judged_before() -> None:
    reader = PlayedReader()
    cards = steps(reader)
    reader.events = [CardSeen(1, 0, CardTechnology.CLASSIC, UID)]
    assert proofs(cards, 1) == [CardProof.CLASSIC]
    reader.broken = True
    with pytest.raises(DeviceUnavailableError):
        cards.step(2)


def test_a_store_that_fails_refuses_the_card_for_that_reason() -> None:
    def fail(_: bytes) -> CardKey | None:
        raise StoreError("store", "gone", "a store")

    reader = PlayedReader()
    card = SoftCard(Memory(UID))
    card.transmit(bytes.fromhex("90CA0000054D53F50B8300"))
    cards = Cards(reader, (Desfire(CardSite(bytes.fromhex("F5534D"), bytes(4))),), fail)
    reader.events = [SEEN]
    judged: list[CardProof] = []
    for _ in range(6):
        judged += proofs(cards, 1)
        reader.events += [CardAnswered(n, card.transmit(c)) for n, c in reader.sent]
        reader.sent.clear()
    assert judged == [CardProof.STORE_FAILED]


def test_a_flood_of_cards_starts_few_conversations() -> None:
    reader = PlayedReader()
    cards = steps(reader)
    reader.events = [CardSeen(n, 0, CardTechnology.ISO_DEP, bytes([n]) * 7) for n in range(50)]
    assert proofs(cards, 1) == [CardProof.READER_FAULT] * 46
    assert len(reader.sent) == 4


def test_a_card_of_no_scheme_but_the_second_is_offered_to_both() -> None:
    reader = PlayedReader()
    first = Desfire(CardSite(bytes.fromhex("F50001"), bytes(4)))
    second = Desfire(CardSite(bytes.fromhex("F50002"), bytes(4)))
    cards = Cards(reader, (first, second), no_key)
    reader.events = [SEEN]
    proofs(cards, 1)
    reader.events = [CardAnswered(1, b"\x91\xa0")]
    assert proofs(cards, 1) == []
    assert [command[5:8].hex() for _, command in reader.sent] == ["0100f5", "0200f5"]
    reader.events = [CardAnswered(1, b"\x91\xa0")]
    assert proofs(cards, 1) == [CardProof.NOT_OURS]


EVENTS = st.one_of(
    st.builds(
        CardSeen,
        st.integers(0, 5),
        st.integers(0, 3 * SECOND),
        st.sampled_from(CardTechnology),
        st.binary(max_size=10),
    ),
    st.builds(CardAnswered, st.integers(0, 5), st.binary(max_size=80)),
    st.builds(CardGone, st.integers(0, 5)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_no_order_of_events_breaks_or_proves(events: list[CardEvent]) -> None:
    reader = PlayedReader()
    cards = steps(reader)
    reader.events = events
    judged = proofs(cards, SECOND) + proofs(cards, 10 * SECOND)
    assert CardProof.PROVEN not in judged
    assert len(judged) <= sum(isinstance(one, CardSeen) for one in events)
    assert len(reader.sent) <= MOST_COMMANDS * 40


# The clone watch alone


def test_a_card_that_left_may_come_elsewhere() -> None:
    watch, why = CloneWatch().came("gate", 1, UID)
    assert why is None
    watch, why = watch.went("gate", 1).came("garage", 1, UID)
    assert why is None
    _, why = watch.came("gate", 2, UID)
    assert why is Suspicion.TWO_PLACES


def test_failures_far_apart_are_not_counted_together() -> None:
    watch = CloneWatch()
    for at in (0, 601, 1202, 1203):
        watch, why = watch.failed(UID, at * SECOND)
        assert why is None
    _, why = watch.failed(UID, 1204 * SECOND)
    assert why is Suspicion.FAILURES


def test_a_flood_of_uids_is_forgotten_oldest_first() -> None:
    watch = CloneWatch()
    for number in range(2 * MOST_UIDS):
        watch, _ = watch.failed(number.to_bytes(7, "big"), number)
    assert len(watch.failures) == MOST_UIDS
    assert (2 * MOST_UIDS - 1).to_bytes(7, "big") in watch.failures


def test_a_card_without_a_uid_is_no_suspect() -> None:
    watch, why = CloneWatch().came("gate", 1, b"")
    assert (watch, why) == (CloneWatch(), None)
    assert CloneWatch().failed(b"", 0) == (CloneWatch(), None)
