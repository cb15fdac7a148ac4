"""Lets the tests of this folder import the harness beside them, and the gate of tests/gate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "gate")]


@pytest.fixture
def shell() -> Callable[..., bool]:
    """Run a command; say whether it did what it should."""

    def run(*words: str) -> bool:
        return not subprocess.run(words, check=False, capture_output=True).returncode  # noqa: S603

    return run
