"""The thread under every blocking reader: floods, unplugging, mistakes, and a clean end."""

from __future__ import annotations

import os
import select
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import pytest

from hardware.errors import DeviceStuckError, DeviceUnavailableError
from hardware.ports import CardAnswered, CardGone, CardSeen, CardTechnology
from hardware.reader_thread import MOST_COMMANDS, MOST_EVENTS, ReaderThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from itertools import count

    from hardware.ports import CardEvent

LONG_S = 10.0
"""Only a failing test waits so long."""


class PlayedSession:
    """Gives the batches it is fed, echoes commands, and raises what it is fed as a fault."""

    pause_s = 0.002

    def __init__(self) -> None:
        self.working = True
        self.closed = False
        self.feed: SimpleQueue[Sequence[CardEvent] | Exception] = SimpleQueue()

    def step(self, command: tuple[int, bytes] | None) -> Sequence[CardEvent]:
        if command is not None:
            return [CardAnswered(*command)]
        try:
            fed = self.feed.get_nowait()
        except Empty:
            return ()
        if isinstance(fed, Exception):
            raise fed
        return fed

    def close(self) -> None:
        self.closed = True


class Plug:
    """A socket that sessions are plugged into and pulled out of."""

    def __init__(self) -> None:
        self.sessions: list[PlayedSession] = []
        self.plugged = True
        self.looks = 0
        self.cards: Callable[[], int] = lambda: 0

    def find(self, numbers: count[int]) -> PlayedSession:
        self.looks += 1
        self.cards = lambda: next(numbers)
        if not self.plugged:
            raise DeviceUnavailableError("played reader", "unplugged", "a reader")
        self.sessions.append(PlayedSession())
        return self.sessions[-1]


@pytest.fixture
def plug() -> Plug:
    return Plug()


@pytest.fixture
def reader(plug: Plug) -> Iterator[ReaderThread]:
    made = ReaderThread("played reader", plug.find, (0.002,))
    yield made
    made.close()
    assert made._thread.is_alive() is False


def until(true: Callable[[], bool]) -> None:
    """Wait until something holds that the thread brings about."""
    for _ in range(5000):
        if true():
            return
        time.sleep(0.002)
    raise AssertionError("never")


def events(reader: ReaderThread, number: int) -> list[CardEvent]:
    got: list[CardEvent] = []
    while len(got) < number:
        assert select.select([reader.fileno()], [], [], LONG_S)[0], f"only {got}"
        got += reader.poll()
    return got


def seen(card: int) -> CardSeen:
    return CardSeen(card, 5, CardTechnology.ISO_DEP, b"\x04abcdef")


def test_an_event_makes_the_descriptor_readable_until_it_is_polled(
    plug: Plug, reader: ReaderThread
) -> None:
    until(lambda: reader.working)
    reader.poll()
    assert select.select([reader.fileno()], [], [], 0) == ([], [], [])

    plug.sessions[0].feed.put([seen(1)])

    assert events(reader, 1) == [seen(1)]
    assert select.select([reader.fileno()], [], [], 0) == ([], [], [])
    assert reader.poll() == ()


def test_a_command_reaches_a_present_card_and_its_answer_returns(
    plug: Plug, reader: ReaderThread
) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(1)])
    events(reader, 1)

    reader.send(1, b"\x90\x60\x00\x00\x00")

    assert events(reader, 1) == [CardAnswered(1, b"\x90\x60\x00\x00\x00")]


def test_a_command_to_a_card_that_is_gone_reaches_nobody(plug: Plug, reader: ReaderThread) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(1)])
    plug.sessions[0].feed.put([CardGone(1)])
    plug.sessions[0].feed.put([seen(2)])
    assert events(reader, 3) == [seen(1), CardGone(1), seen(2)]

    reader.send(1, b"for the first")
    reader.send(2, b"for the second")

    assert events(reader, 1) == [CardAnswered(2, b"for the second")]


