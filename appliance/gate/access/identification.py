"""The comparison decision of identification: near enough, and clearly nearer than anyone else."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.gate.access.reasons import Reason
from appliance.gate.access.wrong import check_range

_FINITE = 1e9


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a candidate list.

    Attributes:
        subject: pseudonym of the reference's owner.
        score: comparison score, higher = nearer.

    """

    subject: str
    score: float


@dataclass(frozen=True, slots=True)
class Identity:
    """The outcome of identification.

    Attributes:
        subject: pseudonym, or None when refused.
        reason: GRANTED, NO_MATCH, NOT_CLEAR or FACE_BROKEN.

    """

    subject: str | None
    reason: Reason


def best_scores(candidates: tuple[Candidate, ...]) -> dict[str, float] | None:
    """Return the best score of each subject, or None if any score is no number."""
    best: dict[str, float] = {}
    for candidate in candidates:
        if not -_FINITE < candidate.score < _FINITE:
            return None
        best[candidate.subject] = max(candidate.score, best.get(candidate.subject, -_FINITE))
    return best


def decide_identity(candidates: tuple[Candidate, ...], threshold: float, margin: float) -> Identity:
    """Name the subject whose best score passes both tests (S126, S129).

    Args:
        candidates: in any order; a subject may stand in it several times.
        threshold: the best score must reach it.
        margin: the best score must lead the second subject's by so much; an exact tie never
            decides. A list of one subject has no second.

    Raises:
        ValueError: threshold or margin is no usable number.

    """
    check_range("threshold", threshold, -_FINITE, _FINITE)
    check_range("margin", margin, 0.0, _FINITE)
    best = best_scores(candidates)
    if best is None:
        return Identity(None, Reason.FACE_BROKEN)
    ranked = sorted(best.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < threshold:
        return Identity(None, Reason.NO_MATCH)
    if len(ranked) > 1:
        lead = ranked[0][1] - ranked[1][1]
        if lead < margin or lead == 0.0:
            return Identity(None, Reason.NOT_CLEAR)
    return Identity(ranked[0][0], Reason.GRANTED)
