"""A PN532: its dialogue byte for byte, and a software chip on a real serial line under faults."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections import deque
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.board import open_reader
from hardware.cards import CardAnswered, CardGone, CardsCollided, CardSeen, CardTechnology
from hardware.errors import DeviceStuckError, DeviceUnavailableError
from hardware.pn532_chip import Pn532, technology_of
from hardware.pn532_frames import FrameReader, Kind, Received
from hardware.ports import ReaderOptions
from hardware.reader_pn532 import Pn532Session
from hardware.reader_thread import ReaderThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hardware.cards import CardEvent
    from tests.rig.clock import HandClock

pytest.importorskip("serial", reason="the extra `pn532` is not installed")

ACK = "> 0000FF00FF00"
LONG_S = 15.0
"""Only a failing test waits so long."""
VERSION_APDU = bytes.fromhex("9060000000")


class Script:
    """A recorded line: `< ` is what the host must send, `> ` what the chip gives, `. ` silence."""

    def __init__(self, *lines: str) -> None:
        self.lines = deque(lines)
        self.reader = FrameReader()
        self.closed = False

    def wake(self) -> None:
        assert self.lines.popleft() == "wake"

    def send(self, frame: bytes) -> None:
        assert f"< {frame.hex()}".upper() == self.lines.popleft().upper().replace(" ", "").replace(
            "<", "< "
        )

    def receive(self, timeout_s: float) -> Received | None:
        assert timeout_s > 0
        line = self.lines.popleft()
        assert line[0] in ">.", f"waited for the chip at {line}"
        self.reader.feed(bytes.fromhex(line[2:]))
        return self.reader.take()

    def close(self) -> None:
        self.closed = True


def chip(*lines: str) -> tuple[Pn532, Script]:
    script = Script(*lines)
    return Pn532(script, "pn532 script"), script


SILENCE = ". "
LIST_A = "< 00 00 FF 04 FC D4 4A 02 00 E0 00"
LIST_B = "< 00 00 FF 05 FB D4 4A 01 03 00 DE 00"
NOBODY = "> 00 00 FF 03 FD D5 4B 00 E0 00"
FIELD_OFF = "< 00 00 FF 04 FC D4 32 01 00 F9 00"
RF_DONE = "> 00 00 FF 02 FE D5 33 F8 00"
# Target 1, SENS_RES 0344, SAK 20, UID 04112233445566, ATS 06 75 77 81 02 80 (a DESFire).
DESFIRE = "> 00 00 FF 15 EB D5 4B 01 01 03 44 20 07 04 11 22 33 44 55 66 06 75 77 81 02 80 12 00"
UID = bytes.fromhex("04112233445566")
# InDataExchange of GetVersion to target 1.
ASK = "< 00 00 FF 08 F8 D4 40 01 90 60 00 00 00 FB 00"


def test_the_chip_is_started_byte_for_byte() -> None:
    made, script = chip(
        "wake",
        "< 00 00 FF 00 FF 00",
        "< 00 00 FF 05 FB D4 14 01 14 01 02 00",
        ACK,
        "> 00 00 FF 02 FE D5 15 16 00",
        "< 00 00 FF 02 FE D4 02 2A 00",
        ACK,
        "> 00 00 FF 06 FA D5 03 32 01 06 07 E8 00",
        FIELD_OFF,
        ACK,
        RF_DONE,
        "< 00 00 FF 06 FA D4 32 05 02 01 01 F1 00",
        ACK,
        RF_DONE,
    )

    made.start()

    assert not script.lines


def test_another_chip_is_refused() -> None:
    made, _ = chip(
        "wake",
        "< 00 00 FF 00 FF 00",
        "< 00 00 FF 05 FB D4 14 01 14 01 02 00",
        ACK,
        "> 00 00 FF 02 FE D5 15 16 00",
        "< 00 00 FF 02 FE D4 02 2A 00",
        ACK,
        "> 00 00 FF 06 FA D5 03 33 01 06 07 E7 00",
    )

    with pytest.raises(DeviceUnavailableError, match="chip 33010607; expected a PN532"):
        made.start()


def test_a_desfire_is_met_asked_watched_and_lost_byte_for_byte(clock: HandClock) -> None:
    present = "< 00 00 FF 03 FD D4 00 06 26 00"
    there, gone = "> 00 00 FF 03 FD D5 01 00 2A 00", "> 00 00 FF 03 FD D5 01 01 29 00"
    script = Script(
        *(LIST_A, ACK, DESFIRE),
        # Status 40: more follows; then the rest with 91 AF.
        *(ASK, ACK, "> 00 00 FF 05 FB D5 41 40 04 01 A5 00"),
        *("< 00 00 FF 03 FD D4 40 01 EB 00", ACK, "> 00 00 FF 05 FB D5 41 00 91 AF AA 00"),
        *(present, ACK, there),
        *(present, ACK, gone),
        *(present, ACK, there),
        *(present, ACK, gone),
        *(present, ACK, gone),
        *("< 00 00 FF 03 FD D4 52 00 DA 00", ACK, "> 00 00 FF 03 FD D5 53 00 D8 00"),
        *(FIELD_OFF, ACK, RF_DONE),
    )
    session = Pn532Session(script, "pn532 script", clock, count(7))

    assert session.step(None) == (CardSeen(7, 1_000_000_000, CardTechnology.ISO_DEP, UID),)
    assert session.step((7, VERSION_APDU)) == (CardAnswered(7, b"\x04\x01\x91\xaf"),)
    assert [session.step(None) for _ in range(5)] == [(), (), (), (), (CardGone(7),)]
    assert not script.lines


def test_a_card_pulled_away_in_mid_exchange_is_gone(clock: HandClock) -> None:
    script = Script(
        *(LIST_A, ACK, DESFIRE),
        *(ASK, ACK, "> 00 00 FF 03 FD D5 41 01 E9 00"),  # status 01: the card timed out
        *("< 00 00 FF 03 FD D4 52 00 DA 00", ACK, "> 00 00 FF 03 FD D5 53 00 D8 00"),
        *(FIELD_OFF, ACK, RF_DONE),
        *(LIST_A, ACK, DESFIRE),
    )
    session = Pn532Session(script, "pn532 script", clock, count(1))
    session.step(None)

    assert session.step((1, VERSION_APDU)) == (CardGone(1),)
    assert session.step(None) == (CardSeen(2, 1_000_000_000, CardTechnology.ISO_DEP, UID),)
    assert session.step((1, VERSION_APDU)) == ()  # meant for the first insertion


def test_a_type_b_card_is_listed_without_its_number(clock: HandClock) -> None:
    # ATQB 50 11223344 00000000 778185, ATTRIB_RES 00.
    atqb = "> 00 00 FF 12 EE D5 4B 01 01 50 11 22 33 44 00 00 00 00 77 81 85 01 00 66 00"
    script = Script(LIST_A, ACK, NOBODY, LIST_B, ACK, atqb)
    session = Pn532Session(script, "pn532 script", clock, count(1))

    assert session.step(None) == (CardSeen(1, 1_000_000_000, CardTechnology.TYPE_B, b""),)


def test_a_refused_checksum_is_sent_again_and_a_damaged_answer_asked_again() -> None:
    made, script = chip(
        LIST_A,
        "> 00 00 FF FF 00 00",  # the chip: say again
        LIST_A,
        ACK,
        "> 00 00 FF 03 FD D5 4B 00 E1 00",  # its data checksum is wrong
        "< 00 00 FF FF 00 00",
        NOBODY,
    )

    assert made.list_a() == ()
    assert not script.lines


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([LIST_A, SILENCE] * 3, "no acknowledgement to command 4Ah"),
        ([LIST_A, "> 00 00 FF FF 00 00"] * 3, "no acknowledgement"),
        ([LIST_A, ACK, "> 00 00 FF 01 FF 7F 81 00"], "a syntax error frame"),
        ([LIST_A, ACK, SILENCE, "< 00 00 FF 00 FF 00"], "no answer in 0.5 s"),
        ([LIST_A, ACK, *[RF_DONE] * 3], "only damaged frames"),
        ([LIST_A, ACK, "> 00 00 FF 03 FD D5 4B 03 DD 00"], "3 targets"),
        ([LIST_A, ACK, "> 00 00 FF 03 FD D5 4B 01 DF 00"], "an answer of 0 bytes"),
        ([LIST_A, ACK, "> 00 00 FF 02 FE D5 4B E0 00"], "an answer of 0 bytes"),
        # A UID of 255 bytes, and an ATS that ends before its length says.
        ([LIST_A, ACK, "> 00 00 FF 08 F8 D5 4B 01 01 00 44 08 FF 93 00"], "an answer of"),
        ([LIST_A, ACK, DESFIRE.replace("15 EB", "14 EC").replace("80 12", "92")], "an answer of"),
    ],
)
def test_a_chip_that_makes_no_sense_is_stuck(lines: list[str], found: str) -> None:
    made, _ = chip(*lines)

    with pytest.raises(DeviceStuckError, match=found):
        made.list_a()


def test_a_command_to_a_card_is_never_sent_twice_unheard() -> None:
    made, script = chip(ASK, SILENCE)

    with pytest.raises(DeviceStuckError, match="command 40h"):
        made.exchange(1, VERSION_APDU)
    assert not script.lines


class Answering:
    """Acknowledges each command and answers it with what it is given, whatever that is."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.frames: deque[Received] = deque()

    def wake(self) -> None:
        pass

    def send(self, frame: bytes) -> None:
        code = frame[6]
        self.frames.extend(
            (Received(Kind.ACK), Received(Kind.DATA, bytes((code + 1,)) + self.data))
        )

    def receive(self, timeout_s: float) -> Received | None:
        assert timeout_s > 0
        return self.frames.popleft() if self.frames else None

    def close(self) -> None:
        pass


