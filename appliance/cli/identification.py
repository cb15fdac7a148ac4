"""The scores of pooled identification draws, and the rates that they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from appliance.cli.statistics import Rate, threshold_at
from appliance.vision.features import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What searches gave, one entry each.

    Attributes:
        best: score of the first candidate.
        lead: how far it is clear of the second; infinite where the gallery has no second.
        right: whether the first candidate is the person searched for.

    """

    best: Scores
    lead: Scores
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.best)

    def accepted(self, threshold: float, margin: float) -> NDArray[np.bool_]:
        """Return which searches name somebody, by the two tests of the gate (S126, S129)."""
        clear = (self.lead >= margin) & (self.lead > 0)
        return np.asarray((self.best >= threshold) & clear)

    def clear_best(self, margin: float) -> Scores:
        """Return the best scores, minus infinity where the margin is missed."""
        return np.asarray(np.where((self.lead >= margin) & (self.lead > 0), self.best, -np.inf))

    @classmethod
    def pooled(cls, parts: Sequence[Searches]) -> Searches:
        """Return several as one; none as no search."""
        if not parts:
            return cls(np.empty(0), np.empty(0), np.empty(0, bool))
        return cls(
            np.concatenate([part.best for part in parts]),
            np.concatenate([part.lead for part in parts]),
            np.concatenate([part.right for part in parts]),
        )


def search(
    probes: NDArray[np.float32], gallery: NDArray[np.float32], mates: NDArray[np.int64] | None
) -> Searches:
    """Search each probe in the gallery.

    Args:
        probes: (n, 320) unit vectors.
        gallery: (N, 320) references, N >= 1.
        mates: (n,) rows of the people searched for; None for strangers.

    """
    scores = (probes @ gallery.T).astype(np.float64)
    first = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    best = scores[rows, first]
    if len(gallery) > 1:
        lead = best - np.partition(scores, -2, axis=1)[:, -2]
    else:
        lead = np.full(len(scores), np.inf)
    right = np.zeros(len(scores), bool) if mates is None else first == mates
    return Searches(best, lead, np.asarray(right))


def joined_rows(vectors: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Join the vectors of each person, who lie one after the other, into one reference each."""
    starts = np.cumsum([0, *counts[:-1]])
    return np.stack([unit(row) for row in np.add.reduceat(vectors, starts, axis=0)])


def false_positive(non_mated: Searches, threshold: float, margin: float, repeats: int) -> Rate:
    """Return the FPIR: how often a stranger is named as somebody."""
    events = int(non_mated.accepted(threshold, margin).sum())
    return Rate.of(events, len(non_mated), repeats)


def false_negative(mated: Searches, threshold: float, margin: float, repeats: int) -> Rate:
    """Return the FNIR: how often an enrolled person is not named, or as somebody else."""
    named = int((mated.accepted(threshold, margin) & mated.right).sum())
    return Rate.of(len(mated) - named, len(mated), repeats)


def trade_off(
    mated: Searches, non_mated: Searches, share: float, margin: float
) -> dict[str, float] | None:
    """Return the threshold for an FPIR and the FNIR there; None without searches of both kinds."""
    if not len(mated) or not len(non_mated):
        return None
    threshold = max(-1.0, threshold_at(non_mated.clear_best(margin), share))
    named = mated.accepted(threshold, margin) & mated.right
    return {"threshold": threshold, "fnir": float(1 - named.mean())}
