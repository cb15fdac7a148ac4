"""A visit is concluded when the cues are clear, and a person asked when they are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from appliance.gate import notices
from appliance.gate.access.presentation import CueKind, CuePolicy
from appliance.gate.access.transaction import VisitTiming
from appliance.gate.faults import Faults
from appliance.gate.visits import Visits
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, CueEvidence, CuesSeen, Hint, Tint
from appliance.orders import FROM_GATE, Conclude, LightShown, Prompted, SetMode, StartVisit
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.light import ShowLight
    from appliance.messages import Message

MS = 1_000_000
FACE = SetMode(face=True, qr=False)
POLICY = (
    CuePolicy("texture", CueKind.PROOF_TEXTURE, 0.5, 0.5, 3),
    CuePolicy("parallax", CueKind.PROOF_GEOMETRY, 0.5, 0.2, 8),
    CuePolicy("screen_light", CueKind.PROOF_EMISSION, 0.6, 0.4, 4),
)


def cues(
    texture: float = 0.9, parallax: float = 0.9, light: float = 0.9
) -> tuple[CueEvidence, ...]:
    """Return evidence; a negative score is none."""
    scores = (texture, parallax, light)
    return tuple(
        CueEvidence(one.name, max(score, 0.0), 9 if score >= 0 else 0)
        for one, score in zip(POLICY, scores, strict=True)
    )


@dataclass
class Terminal:
    """Gate's side of visits, the test in vision's place."""

    policy: tuple[CuePolicy, ...] = POLICY
    again: bool = False
    clock: HandClock = field(default_factory=HandClock)
    told: list[notices.Notice] = field(default_factory=list)
    shown: list[ShowLight] = field(default_factory=list)

    def __post_init__(self) -> None:
        near, far = pair()
        self.vision = Link(far, FROM_GATE, self.clock)
        self.visits = Visits(
            self.clock, VisitTiming(), Faults(lambda _: None), self.told.append, self.policy
        )
        self.visits.meet(Link(near, FROM_VISION, self.clock))
        self.visits.tick(SetMode(face=True, qr=False))
        self.begun_ns = self.clock.ns
        self.visits.begin(self.clock.ns, again=self.again)
        self.visit = next(one for one in self.heard() if isinstance(one, StartVisit)).visit

    def heard(self) -> list[Message]:
        return self.vision.receive()

    def weigh(self, given: tuple[CueEvidence, ...], visit: bytes | None = None) -> list[Message]:
        """Let vision tell its cues 40 ms later; return what gate answers."""
        self.clock.ns += 40 * MS
        self.visits.weigh(CuesSeen(visit or self.visit, self.clock.ns, given))
        return self.heard()

    def screen(self) -> None:
        """Give the gate a screen that shows the light."""
        self.visits.screen_can_light, self.visits.show_light = True, self.shown.append

    def light(self) -> ShowLight:
        """Let only the light be lacking until the first step is played; return it."""
        self.screen()
        for _ in range(40):
            self.weigh(cues(light=-1))
            self.visits.tick(FACE)
            if self.shown:
                return self.shown[0]
        pytest.fail("no light was played")

    def hints(self) -> list[Hint]:
        return [one.hint for one in self.told if isinstance(one, notices.Hinted)]

    def close(self) -> None:
        self.visits.lose("the test is over")
        self.vision.close()


@pytest.fixture
def gate() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_a_visit_that_is_not_clear_is_not_concluded(gate: Terminal) -> None:
    for given in (cues(parallax=-1), cues(parallax=0.3), cues(light=-1), cues()[:2], ()):
        assert Conclude(gate.visit) not in gate.weigh(given)
    assert gate.weigh(cues(), visit=bytes(16)) == []


def test_a_clear_visit_is_concluded_at_once(gate: Terminal) -> None:
    assert gate.weigh(cues()) == [Conclude(gate.visit)]


def test_one_odd_picture_ends_no_visit_and_a_lasting_contradiction_does(gate: Terminal) -> None:
    assert gate.weigh(cues(texture=0.1, parallax=-1)) == []
    assert gate.weigh(cues(parallax=-1)) == []
    answers = [gate.weigh(cues(texture=0.1)) for _ in range(39)]
    assert [bool(one) for one in answers] == [False] * 38 + [True]
    assert answers[-1] == [Conclude(gate.visit)]


def test_a_turn_is_asked_once_at_a_moment_nobody_knows(gate: Terminal) -> None:
    asked: list[Prompted] = []
    for _ in range(40):
        answers = gate.weigh(cues(parallax=-1))
        asked += [one for one in answers if isinstance(one, Prompted)]
    assert len(asked) == 1
    assert 400 * MS <= asked[0].shown_ns - gate.begun_ns <= 1_240 * MS
    assert asked[0].asked is Hint.TURN_SLIGHTLY  # a nod shows no relief that a sheet could not
    assert gate.hints() == [Hint.TURN_SLIGHTLY]


def test_moments_differ_from_visit_to_visit() -> None:
    seen = set()
    for _ in range(12):
        terminal = Terminal()
        answers = [one for _ in range(40) for one in terminal.weigh(cues(parallax=-1))]
        seen |= {one.shown_ns for one in answers if isinstance(one, Prompted)}
        terminal.close()
    assert len(seen) > 3


@pytest.fixture
def judging() -> Iterator[Terminal]:
    """A gate whose answers to acts are judged, before somebody who was refused a moment ago."""
    terminal = Terminal(
        (*POLICY, CuePolicy("challenge", CueKind.WITNESS, 0.5, 0.25, 1)), again=True
    )
    yield terminal
    terminal.close()


def answered(times: int, *, parallax: float = 0.9) -> tuple[CueEvidence, ...]:
    return (*cues(parallax=parallax), CueEvidence("challenge", 0.8 if times else 0.0, times))


def acts(messages: list[Message]) -> list[Hint]:
    return [one.asked for one in messages if isinstance(one, Prompted)]


def test_nobody_is_asked_for_an_act_while_all_is_clear(judging: Terminal) -> None:
    assert judging.weigh(answered(0)) == [Conclude(judging.visit)]
    assert judging.visits.prompts == 0


def test_who_was_asked_must_answer_though_all_else_is_clear_by_now(judging: Terminal) -> None:
    while not acts(judging.weigh(answered(0, parallax=-1))):
        pass
    assert judging.visits.prompts == 2
    assert [judging.weigh(answered(0)) for _ in range(20)] == [[]] * 20


def test_the_next_act_is_asked_for_once_the_first_was_answered(judging: Terminal) -> None:
    asked: list[Hint] = []
    for _ in range(40):
        asked += acts(judging.weigh(answered(len(asked), parallax=-1)))
    assert len(asked) == 2
    assert len({Hint.TURN_LEFT, Hint.TURN_RIGHT} & set(asked)) == 1
    assert judging.hints() == asked
    assert judging.weigh(answered(2)) == [Conclude(judging.visit)]


def test_a_newcomer_is_asked_for_one_turn_only() -> None:
    for _ in range(8):
        terminal = Terminal((*POLICY, CuePolicy("challenge", CueKind.WITNESS, 0.5, 0.25, 1)))
        asked: list[Hint] = []
        for _ in range(40):
            asked += acts(terminal.weigh(answered(len(asked), parallax=-1)))
        terminal.close()
        assert asked in ([Hint.TURN_LEFT], [Hint.TURN_RIGHT])


def test_while_an_act_is_open_nothing_is_said_that_contradicts_it(judging: Terminal) -> None:
    judging.visits.guide(Hint.HOLD_STILL)
    while not acts(judging.weigh(answered(0, parallax=-1))):
        pass
    asked = judging.hints()[1:]
    for hint in (Hint.NONE, Hint.LOOK_AHEAD, Hint.HOLD_STILL, Hint.ONE_PERSON):
        judging.visits.guide(hint)
    assert judging.hints() == [Hint.HOLD_STILL, *asked, Hint.ONE_PERSON]
    judging.clock.ns += 1_500 * MS
    judging.visits.guide(Hint.NONE)
    assert judging.hints()[-1] is Hint.NONE


def test_without_a_screen_that_can_no_light_is_asked_for(gate: Terminal) -> None:
    shown: list[ShowLight] = []
    gate.visits.show_light = shown.append
    for _ in range(40):
        assert gate.weigh(cues(light=-1)) == []
        gate.visits.tick(FACE)
    gate.visits.screen_can_light, gate.visits.show_light = True, None
    assert gate.weigh(cues(light=-1)) == []
    assert shown == []


@pytest.mark.parametrize(
    ("tint", "brightness", "shown_ms"),
    [
        (Tint.NEUTRAL, None, -1),
        (Tint.NEUTRAL, None, 51),
        (Tint.WARM, None, 30),
        (Tint.NEUTRAL, 0.1, 30),
    ],
    ids=["before it was told to", "in the future", "another tint", "another brightness"],
)
def test_a_screen_whose_answer_does_not_fit_is_not_believed_any_more(
    gate: Terminal, tint: Tint, brightness: float | None, shown_ms: int
) -> None:
    first = gate.light()
    told_ns = gate.clock.ns
    gate.clock.ns += 50 * MS
    level = first.brightness if brightness is None else brightness
    gate.visits.light_shown(tint, level, told_ns + shown_ms * MS)
    gate.visits.light_shown(first.tint, first.brightness, told_ns + 30 * MS)
    assert gate.heard() == []
    gate.clock.ns += 250 * MS
    gate.visits.tick(FACE)
    assert gate.shown == [first]


def test_a_screen_that_is_far_too_late_is_not_believed(gate: Terminal) -> None:
    first = gate.light()
    shown_ns = gate.clock.ns + 401 * MS
    gate.clock.ns += 500 * MS
    gate.visits.light_shown(first.tint, first.brightness, shown_ns)
    assert gate.heard() == []


def test_unasked_light_and_an_answer_given_twice_are_not_passed_on(gate: Terminal) -> None:
    gate.visits.light_shown(Tint.NEUTRAL, 1.0, gate.clock.ns)
    assert gate.heard() == []
    first = gate.light()
    for _ in range(2):
        gate.visits.light_shown(first.tint, first.brightness, gate.clock.ns)
    assert len(gate.heard()) == 1


def test_a_sequence_is_played_whole_and_once_and_its_times_go_to_vision(gate: Terminal) -> None:
    gate.light()
    assert Hint.WATCH_LIGHT in gate.hints()
    passed = []
    for _ in range(120):
        gate.clock.ns += 20 * MS
        for step in gate.shown[len(passed) :]:
            gate.visits.light_shown(step.tint, step.brightness, gate.clock.ns)
            passed += gate.heard()
        gate.visits.tick(FACE)
    assert len(gate.shown) == len(passed) == 9
    assert {type(one) for one in passed} == {LightShown}
    assert [step.tint for step in gate.shown][0::8] == [Tint.NEUTRAL, Tint.NEUTRAL]
    assert len({step.tint for step in gate.shown}) == 3
    first, second = gate.shown[:2]
    assert second.until_ns - first.until_ns == 250 * MS
    gate.weigh(cues(light=-1))
    gate.visits.tick(FACE)
    assert len(gate.shown) == 9


def test_a_turn_and_the_light_are_asked_for_together_as_a_visit_is_short(gate: Terminal) -> None:
    gate.screen()
    for _ in range(40):
        gate.weigh(cues(parallax=-1, light=-1))
        gate.visits.tick(FACE)
    assert gate.shown != []
    assert gate.hints() == [Hint.TURN_SLIGHTLY]


def test_the_light_ends_with_its_visit(gate: Terminal) -> None:
    gate.light()
    gate.visits.lose("gone")
    gate.clock.ns += 300 * MS
    gate.visits.tick(FACE)
    assert len(gate.shown) == 1


def test_nobody_is_asked_where_nobody_can_answer(gate: Terminal) -> None:
    gate.visits.asks = False
    assert [gate.weigh(cues(parallax=-1)) for _ in range(40)] == [[]] * 40


def test_outside_of_a_visit_no_light_is_passed_on_and_nothing_weighed(gate: Terminal) -> None:
    gate.clock.ns += 5_000 * MS
    gate.visits.tick(SetMode(face=True, qr=False))
    gate.heard()
    gate.visits.light_shown(Tint.WARM, 0.8, 7)
    assert gate.heard() == []
    assert gate.weigh(cues()) == []
