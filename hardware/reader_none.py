"""The reader of a gate that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware.ports import CardPresentation, Clock, ReaderOptions


class NoReader:
    """Says openly that no card can be read, so that nobody counts on this door (S1)."""

    working = False

    def poll(self) -> tuple[CardPresentation, ...]:
        """Return no card."""
        return ()

    def close(self) -> None:
        """Nothing is open."""


def open_device(_options: ReaderOptions, _clock: Clock) -> NoReader:
    """Open nothing."""
    return NoReader()
