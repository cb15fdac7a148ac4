"""Frames to and from a PN532 over UART (HSU), I2C or SPI, each wait with a deadline."""

from __future__ import annotations

import re
import termios
from typing import TYPE_CHECKING, Any, Final, Protocol

from hardware.errors import DeviceSettingError, DeviceUnavailableError
from hardware.pn532_frames import MOST_FRAME, NACK, FrameReader, Kind, Received

if TYPE_CHECKING:
    from hardware.ports import Clock

SOURCE: Final = re.compile(r"uart:/\S+|i2c:[0-9]{1,2}|spi:[0-9]\.[0-9]")
EXPECTED: Final = 'source "uart:/dev/ttyAMA0", "i2c:1" or "spi:0.0"'
UART_WAKE: Final = b"\x55\x55" + 14 * b"\x00"
"""Edges to wake the chip, then time for its oscillator, as preamble (UM0701-02 7.2.11)."""
I2C_ADDRESS: Final = 0x24
SPI_WRITE, SPI_STATUS, SPI_READ = 0x01, 0x02, 0x03
SPI_HZ: Final = 1_000_000
READY: Final = 0x01
FIRST_BLOCK: Final = 80
"""Longer than most answers of a card; what is longer is asked for again, as a whole."""
_TICK_NS = 1_000_000
_WAKE_NS = 2_000_000
_MOST_JUNK = 4096
# The chip is wired least significant bit first, which the Pi's SPI cannot do.
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Link(Protocol):
    """Frames to and from the chip; OSError means that the device is gone."""

    def wake(self) -> None:
        """Wake the chip from power-down."""
        ...

    def send(self, frame: bytes) -> None:
        """Write one frame."""
        ...

    def receive(self, timeout_s: float) -> Received | None:
        """Wait for the next frame; None: none came in time."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class UartLink:
    """A byte stream; `port` is a pyserial port."""

    def __init__(self, port: Any, clock: Clock) -> None:  # noqa: ANN401 - pyserial has no types
        self._port = port
        self._clock = clock
        self._reader = FrameReader()

    def wake(self) -> None:
        """Send the wake-up preamble and forget what lay in the buffers."""
        try:
            self._port.reset_input_buffer()
        except termios.error as fault:  # pyserial lets it through; it is no OSError
            raise OSError(*fault.args) from fault
        self._reader.clear()
        self._port.write(UART_WAKE)

    def send(self, frame: bytes) -> None:
        """Write one frame."""
        self._port.write(frame)

    def receive(self, timeout_s: float) -> Received | None:
        """Wait for the next frame; a line that only babbles counts as damaged."""
        until_ns = self._clock.now_ns() + round(timeout_s * 1e9)
        read = 0
        while (received := self._reader.take()) is None:
            left_ns = until_ns - self._clock.now_ns()
            if left_ns <= 0:
                return None
            if read > _MOST_JUNK:
                self._reader.clear()
                return Received(Kind.DAMAGED)
            self._port.timeout = left_ns / 1e9
            piece = self._port.read(max(1, min(self._port.in_waiting, MOST_FRAME)))
            read += len(piece)
            self._reader.feed(piece)
        return received

    def close(self) -> None:
        """Close the port."""
        self._port.close()


class Bus(Protocol):
    """I2C or SPI: the chip says when a frame is ready, and then gives it from its start."""

    def wake(self) -> None:
        """Address the chip."""
        ...

    def ready(self) -> bool:
        """Whether a frame waits."""
        ...

    def write(self, frame: bytes) -> None:
        """Write one frame."""
        ...

    def read(self, size: int) -> bytes:
        """Read so many bytes of the frame that waits; the rest of it is lost."""
        ...

    def close(self) -> None:
        """Let go of the bus."""
        ...


class BlockLink:
    """Frames over a `Bus`, whose status is polled each millisecond."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    def wake(self) -> None:
        """Address the chip and give its oscillator time to start."""
        self._bus.wake()
        self._clock.sleep_until_ns(self._clock.now_ns() + _WAKE_NS)

    def send(self, frame: bytes) -> None:
        """Write one frame."""
        self._bus.write(frame)

    def receive(self, timeout_s: float) -> Received | None:
        """Wait for the next frame; one longer than the first block is asked for again."""
        until_ns = self._clock.now_ns() + round(timeout_s * 1e9)
        if not self._wait(until_ns):
            return None
        reader = FrameReader()
        reader.feed(self._bus.read(FIRST_BLOCK))
        received = reader.take()
        if received is None and reader.wanted:
            size = reader.wanted + 4  # preamble, postamble
            reader.clear()
            self._bus.write(NACK)
            if not self._wait(until_ns):
                return None
            reader.feed(self._bus.read(size))
            received = reader.take()
        return received or Received(Kind.DAMAGED)

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()

    def _wait(self, until_ns: int) -> bool:
        while not self._bus.ready():
            now_ns = self._clock.now_ns()
            if now_ns >= until_ns:
                return False
            self._clock.sleep_until_ns(now_ns + _TICK_NS)
        return True