@given(st.binary(max_size=40), st.sampled_from(["list_a", "list_b", "present", "exchange"]))
def test_no_answer_of_a_chip_or_card_breaks_the_driver(data: bytes, act: str) -> None:
    made = Pn532(Answering(data), "pn532 any")
    try:
        found = getattr(made, act)(*((1, VERSION_APDU) if act == "exchange" else ()))
    except DeviceStuckError:
        return
    if act == "list_a":
        assert {len(one.uid) for one in found} <= {4, 7, 10}
    if act == "exchange" and found is not None:
        assert len(found) <= 4096 + 40


@pytest.mark.parametrize(
    ("sak", "technology"),
    [
        (0x20, CardTechnology.ISO_DEP),
        (0x08, CardTechnology.CLASSIC),
        (0x18, CardTechnology.CLASSIC),
        (0x28, CardTechnology.CLASSIC),
        (0x38, CardTechnology.CLASSIC),
        (0x09, CardTechnology.CLASSIC),
        (0x88, CardTechnology.CLASSIC),
        (0x00, CardTechnology.TYPE_2),
        (0x10, CardTechnology.UNKNOWN),
        (0x40, CardTechnology.UNKNOWN),
    ],
)
def test_the_sak_tells_the_technology(sak: int, technology: CardTechnology) -> None:
    assert technology_of(sak) is technology


