"""A subject is named only when near enough and clearly nearer than the second (S126, S129)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.gate.access.identification import Candidate, Identity, decide_identity
from appliance.gate.access.reasons import Reason

NAN = float("nan")
candidate_lists = st.lists(
    st.builds(Candidate, st.sampled_from("abcd"), st.floats(-1, 1)), max_size=8
)


@pytest.mark.parametrize(
    ("candidates", "reason"),
    [
        pytest.param((), Reason.NO_MATCH, id="empty gallery"),
        pytest.param((Candidate("a", 0.39),), Reason.NO_MATCH, id="below threshold"),
        pytest.param((Candidate("a", NAN),), Reason.FACE_BROKEN, id="no number"),
        pytest.param(
            (Candidate("a", 0.9), Candidate("b", NAN)), Reason.FACE_BROKEN, id="no number beside"
        ),
        pytest.param((Candidate("a", float("inf")),), Reason.FACE_BROKEN, id="infinite"),
        pytest.param(
            (Candidate("a", 0.7), Candidate("b", 0.625)), Reason.NOT_CLEAR, id="second too near"
        ),
    ],
)
def test_a_doubtful_candidate_list_names_nobody(
    candidates: tuple[Candidate, ...], reason: Reason
) -> None:
    assert decide_identity(candidates, 0.4, 0.125) == Identity(None, reason)


def test_a_tie_names_nobody_even_without_margin() -> None:
    tie = (Candidate("a", 0.7), Candidate("b", 0.7))

    assert decide_identity(tie, 0.4, 0.0) == Identity(None, Reason.NOT_CLEAR)


@pytest.mark.parametrize(
    ("threshold", "margin"), [(NAN, 0.1), (0.4, NAN), (0.4, -0.1), (float("inf"), 0.1)]
)
def test_a_threshold_or_margin_that_is_no_number_is_refused(
    threshold: float, margin: float
) -> None:
    with pytest.raises(ValueError, match="expected"):
        decide_identity((), threshold, margin)


def test_the_second_is_another_subject_not_another_reference_of_the_same() -> None:
    candidates = (Candidate("a", 0.7), Candidate("a", 0.69), Candidate("b", 0.5))

    assert decide_identity(candidates, 0.4, 0.125) == Identity("a", Reason.GRANTED)


def test_a_gallery_of_one_has_no_second() -> None:
    assert decide_identity((Candidate("a", 0.4),), 0.4, 0.5) == Identity("a", Reason.GRANTED)


@given(candidates=candidate_lists, threshold=st.floats(-1, 1), margin=st.floats(0, 1))
def test_the_order_of_the_list_does_not_matter_and_a_named_subject_passes_both_tests(
    candidates: list[Candidate], threshold: float, margin: float
) -> None:
    identity = decide_identity(tuple(candidates), threshold, margin)

    assert identity == decide_identity(tuple(reversed(candidates)), threshold, margin)
    assert (identity.subject is None) is (identity.reason is not Reason.GRANTED)
    if identity.subject is not None:
        best = max(c.score for c in candidates if c.subject == identity.subject)
        others = [c.score for c in candidates if c.subject != identity.subject]
        assert best >= threshold
        assert all(best - other >= margin and best > other for other in others)
