"""The light of a gate that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware.ports import Clock, IndicatorOptions


class NoIndicator:
    """Stays dark; the screen shows the same."""

    def show(self, colour: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing is open."""


def open_device(_options: IndicatorOptions, _clock: Clock) -> NoIndicator:
    """Open nothing."""
    return NoIndicator()
