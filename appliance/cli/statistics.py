"""Thresholds, rates and their 95 % intervals: arithmetic without pictures or files."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

CONFIDENCE = 0.95
_STEPS = 200
_TINY = 1e-300
_EXACT = 1e-15


@dataclass(frozen=True, slots=True)
class Rate:
    """A measured share with its interval; `rate` is None when nothing was tried.

    Attributes:
        rate: 0 to 1.
        low: of the 95 % interval.
        high: of the 95 % interval.

    """

    rate: float | None
    low: float
    high: float

    @classmethod
    def of(cls, events: int, trials: int, repeats: int = 1) -> Rate:
        """Return the share of `events` in `trials`.

        Args:
            events: how often it happened.
            trials: how often it could have.
            repeats: the trials are so many draws from the same photos; pooling them steadies the
                rate but teaches nothing new about people, so the interval is that of one draw.

        """
        low, high = interval(events / repeats, trials / repeats)
        return cls(events / trials if trials else None, low, high)

    def as_json(self) -> dict[str, float | None]:
        """Return the three numbers by name."""
        return asdict(self)


def interval(events: float, trials: float) -> tuple[float, float]:
    """Return the exact (Clopper and Pearson 1934) 95 % interval of a binomial share.

    Raises:
        ValueError: not 0 <= events <= trials.

    """
    if not 0 <= events <= trials:
        raise ValueError(f"{events} events in {trials} trials")
    tail = (1 - CONFIDENCE) / 2
    low, high = 0.0, 1.0
    if events > 0:
        low = _root(lambda share: beta_share(share, events, trials - events + 1) - tail)
    if events < trials:
        high = _root(lambda share: beta_share(share, events + 1, trials - events) - 1 + tail)
    return low, high


def beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b): Lentz's continued fraction.

    Source: Press et al., Numerical Recipes, 3rd edition, section 6.4.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_share(1.0 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log_front + a * math.log(x) + b * math.log1p(-x))
    above, below = 1.0, 1.0 / (_kept(1.0 - (a + b) * x / (a + 1)))
    value = below
    for step in range(1, 10_000):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for part in (even, odd):
            below = 1.0 / _kept(1.0 + part * below)
            above = _kept(1.0 + part / above)
            value *= above * below
        if abs(above * below - 1.0) < _EXACT:
            break
    return front * value / a


def threshold_at(non_mated: Scores, share: float) -> float:
    """Return the smallest threshold that at most `share` of the scores reach.

    Raises:
        ValueError: no scores.

    """
    if non_mated.size == 0:
        raise ValueError("no scores to choose a threshold from")
    falling = np.sort(non_mated)[::-1]
    allowed = math.floor(share * falling.size + _EXACT)
    if allowed >= falling.size:
        return float(falling[-1])
    return float(np.nextafter(falling[allowed], np.inf))


def reached(scores: Scores, threshold: float) -> float:
    """Return the share of the scores at or above a threshold."""
    return float((scores >= threshold).mean())


def best_balance(mated: Scores, non_mated: Scores) -> tuple[float, float]:
    """Return the best mean of the two rates of being right, and its threshold.

    Raises:
        ValueError: no scores of one kind.

    """
    if mated.size == 0 or non_mated.size == 0:
        raise ValueError("scores of both kinds are needed")
    thresholds = np.unique(np.concatenate([mated, non_mated]))
    accepted = 1 - np.searchsorted(np.sort(mated), thresholds) / mated.size
    refused = np.searchsorted(np.sort(non_mated), thresholds) / non_mated.size
    balance = (accepted + refused) / 2
    best = int(balance.argmax())
    return float(balance[best]), float(thresholds[best])


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function on 0 to 1 crosses zero, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _kept(value: float) -> float:
    """Return `value`, kept away from zero."""
    return value if abs(value) > _TINY else _TINY
