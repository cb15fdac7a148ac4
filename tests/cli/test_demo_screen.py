"""`sanmen demo --screen`: what its keys tell the simulated devices, and the whole of it once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from appliance.cli import demo_screen
from appliance.cli.demo_screen import KEYS, Street
from appliance.clock import SkippingClock
from appliance.gate.credential.pass_token import PhoneKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 150.0
TRIES = 8
"""On a machine with other work too few pictures may be looked at in time; people try again, too."""
SECOND = 1_000_000_000


class Ears:
    """Reads what goes through the pipes of a simulated reader and camera."""

    def __init__(self, folder: Path) -> None:
        self._pipes = {}
        for name in ("reader", "camera"):
            os.mkfifo(folder / name, 0o600)
            self._pipes[name] = os.open(folder / name, os.O_RDWR | os.O_NONBLOCK)

    def heard(self, name: str) -> list[str]:
        try:
            return os.read(self._pipes[name], 65_536).decode().splitlines()
        except BlockingIOError:
            return []

    def close(self) -> None:
        for descriptor in self._pipes.values():
            os.close(descriptor)


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    made = Ears(tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
def street(tmp_path: Path, clock: SkippingClock) -> Street:
    return Street(tmp_path, clock, PhoneKey.create())


def test_a_device_that_is_not_there_yet_harms_nobody(street: Street) -> None:
    for key in KEYS:
        street.key(key)


def test_an_unknown_key_says_so_and_does_nothing(street: Street, ears: Ears) -> None:
    assert street.key("z") == "no such key"
    assert (ears.heard("reader"), ears.heard("camera")) == ([], [])


def test_a_card_is_held_for_a_moment_and_a_blank_one_until_it_is_taken(
    street: Street, ears: Ears, clock: SkippingClock
) -> None:
    street.key("c")
    assert ears.heard("reader") == ["take", "hold hers"]
    clock.sleep_until_ns(clock.now_ns() + 2 * SECOND)
    street.pass_time()
    assert ears.heard("reader") == ["take"]
    street.key("b")
    street.key("b")
    clock.sleep_until_ns(clock.now_ns() + 60 * SECOND)
    street.pass_time()
    assert ears.heard("reader") == ["take", "hold blank-1", "take", "hold blank-2"]
    street.key("t")
    assert ears.heard("reader") == ["take"]


def test_a_phone_signs_anew_every_five_seconds_until_somebody_else_comes(
    street: Street, ears: Ears, clock: SkippingClock
) -> None:
    street.key("q")
    clock.sleep_until_ns(clock.now_ns() + 6 * SECOND)
    street.pass_time()
    street.pass_time()
    codes = ears.heard("camera")
    assert len(set(codes)) == len(codes) == 2
    assert all(code.startswith("code ") for code in codes)
    street.key("n")
    clock.sleep_until_ns(clock.now_ns() + 6 * SECOND)
    street.pass_time()
    assert ears.heard("camera") == ["nobody"]


def until(process: subprocess.Popen[str], said: list[str], *words: str) -> str:
    """Read lines until one holds all words; `said` gathers them."""
    assert process.stdout is not None
    end = time.monotonic() + PATIENCE_S
    for line in process.stdout:
        said.append(line)
        if all(word in line for word in words):
            return line
        assert time.monotonic() < end, said
    pytest.fail(f"never said {words}: {said}")


PROGRAM = """
import sys
from rich.console import Console
from appliance.cli import demo_screen
def browser(address):
    print("browser opens", address, flush=True)
    return True
demo_screen.demo_screen(Console(), browser)
"""


def test_the_whole_demonstration_runs_and_a_card_opens_while_ui_is_killed() -> None:
    assert demo_screen.CONFIG
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-u", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    said: list[str] = []

    def type_key(key: str) -> None:
        assert process.stdin is not None
        process.stdin.write(f"{key}\n")
        process.stdin.flush()

    with process:
        try:
            line = until(process, said, "browser opens", "http://127.0.0.1:")
            assert "/#" in line
            until(process, said, "vision: ready")
            type_key("c")
            until(process, said, "card: ENTER")
            killed = rooms_of(process.pid, "appliance.ui")
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            type_key("c")
            until(process, said, "card: ENTER")
            type_key("k")
            until(process, said, "card: refused", "card-mismatch")
            assert killed
            for _ in range(TRIES):
                type_key("f")
                if "ENTER" in until(process, said, "face: "):
                    break
                type_key("n")
                until(process, said, "nobody is there")
            assert "face: ENTER" in said[-1]
            assert any("ui: started again" in line for line in said)
            assert not any("gate: started again" in line for line in said)
            type_key("x")
            until(process, said, "the door is secured")
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


def rooms_of(parent: int, module: str) -> list[int]:
    """Return the pids of this demonstration's rooms of one kind."""
    children = subprocess.run(  # noqa: S603 - ps of our own child
        ["ps", "--ppid", str(parent), "-o", "pid=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(row.split()[0]) for row in children.stdout.splitlines() if module in row]
