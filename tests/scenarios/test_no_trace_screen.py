"""The screen keeps nothing of the pictures it lent a visit (law 3): its room's memory, searched."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from appliance.cli import memory_scan
from appliance.cli.memory_scan import Scanner
from appliance.cli.prove import GATE
from appliance.cli.run import LAUNCH_FILE, commands
from appliance.cli.traces import RUN, Traces
from appliance.config import load
from appliance.errors import SanmenError
from appliance.gate.archive import create_archive
from appliance.supervisor import Supervisor
from hardware.sim.library import footage_path
from tests.rig.wire_browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from websockets.sync.client import ClientConnection

pytestmark = pytest.mark.rig
TABLES = 1_024
"""Bytes at the beginning of a JPEG that may be the same in every one."""
APART = 512
PICTURES = 12
COMES_S, AT_ONCE_S = 3.0, 0.3
"""For a picture of vision that runs; of vision that stands still."""
READY_S, OVER_S = 60.0, 20.0


class Gate:
    """The three rooms before an endless clip, kept alive by a thread."""

    def __init__(self, folder: Path) -> None:
        config = folder / "gate.toml"
        clip = footage_path("WolfgangLanger_Pexels.mp4")
        text = GATE.format(clip=f'"{clip}"', near_px=60.0).replace("dark_after", "repeat")
        config.write_text(f"{text}[ui]\nport = 0\n", "utf-8")
        create_archive(load(config))
        sockets = folder / "sockets"
        sockets.mkdir(mode=0o700)
        self.told: list[str] = []
        self._over = Event()
        self._said = (folder / "said").open("wb")
        self._launch = sockets / LAUNCH_FILE
        self._rooms = Supervisor(
            sockets, commands(config, sockets), self.told.append, self._said, folder
        )
        self._thread = Thread(target=self._run, name="supervisor")
        self._thread.start()

    def pid(self, name: str) -> int:
        """Return a room's process."""
        process = next(room.process for room in self._rooms.rooms if room.name == name)
        assert process is not None, self.told
        return process.pid

    def browser(self) -> Browser:
        """Return a browser at the screen, once all rooms are ready."""
        until = time.monotonic() + READY_S
        while not all(room.ready for room in self._rooms.rooms):
            assert time.monotonic() < until, self.told
            time.sleep(0.1)
        return Browser.launched(self._launch)

    def close(self) -> None:
        """Stop all rooms."""
        self._over.set()
        self._thread.join()
        self._rooms.stop()
        self._said.close()

    def _run(self) -> None:
        while not self._over.is_set():
            self._rooms.step(0.05)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    try:
        memory_scan.may_read()
    except SanmenError as fault:
        pytest.skip(str(fault))
    made = Gate(tmp_path)
    yield made
    made.close()


def lent(line: ClientConnection, most: int, within_s: float) -> list[bytes]:
    """Take so many pictures, fewer if none comes in time or the preview is over."""
    taken: list[bytes] = []
    with suppress(TimeoutError, ConnectionClosed):
        while len(taken) < most:
            line.send("k")
            said = line.recv(timeout=within_s)
            if isinstance(said, str):
                break
            taken.append(said)
    return taken


def found(pid: int, shown: list[bytes], meanwhile: Callable[[], None] = lambda: None) -> int:
    """Return how often something of these pictures is in a process's memory."""
    runs = [one[at : at + RUN] for one in shown for at in range(TABLES, len(one) - RUN, APART)]
    traces = Traces(
        np.array([list(run) for run in runs], np.uint8), ("picture",) * len(runs), (), len(shown)
    )
    return memory_scan.look_through(pid, Scanner(traces), meanwhile, vectors=False).total


def watch(gate: Gate, browser: Browser) -> tuple[list[bytes], int]:
    """Ask for face; return the pictures lent, and how much of the last the screen then held."""
    vision, screen = gate.pid("vision"), gate.pid("ui")
    assert browser.touch("face") == 204
    with browser.glimpse() as line:
        shown, held = lent(line, PICTURES, COMES_S), 0
        if not shown:
            return shown, held
        os.kill(vision, signal.SIGSTOP)  # what is lent now stays, until gate misses vision
        try:
            shown += lent(line, PICTURES, AT_ONCE_S)
            held = found(screen, shown[-1:], lambda: os.kill(vision, signal.SIGCONT))
        finally:
            os.kill(vision, signal.SIGCONT)
        with suppress(ConnectionClosed):
            line.send("k")  # and the line is cut while one more is on its way
    return shown, held


def test_after_visits_the_screen_holds_nothing_of_the_pictures_it_lent(gate: Gate) -> None:
    browser, shown, held = gate.browser(), list[bytes](), 0
    screen = gate.pid("ui")
    with browser.stream() as stream:
        stream.event()
        until = time.monotonic() + READY_S
        while (len(shown) < PICTURES or not held) and time.monotonic() < until:
            seen, there = watch(gate, browser)
            shown, held = shown + seen, held + there
        until = time.monotonic() + OVER_S
        while (left := found(screen, shown)) and time.monotonic() < until:
            time.sleep(1)
    assert len(shown) >= PICTURES
    assert held > 0  # the same search finds the one that is lent
    assert left == 0
    assert gate.pid("ui") == screen  # one life
