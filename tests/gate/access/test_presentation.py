"""All enabled cues must agree; whatever else arrives fails closed (S127, S128)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from appliance.gate.access.presentation import (
    Answer,
    CueKind,
    CuePolicy,
    PresentationJudgement,
    examine,
    judge,
    light_helps,
    wish,
)
from appliance.messages import CueEvidence, Hint

SUPPORTED = PresentationJudgement.SUPPORTED
CONTRADICTED = PresentationJudgement.CONTRADICTED
NO_EVIDENCE = PresentationJudgement.NO_EVIDENCE
S, C, N = Answer.SUPPORTED, Answer.CONTRADICTED, Answer.NO_EVIDENCE


def cue(name: str, kind: CueKind) -> CuePolicy:
    return CuePolicy(name, kind, supports=0.6, contradicts=0.4, min_frames=3)


POLICY = (
    cue("texture", CueKind.PROOF_TEXTURE),
    cue("parallax", CueKind.PROOF_GEOMETRY),
    cue("infrared", CueKind.PROOF_GEOMETRY),
    cue("screen_light", CueKind.PROOF_EMISSION),
    cue("bands", CueKind.VETO),
    cue("raster", CueKind.VETO),
    cue("surface", CueKind.VETO),
    cue("coherence", CueKind.VETO),
)
NAMES = tuple(one.name for one in POLICY)
SCORES = {S: 0.6, C: 0.39, N: 0.5}


def seen(*answers: Answer) -> tuple[CueEvidence, ...]:
    return tuple(
        CueEvidence(name, SCORES[answer], 3) for name, answer in zip(NAMES, answers, strict=True)
    )


GOOD = seen(S, S, N, N, S, S, S, S)
EVERY = tuple(product((S, C, N), repeat=len(POLICY)))


@pytest.mark.parametrize(
    ("name", "supports", "contradicts", "min_frames"),
    [
        pytest.param("", 0.5, 0.1, 1, id="no name"),
        pytest.param("texture", 0.0, 0.0, 1, id="a threshold nobody can miss"),
        pytest.param("texture", float("nan"), 0.1, 1, id="no number"),
        pytest.param("texture", 0.5, float("nan"), 1, id="no number to contradict"),
        pytest.param("texture", 0.5, 0.6, 1, id="supports what contradicts"),
        pytest.param("texture", 0.5, 0.1, 0, id="no pictures"),
    ],
)
def test_a_cue_policy_that_proves_nothing_is_refused(
    name: str, supports: float, contradicts: float, min_frames: int
) -> None:
    with pytest.raises(ValueError, match="expected"):
        CuePolicy(name, CueKind.VETO, supports, contradicts, min_frames)


@pytest.mark.parametrize(
    "cues",
    [
        pytest.param((), id="nothing"),
        pytest.param(GOOD[:-1], id="a missing veto"),
        pytest.param((*GOOD[:3], *GOOD[4:]), id="a missing proof that another would have given"),
        pytest.param((*GOOD[:7], CueEvidence("coherence", 1.0, 0)), id="no pictures"),
        pytest.param((*GOOD[:7], CueEvidence("coherence", 1.0, 2)), id="too few pictures"),
        pytest.param((*GOOD[:7], CueEvidence("coherence", float("nan"), 9)), id="no number"),
        pytest.param((*GOOD[:7], CueEvidence("coherence", 1.1, 9)), id="out of range"),
        pytest.param((*GOOD[:7], CueEvidence("coherence", float("inf"), 9)), id="endless"),
        pytest.param((*GOOD, CueEvidence("device", 1.0, 9)), id="an unknown cue"),
        pytest.param((*GOOD, CueEvidence("texture", 1.0, 9)), id="a cue told twice"),
    ],
)
def test_incomplete_or_strange_evidence_is_no_evidence(cues: tuple[CueEvidence, ...]) -> None:
    assert judge(cues, POLICY) is NO_EVIDENCE
    assert judge(cues, ()) is NO_EVIDENCE


def test_evidence_that_is_enough_is_enough_in_any_order() -> None:
    assert judge(GOOD, POLICY) is SUPPORTED
    assert judge(GOOD[::-1], POLICY) is SUPPORTED
    assert judge(GOOD, POLICY[::-1]) is SUPPORTED
    assert judge(GOOD, ()) is NO_EVIDENCE


def test_every_combination_of_answers_is_judged_by_the_rules() -> None:
    for answers in EVERY:
        texture, parallax, infrared, light, bands, raster, surface, coherence = answers
        finding = examine(seen(*answers), POLICY)
        if C in answers:
            assert finding.judgement is CONTRADICTED
            assert finding.cue == NAMES[answers.index(C)]
        elif (
            texture is S
            and (parallax is S or infrared is S)
            and bands is S
            and raster is S
            and surface is S
            and coherence is S
        ):
            assert finding.judgement is SUPPORTED, (answers, light)
            assert (finding.cue, finding.lacks) == ("", frozenset())
        else:
            assert finding.judgement is NO_EVIDENCE
            assert finding.cue in {
                name for name, one in zip(NAMES, answers, strict=True) if one is N
            }


def test_losing_or_worsening_what_a_cue_says_never_helps() -> None:
    rank = {CONTRADICTED: 0, NO_EVIDENCE: 1, SUPPORTED: 2}
    for answers in EVERY:
        whole = seen(*answers)
        before = judge(whole, POLICY)
        for place, answer in enumerate(answers):
            without = (*whole[:place], *whole[place + 1 :])
            assert judge(without, POLICY) is not SUPPORTED
            if answer is S:
                worse = [seen(*answers[:place], w, *answers[place + 1 :]) for w in (N, C)]
                assert all(rank[judge(one, POLICY)] <= rank[before] for one in worse)


def test_the_screens_light_proves_where_a_device_veto_is_switched_off() -> None:
    policy = tuple(one for one in POLICY if one.name != "bands")
    no_light = seen(S, S, N, N, S, S, S, S)
    light = seen(S, S, N, S, S, S, S, S)

    finding = examine(tuple(one for one in no_light if one.cue != "bands"), policy)
    assert (finding.judgement, finding.cue) == (NO_EVIDENCE, "screen_light")
    assert finding.lacks == {CueKind.PROOF_EMISSION}
    assert judge(tuple(one for one in light if one.cue != "bands"), policy) is SUPPORTED


def test_vetoes_alone_never_support() -> None:
    policy = tuple(one for one in POLICY if one.kind is CueKind.VETO)

    assert judge(GOOD[4:], policy) is NO_EVIDENCE


@pytest.mark.parametrize(
    ("said", "judged"),
    [
        ((CueEvidence("challenge", 0.0, 0),), SUPPORTED),
        ((CueEvidence("challenge", 0.75, 5),), SUPPORTED),
        ((CueEvidence("challenge", 0.0, 5),), CONTRADICTED),
        ((), NO_EVIDENCE),
    ],
    ids=["not asked", "answered", "answered before it was asked", "missing"],
)
def test_a_witness_may_be_silent_but_not_missing(
    said: tuple[CueEvidence, ...], judged: PresentationJudgement
) -> None:
    witness = cue("challenge", CueKind.WITNESS)

    assert judge((*GOOD, *said), (*POLICY, witness)) is judged
    assert judge(said, (witness,)) is not SUPPORTED


def test_beside_staff_texture_must_support_and_the_cameras_path_not_contradict() -> None:
    path = cue("camera_path", CueKind.VETO)
    told = CueEvidence("camera_path", 0.9, 9)
    policy = (*POLICY, path)

    assert judge((*seen(S, C, C, N, C, N, C, C), told), policy, attended=True) is SUPPORTED
    assert judge((*seen(N, S, S, S, S, S, S, S), told), policy, attended=True) is NO_EVIDENCE
    assert judge((*seen(C, S, S, S, S, S, S, S), told), policy, attended=True) is CONTRADICTED
    fed = CueEvidence("camera_path", 0.1, 9)
    assert judge((*seen(S, S, S, S, S, S, S, S), fed), policy, attended=True) is CONTRADICTED
    assert judge((*seen(S, S, S, S, S, S, S, S)[1:], told), policy, attended=True) is NO_EVIDENCE
    assert judge(seen(S, S, S, S, S, S, S, S), policy, attended=True) is NO_EVIDENCE


@pytest.mark.parametrize(
    ("answers", "light", "asked"),
    [
        ((S, N, N, N, S, S, S, S), True, Hint.TURN_SLIGHTLY),
        ((S, S, N, N, S, S, S, N), True, Hint.TURN_SLIGHTLY),
        ((N, S, N, N, S, S, S, S), True, Hint.NONE),
        ((S, S, N, N, S, S, S, S), True, Hint.NONE),
        ((S, C, N, N, S, S, S, N), True, Hint.NONE),
        ((S, S, N, N, N, S, S, S), True, Hint.WATCH_LIGHT),
        ((S, S, N, N, N, S, S, S), False, Hint.TURN_SLIGHTLY),
    ],
)
def test_only_what_can_bring_in_what_is_lacking_is_asked(
    answers: tuple[Answer, ...], *, light: bool, asked: Hint
) -> None:
    assert wish(examine(seen(*answers), POLICY), screen_can_light=light) is asked


@pytest.mark.parametrize(
    ("demanded", "light", "infrared", "devices", "judged"),
    [
        # Nothing stands in for the proof a site demands.
        ("screen_light", N, S, S, NO_EVIDENCE),
        ("screen_light", N, N, S, NO_EVIDENCE),
        ("infrared", S, N, S, NO_EVIDENCE),
        ("infrared", N, N, S, NO_EVIDENCE),
        ("screen_light", S, C, S, CONTRADICTED),
        ("screen_light", C, S, S, CONTRADICTED),
        ("infrared", C, S, S, CONTRADICTED),
        # Nor does it stand in for a veto that has not looked.
        ("screen_light", S, S, N, NO_EVIDENCE),
        ("infrared", S, S, N, NO_EVIDENCE),
        ("screen_light", S, N, S, SUPPORTED),
        ("infrared", N, S, S, SUPPORTED),
        ("", N, N, S, SUPPORTED),
    ],
)
def test_the_demanded_proof_of_emission_must_be_shown_itself(
    demanded: str,
    light: Answer,
    infrared: Answer,
    devices: Answer,
    judged: PresentationJudgement,
) -> None:
    policy = demanding(demanded)
    finding = examine(with_infrared(S, S, light, infrared, devices), policy)
    assert finding.judgement is judged
    if judged is NO_EVIDENCE and devices is S:
        assert (finding.cue, finding.lacks) == (demanded, {CueKind.PROOF_EMISSION})


def demanding(name: str) -> tuple[CuePolicy, ...]:
    """Texture, parallax, light, infrared and the three device vetoes; `name` is demanded."""
    kinds = (
        ("texture", CueKind.PROOF_TEXTURE),
        ("parallax", CueKind.PROOF_GEOMETRY),
        ("screen_light", CueKind.PROOF_EMISSION),
        ("infrared", CueKind.PROOF_EMISSION),
        ("bands", CueKind.VETO),
        ("raster", CueKind.VETO),
        ("surface", CueKind.VETO),
    )
    also = {"infrared": CueKind.PROOF_GEOMETRY}
    return tuple(
        replace(cue(one, kind), demanded=one == name, also=also.get(one)) for one, kind in kinds
    )


def with_infrared(*answers: Answer) -> tuple[CueEvidence, ...]:
    """Evidence for `demanding`; the last answer is that of all three vetoes."""
    names = [one.name for one in demanding("")]
    spread = (*answers, answers[-1], answers[-1])
    return tuple(
        CueEvidence(name, SCORES[answer], 3) for name, answer in zip(names, spread, strict=True)
    )


@pytest.mark.parametrize("parallax", [S, N, C])
@pytest.mark.parametrize("infrared", [S, N, C])
@pytest.mark.parametrize("demanded", ["", "infrared"])
def test_a_pair_of_cameras_shows_relief_without_a_turn(
    parallax: Answer, infrared: Answer, demanded: str
) -> None:
    finding = examine(with_infrared(S, parallax, S, infrared, S), demanding(demanded))
    if C in {parallax, infrared}:
        assert finding.judgement is CONTRADICTED
    elif infrared is S:
        assert finding.judgement is SUPPORTED
    else:
        lacks = {CueKind.PROOF_GEOMETRY} if parallax is N else set()
        lacks |= {CueKind.PROOF_EMISSION} if demanded else set()
        assert finding.lacks == lacks


def test_a_demanded_cue_that_is_not_told_of_refuses() -> None:
    told = with_infrared(S, S, S, S, S)
    without = tuple(one for one in told if one.cue != "screen_light")
    assert judge(told, demanding("screen_light")) is SUPPORTED
    assert judge(without, demanding("screen_light")) is NO_EVIDENCE


def test_the_light_is_of_no_help_where_infrared_is_demanded_or_nobody_looks_at_it() -> None:
    no_light = tuple(one for one in demanding("") if one.name != "screen_light")
    assert not light_helps(demanding("infrared"))
    assert not light_helps(no_light)
    assert not light_helps(())
    assert light_helps(demanding(""))
    assert light_helps(demanding("screen_light"))


ASKED = (*POLICY, CuePolicy("challenge", CueKind.WITNESS, 0.5, 0.25, 1))


@pytest.mark.parametrize(
    ("score", "frames", "prompts", "expected"),
    [
        pytest.param(0.0, 0, 0, SUPPORTED, id="nothing asked"),
        pytest.param(0.75, 1, 1, SUPPORTED, id="asked and answered"),
        pytest.param(0.875, 2, 2, SUPPORTED, id="both answered"),
        pytest.param(0.0, 0, 1, NO_EVIDENCE, id="not answered"),
        pytest.param(0.75, 1, 2, NO_EVIDENCE, id="one of two"),
        pytest.param(float("nan"), 2, 2, NO_EVIDENCE, id="no number"),
        pytest.param(0.4, 2, 2, NO_EVIDENCE, id="undecided"),
        pytest.param(0.0, 9, 1, CONTRADICTED, id="moved before it was asked"),
    ],
)
def test_whoever_was_asked_must_have_answered(
    score: float, frames: int, prompts: int, expected: PresentationJudgement
) -> None:
    found = examine((*GOOD, CueEvidence("challenge", score, frames)), ASKED, prompts=prompts)
    assert found.judgement is expected
    assert (found.cue == "challenge") is (expected is not SUPPORTED)
    assert wish(found, screen_can_light=True) is (
        Hint.TURN_SLIGHTLY if expected is NO_EVIDENCE else Hint.NONE
    )


def test_where_no_cue_judges_answers_none_can_be_owed() -> None:
    assert examine(GOOD, POLICY, prompts=1).judgement is NO_EVIDENCE
