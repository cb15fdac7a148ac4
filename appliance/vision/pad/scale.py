"""Puts a cue's measured quantity on the common scale of evidence."""

from __future__ import annotations

import math

STEEPNESS = 4
"""Power of the ratio; twice the limit scores 0.06, half of it 0.94."""


def below(value: float, limit: float) -> float:
    """Return 1 for nothing at all, 0.5 at `limit`, 0 far above: for what must not be seen.

    What is no number scores 0.
    """
    if not (math.isfinite(value) and limit > 0.0):
        return 0.0
    return 1.0 / (1.0 + (max(value, 0.0) / limit) ** STEEPNESS)


def above(value: float, limit: float) -> float:
    """Return 0 for nothing at all, 0.5 at `limit`, 1 far above: for what must be shown.

    What is no number scores 0.
    """
    if not (math.isfinite(value) and limit > 0.0):
        return 0.0
    return 1.0 - below(value, limit)
