"""Finds processes that nobody here started: those of a script, or of a browser of its own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def running(mark: str) -> dict[int, list[str]]:
    """Return the command lines with `mark` in them by their pids, in words.

    Chromium's children write theirs anew with spaces, so a space divides words as well.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                if mark in line:
                    found[int(entry.name)] = line.replace("\0", " ").split()
    return found
