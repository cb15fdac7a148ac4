"""Lets the tests of this folder import the harness beside them, and the gate of tests/gate."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "gate")]
