"""Runs the first start: `python -m provision --card FOLDER --state FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance.errors import SanmenError
from provision.first_start import SAFE, FirstStart, failed
from provision.gate_file import GateFileError

REFUSED = 2
FAILED = 1


def main(arguments: list[str]) -> int:
    """Set this machine up; return the exit code."""
    parser = argparse.ArgumentParser(prog="provision")
    parser.add_argument("--card", type=Path, required=True, help="The FAT partition.")
    parser.add_argument("--state", type=Path, required=True, help="The data partition's folder.")
    wanted = parser.parse_args(arguments)
    start = FirstStart(wanted.card, wanted.state)
    try:
        words, code = start.run(), 0
    except GateFileError as fault:
        words, code = f"{fault.chinese}\n{fault.english}", REFUSED
    except SanmenError as fault:
        words, code = f"{failed(fault)}\n{fault}", FAILED
    if code and not (wanted.state / "config/gate.toml").exists():
        words = f"{words}\n{SAFE}"
    start.tell(words)
    print(words)  # noqa: T201 - for the journal
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
