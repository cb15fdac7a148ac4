"""Night and day of the screen: when it is dimmer and quieter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import time

    from appliance.sections import UiSection


def is_night(now: time, ui: UiSection) -> bool:
    """Whether this time of day lies in the night, which may go over midnight."""
    begins, ends, at = *map(_minute, ui.night), now.hour * 60 + now.minute
    if begins <= ends:
        return begins <= at < ends
    return at >= begins or at < ends


def volume(now: time, ui: UiSection) -> float:
    """Return how loud sounds are at this time of day, 0 to 1."""
    by_day, by_night = ui.volume
    return by_night if is_night(now, ui) else by_day


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
