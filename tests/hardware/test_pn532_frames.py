"""PN532 frames: damage refused first; every literal is from UM0701-02 or summed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.pn532_frames import FrameReader, Kind, Received, encode

VERSION = bytes.fromhex("00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
DATA = Received(Kind.DATA, bytes.fromhex("03 32 01 06 07"))


def read(*pieces: bytes) -> list[Received]:
    reader = FrameReader()
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (frame := reader.take()) is not None:
            found.append(frame)
    return found


@pytest.mark.parametrize(
    "damaged",
    [
        "00 00 FF 06 FB D5 03 32 01 06 07 E8 00",  # length checksum
        "00 00 FF 06 FA D5 03 32 01 06 07 E9 00",  # data checksum
        "00 00 FF 06 FA D5 03 33 01 06 07 E8 00",  # a flipped bit
        "00 00 FF 06 FA D4 03 32 01 06 07 E9 00",  # our own direction
        "00 00 FF 01 FF D5 2B 00",  # nothing but the direction
        "00 00 FF FF FF 01 00 FE D5 00",  # extended length checksum
        "00 00 FF FF FF 01 0A F5 D5 00",  # 266 bytes: longer than any frame
        "00 00 FF FF FF 00 00 00 00",  # an extended frame of nothing
    ],
)
def test_a_damaged_frame_is_said_to_be_damaged(damaged: str) -> None:
    assert read(bytes.fromhex(damaged))[0] == Received(Kind.DAMAGED)


def test_a_damaged_frame_does_not_hide_the_next() -> None:
    damaged = VERSION[:-3] + b"\x00" + VERSION[-2:]

    assert read(damaged + VERSION) == [Received(Kind.DAMAGED), DATA]


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        ("00 00 FF 00 FF 00", Kind.ACK),
        ("00 00 FF FF 00 00", Kind.NACK),
        ("00 00 FF 01 FF 7F 81 00", Kind.SYNTAX_ERROR),
    ],
)
def test_frames_without_data(wire: str, kind: Kind) -> None:
    assert read(bytes.fromhex(wire)) == [Received(kind)]


def test_an_answer_is_read_after_its_acknowledgement_and_after_junk() -> None:
    wire = bytes.fromhex("55 00 FE 80 00 00 FF 00 FF 00") + VERSION

    assert read(wire) == [Received(Kind.ACK), DATA]


@given(st.integers(1, 12))
def test_a_frame_in_pieces_waits_for_its_end(cut: int) -> None:
    assert read(VERSION[:cut], VERSION[cut:]) == [DATA]


def test_an_extended_answer_is_read() -> None:
    # 257 bytes: D5 41 00 and 254 of AA; D5+41+00+254*AA = C2h modulo 256, so DCS = 3E.
    wire = bytes.fromhex("00 00 FF FF FF 01 01 FE D5 41 00") + 254 * b"\xaa" + b"\x3e\x00"

    assert read(wire) == [Received(Kind.DATA, b"\x41\x00" + 254 * b"\xaa")]


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        ("02", "00 00 FF 02 FE D4 02 2A 00"),  # GetFirmwareVersion
        ("14 01 14 01", "00 00 FF 05 FB D4 14 01 14 01 02 00"),  # SAMConfiguration
        ("4A 02 00", "00 00 FF 04 FC D4 4A 02 00 E0 00"),  # InListPassiveTarget
        ("32 05 02 01 01", "00 00 FF 06 FA D4 32 05 02 01 01 F1 00"),  # RFConfiguration
    ],
)
def test_commands_are_framed_as_the_manual_shows(command: str, wire: str) -> None:
    assert encode(bytes.fromhex(command)) == bytes.fromhex(wire)


def test_the_longest_normal_and_the_shortest_extended_command() -> None:
    assert encode(bytes(254))[:6] == bytes.fromhex("00 00 FF FF 01 D4")
    assert encode(bytes(255))[:9] == bytes.fromhex("00 00 FF FF FF 01 00 FF D4")


@pytest.mark.parametrize("size", [0, 265])
def test_a_command_no_frame_can_carry_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes; expected 1..264"):
        encode(bytes(size))


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_break_the_reader_and_junk_is_not_kept(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        reader.feed(piece)
        while reader.take() is not None:
            pass
    reader.feed(300 * b"\x55")
    while reader.take() is not None:
        pass
    reader.feed(600 * b"\x55" + b"\x00")
    while reader.take() is not None:
        pass

    assert len(reader._bytes) <= 1
