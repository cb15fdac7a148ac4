"""All enabled cues must support; whatever else arrives fails closed (S127, S128)."""

from __future__ import annotations

import pytest

from appliance.gate.access.presentation import CuePolicy, PresentationJudgement, judge
from appliance.messages import CueEvidence

POLICY = (CuePolicy("texture", 0.6, 3), CuePolicy("planarity", 0.5, 5))
GOOD = (CueEvidence("texture", 0.6, 3), CueEvidence("planarity", 0.5, 5))


@pytest.mark.parametrize(
    ("name", "threshold", "min_frames"),
    [
        pytest.param("", 0.5, 1, id="no name"),
        pytest.param("texture", 0.0, 1, id="a threshold nobody can miss"),
        pytest.param("texture", float("nan"), 1, id="no number"),
        pytest.param("texture", 0.5, 0, id="no pictures"),
    ],
)
def test_a_cue_policy_that_proves_nothing_is_refused(
    name: str, threshold: float, min_frames: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        CuePolicy(name, threshold, min_frames)


@pytest.mark.parametrize(
    "cues",
    [
        pytest.param((), id="nothing"),
        pytest.param(GOOD[:1], id="a missing cue"),
        pytest.param((GOOD[0], CueEvidence("planarity", 1.0, 0)), id="no pictures"),
        pytest.param((GOOD[0], CueEvidence("planarity", 1.0, 4)), id="too few pictures"),
        pytest.param((GOOD[0], CueEvidence("planarity", float("nan"), 9)), id="no number"),
        pytest.param((GOOD[0], CueEvidence("planarity", 1.1, 9)), id="out of range"),
        pytest.param((*GOOD, CueEvidence("device", 1.0, 9)), id="an unknown cue"),
        pytest.param((*GOOD, CueEvidence("texture", 1.0, 9)), id="a cue told twice"),
    ],
)
def test_incomplete_or_strange_evidence_is_no_evidence(cues: tuple[CueEvidence, ...]) -> None:
    assert judge(cues, POLICY) is PresentationJudgement.NO_EVIDENCE


@pytest.mark.parametrize("cues", [(), GOOD])
def test_an_empty_policy_never_supports(cues: tuple[CueEvidence, ...]) -> None:
    assert judge(cues, ()) is PresentationJudgement.NO_EVIDENCE


def test_one_contradicting_cue_outweighs_the_others() -> None:
    cues = (CueEvidence("texture", 0.59, 30), CueEvidence("planarity", 1.0, 30))

    assert judge(cues, POLICY) is PresentationJudgement.CONTRADICTED


def test_all_cues_at_their_thresholds_support_in_any_order() -> None:
    assert judge(GOOD, POLICY) is PresentationJudgement.SUPPORTED
    assert judge(GOOD[::-1], POLICY) is PresentationJudgement.SUPPORTED
