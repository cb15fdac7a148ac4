"""`sanmen run` as a technician starts and stops it: real processes, real signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance.cli.run import ScreenAddress, commands
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Iterator

SANMEN = [sys.executable, "-u", "-c", "from appliance.cli import main; main()"]
PATIENCE_S = 60
EXAMPLE = Path(__file__).parents[2] / "deploy" / "gate.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The example configuration, with footage for a camera."""
    text = EXAMPLE.read_text()
    text = text.replace('driver = "v4l2"', 'driver = "file"\nrepeat = true')
    text = text.replace('source = "0"', f'source = "{footage_path("astronaut.png")}"')
    path = tmp_path / "gate.toml"
    path.write_text(text + "\n[ui]\nport = 0\n")
    return path


@pytest.fixture
def gate(config: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*SANMEN, "run", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield process
        process.kill()


def until(process: subprocess.Popen[str], *words: str, said: list[str] | None = None) -> str:
    """Read lines until one holds all words; `said` gathers them."""
    assert process.stdout is not None
    end = time.monotonic() + PATIENCE_S
    said = [] if said is None else said
    for line in process.stdout:
        said.append(line)
        if all(word in line for word in words):
            return line
        assert time.monotonic() < end, said
    pytest.fail(f"never said {words}: {said}")


def test_an_unknown_key_ends_it_with_the_key_and_code_2(config: Path) -> None:
    config.write_text(config.read_text() + '\n[colour]\nred = "yes"\n')
    done = subprocess.run(  # noqa: S603 - our own command
        [*SANMEN, "run", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 2
    assert done.stderr == "sanmen: colour: unknown key; expected a known one\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_with_the_door_secured(
    gate: subprocess.Popen[str], config: Path, number: signal.Signals
) -> None:
    address = until(gate, "screen: http://127.0.0.1:")
    assert re.fullmatch(r"screen: http://127\.0\.0\.1:\d+/#[\w-]{43}\n", address)
    until(gate, "vision: ready")
    with (config.parent / "reader").open("w") as reader:
        reader.write("copyable 01020304\n")
    until(gate, "card: refused", "card-copyable")
    gate.send_signal(number)
    until(gate, "the door is secured")

    assert gate.wait(PATIENCE_S) == 0


def test_gate_is_started_first_for_the_others_connect_to_it(tmp_path: Path) -> None:
    config, rooms = tmp_path / "gate.toml", tmp_path / "rooms"
    made = commands(config, rooms)
    assert list(made) == ["gate", "vision", "ui"]
    assert [command[-1] for command in made.values()] == [
        str(rooms / "vision.socket"),
        str(rooms / "vision.socket"),
        str(rooms),
    ]


def test_each_address_is_told_once(tmp_path: Path) -> None:
    address = ScreenAddress(tmp_path)
    assert address.fresh() == ""
    (tmp_path / "ui.launch").write_text("http://127.0.0.1:1/#a\n")
    assert (address.fresh(), address.fresh()) == ("http://127.0.0.1:1/#a", "")
    (tmp_path / "ui.launch").write_text("http://127.0.0.1:1/#b\n")
    assert address.fresh() == "http://127.0.0.1:1/#b"


def test_a_killed_screen_comes_back_with_another_address_and_a_card_is_judged_meanwhile(
    gate: subprocess.Popen[str], config: Path
) -> None:
    first = until(gate, "screen: http://127.0.0.1:")
    until(gate, "vision: ready")
    for pid in rooms_of(gate.pid, "appliance.ui"):
        os.kill(pid, signal.SIGKILL)
    with (config.parent / "reader").open("w") as reader:
        reader.write("copyable 01020304\n")
    said: list[str] = []
    until(gate, "screen: http://127.0.0.1:", said=said)
    again = said[-1]
    assert again != first
    assert any("card: refused" in line and "card-copyable" in line for line in said)
    assert any("ui: ended with -9" in line for line in said)
    assert not any("gate: ended" in line or "vision: ended" in line for line in said)
    gate.send_signal(signal.SIGTERM)
    assert gate.wait(PATIENCE_S) == 0


def rooms_of(parent: int, module: str) -> list[int]:
    """Return the pids of a gate's rooms of one kind."""
    children = subprocess.run(  # noqa: S603 - ps of our own child
        ["ps", "--ppid", str(parent), "-o", "pid=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(row.split()[0]) for row in children.stdout.splitlines() if module in row]
