"""Tells each change of one pin's level, as the kernel has it: `watch_line.py LINE SECONDS MOST`.

/sys/kernel/debug/gpio shows what the chip drives, whoever asked for it, and takes no line.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

LEVELS = Path("/sys/kernel/debug/gpio")
LOOKING = Path("/run/looking")
"""There as soon as it looks."""


def lines() -> dict[int, tuple[str, str]]:
    """Return direction and level of each line in use, by its number on the first chip."""
    text = LEVELS.read_text()
    base = int(re.search(r"gpiochip0: GPIOs (\d+)-", text)[1])
    found = re.findall(r"gpio-(\d+) \(.*?\) (in|out)\s+(hi|lo)", text)
    return {int(number) - base: (way, level) for number, way, level in found}


def main(line: int, seconds: float, most: int) -> None:
    """Print the first changes within so many seconds: time by the kernel's clock, level or null."""
    changes = []
    before: object = "unknown"
    until = time.monotonic() + seconds
    while len(changes) < most and time.monotonic() < until:
        level = lines().get(line)
        if level != before:
            changes.append([round(time.monotonic(), 3), level and level[0], level and level[1]])
            before = level
            LOOKING.touch()
        time.sleep(0.005)
    LOOKING.unlink()
    sys.stdout.write(json.dumps(changes))


main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
