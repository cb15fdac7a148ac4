"""The three real rooms of a soak under the real supervisor, what they say, and what they hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Condition, Thread
from typing import TYPE_CHECKING

from soak_measure import held

from appliance import supervisor
from appliance.cli.run import commands
from appliance.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from soak_measure import Held
    from soak_time import SoakTime

    from appliance.supervisor import Room

ROOT = Path(__file__).parents[3]
SAID = re.compile(r"^\d\d:\d\d:\d\d (.*)")
DECIDED = re.compile(r"(card|qr|face): (?:ENTER|refused) \(([a-z-]+),")
TOOK = re.compile(r", (\d+) ms")
ODD = re.compile(r"Traceback|Error|assert|Fatal|Warning")
MOST_ODD = 40
COMMAND_S = 600.0
STEP_S = 0.02
HANGS_S, STARTS_S = 15.0, 120.0
"""After so long a room is taken for dead: other work of the same machine is no fault of a room."""


class Rooms:
    """Gate, vision and ui as `sanmen run` starts them, in the time of the soak.

    Attributes:
        decided: how often each door came to each reason.
        odd: lines that no gate in order writes.
        slowest_ms: the longest decision of each door.

    """

    def __init__(self, folder: Path, soak: SoakTime, tell: Callable[[str], None]) -> None:
        self.decided: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.odd: list[str] = []
        self.slowest_ms: dict[str, int] = {}
        self._folder = folder
        self._soak = soak
        self._heard = Condition()
        self._rooms = folder / "rooms"
        self._rooms.mkdir(mode=0o700)
        self._home = folder / "home"
        self._home.mkdir()
        read, write = os.pipe()
        self._words = os.fdopen(read, "r", encoding="utf-8", errors="replace")
        self._output = os.fdopen(write, "wb")
        self._reader = Thread(target=self._read, name="rooms' words")
        self._reader.start()
        supervisor.SILENCE_S, supervisor.START_S = HANGS_S, STARTS_S
        self._kept = {name: os.environ.get(name) for name in soak.environment()}
        os.environ.update(soak.environment())
        self.supervisor = Supervisor(
            self._rooms,
            commands(folder / "gate.toml", self._rooms),
            tell,
            self._output,
            self._home,
        )

    @property
    def launch_file(self) -> Path:
        """Where the next browser's address is."""
        return self._rooms / "ui.launch"

    @property
    def places(self) -> tuple[Path, ...]:
        """Folders in which no file may be left behind."""
        return self._rooms, self._home

    def room(self, name: str) -> Room:
        """Return a room by its name."""
        return next(room for room in self.supervisor.rooms if room.name == name)

    def pid(self, name: str) -> int:
        """Return a room's process, or 0 between two lives."""
        process = self.room(name).process
        return process.pid if process is not None else 0

    def held(self, name: str) -> Held | None:
        """Look at what a room holds, or None if it is between two lives."""
        try:
            return held(self.pid(name)) if self.pid(name) else None
        except OSError:
            return None

    def all_ready(self) -> bool:
        """Whether all rooms live and are ready."""
        return all(one.ready and one.process is not None for one in self.supervisor.rooms)

    def live(self, seconds: float) -> None:
        """Let the rooms live for so long, healing them."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.supervisor.step(STEP_S)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let the rooms live until a condition holds; False if it did not in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.supervisor.step(STEP_S)
        return True

    def decisions(self, door: str) -> int:
        """Return how often a door decided."""
        return sum(count for what, count in self.decided.items() if what.startswith(door))

    def command(self, *words: str) -> tuple[int, str]:
        """Run a `sanmen` command in the time of the soak, the rooms going on; status and words."""
        with subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-c", "from appliance.cli import main; main()"),
                *(*words, "--config", str(self._folder / "gate.toml")),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._home,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(self._home)},
        ) as one:
            self.until(lambda: one.poll() is not None, COMMAND_S)
            said = one.stdout.read() if one.stdout else ""
        return one.returncode, said

    def close(self) -> None:
        """Stop the rooms."""
        self.supervisor.stop()
        for name, value in self._kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._output.close()
        self._reader.join()
        self._words.close()

    def _read(self) -> None:
        for line in self._words:
            said = SAID.match(line)
            if said is None:
                if ODD.search(line) and len(self.odd) < MOST_ODD:
                    self.odd.append(line.rstrip()[:300])
                self.said[line.strip()[:60]] += 1
                continue
            self._count(said[1])

    def _count(self, text: str) -> None:
        decided = DECIDED.match(text)
        if decided is None:
            if not text.startswith("log "):
                self.said[text[:60]] += 1
            return
        door, reason = decided.groups()
        took = TOOK.search(text)
        if took is not None:
            self.slowest_ms[door] = max(self.slowest_ms.get(door, 0), int(took[1]))
        self.decided[f"{door} {reason}"] += 1
