"""The PC/SC driver against a real pcscd with a virtual reader and a software card."""

from __future__ import annotations

import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardware.board import open_reader
from hardware.errors import DeviceSettingError
from hardware.ports import (
    CardAnswered,
    CardGone,
    CardSeen,
    CardTechnology,
    Reader,
    ReaderOptions,
)
from hardware.reader_pcsc import technology
from hardware.reader_thread import ReaderThread
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import EV1, Memory

sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))
import vpcd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.cards import CardEvent

UID = bytes.fromhex("04782E21801D80")
SELECT_ROOT = bytes.fromhex("905A00000300000000")
LONG_S = 15.0


class RunningClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        time.sleep(max(0, at_ns - self.now_ns()) / 1e9)


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        ("3B8180018080", CardTechnology.ISO_DEP),
        ("3B8F8001804F0CA000000306030001000000006A", CardTechnology.CLASSIC),
        ("3B8F8001804F0CA0000003060300020000000069", CardTechnology.CLASSIC),
        ("3B8F8001804F0CA0000003060300030000000068", CardTechnology.TYPE_2),
        ("3B8F8001804F0CA0000003060300F00000000000", CardTechnology.UNKNOWN),
        ("3B8880010000000033818100", CardTechnology.TYPE_B),
        ("", CardTechnology.UNKNOWN),
        ("FFFFFF", CardTechnology.UNKNOWN),
    ],
)
def test_an_atr_tells_what_can_be_asked(atr: str, kind: CardTechnology) -> None:
    assert technology(bytes.fromhex(atr)) is kind


def make(source: str = "Virtual PCD 00 00", *, simulation: bool = True) -> ReaderThread:
    made = open_reader(ReaderOptions("pcsc", source, simulation=simulation), RunningClock())
    assert isinstance(made, ReaderThread)
    return made


@pytest.fixture
def reader(pcscd: vpcd.Pcscd) -> Iterator[ReaderThread]:
    del pcscd
    made = make()
    until(lambda: made.working)
    yield made
    made.close()


def until(holds: object, within_s: float = LONG_S) -> None:
    give_up = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.01)


def heard(reader: Reader, count: int) -> list[CardEvent]:
    """Wait for so many events by the descriptor alone, as gate's loop does."""
    events: list[CardEvent] = []
    give_up = time.monotonic() + LONG_S
    while len(events) < count:
        assert time.monotonic() < give_up, f"only {events}"
        if select.select([reader.fileno()], [], [], 1.0)[0]:
            events += reader.poll()
    return events


def test_a_virtual_reader_is_refused_at_a_real_gate(pcscd: vpcd.Pcscd) -> None:
    del pcscd
    made = make("", simulation=False)
    until(lambda: made.fault is not None)
    assert isinstance(made.fault, DeviceSettingError)
    assert "anybody can hold a card" in str(made.fault)
    assert not made.working
    made.close()


def test_a_reader_of_another_name_is_waited_for(pcscd: vpcd.Pcscd) -> None:
    del pcscd
    made = make("ACS ACR1252")
    until(lambda: made.fault is not None)
    assert "one named ACS ACR1252" in str(made.fault)
    made.close()


def test_a_card_comes_answers_and_goes(reader: ReaderThread) -> None:
    field = vpcd.Field(SoftCard(Memory(UID)))
    (seen,) = heard(reader, 1)
    assert isinstance(seen, CardSeen)
    assert seen.technology is CardTechnology.ISO_DEP
    assert seen.uid == b""  # the virtual reader has no command of its own for it
    reader.send(seen.card, SELECT_ROOT)
    assert heard(reader, 1) == [CardAnswered(seen.card, b"\x91\x00")]
    field.take_away()
    assert heard(reader, 1) == [CardGone(seen.card)]


def test_a_card_pulled_away_in_mid_transaction_is_gone_and_not_answered(
    reader: ReaderThread,
) -> None:
    field = vpcd.Field(SoftCard(Memory(UID)))
    (seen,) = heard(reader, 1)
    assert isinstance(seen, CardSeen)
    field.pull_at = 0
    reader.send(seen.card, SELECT_ROOT)
    assert heard(reader, 1) == [CardGone(seen.card)]
    field.take_away()


def test_a_command_to_a_card_that_left_reaches_no_other(reader: ReaderThread) -> None:
    first = vpcd.Field(SoftCard(Memory(UID)))
    (seen,) = heard(reader, 1)
    assert isinstance(seen, CardSeen)
    first.take_away()
    heard(reader, 1)
    second = vpcd.Field(SoftCard(Memory(UID, EV1)))
    (other,) = heard(reader, 1)
    assert isinstance(other, CardSeen)
    reader.send(seen.card, SELECT_ROOT)
    reader.send(other.card, SELECT_ROOT)
    assert heard(reader, 1) == [CardAnswered(other.card, b"\x91\x00")]
    assert [one for one in second.commands if one == SELECT_ROOT] == [SELECT_ROOT]
    second.take_away()
    heard(reader, 1)


def test_an_unplugged_reader_is_found_again_and_leaks_nothing(
    reader: ReaderThread, pcscd: vpcd.Pcscd
) -> None:
    field = vpcd.Field(SoftCard(Memory(UID)))
    (seen,) = heard(reader, 1)
    handles = descriptors()
    for _ in range(2):
        pcscd.stop()
        until(lambda: not reader.working)
        field.take_away()
        pcscd.start()
        until(lambda: reader.working)
        field = vpcd.Field(SoftCard(Memory(UID)))
        events = heard(reader, 2)
        assert isinstance(seen, CardSeen)
        assert events[0] == CardGone(seen.card)
        seen = events[1]
        assert isinstance(seen, CardSeen)
        reader.send(seen.card, SELECT_ROOT)
        assert heard(reader, 1) == [CardAnswered(seen.card, b"\x91\x00")]
    assert descriptors() <= handles + 1
    field.take_away()
    heard(reader, 1)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_card_forgotten_on_the_reader_opens_nothing_until_it_was_taken_away(
    pcscd: vpcd.Pcscd,
) -> None:
    del pcscd
    field = vpcd.Field(SoftCard(Memory(UID)))
    time.sleep(1.0)  # until pcscd has noticed it
    made = make()
    until(lambda: made.working)
    time.sleep(0.6)
    assert made.poll() == ()
    field.take_away()
    time.sleep(1.0)
    field = vpcd.Field(SoftCard(Memory(UID)))
    (seen,) = heard(made, 1)
    assert isinstance(seen, CardSeen)
    made.close()
    field.take_away()
