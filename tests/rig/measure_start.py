"""Measures starts and idle memory of the three rooms: `python -m tests.rig.measure_start 7`.

Each start is of the real rooms, in the order and by the commands of the units: gate first, and when
it is ready, vision and ui. Told are the times on the wall, which others on the same machine make
longer, and the processor's own seconds, which they hardly do. A card is held to the reader from the
beginning: it passes when gate alone is there. As root memory is told too (a room lets nobody else
look), after all rooms have idled for a while before an empty scene.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.store.records import Profile
from appliance.hardening import environment
from tests.rig.gate_file import gate_file

if TYPE_CHECKING:
    from collections.abc import Iterator
CARD: Final = bytes(range(16))
RESIDENTS: Final = 2_400
UNIT: Final = {"gate": {"PYTHONMALLOC": "malloc"}}
"""What the units set beside what the supervisor sets too."""
IDLE_S: Final = 10.0
PATIENCE_S: Final = 120.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
MEMORY: Final = {"Pss": "pss_mb", "Rss": "rss_mb", "Pss_Anon": "own_mb"}


class Started:
    """One room on its way to ready."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        path = folder / f"{name}.notify"
        path.unlink(missing_ok=True)
        self._notify.bind(str(path))
        place = folder / "rooms" if name == "ui" else folder / "rooms" / "vision.socket"
        self._said = (folder / f"{name}.out").open("wb")
        self.begun = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own room
            [sys.executable, "-m", f"appliance.{name}", str(folder / "gate.toml"), str(place)],
            env={**environment(os.environ), **UNIT.get(name, {}), "NOTIFY_SOCKET": str(path)},
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )

    def ready(self) -> bool:
        """Whether it has said so by now."""
        try:
            while True:
                if b"READY=1" in self._notify.recv(256):
                    return True
        except BlockingIOError:
            return False

    def until_ready(self) -> tuple[float, float]:
        """Wait for it; return seconds on the wall and of the processor."""
        end = time.monotonic() + PATIENCE_S
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} was never ready")
            time.sleep(0.002)
        wall = time.monotonic() - self.begun
        words = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return wall, (int(words[11]) + int(words[12])) / TICKS

    def memory(self) -> dict[str, float]:
        """Return its memory, MB."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("ascii")
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line[:20])
        return {name: int(lines[key].split()[0]) / 1024 for key, name in MEMORY.items()}

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        self._notify.close()
        self._said.close()


def main() -> None:
    """Print medians as JSON."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    spans: dict[str, list[float]] = {}
    memory: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _found(folder)
        for number in range(times):
            for what, seconds in _once(folder, memory if number == times - 1 else None):
                spans.setdefault(what, []).append(seconds)
    result: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "starts": times,
        "residents": RESIDENTS,
        "seconds": {what: _told(values) for what, values in spans.items()},
    }
    if memory:
        together = {key: sum(one[key] for one in memory.values()) for key in MEMORY.values()}
        result["idle_memory"] = {
            what: {key: round(value, 1) for key, value in one.items()}
            for what, one in {**memory, "together": together}.items()
        }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _found(folder: Path) -> None:
    (folder / "gate.toml").write_text(gate_file(), "utf-8")
    (folder / "rooms").mkdir(mode=0o700)
    config = load(folder / "gate.toml")
    create_archive(config)
    archive = open_archive(config, SystemClock())
    with archive.roster.store.transaction():
        for number in range(RESIDENTS):
            card = CARD if number == 0 else os.urandom(16)
            archive.roster.add(Profile(str(number), "", frozenset({"card"})), (card,))
    archive.close()


def _once(folder: Path, memory: dict[str, dict[str, float]] | None) -> Iterator[tuple[str, float]]:
    gate = Started("gate", folder)
    rooms = [gate]
    try:
        wall, work = gate.until_ready()
        yield "gate ready", wall
        yield "gate ready, processor", work
        yield "power of gate to a card's entry", _passes(folder, gate.begun)
        others = [Started("vision", folder), Started("ui", folder)]
        rooms += others
        for one in reversed(others):
            wall, work = one.until_ready()
            yield f"{one.name} ready", wall
            yield f"{one.name} ready, processor", work
        yield "all ready", time.monotonic() - gate.begun
        if memory is not None and os.geteuid() == 0:
            time.sleep(IDLE_S)
            memory |= {one.name: one.memory() for one in rooms}
    finally:
        for one in reversed(rooms):
            one.stop()


def _passes(folder: Path, begun: float) -> float:
    """Hold the card to the reader until it opens; return seconds since gate was started."""
    with (folder / "reader").open("wb", buffering=0) as pipe:
        pipe.write(b"card " + CARD.hex().encode() + b"\n")
    end = time.monotonic() + PATIENCE_S
    while b"card: ENTER" not in (folder / "gate.out").read_bytes():
        if time.monotonic() > end:
            raise RuntimeError("the card never opened")
        time.sleep(0.002)
    return time.monotonic() - begun


def _told(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(values), 2),
        "least": round(min(values), 2),
        "most": round(max(values), 2),
    }


if __name__ == "__main__":
    main()
