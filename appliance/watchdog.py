"""Tells the supervisor that a room is ready and alive: systemd's notify protocol."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sdnotify

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_STATUS = 120
"""Characters; one datagram, of which `sanmen run` reads the first 256 bytes."""
EVERY_NS = 500_000_000
"""Between two words: systemd wants one in half of its WatchdogSec (3 s), and a word for each turn
of gate's loop would wake it 50 times a second. A loop is still held to its deadline at each turn:
nothing but a turn speaks, so one that takes longer than 3 s, less at most this, ends the room."""


class Watchdog:
    """Speaks to whatever NOTIFY_SOCKET names: systemd on a Pi, `sanmen run` on a laptop.

    Args:
        now_ns: monotonic time, nanoseconds.

    """

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._said_ns: int | None = None
        self._said = ""
        self._notifier = sdnotify.SystemdNotifier()
        if self._notifier.socket is not None:
            # A supervisor that does not listen must not hold up the gate: its queue is soon full.
            self._notifier.socket.settimeout(0)

    def ready(self) -> None:
        """Say that start-up is done."""
        self._notifier.notify("READY=1")

    def alive(self, trouble: str | None = None) -> None:
        """Say that the room's loop still turns, and what is wrong all the same, empty if nothing.

        To be called at each turn, and at no other place; what changes is said at once, the rest
        twice a second. `systemctl status` shows it, and an update on trial asks for it.
        """
        status = "" if trouble is None else f"\nSTATUS={' '.join(trouble.split())[:LONGEST_STATUS]}"
        now_ns = self._now_ns()
        fresh = self._said_ns is not None and now_ns - self._said_ns < EVERY_NS
        if fresh and status == self._said:
            return
        self._said_ns, self._said = now_ns, status
        self._notifier.notify(f"WATCHDOG=1{status}")
