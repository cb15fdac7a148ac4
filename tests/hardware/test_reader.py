"""Readers: none, and the simulated one with its pipe under abuse."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.board import open_reader
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.ports import (
    Authenticity,
    CardAnswered,
    CardGone,
    CardPresentation,
    CardSeen,
    CardTechnology,
    ReaderOptions,
)
from hardware.sim.card import SoftCard
from hardware.sim.pipe import MOST_BYTES
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rig.clock import HandClock

CARD = bytes(range(16))
UID = bytes.fromhex("04782E21801D80")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    return tmp_path / "cards"


@pytest.fixture
def reader(pipe: Path, clock: HandClock) -> Iterator[SimReader]:
    made = open_reader(ReaderOptions("sim", str(pipe)), clock)
    assert isinstance(made, SimReader)
    yield made
    made.close()


def write(pipe: Path, *parts: bytes) -> int:
    end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        return sum(os.write(end, part) for part in parts)
    finally:
        os.close(end)


def test_no_reader_says_that_it_does_not_work(clock: HandClock) -> None:
    reader = open_reader(ReaderOptions(), clock)

    assert not reader.working
    assert reader.poll() == ()
    reader.close()


def test_presented_cards_come_once_oldest_first(clock: HandClock) -> None:
    reader = open_reader(ReaderOptions("sim"), clock)
    assert isinstance(reader, SimReader)
    reader.present(CARD)
    clock.pass_ms(1)
    reader.present(b"", Authenticity.FAILED)

    assert reader.poll() == (
        CardPresentation(CARD, Authenticity.MUTUAL, 1_000_000_000),
        CardPresentation(b"", Authenticity.FAILED, 1_001_000_000),
    )
    assert reader.poll() == ()
    assert reader.working
    reader.close()
    assert not reader.working


def test_a_line_is_a_card_and_a_copyable_number_is_none(pipe: Path, reader: SimReader) -> None:
    write(pipe, b"card " + CARD.hex().encode() + b"\ncopyable 04a1b2c3\n")

    first, second = reader.poll()

    assert (first.card_id, first.authenticity) == (CARD, Authenticity.MUTUAL)
    assert (second.card_id, second.authenticity) == (b"", Authenticity.COPYABLE)


def test_a_line_in_pieces_waits_for_its_end(pipe: Path, reader: SimReader) -> None:
    line = b"card " + CARD.hex().encode() + b"\n"
    write(pipe, line[:9])
    assert reader.poll() == ()
    write(pipe, line[9:])

    assert len(reader.poll()) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"card",
        b"card 00",
        b"card " + b"0" * 31,
        b"card " + b"0" * 34,
        b"card " + b"g" * 32,
        b"card  " + b"0" * 32,
        b" card " + b"0" * 32,
        b"card " + b"0" * 32 + b"\r",
        b"CARD " + b"0" * 32,
        b"copyable 0",
        b"copyable " + b"0" * 22,
        b"open",
        b"\xff\x00",
        "card \uff10".encode() * 2,  # a full-width zero
    ],
)
def test_a_malformed_line_is_dropped_and_counted(
    pipe: Path, reader: SimReader, line: bytes
) -> None:
    write(pipe, line + b"\n")

    assert reader.poll() == ()
    assert reader.dropped == 1


def test_an_unplugged_reader_reads_nothing_until_it_is_plugged_in_again(
    pipe: Path, reader: SimReader
) -> None:
    number = reader.hold(SoftCard.blank(UID))
    assert reader.working
    reader.poll()
    write(pipe, b"unplug\ncard " + CARD.hex().encode() + b"\n")
    assert reader.poll() == (CardGone(number),)
    assert (reader.working, reader.dropped) == (False, 1)
    write(pipe, b"plug\ncard " + CARD.hex().encode() + b"\n")
    (seen,) = reader.poll()
    assert isinstance(seen, CardPresentation)
    assert (reader.working, seen.card_id) == (True, CARD)


@pytest.mark.parametrize("length", [65, 100, 5000, 20_000])
def test_an_overlong_line_counts_once_and_the_next_one_is_read(
    pipe: Path, reader: SimReader, length: int
) -> None:
    write(pipe, b"x" * length, b"\ncard " + CARD.hex().encode() + b"\n")

    cards = [card for _ in range(8) for card in reader.poll()]

    assert [card.card_id for card in cards] == [CARD]
    assert reader.dropped == 1


def test_an_overlong_line_cannot_hide_a_card_in_its_tail(pipe: Path, reader: SimReader) -> None:
    write(pipe, b"x" * (2 * MOST_BYTES))
    reader.poll()
    reader.poll()
    write(pipe, b"card " + CARD.hex().encode() + b"\n")

    assert reader.poll() == ()


def test_a_flood_is_read_a_piece_a_poll(pipe: Path, reader: SimReader) -> None:
    line = b"card " + CARD.hex().encode() + b"\n"
    for _ in range(1000):
        write(pipe, line)

    assert len(reader.poll()) == MOST_BYTES // len(line)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.binary(max_size=90), max_size=8))
def test_no_bytes_break_the_reader(pipe: Path, reader: SimReader, parts: list[bytes]) -> None:
    write(pipe, *parts, b"\n" + b"x" * 70 + b"\n")

    assert all(card.authenticity is Authenticity.MUTUAL for card in reader.poll() if card.card_id)


def test_the_pipe_is_for_its_user_alone_and_goes_with_the_reader(
    pipe: Path, reader: SimReader
) -> None:
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o600

    reader.close()
    reader.close()

    assert not pipe.exists()
    with pytest.raises(DeviceUnavailableError, match="closed"):
        reader.poll()


def test_a_pipe_taken_away_does_not_break_closing(pipe: Path, reader: SimReader) -> None:
    pipe.unlink()

    reader.close()


def test_a_pipe_left_by_a_crash_is_replaced(pipe: Path, clock: HandClock) -> None:
    os.mkfifo(pipe, 0o666)

    reader = open_reader(ReaderOptions("sim", str(pipe)), clock)

    assert stat.S_IMODE(pipe.stat().st_mode) == 0o600
    reader.close()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_pipe_is_left_alone(pipe: Path, clock: HandClock, kind: str) -> None:
    target = pipe.with_name("target")
    target.write_text("precious")
    pipe.symlink_to(target) if kind == "link" else pipe.hardlink_to(target)

    with pytest.raises(DeviceUnavailableError, match="somebody else's"):
        open_reader(ReaderOptions("sim", str(pipe)), clock)
    assert target.read_text() == "precious"


def test_a_missing_folder_is_unavailable(pipe: Path, clock: HandClock) -> None:
    with pytest.raises(DeviceUnavailableError, match="No such file"):
        open_reader(ReaderOptions("sim", str(pipe / "deep")), clock)


def test_a_relative_pipe_is_refused(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="absolute"):
        open_reader(ReaderOptions("sim", "cards"), clock)


def test_a_software_card_is_held_to_the_reader_by_name_and_really_answers(
    pipe: Path, reader: SimReader
) -> None:
    SoftCard.blank(UID, kept=pipe.with_name("mine.card"))
    write(pipe, b"hold mine\n")
    (seen,) = reader.poll()
    assert seen == CardSeen(1, 1_000_000_000, CardTechnology.ISO_DEP, UID)
    reader.send(1, bytes.fromhex("905A00000300000000"))
    assert reader.poll() == (CardAnswered(1, b"\x91\x00"),)
    write(pipe, b"take\n")
    assert reader.poll() == (CardGone(1),)
    reader.send(1, bytes.fromhex("905A00000300000000"))
    assert reader.poll() == ()


@pytest.mark.parametrize("line", [b"hold nosuch\n", b"hold ../etc\n", b"hold torn\n", b"hold \n"])
def test_what_is_no_software_card_is_dropped(pipe: Path, reader: SimReader, line: bytes) -> None:
    pipe.with_name("torn.card").write_text('{"uid": "04", "version": 3}')
    write(pipe, line)
    assert reader.poll() == ()
    assert reader.dropped == 1
