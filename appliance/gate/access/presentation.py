"""Whether the cues together prove a bona fide presentation; all enabled ones must (S127, S128)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from appliance.gate.access.wrong import check_range, wrong
from appliance.messages import Hint

if TYPE_CHECKING:
    from appliance.messages import CueEvidence


class PresentationJudgement(Enum):
    """What the cues say together; only SUPPORTED lets a comparison count."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NO_EVIDENCE = "no_evidence"


class CueKind(Enum):
    """What a cue is for.

    A proof must be shown; a veto must have looked and seen nothing; a witness is heard only when
    there is something to say, as about the answer to a question: its silence is no obstacle.
    """

    PROOF_TEXTURE = "texture"
    PROOF_GEOMETRY = "geometry"
    PROOF_EMISSION = "emission"
    VETO = "veto"
    WITNESS = "witness"


class Answer(Enum):
    """What one cue says."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NO_EVIDENCE = "no_evidence"


ASKED = (
    CueKind.VETO,
    CueKind.PROOF_TEXTURE,
    CueKind.PROOF_GEOMETRY,
    CueKind.PROOF_EMISSION,
)
"""The kinds whose evidence must be in; what lacks first is named first."""
PATH = "camera_path"
"""The veto that holds beside staff too: nobody sees what is fed into a cable."""
DEVICE_VETOES = frozenset({"bands", "raster", "surface"})
"""The vetoes against screens and prints: all of them enabled and clean are a proof of emission."""


CHALLENGE = "challenge"
"""The witness that tells how many of the acts asked for were answered."""
LIGHT = "screen_light"
"""The cue that looks at the tints of the terminal's own screen."""


@dataclass(frozen=True, slots=True)
class CuePolicy:
    """One enabled presentation attack cue.

    Attributes:
        name: as in `CueEvidence.cue`.
        kind: what it is for.
        supports: smallest supporting score, above 0 to 1.
        contradicts: a score below contradicts; at most `supports`. Between them is no evidence.
        min_frames: fewest pictures that count as evidence, at least 1.
        demanded: must support itself; no other proof of its kind stands in for it.
        also: another kind of proof that it shows as well: an infrared pair measures relief too.

    Raises:
        ValueError: no name, or a number out of range.

    """

    name: str
    kind: CueKind
    supports: float
    contradicts: float
    min_frames: int
    demanded: bool = False
    also: CueKind | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise wrong("cue.name", "nothing", "a name")
        check_range("cue.supports", self.supports, 0.0, 1.0)
        if self.supports == 0.0:
            raise wrong("cue.supports", self.supports, "above 0, so that it can be missed")
        check_range("cue.contradicts", self.contradicts, 0.0, self.supports)
        check_range("cue.min_frames", self.min_frames, 1, 64)

    def answer(self, seen: CueEvidence) -> Answer:
        """Return what the cue's evidence says; no number, or out of range, says nothing."""
        if seen.frames < self.min_frames or not 0.0 <= seen.score <= 1.0:
            return Answer.NO_EVIDENCE
        if seen.score >= self.supports:
            return Answer.SUPPORTED
        return Answer.CONTRADICTED if seen.score < self.contradicts else Answer.NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class Finding:
    """What the cues say together, and what that hangs on.

    Attributes:
        judgement: together.
        cue: the contradicting cue, or one whose evidence is missing; for the log only (law 9).
        lacks: kinds of evidence that are not in yet.
        met: acts asked for that were answered.

    """

    judgement: PresentationJudgement
    cue: str = ""
    lacks: frozenset[CueKind] = frozenset()
    met: int = 0


def judge(
    cues: tuple[CueEvidence, ...], policy: tuple[CuePolicy, ...], *, attended: bool = False
) -> PresentationJudgement:
    """Return only the judgement of `examine`."""
    return examine(cues, policy, attended=attended).judgement


