"""The reader of a gate that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware.ports import CardEvent, Clock, ReaderOptions


class NoReader:
    """Says openly that no card can be read, so that nobody counts on this door (S1)."""

    identity = "none"
    working = False

    def fileno(self) -> int:
        """Return -1: there is nothing to wait for."""
        return -1

    def poll(self) -> tuple[CardEvent, ...]:
        """Return no card."""
        return ()

    def send(self, card: int, command: bytes) -> None:
        """Drop it: no card was ever seen."""

    def close(self) -> None:
        """Nothing is open."""


def open_device(_options: ReaderOptions, _clock: Clock) -> NoReader:
    """Open nothing."""
    return NoReader()