@pytest.mark.parametrize(
    "fault", [DeviceUnavailableError("x", "pulled", "a reader"), OSError(5, "I/O error")]
)
def test_unplugging_takes_the_cards_away_and_plugging_finds_the_reader_again(
    plug: Plug, reader: ReaderThread, fault: Exception
) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(plug.cards()), seen(plug.cards())])
    events(reader, 2)
    plug.plugged = False

    plug.sessions[0].feed.put(fault)

    assert events(reader, 2) == [CardGone(1), CardGone(2)]
    assert not reader.working
    assert plug.sessions[0].closed
    until(lambda: plug.looks > 4)
    assert "unplugged" in str(reader.fault)
    plug.plugged = True
    until(lambda: reader.working)
    assert reader.fault is None
    assert plug.cards() == 3  # a number never means two cards
    assert len([t for t in threading.enumerate() if t.name == "played reader"]) == 1


def test_a_command_sent_before_the_unplugging_is_not_sent_after_it(
    plug: Plug, reader: ReaderThread
) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(1)])
    events(reader, 1)
    plug.plugged = False
    plug.sessions[0].feed.put(OSError("pulled"))
    events(reader, 1)
    reader.send(1, b"late")
    plug.plugged = True
    until(lambda: reader.working)
    plug.sessions[1].feed.put([seen(2)])

    assert events(reader, 1) == [seen(2)]
    assert reader.poll() == ()


def test_a_flood_waits_for_the_poll_and_nothing_is_lost(plug: Plug, reader: ReaderThread) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(card) for card in range(3 * MOST_EVENTS)])
    until(lambda: len(reader._events) == MOST_EVENTS)

    got = reader.poll()
    rest = events(reader, 2 * MOST_EVENTS)

    assert len(got) == MOST_EVENTS
    assert [e.card for e in (*got, *rest) if isinstance(e, CardSeen)] == [*range(768)]


def test_closing_during_a_flood_ends_the_thread(plug: Plug, reader: ReaderThread) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(card) for card in range(2 * MOST_EVENTS)])
    until(lambda: len(reader._events) == MOST_EVENTS)

    reader.close()

    assert not reader._thread.is_alive()
    assert plug.sessions[0].closed


def test_a_caller_cannot_heap_up_commands(plug: Plug, reader: ReaderThread) -> None:
    until(lambda: reader.working)
    plug.plugged = False
    plug.sessions[0].feed.put(OSError("pulled"))
    until(lambda: not reader.working)
    for _ in range(MOST_COMMANDS):
        reader.send(1, b"")

    with pytest.raises(DeviceStuckError, match="8 commands wait"):
        reader.send(1, b"")


def test_a_mistake_in_a_driver_is_heard_after_the_last_event(
    plug: Plug, reader: ReaderThread
) -> None:
    until(lambda: reader.working)
    plug.sessions[0].feed.put([seen(1)])
    plug.sessions[0].feed.put(ZeroDivisionError("a mistake"))

    assert events(reader, 2) == [seen(1), CardGone(1)]
    until(lambda: reader._broken is not None)
    with pytest.raises(DeviceUnavailableError, match="ZeroDivisionError: a mistake"):
        reader.poll()
    assert not reader.working


def test_a_change_of_working_wakes_the_loop(plug: Plug, reader: ReaderThread) -> None:
    until(lambda: reader.working)
    reader.poll()

    plug.sessions[0].working = False

    assert select.select([reader.fileno()], [], [], LONG_S)[0]
    assert not reader.working


def test_a_closed_reader_refuses_and_leaves_no_descriptor(reader: ReaderThread) -> None:
    descriptor = reader.fileno()
    reader.close()
    reader.close()

    assert reader.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    with pytest.raises(DeviceUnavailableError, match="closed"):
        reader.poll()
    with pytest.raises(DeviceUnavailableError, match="closed"):
        reader.send(1, b"")
    assert not reader.working
