"""A whole visit under the screen's light: skin, a print or a screen answers gate's own sequence."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.gate.access.presentation import PresentationJudgement, examine
from appliance.gate.access.transaction import VisitTiming
from appliance.gate.faults import Faults
from appliance.gate.rules import cue_policies
from appliance.gate.visits import Visits
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, CuesSeen, FaceEvidence, Tint, VisitAbandoned
from appliance.orders import FROM_GATE, SetMode
from appliance.pad_section import CueSection, PadSection, ParallaxSection, ScreenLightSection
from appliance.vision.landmarks import find_mesh
from appliance.vision.pipeline import FacePipeline
from appliance.vision.room import VisionRoom
from hardware.ports import Exposure, Frame
from hardware.sim.library import footage_path
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from appliance.light import ShowLight
    from appliance.messages import CueEvidence, Message
    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf

pytestmark = pytest.mark.rig

MS = 1_000_000
SIGN = {Tint.NEUTRAL: 0.0, Tint.WARM: 1.0, Tint.COOL: -1.0}
OFF = CueSection(on=False)
PAD = PadSection(
    emission="light",
    screen_light=ScreenLightSection(on=True),
    parallax=ParallaxSection(on=False),
    coherence=OFF,
    motion=OFF,
    challenge=OFF,
    surface=OFF,
    raster=OFF,
    bands=OFF,
    camera_path=OFF,
)
PICTURES = 105
"""Four seconds at 25 a second, and the visit's end."""
SMALL = 2


@dataclass
class Screen:
    """Shows what gate tells it 30 ms later, by a ramp of 80 ms, and then says so."""

    clock: HandClock
    mute: bool = False
    steps: list[tuple[int, ShowLight]] = field(default_factory=list)
    answered: int = 0

    def show(self, step: ShowLight) -> None:
        self.steps.append((self.clock.ns + 30 * MS, step))

    def answer(self, visits: Visits) -> None:
        while self.answered < len(self.steps) and self.steps[self.answered][0] <= self.clock.ns:
            shown_ns, step = self.steps[self.answered]
            self.answered += 1
            if not self.mute:
                visits.light_shown(step.tint, step.brightness, shown_ns)

    def signal(self, at_ns: int) -> float:
        before = now = 0.0
        for shown_ns, step in self.steps:
            if shown_ns <= at_ns:
                before, since_ns = now, shown_ns
                ramp = min((at_ns - since_ns) / (80 * MS), 1.0)
                now = before + ramp * (SIGN[step.tint] - before)
        return now


@dataclass
class LitCamera:
    """Footage whose pixels answer the screen by `gain`, 60 ms later, with a sensor's noise."""

    clock: HandClock
    screen: Screen
    pictures: list[NDArray[np.uint8]]
    gains: list[NDArray[np.float32]]
    exposure: Exposure
    identity: str = "lit"
    origin: None = None
    count: int = 0

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        assert timeout_s > 0
        self.clock.ns += 40 * MS
        self.count += 1
        at = self.count % len(self.pictures)
        log_ratio = self.gains[at] * np.float32(self.screen.signal(self.clock.ns - 60 * MS))
        lit = self.pictures[at].astype(np.float32)
        lit[..., 2] *= np.exp(log_ratio / 2)
        lit[..., 0] *= np.exp(-log_ratio / 2)
        rng = np.random.default_rng(self.count)
        lit += rng.normal(0, 1.0, lit.shape).astype(np.float32)
        pixels = np.clip(lit, 0, 255).astype(np.uint8)
        yield Frame(pixels, self.clock.ns, self.count, self.exposure)
        pixels.fill(0)

    def close(self) -> None:
        self.pictures = []


@dataclass
class Clip:
    """A living person's pictures, and how far each pixel of her faces the screen."""

    pictures: list[NDArray[np.uint8]]
    cosines: list[NDArray[np.float32]]


@pytest.fixture(scope="session")
def clip(shelf: ModelShelf, detector: Detector) -> Clip:
    model = shelf.tflite("face_mesh")
    capture = cv2.VideoCapture(str(footage_path("WolfgangLanger_Pexels.mp4")))
    made = Clip([], [])
    for _ in range(PICTURES):
        pixels = np.asarray(capture.read()[1], np.uint8)
        face = detector.detect(pixels)[0]
        mesh = find_mesh(pixels, detector.refine(pixels, face), model)
        made.pictures.append(pixels)
        made.cosines.append(facing(mesh.points, pixels.shape[:2]))
    capture.release()
    return made


