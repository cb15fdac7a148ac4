"""The loudspeaker of a gate that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardware.ports import Clock, SoundOptions


class NoSound:
    """Is silent; the screen says the same in picture and words."""

    fault = ""

    def play(self, name: str, volume: float) -> None:
        """Play nothing."""

    def close(self) -> None:
        """Nothing is open."""


def open_device(_options: SoundOptions, _clock: Clock) -> NoSound:
    """Open nothing."""
    return NoSound()
