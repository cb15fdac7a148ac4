"""The command's table: each name leads somewhere, and nothing else is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from appliance.cli import COMMANDS, WITHIN, build

LOADED = """
import sys
from appliance.cli import main
sys.argv = ["sanmen", {name!r}, "--help"]
try:
    main()
finally:
    sys.stderr.write(" ".join(sorted(sys.modules)))
"""


@pytest.mark.parametrize("words", [*COMMANDS, *WITHIN])
def test_each_command_says_what_it_does(words: str) -> None:
    first, *more = words.split()
    said = CliRunner().invoke(build(first), [first, *more, "--help"])
    assert said.exit_code == 0, said.output
    assert f"{words} [OPTIONS]" in " ".join(said.output.split())


def test_help_and_advice_know_every_command() -> None:
    told = CliRunner().invoke(build(), ["--help"]).output
    assert [name for name in COMMANDS if f" {name} " not in told] == []
    advice = CliRunner().invoke(build("swep"), ["swep"])
    assert advice.exit_code == 2
    assert "Did you mean 'sweep'?" in advice.output


@pytest.mark.parametrize("name", ["sweep", "update", "backup", "restore"])
def test_what_runs_at_night_and_at_a_start_loads_no_camera_and_no_screen(name: str) -> None:
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", LOADED.format(name=name)], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "appliance.errors" in loaded
    assert [
        one for one in loaded if one.startswith(("cv2", "appliance.vision", "appliance.ui"))
    ] == []