def facing(points: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Spread the mesh's depth over the picture; return the cosine to the lens, 0 off the face."""
    rows, columns = shape[0] // SMALL, shape[1] // SMALL
    depth, weight = np.zeros((2, rows, columns), np.float32)
    at = np.clip((points[:, :2] / SMALL).astype(int), 0, (columns - 1, rows - 1))
    np.add.at(depth, (at[:, 1], at[:, 0]), points[:, 2] / SMALL)
    np.add.at(weight, (at[:, 1], at[:, 0]), 1.0)
    depth, weight = (cv2.GaussianBlur(one, (0, 0), 2.0) for one in (depth, weight))
    down, right = np.gradient(depth / np.maximum(weight, 1e-6))
    hull = cv2.convexHull(np.ascontiguousarray(at.astype(np.int32)))
    mask = cv2.fillConvexPoly(np.zeros((rows, columns), np.float32), hull, 1.0)
    cosine = mask / np.sqrt(1.0 + right**2 + down**2)
    return np.asarray(cv2.resize(cosine, shape[1::-1]), np.float32)


@dataclass
class Visit:
    """What a visit came to."""

    evidence: FaceEvidence | None = None
    seen: list[CuesSeen] = field(default_factory=list)
    steps: int = 0

    @property
    def light(self) -> CueEvidence:
        cues = self.evidence.cues if self.evidence is not None else self.seen[-1].cues
        return next(one for one in cues if one.cue == "screen_light")

    @property
    def judgement(self) -> PresentationJudgement:
        assert self.evidence is not None
        return examine(self.evidence.cues, cue_policies(PAD)).judgement


def visit(
    shelf: ModelShelf,
    clip: Clip,
    gains: list[NDArray[np.float32]],
    lux: float = 60.0,
    *,
    mute: bool = False,
) -> Visit:
    """Let vision and gate talk over a real link while gate's screen lights the scene."""
    clock = HandClock()
    screen = Screen(clock, mute=mute)
    camera = LitCamera(clock, screen, clip.pictures, gains, Exposure(30_000, 2.0, lux=lux))
    near, far = pair()
    link = Link(far, FROM_GATE, clock)
    room = VisionRoom(camera, link, clock, FacePipeline(shelf, pad=PAD))
    visits = Visits(clock, VisitTiming(), Faults(lambda _: None), lambda _: None, cue_policies(PAD))
    visits.meet(Link(near, FROM_VISION, clock))
    visits.screen_can_light, visits.show_light = True, screen.show
    made, over = Visit(), []

    def hear(message: Message) -> None:
        if isinstance(message, CuesSeen):
            made.seen.append(message)
            visits.weigh(message)
        elif isinstance(message, FaceEvidence):
            made.evidence = message
            assert visits.accept(message) is None
        if isinstance(message, FaceEvidence | VisitAbandoned):
            over.append(message)

    visits.tick(SetMode(face=True, qr=False))
    visits.begin(clock.ns)
    for _ in range(PICTURES):
        room.step()
        visits.hear(hear)
        visits.tick(SetMode(face=True, qr=False))
        screen.answer(visits)
        if over:
            break
    made.steps = len(screen.steps)
    visits.lose("the test is over")
    link.close()
    return made


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same sequence each time, so that a figure can be repeated."""
    monkeypatch.setattr("secrets.randbelow", random.Random(20261122).randrange)  # noqa: S311 - repeatable


def test_a_screen_held_up_does_not_answer_and_is_refused(shelf: ModelShelf, clip: Clip) -> None:
    came = visit(shelf, clip, [np.float32(0.003) + 0 * one for one in clip.cosines])
    assert came.steps >= 6
    assert came.light.score == 0.0
    assert came.judgement is PresentationJudgement.CONTRADICTED


def test_a_print_answers_alike_all_over_and_is_refused(shelf: ModelShelf, clip: Clip) -> None:
    came = visit(shelf, clip, [np.float32(0.12) + 0 * one for one in clip.cosines])
    assert came.light.frames >= 16
    assert came.light.score < 0.25
    assert came.judgement is PresentationJudgement.CONTRADICTED


def test_by_day_nothing_is_proven_and_face_is_refused(shelf: ModelShelf, clip: Clip) -> None:
    came = visit(shelf, clip, [0.004 * one for one in clip.cosines], lux=20_000.0)
    assert came.light.frames == 0
    assert came.judgement is PresentationJudgement.NO_EVIDENCE


def test_a_screen_that_does_not_say_when_it_lit_proves_nothing(
    shelf: ModelShelf, clip: Clip
) -> None:
    came = visit(shelf, clip, [0.14 * one for one in clip.cosines], mute=True)
    assert came.light.frames == 0
    assert came.judgement is PresentationJudgement.NO_EVIDENCE


def test_living_skin_answers_with_its_relief_and_the_visit_ends_early(
    shelf: ModelShelf, clip: Clip
) -> None:
    came = visit(shelf, clip, [0.14 * one for one in clip.cosines])
    assert came.judgement is PresentationJudgement.SUPPORTED
    assert came.light.score >= 0.5
    assert came.evidence is not None
    assert came.evidence.taken_ns - came.evidence.intent_ns < 3_700 * MS
