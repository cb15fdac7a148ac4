"""QEMU's monitor, and a voltmeter at a pin of the machine: it asks the chip, not the guest."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

PINS = 0x0903_0000
"""The PL061 of QEMU's `virt` (ARM DDI 0190: GPIODATA, all lines, at 3FCh; GPIODIR at 400h)."""
LOOK_S = 0.004


class Monitor:
    """QMP on a connected socket; for several threads."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._answers = line.makefile("rb")
        self._lock = threading.Lock()
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - what QEMU returns
        """Run one command.

        Raises:
            OSError: QEMU is gone.

        """
        asked = {
            "execute": command,
            "arguments": {k.replace("_", "-"): v for k, v in arguments.items()},
        }
        with self._lock:
            self._line.sendall(json.dumps(asked).encode() + b"\n")
            for line in self._answers:
                said = json.loads(line)
                if "error" in said:
                    raise RuntimeError(f"{command}: {said['error']}")
                if "return" in said:
                    return said["return"]
        raise ConnectionError(f"QEMU is gone, asked for {command}")

    def pins(self) -> tuple[int, int]:
        """Return level and direction of all lines, a bit each; direction 1 = driven."""
        told = self.do("human-monitor-command", command_line=f"xp /2wx {PINS + 0x3FC:#x}")
        level, way = (int(word, 16) for word in re.findall(r"0x([0-9a-f]+)", told))
        return level & 0xFF, way & 0xFF

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._line.close()


@dataclass
class Voltmeter:
    """Follows one pin from now on, in a thread.

    Attributes:
        changes: time by time.monotonic() and level, True = high; the first is where it began.

    """

    monitor: Monitor
    line: int
    changes: list[tuple[float, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="voltmeter")
        self._thread.start()

    @property
    def high(self) -> bool:
        """Whether it is high now."""
        return bool(self.changes) and self.changes[-1][1]

    @property
    def pulses(self) -> list[float]:
        """How long each finished pulse was, seconds."""
        edges = self.changes
        return [after[0] - now[0] for now, after in pairwise(edges) if now[1]]

    def wait(self, *, high: bool, within_s: float) -> float:
        """Wait for a level; return when it came.

        Raises:
            TimeoutError: it did not.

        """
        until = time.monotonic() + within_s
        with self._changed:
            while self.high is not high:
                left_s = until - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError(f"line {self.line} not {high=} within {within_s:.0f} s")
                self._changed.wait(left_s)
            return self.changes[-1][0]

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                level, way = self.monitor.pins()
            except (OSError, ValueError):
                return  # switched off
            high = bool(level & way & 1 << self.line)
            if not self.changes or high != self.changes[-1][1]:
                with self._changed:
                    self.changes.append((time.monotonic(), high))
                    self._changed.notify_all()
