"""Tells the supervisor that a room is ready and alive: systemd's notify protocol."""

from __future__ import annotations

import sdnotify

LONGEST_STATUS = 120
"""Characters; one datagram, of which `sanmen run` reads the first 256 bytes."""


class Watchdog:
    """Speaks to whatever NOTIFY_SOCKET names: systemd on a Pi, `sanmen run` on a laptop."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        if self._notifier.socket is not None:
            # A supervisor that does not listen must not hold up the gate: its queue is soon full.
            self._notifier.socket.settimeout(0)

    def ready(self) -> None:
        """Say that start-up is done."""
        self._notifier.notify("READY=1")

    def alive(self, trouble: str | None = None) -> None:
        """Say that the room's loop still turns, and what is wrong all the same, empty if nothing.

        `systemctl status` shows it, and an update on trial asks for it.
        """
        status = "" if trouble is None else f"\nSTATUS={' '.join(trouble.split())[:LONGEST_STATUS]}"
        self._notifier.notify(f"WATCHDOG=1{status}")