class SoftCard:
    """A card in the field; ISO-DEP ones echo, so that each answer can be told."""

    def __init__(self, uid: str, sak: int = 0x20) -> None:
        self.uid, self.sak = bytes.fromhex(uid), sak

    def described(self, number: int) -> bytes:
        ats = bytes.fromhex("067577810280") if self.sak & 0x20 else b""
        return bytes((number, 0x03, 0x44, self.sak, len(self.uid))) + self.uid + ats


class SoftChip:
    """A PN532 at the far end of a serial line, in a thread; its own framing, not the driver's.

    `faults` are given instead of the next answers: bytes for the wire, or None for silence.
    """

    def __init__(self, link: Path) -> None:
        self.cards: list[SoftCard] = []
        self.faults: deque[bytes | None] = deque()
        self.commands: list[str] = []
        self.awake = False
        self._chain = b""
        self._rest = b""
        self._link = link
        self._line, self._end = os.openpty()
        tty.setraw(self._end)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._end))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def unplug(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join()
        self._link.unlink()
        os.close(self._line)
        os.close(self._end)

    def babble(self, wire: bytes) -> None:
        os.write(self._line, wire)

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._line], [], [], 0.005)[0]:
                self._hear(os.read(self._line, 4096))

    def _hear(self, piece: bytes) -> None:
        if piece.startswith(b"\x55\x55\x00"):
            self.awake = True
        self._rest += piece
        while b"\x00\xff" in self._rest:
            frame = self._rest[self._rest.index(b"\x00\xff") + 2 :]
            if frame[:2] in {b"\x00\xff", b"\xff\x00"}:
                self._rest = frame[2:]
                continue
            header, size = (
                (5, 256 * frame[2] + frame[3])
                if frame[0] == 255 == frame[1]
                else (
                    2,
                    frame[0],
                )
            )
            if len(frame) < header + size + 2:
                return
            self._rest = frame[header + size + 2 :]
            assert sum(frame[header : header + size + 1]) % 256 == 0
            self._answer(frame[header + 1 : header + size])

    def _answer(self, command: bytes) -> None:
        if not self.awake:
            return
        self.commands.append(command.hex())
        os.write(self._line, bytes.fromhex("0000FF00FF00"))
        if self.faults:
            fault = self.faults.popleft()
            if fault is not None:
                os.write(self._line, fault)
            return
        body = bytes((0xD5, command[0] + 1)) + self._do(command[0], command[1:])
        size = len(body)
        head = (
            bytes((size, -size % 256))
            if size < 256
            else (bytes((255, 255, size // 256, size % 256, -(size // 256 + size % 256) % 256)))
        )
        os.write(self._line, b"\x00\x00\xff" + head + body + bytes((-sum(body) % 256, 0)))

    def _do(self, code: int, data: bytes) -> bytes:
        if code == 0x02:
            return bytes.fromhex("32010607")
        if code == 0x4A:
            there = self.cards[:2] if data[1] == 0 else []
            return bytes((len(there),)) + b"".join(
                card.described(number + 1) for number, card in enumerate(there)
            )
        if code in {0x00, 0x40} and not self.cards:
            return b"\x01"
        return b"\x00" + (self._echo(data) if code == 0x40 else b"")

    def _echo(self, data: bytes) -> bytes:
        self._chain += data[1:]
        if data[0] & 0x40:
            return b""
        whole, self._chain = self._chain, b""
        return whole[:200] + b"\x91\x00"


@pytest.fixture
def line(tmp_path: Path) -> Path:
    return tmp_path / "ttyAMA0"


@pytest.fixture
def soft(line: Path) -> Iterator[SoftChip]:
    made = SoftChip(line)
    yield made
    made.unplug()


class RunningClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        time.sleep(max(0, at_ns - time.monotonic_ns()) / 1e9)


@pytest.fixture
def reader(soft: SoftChip, line: Path) -> Iterator[ReaderThread]:
    made = open_reader(ReaderOptions("pn532", f"uart:{line}"), RunningClock())
    assert isinstance(made, ReaderThread)
    until(lambda: made.working)
    assert soft.awake
    yield made
    made.close()
    assert not made._thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    for _ in range(7500):
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


def kinds(events: list[CardEvent]) -> list[object]:
    return [
        (event.card, event.technology, event.uid.hex()) if isinstance(event, CardSeen) else event
        for event in events
    ]


A, B = "04a1a2a3a4a5a6", "04b1b2b3b4b5b6"


def collided(reader: ReaderThread) -> None:
    (event,) = events(reader, 1)
    assert isinstance(event, CardsCollided)


def test_a_card_is_met_asked_and_taken_away(soft: SoftChip, reader: ReaderThread) -> None:
    soft.cards = [SoftCard(A)]
    assert kinds(events(reader, 1)) == [(1, CardTechnology.ISO_DEP, A)]

    reader.send(1, VERSION_APDU)
    assert events(reader, 1) == [CardAnswered(1, VERSION_APDU + b"\x91\x00")]
    soft.cards = []

    assert events(reader, 1) == [CardGone(1)]


def test_a_long_command_is_chained_to_the_card(soft: SoftChip, reader: ReaderThread) -> None:
    soft.cards = [SoftCard(A)]
    events(reader, 1)

    reader.send(1, bytes(range(200)) + bytes(325))

    assert events(reader, 1) == [CardAnswered(1, bytes(range(200)) + b"\x91\x00")]
    sizes = [(one[:4], len(one) // 2 - 2) for one in soft.commands if one.startswith("40")]
    assert sizes == [("4041", 262), ("4041", 262), ("4001", 1)]


def test_two_cards_at_once_collide_once_and_the_one_left_is_met(
    soft: SoftChip, reader: ReaderThread
) -> None:
    soft.cards = [SoftCard(A), SoftCard(B)]
    collided(reader)
    looks = len(soft.commands)
    until(lambda: len(soft.commands) > looks + 8)
    assert reader.poll() == ()
    soft.cards = [SoftCard(B)]

    assert kinds(events(reader, 1)) == [(1, CardTechnology.ISO_DEP, B)]


@pytest.mark.parametrize(
    ("sak", "technology"), [(0x08, CardTechnology.CLASSIC), (0x00, CardTechnology.TYPE_2)]
)
def test_a_copyable_card_is_met_once_and_its_exchange_for_another_is_seen(
    soft: SoftChip, reader: ReaderThread, sak: int, technology: CardTechnology
) -> None:
    soft.cards = [SoftCard("01020304", sak)]
    assert kinds(events(reader, 1)) == [(1, technology, "01020304")]
    reader.send(1, VERSION_APDU)
    looks = len(soft.commands)
    until(lambda: len(soft.commands) > looks + 8)
    assert reader.poll() == ()
    assert not [one for one in soft.commands if one.startswith("40")]

    soft.cards = [SoftCard(A)]
    assert kinds(events(reader, 2)) == [CardGone(1), (2, CardTechnology.ISO_DEP, A)]
    soft.cards = []
    assert events(reader, 1) == [CardGone(2)]


def test_a_copyable_card_joined_by_a_second_collides(soft: SoftChip, reader: ReaderThread) -> None:
    soft.cards = [SoftCard("01020304", 0x08)]
    events(reader, 1)

    soft.cards = [SoftCard("01020304", 0x08), SoftCard(A)]

    gone, both = events(reader, 2)
    assert gone == CardGone(1)
    assert isinstance(both, CardsCollided)


def test_a_card_pulled_away_before_its_command_is_gone(
    soft: SoftChip, reader: ReaderThread
) -> None:
    soft.cards = [SoftCard(A)]
    events(reader, 1)
    soft.cards = []

    reader.send(1, VERSION_APDU)

    assert events(reader, 1) == [CardGone(1)]


@pytest.mark.parametrize(
    "fault",
    [
        None,
        bytes.fromhex("0000FF01FF7F8100"),
        3 * bytes.fromhex("0000FF03FDD54100EB00"),  # damaged three times
        9000 * b"\x55",
        bytes.fromhex("0000FF03FD"),
    ],
    ids=["silence", "error frame", "damage", "flood", "half a frame"],
)
def test_a_chip_that_fails_is_started_again_and_meets_the_card_anew(
    soft: SoftChip, reader: ReaderThread, fault: bytes | None
) -> None:
    soft.cards = [SoftCard(A)]
    events(reader, 1)
    starts = soft.commands.count("02")

    soft.faults.append(fault)

    assert kinds(events(reader, 2)) == [CardGone(1), (2, CardTechnology.ISO_DEP, A)]
    assert soft.commands.count("02") == starts + 1
    reader.send(2, VERSION_APDU)
    assert events(reader, 1) == [CardAnswered(2, VERSION_APDU + b"\x91\x00")]


def test_junk_between_frames_disturbs_nothing(soft: SoftChip, reader: ReaderThread) -> None:
    soft.cards = [SoftCard(A)]
    events(reader, 1)
    soft.babble(b"\x12\x34\x00\x56")

    reader.send(1, VERSION_APDU)

    assert CardAnswered(1, VERSION_APDU + b"\x91\x00") in events(reader, 1)


def test_unplugged_and_plugged_again_leaks_nothing(
    soft: SoftChip, reader: ReaderThread, line: Path
) -> None:
    soft.cards = [SoftCard(A)]
    events(reader, 1)
    soft.unplug()
    assert events(reader, 1) == [CardGone(1)]
    until(lambda: not reader.working)
    until(lambda: "No such file" in str(reader.fault))
    without = len([*Path("/proc/self/fd").iterdir()])

    for round_ in (2, 3):
        again = SoftChip(line)
        again.cards = [SoftCard(B)]
        until(lambda: reader.working)
        assert kinds(events(reader, 1)) == [(round_, CardTechnology.ISO_DEP, B)]
        again.unplug()
        assert events(reader, 1) == [CardGone(round_)]
        until(lambda: "No such file" in str(reader.fault))

    assert len([*Path("/proc/self/fd").iterdir()]) == without
    assert [t.name for t in threading.enumerate()].count(f"pn532 uart:{line}") == 1


def test_a_line_without_a_chip_is_looked_at_again(line: Path) -> None:
    dead, end = os.openpty()
    tty.setraw(end)
    line.symlink_to(os.ttyname(end))
    reader = open_reader(ReaderOptions("pn532", f"uart:{line}"), RunningClock())
    assert isinstance(reader, ReaderThread)
    until(lambda: reader.fault is not None)

    assert "no acknowledgement to command 14h" in str(reader.fault)
    assert not reader.working
    reader.close()
    os.close(dead)
    os.close(end)