def examine(
    cues: tuple[CueEvidence, ...],
    policy: tuple[CuePolicy, ...],
    *,
    attended: bool = False,
    prompts: int = 0,
) -> Finding:
    """Judge the evidence; what is missing, doubled, unknown or no number is no evidence.

    Any contradiction refuses. Otherwise every veto must have run clean, and of each kind of proof
    that has an enabled cue at least one must support, the demanded one above all. A configuration
    without any cue of a kind is weaker, and the self-test says so; one without any proof never
    supports.

    Args:
        cues: what vision saw, each cue once.
        policy: the enabled cues; an empty policy never supports.
        attended: staff stand beside the person and see whether a picture is held up, as at an
            enrolment (S75): only texture and the camera's own path are asked. One moment's odd
            veto would send people home, as nothing is waited for there.
        prompts: acts asked of the person; each must have been answered, or nothing is supported.

    """
    if attended:
        policy = tuple(
            cue for cue in policy if cue.kind is CueKind.PROOF_TEXTURE or cue.name == PATH
        )
        cues = tuple(one for one in cues if one.cue in {cue.name for cue in policy})
    names = [cue.cue for cue in cues]
    strange = sorted(set(names) ^ {cue.name for cue in policy})
    strange += sorted(name for name in set(names) if names.count(name) > 1)
    if strange or not policy:
        kinds = frozenset(cue.kind for cue in policy)
        return Finding(PresentationJudgement.NO_EVIDENCE, strange[0] if strange else "", kinds)
    seen = {cue.cue: cue for cue in cues}
    answers = {cue: cue.answer(seen[cue.name]) for cue in policy}
    for cue, answer in answers.items():
        if answer is Answer.CONTRADICTED:
            return Finding(PresentationJudgement.CONTRADICTED, cue.name)
    lacks = _lacks(answers, (CueKind.PROOF_TEXTURE,) if attended else ASKED)
    met = _met(seen, answers)
    if met < prompts:
        lacks[CueKind.WITNESS] = CHALLENGE
    if lacks:
        first = next(iter(lacks.values()))
        return Finding(PresentationJudgement.NO_EVIDENCE, first, frozenset(lacks), met)
    if all(cue.kind in {CueKind.VETO, CueKind.WITNESS} for cue in policy):
        return Finding(PresentationJudgement.NO_EVIDENCE)
    return Finding(PresentationJudgement.SUPPORTED)


def _met(seen: dict[str, CueEvidence], answers: dict[CuePolicy, Answer]) -> int:
    clear = {cue.name for cue, answer in answers.items() if answer is Answer.SUPPORTED}
    return seen[CHALLENGE].frames if CHALLENGE in clear else 0


def _lacks(answers: dict[CuePolicy, Answer], asked: tuple[CueKind, ...]) -> dict[CueKind, str]:
    """Return the kinds of evidence not in yet, each with a cue that has none."""
    found = {}
    for kind in asked:
        of_kind = {cue: answer for cue, answer in answers.items() if kind in {cue.kind, cue.also}}
        unshown = [cue for cue, answer in of_kind.items() if answer is not Answer.SUPPORTED]
        missing = [cue.name for cue in unshown]
        owed = [cue.name for cue in unshown if cue.demanded and cue.kind is kind]
        proven = len(missing) < len(of_kind) and kind is not CueKind.VETO
        if kind is CueKind.PROOF_EMISSION:
            proven = proven or _device_clean(answers)
        if missing and (owed or not proven):
            found[kind] = (owed or missing)[0]
    return found


def _device_clean(answers: dict[CuePolicy, Answer]) -> bool:
    clean = {cue.name for cue, answer in answers.items() if answer is Answer.SUPPORTED}
    return clean >= DEVICE_VETOES


def light_helps(policy: tuple[CuePolicy, ...]) -> bool:
    """Return whether the screen's light can bring in the proof of emission that is asked for."""
    proofs = [cue for cue in policy if cue.kind is CueKind.PROOF_EMISSION]
    demanded = {cue.name for cue in proofs if cue.demanded}
    return LIGHT in {cue.name for cue in proofs} and demanded <= {LIGHT}


def wish(finding: Finding, *, screen_can_light: bool) -> Hint:
    """Return the one thing to ask of the person so that what is lacking may come in.

    A turn stands for whatever act is due: it shows relief, and lets the vetoes that compare motions
    run. The light needs a screen.
    """
    if finding.judgement is not PresentationJudgement.NO_EVIDENCE:
        return Hint.NONE
    if CueKind.PROOF_GEOMETRY in finding.lacks:
        return Hint.TURN_SLIGHTLY
    if CueKind.PROOF_EMISSION in finding.lacks and screen_can_light:
        return Hint.WATCH_LIGHT
    acts = {CueKind.VETO, CueKind.WITNESS}
    return Hint.TURN_SLIGHTLY if acts & finding.lacks else Hint.NONE
