"""I2C and SPI byte for byte against a bus that holds a chip's frames; wrong sources refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from hardware.board import open_reader
from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.pn532_frames import Kind, Received
from hardware.pn532_link import BlockLink, I2cBus, SpiBus
from hardware.ports import ReaderOptions

if TYPE_CHECKING:
    from tests.rig.clock import HandClock

VERSION = bytes.fromhex("00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
LONG = bytes.fromhex("00 00 FF 64 9C D5 41 00") + 97 * b"\xaa" + b"\x80\x00"
"""100 bytes: D5+41+00+97*AA = 80h modulo 256, so DCS = 80."""
NACK = "0000ffff0000"


class Message:
    """What smbus2's i2c_msg is: an address and a buffer."""

    def __init__(self, address: int, buffer: bytearray, *, reads: bool) -> None:
        self.address, self.buffer, self.reads = address, buffer, reads

    @classmethod
    def read(cls, address: int, size: int) -> Message:
        return cls(address, bytearray(size), reads=True)

    @classmethod
    def write(cls, address: int, data: bytes) -> Message:
        return cls(address, bytearray(data), reads=False)

    def __bytes__(self) -> bytes:
        return bytes(self.buffer)


class I2cChip:
    """Answers each read with its status byte and, if asked for more, the frame from its start."""

    def __init__(self, frame: bytes, busy: int = 0) -> None:
        self.frame, self.busy = frame, busy
        self.asleep = False
        self.log: list[str] = []

    def i2c_rdwr(self, message: Message) -> None:
        assert message.address == 0x24
        if self.asleep:
            self.asleep = False
            raise OSError(121, "Remote I/O error")
        if not message.reads:
            self.log.append(bytes(message).hex())
            return
        size = len(message.buffer)
        self.log.append(f"read {size}")
        if self.busy:
            self.busy -= 1
            return
        message.buffer[:] = (b"\x01" + self.frame + bytes(size))[:size]

    def close(self) -> None:
        self.log.append("closed")


class SpiChip:
    """The same on a bus whose bytes travel least significant bit first."""

    def __init__(self, frame: bytes, busy: int = 0) -> None:
        self.frame, self.busy = frame, busy
        self.log: list[str] = []

    def xfer2(self, out: list[int]) -> list[int]:
        seen = bytes(out)
        self.log.append(seen.hex() if len(set(seen[1:])) > 1 else f"{seen[:1].hex()} {len(seen)}")
        if seen[0] == 0x40:  # 02h reversed: status
            ready, self.busy = not self.busy, max(0, self.busy - 1)
            return [0xFF, 0x80 if ready else 0x00]
        if seen[0] == 0xC0:  # 03h reversed: read
            wire = [int(f"{byte:08b}"[::-1], 2) for byte in self.frame]
            return ([0xFF, *wire] + [0] * len(out))[: len(out)]
        return [0xFF] * len(out)

    def close(self) -> None:
        self.log.append("closed")


def test_i2c_waits_for_the_ready_byte_and_skips_it(clock: HandClock) -> None:
    chip = I2cChip(VERSION, busy=2)
    link = BlockLink(I2cBus(chip, Message), clock)

    assert link.receive(0.1) == Received(Kind.DATA, bytes.fromhex("0332010607"))
    assert chip.log == ["read 1", "read 1", "read 1", "read 81"]


def test_i2c_gives_up_at_its_deadline(clock: HandClock) -> None:
    link = BlockLink(I2cBus(I2cChip(VERSION, busy=10**6), Message), clock)

    assert link.receive(0.1) is None
    assert clock.ns == 1_100_000_000


def test_a_sleeping_i2c_chip_is_woken_without_an_error(clock: HandClock) -> None:
    chip = I2cChip(VERSION)
    chip.asleep = True
    link = BlockLink(I2cBus(chip, Message), clock)

    link.wake()
    link.send(b"\x00\xff")
    link.close()

    assert chip.log == ["00ff", "closed"]
    assert clock.ns == 1_002_000_000


def test_a_frame_longer_than_a_block_is_asked_for_again_as_a_whole(clock: HandClock) -> None:
    chip = I2cChip(LONG)
    link = BlockLink(I2cBus(chip, Message), clock)

    received = link.receive(0.1)

    assert received == Received(Kind.DATA, b"\x41\x00" + 97 * b"\xaa")
    # Start code, LEN, LCS, 100 bytes, DCS: 105; with preamble and postamble and room: 109.
    assert chip.log == ["read 1", "read 81", NACK, "read 1", "read 110"]


@pytest.mark.parametrize("block", [b"", b"\xff" * 200, b"\x00" * 200, VERSION[:9]])
def test_a_block_without_a_frame_is_damaged(clock: HandClock, block: bytes) -> None:
    link = BlockLink(I2cBus(I2cChip(block), Message), clock)

    assert link.receive(0.1) == Received(Kind.DAMAGED)


def test_spi_reverses_each_byte_and_polls_the_status(clock: HandClock) -> None:
    chip = SpiChip(VERSION, busy=1)
    link = BlockLink(SpiBus(chip), clock)

    link.send(bytes.fromhex("00 00 FF 02 FE D4 02 2A 00"))
    received = link.receive(0.1)
    link.wake()
    link.close()

    assert received == Received(Kind.DATA, bytes.fromhex("0332010607"))
    # 01 00 00 FF 02 FE D4 02 2A 00, each byte with its bits turned round.
    assert chip.log == ["800000ff407f2b405400", "40 2", "40 2", "c0 81", "40 2", "closed"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "uart",
        "uart:",
        "uart:ttyAMA0",
        "i2c:",
        "i2c:x",
        "i2c:-1",
        "spi:0",
        "spi:0.0.0",
        "i2c:1 ",
    ],
)
def test_a_source_that_names_no_link_is_refused(clock: HandClock, source: str) -> None:
    with pytest.raises(DeviceSettingError, match=r'expected source "uart:/dev/ttyAMA0", "i2c:1"'):
        open_reader(ReaderOptions("pn532", source), clock)


def test_a_key_file_is_refused(clock: HandClock) -> None:
    with pytest.raises(DeviceSettingError, match="key_file"):
        open_reader(ReaderOptions("pn532", "i2c:1", "/key"), clock)


@pytest.mark.parametrize(
    ("source", "library"),
    [("uart:/dev/ttyAMA0", "serial"), ("i2c:1", "smbus2"), ("spi:0.0", "spidev")],
)
def test_a_missing_library_names_the_extra(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch, source: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(DeviceUnavailableError, match="install the extra `pn532`"):
        open_reader(ReaderOptions("pn532", source), clock)


@pytest.mark.parametrize("source", ["uart:/dev/none", "i2c:97", "spi:9.9"])
def test_a_device_that_is_not_there_is_looked_for(clock: HandClock, source: str) -> None:
    for name in ("serial", "smbus2", "spidev"):
        pytest.importorskip(name)
    reader = open_reader(ReaderOptions("pn532", source), clock)

    assert not reader.working
    assert reader.poll() == ()
    reader.close()
