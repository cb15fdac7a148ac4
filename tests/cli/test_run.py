"""`sanmen run` as a technician starts and stops it: real processes, real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
    path.write_text(text)
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


def until(process: subprocess.Popen[str], *words: str) -> str:
    """Read lines until one holds all words."""
    assert process.stdout is not None
    end = time.monotonic() + PATIENCE_S
    said = []
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
    until(gate, "vision: ready")
    with (config.parent / "reader").open("w") as reader:
        reader.write("copyable 01020304\n")
    until(gate, "card: refused", "card-copyable")
    gate.send_signal(number)
    until(gate, "the door is secured")

    assert gate.wait(PATIENCE_S) == 0
