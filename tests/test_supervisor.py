"""Rooms that crash, hang or do not stop: real processes, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from appliance import supervisor
from appliance.supervisor import Supervisor
from appliance.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PREAMBLE = """
import os, signal, socket, sys, time
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(words): notify.sendto(words, os.environ["NOTIFY_SOCKET"])
def note(word):
    with open({log!r}, "a") as log: log.write(word + "\\n")
note("started {name}")
"""
LIVES = """
def end(*_): note("stopped {name}"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
say(b"READY=1")
while True: say(b"WATCHDOG=1"); time.sleep(0.05)
"""
DEAF = 'signal.signal(signal.SIGTERM, signal.SIG_IGN); say(b"READY=1")\nwhile True: time.sleep(0.05); say(b"WATCHDOG=1")'  # noqa: E501
HANGS = 'say(b"READY=1"); say(b"WATCHDOG=1"); time.sleep(600)'
CRASHES = "sys.exit(7)"
NEVER_READY = "time.sleep(600)"


class House:
    """Supervised scripts, what they wrote and what the supervisor told."""

    def __init__(self, folder: Path, scripts: dict[str, str]) -> None:
        self.log = folder / "log"
        self.log.touch()
        self.told: list[str] = []
        commands = {}
        for name, script in scripts.items():
            text = (
                (PREAMBLE + script).replace("{name}", name).replace("{log!r}", repr(str(self.log)))
            )
            commands[name] = [sys.executable, "-c", text]
        self.supervisor = Supervisor(folder, commands, self.told.append)

    def until(self, condition: Callable[[], bool]) -> None:
        end_s = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end_s, self.told
            self.supervisor.step(0.02)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    monkeypatch.setattr(supervisor, "SILENCE_S", 0.5)
    monkeypatch.setattr(supervisor, "START_S", 3.0)
    monkeypatch.setattr(supervisor, "STOP_S", 0.5)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.4)
    made: list[House] = []

    def build(**scripts: str) -> House:
        made.append(House(tmp_path, scripts))
        return made[-1]

    yield build
    for one in made:
        one.supervisor.stop()


def test_a_room_that_crashes_again_and_again_is_started_with_growing_pauses(
    house: Callable[..., House],
) -> None:
    one = house(gate=CRASHES)
    one.until(lambda: one.supervisor.rooms[0].starts == 4)
    assert one.told[0] == "gate: ended with 7; starting again in 0.2 s"
    assert "gate: ended with 7; starting again in 0.4 s" in one.told
    assert one.supervisor.rooms[0].pause_s <= 0.4


def test_a_crash_leaves_the_other_rooms_alone(house: Callable[..., House]) -> None:
    both = house(gate=LIVES, vision=CRASHES)
    both.until(lambda: both.supervisor.rooms[1].starts == 3)
    assert both.supervisor.rooms[0].starts == 1


def test_a_room_that_hangs_is_killed_and_started_again(house: Callable[..., House]) -> None:
    one = house(vision=HANGS)
    one.until(lambda: one.supervisor.rooms[0].starts == 2)
    assert "vision: ready" in one.told
    assert "vision: hung; starting again in 0.2 s" in one.told


def test_a_room_that_is_stopped_by_a_debugger_counts_as_hanging(
    house: Callable[..., House],
) -> None:
    one = house(vision=LIVES)
    room = one.supervisor.rooms[0]
    one.until(lambda: room.ready)
    assert room.process is not None
    room.process.send_signal(signal.SIGSTOP)
    one.until(lambda: room.starts == 2 and room.ready)


def test_a_room_that_is_never_ready_is_started_again(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "START_S", 0.3)
    one = house(vision=NEVER_READY)
    one.until(lambda: one.supervisor.rooms[0].starts == 2)


def test_a_room_deaf_to_sigterm_is_killed_at_the_end(house: Callable[..., House]) -> None:
    one = house(gate=DEAF)
    room = one.supervisor.rooms[0]
    one.until(lambda: room.ready)
    process = room.process
    assert process is not None
    one.supervisor.stop()
    assert process.returncode == -signal.SIGKILL


def test_rooms_start_in_order_and_stop_in_reverse(house: Callable[..., House]) -> None:
    both = house(gate=LIVES, vision=LIVES)
    both.until(lambda: all(room.ready for room in both.supervisor.rooms))
    both.supervisor.stop()
    assert sorted(both.lines()[:2]) == ["started gate", "started vision"]
    assert both.lines()[2:] == ["stopped vision", "stopped gate"]
    assert [room.name for room in both.supervisor.rooms] == ["gate", "vision"]


def test_a_room_that_lives_long_is_not_touched_and_its_pause_is_short_again(
    house: Callable[..., House],
) -> None:
    one = house(gate=LIVES)
    room = one.supervisor.rooms[0]
    room.pause_s = 5.0
    one.until(lambda: room.ready and room.pause_s == supervisor.FIRST_PAUSE_S)
    until_s = time.monotonic() + 1.2
    one.until(lambda: time.monotonic() > until_s)
    assert (room.starts, one.told) == (1, ["gate: ready"])


FLOODS = 'say(b"READY=1")\nwhile True: say(b"WATCHDOG=1")'


def test_a_room_that_floods_keeps_nobody_from_the_others(house: Callable[..., House]) -> None:
    both = house(vision=FLOODS, gate=CRASHES)
    both.until(lambda: both.supervisor.rooms[1].starts == 3)
    assert both.supervisor.rooms[0].starts == 1


EAGER = """
from appliance.watchdog import Watchdog
watchdog = Watchdog()
watchdog.ready()
for _ in range(10_000):
    watchdog.alive()
"""


def test_a_supervisor_that_does_not_listen_holds_nobody_up(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(path)
        told = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", EAGER],
            env={**os.environ, "NOTIFY_SOCKET": path},
            check=True,
            timeout=30,
        )
        assert told.returncode == 0
        assert deaf.recv(64) == b"READY=1"


def test_the_watchdog_speaks_to_whatever_supervises(
    house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = house(vision=NEVER_READY)
    room = one.supervisor.rooms[0]
    assert room.notify is not None
    monkeypatch.setenv("NOTIFY_SOCKET", room.notify.getsockname())
    watchdog = Watchdog()
    watchdog.alive()
    watchdog.ready()
    one.until(lambda: room.starts == 1 and "vision: ready" in one.told)
    watchdog._notifier.socket.close()
