"""The terminal that a technician asks for by a file on the card: keys in, and what it shows."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from tests.deploy.image.boot.guest import SilentError

if TYPE_CHECKING:
    from tests.deploy.image.boot.machine import Machine

SHELL = "service-shell.service"
SHOWN_S = 600.0
COLUMNS = 80
PROMPT = r"# *$"


class Terminal:
    """The terminal of a machine that was started with the file on its card."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def command(self, words: str) -> None:
        """Type a command, once the shell asks for one: what ran before it reads keys too."""
        self.wait(PROMPT)
        self.line(words)

    def line(self, words: str) -> None:
        """Type a line, in answer to what stands there."""
        self._machine.type(f"{words}\n")

    def shown(self) -> str:
        """Return what stands on it, lines stripped, a line the terminal broke in one piece."""
        cells = self._machine.guest.ask("cat", "/dev/vcs1")
        rows = [cells[at : at + COLUMNS] for at in range(0, len(cells), COLUMNS)]
        text = "".join(row if row[-1:].strip() else f"{row.rstrip()}\n" for row in rows)
        return text.strip()

    def wait(self, pattern: str) -> re.Match[str]:
        """Return the match, once it stands there.

        Raises:
            SilentError: it does not come; with what does stand there.

        """
        until = time.monotonic() + SHOWN_S
        while (found := re.search(pattern, self.shown())) is None:
            if time.monotonic() > until:
                raise SilentError(f"no {pattern!r} on the terminal:\n{self.shown()}")
            time.sleep(2)
        return found
