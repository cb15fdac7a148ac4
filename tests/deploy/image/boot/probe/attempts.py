"""Tries what a room must not be able to do, from where it stands; prints what became of each.

An attempt that worked is "DONE"; one that was refused is the name of the error.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)


def call(code: int) -> None:
    """Raise what the C library's last call met."""
    if code < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def opened(path: str, how: int = os.O_RDONLY) -> Callable[[], None]:
    """Return an attempt to open a file or a device."""
    return lambda: os.close(os.open(path, how))


def written(folder: str) -> Callable[[], None]:
    """Return an attempt to leave a file somewhere."""

    def attempt() -> None:
        path = Path(folder) / "left-behind"
        path.write_text("x")
        path.unlink()

    return attempt


def connected(address: str, port: int) -> Callable[[], None]:
    """Return an attempt to reach somebody by TCP."""

    def attempt() -> None:
        with socket.socket() as one:
            one.settimeout(5)
            one.connect((address, port))

    return attempt


def listening(address: str) -> None:
    """Listen where others could reach it."""
    with socket.socket() as one:
        one.bind((address, 0))
        one.listen()


def writable_code() -> None:
    """Ask for memory that is writable and executable."""
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def foreign_memory() -> None:
    """Attach to another process as a debugger does."""
    call(LIBC.ptrace(16, 1, 0, 0))


def node() -> None:
    """Make a disk's device file of one's own."""
    os.mknod("/tmp/disk", 0o600 | 0o060000, os.makedev(254, 0))  # noqa: S108 - one's own folder


def mounted() -> None:
    """Put a file system of one's own over a folder."""
    call(LIBC.mount(b"none", b"/mnt", b"tmpfs", 0, None))
    LIBC.umount(b"/mnt")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "internet socket": lambda: socket.socket(socket.AF_INET).close(),
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "reach the router": connected("10.0.2.2", 80),
    "listen everywhere": lambda: listening("0.0.0.0"),  # noqa: S104 - that is the attempt
    "disk": opened("/dev/vda"),
    "disk for writing": opened("/dev/vda", os.O_RDWR),
    "memory": opened("/dev/mem"),
    "pins": opened("/dev/gpiochip0", os.O_RDWR),
    "camera": opened("/dev/video0", os.O_RDWR | os.O_NONBLOCK),
    "reader": opened("/dev/ttyUSB0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK),
    "serial line": opened("/dev/ttyAMA0", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK),
    "console": opened("/dev/console", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK),
    "screen's terminal": opened("/dev/tty0", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK),
    "keys and touch": opened("/dev/input/event0", os.O_RDONLY | os.O_NONBLOCK),
    "another's line": opened("/dev/virtio-ports/sanmen.probe", os.O_RDWR | os.O_NONBLOCK),
    "hardware watchdog": opened("/dev/watchdog", os.O_WRONLY),
    "make a device": node,
    "write the system": written("/usr"),
    "write settings": written("/etc"),
    "write beside the store": written("/var/lib"),
    "write the store": written("/var/lib/sanmen/gate"),
    "write its configuration": written("/var/lib/sanmen/config"),
    "read the store": lambda: list(Path("/var/lib/sanmen/gate").iterdir()),
    "read the sealed key": opened("/var/lib/sanmen/keys/sanmen.key.cred"),
    "read the key in memory": opened("/run/credentials/sanmen-gate.service/sanmen.key"),
    "read the FAT partition": lambda: list(Path("/bootconfig").iterdir()),
    "other processes": lambda: Path("/proc/1/cmdline").read_bytes(),
    "debug a process": foreign_memory,
    "mount": mounted,
    "another namespace": lambda: call(LIBC.unshare(0x10000000)),
    "become root": lambda: os.setuid(0),
    "set the clock": lambda: __import__("time").clock_settime(0, 0),
    "restart the machine": lambda: call(LIBC.reboot(0x01234567)),
    "load a module": lambda: call(LIBC.syscall(105, 0, 0, b"")),
    "swap": lambda: call(LIBC.swapon(b"/dev/vda", 0)),
    "writable code": writable_code,
}


def outcome(attempt: Callable[[], object]) -> str:
    """Return what became of an attempt."""
    try:
        attempt()
    except OSError as fault:
        return errno.errorcode.get(fault.errno or 0, repr(fault))
    return "DONE"


GRAVE = {
    "become root",
    "set the clock",
    "restart the machine",
    "swap",
    "reach the router",
    "hardware watchdog",
    "another namespace",
    "debug a process",
}
"""Not tried by root outside of every room: there they would work, and the last stops systemd."""
harmless = "--harmless" in sys.argv
sys.stdout.write(
    json.dumps(
        {
            name: outcome(attempt)
            for name, attempt in ATTEMPTS.items()
            if not (harmless and name in GRAVE)
        }
    )
)
