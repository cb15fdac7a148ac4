"""Says whether what was measured of a room grows, and how small a growth would have been seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

STUDENT_99 = (63.66, 9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25, 3.17)
"""Two-sided 99 % points of Student's t for 1 to 10 degrees of freedom (any table)."""
FEWEST = 4
"""Samples that a slope can be judged by."""
MONTH = 30.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one quantity.

    Attributes:
        life: number of the process' life; a room that was started again begins a new one.
        day: of the soak, with its fraction.
        value: in the quantity's own unit.

    """

    life: int
    day: float
    value: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a quantity does over the month.

    Attributes:
        samples: after warm-up.
        level: the last one.
        slope: growth in a month of 30 days.
        margin: so much smaller or larger the true growth may be, 99 %.
        tolerated: growth in a month that would do no harm.

    """

    samples: int
    level: float
    slope: float
    margin: float
    tolerated: float

    @property
    def leaks(self) -> bool:
        """Whether it surely grows, and by more than is tolerated."""
        return self.slope - self.margin > 0 and self.slope > self.tolerated

    @property
    def blind(self) -> bool:
        """Whether a growth twice as large as tolerated could have been missed."""
        return not self.margin <= self.tolerated

    @property
    def seen(self) -> float:
        """The smallest growth in a month that would have been called a leak."""
        return max(self.margin, self.tolerated)

    def told(self) -> dict[str, object]:
        """Return it for JSON; None is what cannot be said."""
        return {
            "samples": self.samples,
            "level": _plain(self.level),
            "growth_per_month": _plain(self.slope),
            "margin_99": _plain(self.margin),
            "would_be_seen_from": _plain(self.seen),
            "leaks": self.leaks,
            "blind": self.blind,
        }


def warm(samples: Sequence[Sample], warm_up: float) -> list[Sample]:
    """Return the samples without the first `warm_up` days of each life."""
    begins: dict[int, float] = {}
    for one in samples:
        begins[one.life] = min(one.day, begins.get(one.life, math.inf))
    return [one for one in samples if one.day - begins[one.life] >= warm_up]


def judge(samples: Sequence[Sample], tolerated: float, warm_up: float = 0.0) -> Verdict:
    """Fit one slope to all lives of a process, each with a level of its own (least squares).

    The margin is the slope's standard error times Student's t; neighbouring days resemble each
    other, which makes it too small, so it is widened by the residuals' own correlation (the
    effective number of samples of an AR(1) process, Bartlett 1946).

    Args:
        samples: in the order of time.
        tolerated: growth in a month that would do no harm.
        warm_up: days at the beginning of each life that do not count.

    """
    kept = warm(samples, warm_up)
    level = kept[-1].value if kept else math.nan
    lives = sorted({one.life for one in kept})
    freedom = len(kept) - len(lives) - 1
    if len(kept) < FEWEST or freedom < 1:
        return Verdict(len(kept), level, math.nan, math.inf, tolerated)
    days, values = _centred(kept, lives)
    spread = float(days @ days)
    if spread == 0.0:
        return Verdict(len(kept), level, math.nan, math.inf, tolerated)
    slope = float(days @ values) / spread
    left = values - slope * days
    error = math.sqrt(float(left @ left) / freedom / spread)
    margin = _student(freedom) * error * _widening(left)
    return Verdict(len(kept), level, slope * MONTH, margin * MONTH, tolerated)


def _centred(kept: Sequence[Sample], lives: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    days, values = [], []
    for life in lives:
        own = [one for one in kept if one.life == life]
        day, value = np.array([one.day for one in own]), np.array([one.value for one in own])
        days.append(day - day.mean())
        values.append(value - value.mean())
    return np.concatenate(days), np.concatenate(values)


def _plain(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def _widening(left: np.ndarray) -> float:
    power = float(left @ left)
    if power == 0.0:
        return 1.0
    alike = min(0.9, max(0.0, float(left[1:] @ left[:-1]) / power))
    return math.sqrt((1 + alike) / (1 - alike))


def _student(freedom: int) -> float:
    if freedom <= len(STUDENT_99):
        return STUDENT_99[freedom - 1]
    return 2.576 + 6.1 / freedom  # within 1 % of the table from 11 degrees on
