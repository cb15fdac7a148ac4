"""The screen's room as a whole: what gate says is shown, what is touched is told, faults heal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from appliance.messages import Hint
from appliance.terminal import Field, Ground, NoPage, Outcome, Page, Phase, Portal
from tests.rig.screen import CONFIG, Browser, Gate, Shown, terminal, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = bytes(range(16))
PAGE = Page(NUMBER, "my.home", Ground.RESIDENT)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(tmp_path / "ui.socket")
    yield one
    one.close()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    one = Shown(tmp_path)
    yield one
    one.close()


def test_a(gate: Gate, shown: Shown) -> None:
    b = Browser.launched(shown)
    with b.stream() as s:
        print(s.shows("idle"))
        gate.say(PAGE)
        print(s.shows(NUMBER.hex()))
        assert b.touch("kept", NUMBER.hex(), entry="x") == 204
        print(gate.heard(1))
        gate.say(NoPage())
        s.shows("idle")
