"""The RS-485 line and the key of an OSDP reader: a raw serial port that never blocks."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import termios
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hardware.errors import DeviceSettingError

SOURCE: Final = re.compile(r"(?P<port>/[^\s:]+):(?P<address>[0-9]{1,3})(:(?P<baud>[0-9]{4,6}))?")
EXPECTED: Final = 'source "/dev/ttyUSB0:ADDRESS" or "/dev/ttyUSB0:ADDRESS:BAUD"'
SPEEDS: Final = MappingProxyType(
    {
        9600: termios.B9600,
        19_200: termios.B19200,
        38_400: termios.B38400,
        57_600: termios.B57600,
        115_200: termios.B115200,
        230_400: termios.B230400,
    }
)
LAST_ADDRESS: Final = 0x7E
KEY_SIZE: Final = 16
SCBK_D: Final = bytes(range(0x30, 0x40))
"""The default key of the standard: known to everybody."""
_ISPEED, _OSPEED = 4, 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: serial port, OSDP address 0..126, bits a second, and its key."""

    port: str
    address: int
    baud: int
    key: bytes = field(repr=False)


def place_of(source: str, key_file: str) -> Place:
    """Read `source` and the key.

    Raises:
        DeviceSettingError: the source is of another form, or the key is not 16 secret bytes in a
            file that only its owner can read.

    """
    named = SOURCE.fullmatch(source)
    if named is None:
        raise DeviceSettingError("osdp reader", f"source {source!r}", EXPECTED)
    address, baud = int(named["address"]), int(named["baud"] or 9600)
    if address > LAST_ADDRESS:
        raise DeviceSettingError("osdp reader", f"address {address}", f"0..{LAST_ADDRESS}")
    if baud not in SPEEDS:
        raise DeviceSettingError(
            "osdp reader", f"baud {baud}", "one of " + ", ".join(str(one) for one in SPEEDS)
        )
    return Place(named["port"], address, baud, _key(key_file))


def _key(path: str) -> bytes:
    """Read the secure channel base key (SCBK) of one reader."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as fault:
        raise DeviceSettingError(
            "osdp reader", f"key_file {path!r}: {fault.strerror}", "the reader's key in a file"
        ) from fault
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o077:
            raise DeviceSettingError(
                "osdp reader",
                f"key_file {path!r} of mode {stat.S_IMODE(about.st_mode):04o}",
                "a regular file of mode 0600",
            )
        if about.st_uid not in {0, os.getuid()}:
            raise DeviceSettingError(
                "osdp reader", f"key_file {path!r} of user {about.st_uid}", "one of our own"
            )
        key = os.read(descriptor, KEY_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(key) != KEY_SIZE:
        raise DeviceSettingError(
            "osdp reader", f"key_file {path!r} of another size", f"{KEY_SIZE} bytes"
        )
    if key == SCBK_D or len(set(key)) == 1:
        raise DeviceSettingError(
            "osdp reader", f"key_file {path!r} holds a default key", "a random key of this reader"
        )
    return key


class SerialLine:
    """The channel that libosdp calls; a fault is kept, for nothing may be raised through C.

    Attributes:
        id: tells lines apart for libosdp; one panel has one line.
        fault: why the line is gone, or None.

    """

    id = 0

    def __init__(self, port: str, baud: int) -> None:
        """Open the port; OSError if it is not there or somebody else has it."""
        self.fault: OSError | None = None
        self._descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            tty.setraw(self._descriptor, termios.TCSANOW)
            settings = termios.tcgetattr(self._descriptor)
            settings[_ISPEED] = settings[_OSPEED] = SPEEDS[baud]
            termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)
            fcntl.ioctl(self._descriptor, termios.TIOCEXCL)
        except (OSError, termios.error) as fault:
            self.close()
            raise OSError(*fault.args) from fault

    def read(self, most: int) -> bytes:
        """Return what arrived, perhaps nothing."""
        try:
            piece = os.read(self._descriptor, most)
        except BlockingIOError:
            return b""
        except OSError as fault:
            self.fault = fault
            return b""
        if not piece:
            self.fault = OSError("hung up")
        return piece

    def write(self, out: bytes) -> int:
        """Send what the line takes now; -1: nothing."""
        try:
            return os.write(self._descriptor, out)
        except BlockingIOError:
            return -1
        except OSError as fault:
            self.fault = fault
            return -1

    def flush(self) -> None:
        """Drop what arrived too late."""
        with suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def close(self) -> None:
        """Close the port, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
