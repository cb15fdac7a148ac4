"""pcscd with vsmartcard's virtual reader, and the wire a software card speaks to it."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from hardware.sim.card import ATR, SoftCard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORT = 0x8C7B
"""Of the reader "Virtual PCD 00 00", as Debian's /etc/reader.conf.d/vpcd has it."""
SOCKET = Path("/run/pcscd/pcscd.comm")
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
START_S = 10.0
NOTICED_S = 0.5
"""pcscd looks every 0.4 s whether the virtual card is still there."""


def reason_to_skip() -> str:
    """Return why the rig cannot run here, or nothing."""
    if not shutil.which("pcscd") or not DRIVER.exists():
        return "needs Debian's pcscd and vsmartcard-vpcd"
    if os.geteuid() != 0:
        return "needs root to start pcscd"
    if running():
        return "somebody's pcscd is running; it is not disturbed"
    return ""


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other test of this machine has pcscd."""
    with (Path(gettempdir()) / "sanmen-tests-pcscd.lock").open("w") as file:
        flock(file, LOCK_EX)
        yield


def running() -> bool:
    names = []
    for one in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            names.append(one.read_text().strip())
    return "pcscd" in names


class Pcscd:
    """A pcscd of our own in the foreground; `stop` unplugs its readers, `start` plugs them in."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        program = shutil.which("pcscd")
        assert program
        self._process = subprocess.Popen(  # noqa: S603 - Debian's own
            [program, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + START_S
        while not (SOCKET.exists() and _listens()):
            assert time.monotonic() < give_up, "pcscd did not start"
            assert self._process.poll() is None, "pcscd ended"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_S)
            self._process = None


def _listens() -> bool:
    # A line of /proc/net/tcp in state 0A is a listener; connecting would look like a card.
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(f":{PORT:04X} " in one.split(" 0A ")[0] for one in lines if " 0A " in one)


class Field:
    """Holds a software card to the virtual reader, and can do to it what people and thieves do.

    Attributes:
        bend: changes answers on their way; gets command and answer.
        pull_at: take the card away instead of answering this many commands from now.

    """

    def __init__(self, card: SoftCard) -> None:
        self.card = card
        self.bend: Callable[[bytes, bytes], bytes] = lambda _, answer: answer
        self.pull_at: int | None = None
        self.commands: list[bytes] = []
        self._wire = socket.create_connection(("127.0.0.1", PORT))
        self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._serve, name="card", daemon=True)
        self._thread.start()

    def take_away(self) -> None:
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._wire.close()
        time.sleep(NOTICED_S)

    def _serve(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                (length,) = struct.unpack(">H", self._exactly(2))
                message = self._exactly(length)
                if length > 1:
                    answer = self._answer(message)
                    if answer is None:
                        self._wire.shutdown(socket.SHUT_RDWR)
                        return
                    self._say(answer)
                elif message == b"\x04":
                    self._say(ATR)
                else:
                    self.card.reset()

    def _answer(self, command: bytes) -> bytes | None:
        self.commands.append(command)
        if self.pull_at is not None:
            if self.pull_at == 0:
                return None
            self.pull_at -= 1
        return self.bend(command, self.card.transmit(command))

    def _say(self, content: bytes) -> None:
        self._wire.sendall(struct.pack(">H", len(content)) + content)

    def _exactly(self, length: int) -> bytes:
        content = b""
        while len(content) < length:
            # vpcd writes length and body apart; a late acknowledgement costs 40 ms each time.
            self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self._wire.recv(length - len(content))
            if not part:
                raise EOFError
            content += part
        return content


class FieldHand:
    """A hand before the virtual reader, as `appliance.cli.bench_cards` wants one."""

    def __init__(self) -> None:
        self.field: Field | None = None

    def hold(self, card: SoftCard) -> None:
        self.field = Field(card)

    def take_away(self) -> None:
        if self.field is not None:
            self.field.take_away()
            self.field = None
