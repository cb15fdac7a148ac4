"""Tells the supervisor that a room is ready and alive: systemd's notify protocol."""

from __future__ import annotations

import sdnotify


class Watchdog:
    """Speaks to whatever NOTIFY_SOCKET names: systemd on a Pi, `sanmen run` on a laptop."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()

    def ready(self) -> None:
        """Say that start-up is done."""
        self._notifier.notify("READY=1")

    def alive(self) -> None:
        """Say that the room's loop still turns."""
        self._notifier.notify("WATCHDOG=1")