class I2cBus:
    """The chip at address 24h; each read begins with its status byte.

    It stretches the clock while it works. The Pi's own I2C has a fault there: README.md.
    """

    def __init__(self, bus: Any, message: Any) -> None:  # noqa: ANN401 - smbus2's SMBus and i2c_msg
        self._bus = bus
        self._message = message

    def wake(self) -> None:
        """Address the chip; asleep, it wakes by that but does not acknowledge."""
        self.ready()

    def ready(self) -> bool:
        """Read the status byte alone; a chip that does not acknowledge is not ready."""
        status = self._message.read(I2C_ADDRESS, 1)
        try:
            self._bus.i2c_rdwr(status)
        except OSError:
            return False
        return bool(bytes(status)[0] & READY)

    def write(self, frame: bytes) -> None:
        """Write one frame."""
        self._bus.i2c_rdwr(self._message.write(I2C_ADDRESS, frame))

    def read(self, size: int) -> bytes:
        """Read status and frame in one go."""
        block = self._message.read(I2C_ADDRESS, 1 + size)
        self._bus.i2c_rdwr(block)
        return bytes(block)[1:]

    def close(self) -> None:
        """Close the bus."""
        self._bus.close()


class SpiBus:
    """The chip behind a chip select; each transfer begins with its direction."""

    def __init__(self, spi: Any) -> None:  # noqa: ANN401 - spidev has no types
        self._spi = spi

    def wake(self) -> None:
        """Pull chip select low once."""
        self.ready()

    def ready(self) -> bool:
        """Read the status byte."""
        return bool(self._transfer(bytes((SPI_STATUS, 0)))[1] & READY)

    def write(self, frame: bytes) -> None:
        """Write one frame."""
        self._transfer(bytes((SPI_WRITE,)) + frame)

    def read(self, size: int) -> bytes:
        """Read so many bytes of the frame."""
        return self._transfer(bytes((SPI_READ,)) + bytes(size))[1:]

    def close(self) -> None:
        """Close the device."""
        self._spi.close()

    def _transfer(self, out: bytes) -> bytes:
        return bytes(self._spi.xfer2(list(out.translate(_REVERSED)))).translate(_REVERSED)


def check_source(source: str) -> None:
    """Refuse what names no link.

    Raises:
        DeviceSettingError: `source` is none of the three forms.

    """
    if SOURCE.fullmatch(source) is None:
        raise DeviceSettingError("pn532 reader", f"source {source!r}", EXPECTED)


def demand_library(source: str) -> None:
    """Import what the link needs, so that a missing extra is heard at start.

    Raises:
        DeviceUnavailableError: it is not installed.

    """
    try:
        _library(source)
    except ImportError as fault:
        raise DeviceUnavailableError(
            "pn532 reader", str(fault), "its library: install the extra `pn532`"
        ) from fault


def open_link(source: str, clock: Clock) -> Link:
    """Open what a checked `source` names.

    Raises:
        OSError: there is no such device, or somebody else has it.

    """
    library, (_, _, place) = _library(source), source.partition(":")
    if source.startswith("uart:"):
        try:
            port = library.Serial(place, 115_200, timeout=0, write_timeout=1, exclusive=True)
        except termios.error as fault:
            raise OSError(*fault.args) from fault
        return UartLink(port, clock)
    if source.startswith("i2c:"):
        return BlockLink(I2cBus(library.SMBus(int(place)), library.i2c_msg), clock)
    spi = library.SpiDev()
    bus, _, select = place.partition(".")
    spi.open(int(bus), int(select))
    spi.mode, spi.max_speed_hz = 0, SPI_HZ
    return BlockLink(SpiBus(spi), clock)


def _library(source: str) -> Any:  # noqa: ANN401 - vendor libraries have no types
    """Import the library of one kind of link; a gate has only the one it is wired by."""
    if source.startswith("uart:"):
        import serial  # noqa: PLC0415 - lazily, see above

        return serial
    if source.startswith("i2c:"):
        import smbus2  # noqa: PLC0415 - the same

        return smbus2
    import spidev  # noqa: PLC0415 - the same

    return spidev
