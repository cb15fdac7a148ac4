"""Starts the rooms of a gate on a laptop, watches their heartbeats and heals the ones that fail.

On a Pi systemd does this. Both speak the same protocol (sd_notify: READY=1, WATCHDOG=1), so a
room cannot tell who watches it.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.hardening import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

START_S = 20.0
"""A room that is not ready by then is started anew."""
SILENCE_S = 3.0
"""A room whose loop has not turned for so long hangs."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
"""Between two starts of a room that fails again and again."""
BATCH = 64
"""Words of one room taken at one look: one that floods keeps nobody from the others."""
STOP_S = 3.0
"""A room that has not stopped by then is killed; the relay is off all the same."""


@dataclass(slots=True)
class Room:
    """One supervised process.

    Attributes:
        name: of the room.
        command: that starts it.
        process: its process, or None between two lives.
        heard_s: monotonic time of its last word, seconds.
        ready: it said that start-up is done.
        start_at_s: when it is to be started.
        pause_s: the pause before the next start.
        starts: how often it was started.

    """

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    heard_s: float = 0.0
    ready: bool = False
    start_at_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    starts: int = 0
    notify: socket.socket | None = field(default=None, repr=False)


class Supervisor:
    """Keeps rooms alive until told to stop.

    Args:
        folder: for the notify sockets; only this user may enter it.
        rooms: name and command of each, started in this order and stopped in reverse.
        tell: is told in one line what happened.
        output: where the rooms write what they say; this process' own if None.
        home: the folder the rooms work in and make temporary files in; this process' own if None.

    """

    def __init__(
        self,
        folder: Path,
        rooms: dict[str, list[str]],
        tell: Callable[[str], None],
        output: IO[bytes] | None = None,
        home: Path | None = None,
    ) -> None:
        self._tell = tell
        self._output = output
        self._home = home
        self._selector = selectors.DefaultSelector()
        self._rooms = [Room(name, command) for name, command in rooms.items()]
        for room in self._rooms:
            path = folder / f"{room.name}.notify"
            path.unlink(missing_ok=True)
            room.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            room.notify.bind(str(path))
            path.chmod(0o600)
            self._selector.register(room.notify, selectors.EVENT_READ, room)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms, in the order of their start."""
        return tuple(self._rooms)

    def step(self, timeout_s: float = 0.2) -> None:
        """Hear the rooms for a while; start, kill or replace what needs it."""
        for key, _ in self._selector.select(timeout_s):
            self._hear(key.data)
        now_s = time.monotonic()
        for room in self._rooms:
            if room.process is None:
                if now_s >= room.start_at_s:
                    self._start(room, now_s)
            elif room.process.poll() is not None:
                self._retire(room, now_s, f"ended with {room.process.returncode}")
            elif now_s - room.heard_s > (SILENCE_S if room.ready else START_S):
                room.process.kill()
                room.process.wait()
                self._retire(room, now_s, "hung")

    def stop(self) -> None:
        """Stop all rooms, the last started first."""
        for room in reversed(self._rooms):
            if room.process is not None and room.process.poll() is None:
                room.process.send_signal(signal.SIGTERM)
                try:
                    room.process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    room.process.kill()
                    room.process.wait()
        for room in self._rooms:
            if room.notify is not None:
                room.notify.close()
        self._selector.close()

    def _start(self, room: Room, now_s: float) -> None:
        assert room.notify is not None  # noqa: S101 - made in the constructor
        elsewhere = {}
        if self._home is not None:
            paths = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
            elsewhere = {
                "TMPDIR": str(self._home),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": os.pathsep.join(os.path.abspath(one) for one in paths if one),  # noqa: PTH100
            }
        room.process = subprocess.Popen(  # noqa: S603 - our own rooms
            room.command,
            env={
                **environment(os.environ),
                **elsewhere,
                "NOTIFY_SOCKET": room.notify.getsockname(),
            },
            stdout=self._output,
            stderr=self._output,
            cwd=self._home,
        )
        room.heard_s, room.ready = now_s, False
        room.starts += 1
        if room.starts > 1:
            self._tell(f"{room.name}: started again (pid {room.process.pid})")

    def _retire(self, room: Room, now_s: float, why: str) -> None:
        self._tell(f"{room.name}: {why}; starting again in {room.pause_s:.1f} s")
        room.process = None
        room.start_at_s = now_s + room.pause_s
        room.pause_s = min(2 * room.pause_s, LONGEST_PAUSE_S)

    def _hear(self, room: Room) -> None:
        assert room.notify is not None  # noqa: S101 - made in the constructor
        for _ in range(BATCH):
            try:
                words = room.notify.recv(256).decode("ascii", "replace").split("\n")
            except BlockingIOError:
                return
            room.heard_s = time.monotonic()
            if "READY=1" in words:
                room.ready = True
                self._tell(f"{room.name}: ready")
            if "WATCHDOG=1" in words:
                room.pause_s = FIRST_PAUSE_S
