"""Whether the cues together prove a bona fide presentation; all enabled ones must (S127, S128)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.wrong import check_range, wrong

if TYPE_CHECKING:
    from appliance.messages import CueEvidence


class PresentationJudgement(Enum):
    """What the cues say together; only SUPPORTED lets a comparison count."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class CuePolicy:
    """One enabled presentation attack cue.

    Attributes:
        name: as in `CueEvidence.cue`.
        threshold: smallest supporting score, above 0 to 1.
        min_frames: fewest pictures that count as evidence, at least 1.

    Raises:
        ValueError: no name, or a number out of range.

    """

    name: str
    threshold: float
    min_frames: int

    def __post_init__(self) -> None:
        if not self.name:
            raise wrong("cue.name", "nothing", "a name")
        check_range("cue.threshold", self.threshold, 0.0, 1.0)
        if self.threshold == 0.0:
            raise wrong("cue.threshold", self.threshold, "above 0, so that it can be missed")
        check_range("cue.min_frames", self.min_frames, 1, 64)


def judge(cues: tuple[CueEvidence, ...], policy: tuple[CuePolicy, ...]) -> PresentationJudgement:
    """Judge the evidence; what is missing, doubled, unknown or no number is no evidence.

    Args:
        cues: what vision saw, each cue once.
        policy: the enabled cues; an empty policy never supports.

    """
    seen = {cue.cue: cue for cue in cues}
    asked = {cue.name for cue in policy}
    if not policy or len(seen) != len(cues) or seen.keys() != asked:
        return PresentationJudgement.NO_EVIDENCE
    if not all(_is_evidence(seen[cue.name], cue) for cue in policy):
        return PresentationJudgement.NO_EVIDENCE
    if all(seen[cue.name].score >= cue.threshold for cue in policy):
        return PresentationJudgement.SUPPORTED
    return PresentationJudgement.CONTRADICTED


def _is_evidence(cue: CueEvidence, policy: CuePolicy) -> bool:
    return cue.frames >= policy.min_frames and 0.0 <= cue.score <= 1.0
