"""Infrared pair: stereo rendered of a real portrait, once as a solid head, once as a sheet."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from appliance.config import parse
from appliance.errors import CameraError
from appliance.gate.access.presentation import PresentationJudgement, judge
from appliance.gate.rules import cue_policies
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, FaceEvidence, Purpose
from appliance.orders import FROM_GATE, StartVisit
from appliance.pad_section import CueSection, InfraredSection, PadSection, ParallaxSection
from appliance.vision.landmarks import Mesh, find_mesh
from appliance.vision.pad.infrared import InfraredCue, NoPair, StereoGeometry
from appliance.vision.pipeline import FacePipeline, Sight
from appliance.vision.process import open_second, open_sight
from appliance.vision.room import VisionRoom
from hardware.camera_pair import CameraPair
from hardware.errors import DeviceStuckError
from hardware.ports import Frame, InfraredFrame
from hardware.sim.lamp import SimLamp
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Easel
    from numpy.typing import NDArray

    from appliance.messages import CueEvidence
    from appliance.vision.detection import Detector
    from appliance.vision.inference import ModelShelf
    from appliance.vision.pad.look import Look

FOCAL = 800.0
BASELINE = 50.0
NEAR = 670.0
"""Millimetres at which the portrait's eyes are a person's apart."""


@dataclass
class Eye:
    """A second camera that shows what it is given, the lamp off in each third picture."""

    pixels: NDArray[np.uint8]
    lamp_shows: bool = True
    there: bool = True
    lent: int = field(default=0)

    @contextmanager
    def beside(self, taken_ns: int) -> Iterator[InfraredFrame | None]:
        self.lent += 1
        on = self.lent % 3 != 0
        lit = self.pixels if on or not self.lamp_shows else self.pixels // 4
        frame = Frame(lit, taken_ns, self.lent)
        yield InfraredFrame(frame, on) if self.there else None

    def rest(self) -> None:
        self.lent = 0


@dataclass
class Sitter:
    """A portrait in front of the gate: her look, and the finder that sees her mesh."""

    look: Look
    find: Callable[[NDArray[np.uint8]], Mesh | None]

    def second_view(self, solid: float, distance_mm: float) -> NDArray[np.uint8]:
        """Render what the second camera sees: `solid` 1 = her relief, 0 = a flat print of her."""
        points = self.look.mesh.points
        grey = cv2.cvtColor(self.look.pixels, cv2.COLOR_BGR2GRAY)
        rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
        weight = np.full(grey.shape, 1e-4, np.float32)
        depth = np.zeros(grey.shape, np.float32)
        for x, y, z in points:
            near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 6.0**2))
            weight += near
            depth += near * z
        mm = depth / weight * distance_mm / FOCAL * solid
        disparity = (FOCAL * BASELINE / (distance_mm + mm)).astype(np.float32)
        # A pixel at x of the second view shows the first one's at x + disparity there.
        source = columns + FOCAL * BASELINE / distance_mm
        for _ in range(6):
            source = columns + cv2.remap(
                disparity,
                source.astype(np.float32),
                rows,
                cv2.INTER_LINEAR,
                None,
                cv2.BORDER_REPLICATE,
            )
        moved = cv2.remap(
            grey, source.astype(np.float32), rows, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE
        )
        return np.repeat(np.asarray(moved, np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def sitter(
    easel: Easel, shelf: ModelShelf, detector: Detector, stranger: NDArray[np.uint8]
) -> Sitter:
    model = shelf.tflite("face_mesh")
    bigger = np.asarray(cv2.resize(stranger, None, fx=1.8, fy=1.8), np.uint8)

    def find(pixels: NDArray[np.uint8]) -> Mesh | None:
        faces = detector.detect(pixels)
        return find_mesh(pixels, detector.refine(pixels, faces[0]), model) if faces else None

    face = detector.detect(bigger)[0]
    marks = detector.refine(bigger, face)
    mesh = find_mesh(bigger, marks, model)
    seen = easel.look(bigger)
    return Sitter(replace(seen, face=face, landmarks=marks, mesh=mesh), find)


def shown(sitter: Sitter, eye: Eye, looks: int = 15) -> InfraredCue:
    cue = InfraredCue(eye, sitter.find, StereoGeometry(FOCAL, BASELINE))
    for _ in range(looks):
        cue.look(sitter.look)
    return cue


def test_without_a_second_camera_there_is_no_evidence(sitter: Sitter) -> None:
    assert shown(sitter, Eye(sitter.look.pixels, there=False)).evidence().frames == 0


def test_too_few_pairs_are_no_evidence(sitter: Sitter) -> None:
    assert shown(sitter, Eye(sitter.second_view(1.0, NEAR)), looks=9).evidence().frames == 0


def test_a_flat_print_is_an_attack(sitter: Sitter) -> None:
    cue = shown(sitter, Eye(sitter.second_view(0.0, NEAR)))
    found = cue.stereo()
    assert found is not None
    assert abs(found.relief) < 0.2
    assert cue.evidence().frames == 10
    assert cue.evidence().score < 0.1


def test_a_screen_that_is_dark_in_the_infrared_is_an_attack(sitter: Sitter) -> None:
    dark = np.full_like(sitter.look.pixels, 12)
    dark[::2] = 30
    assert shown(sitter, Eye(dark)).evidence().score == 0.0


def test_a_face_on_which_the_lamp_does_not_show_is_an_attack(sitter: Sitter) -> None:
    cue = shown(sitter, Eye(sitter.second_view(1.0, NEAR), lamp_shows=False))
    assert (cue.evidence().score, cue.evidence().frames) == (0.0, 10)


def test_a_face_of_a_phones_size_is_an_attack(sitter: Sitter) -> None:
    cue = shown(sitter, Eye(sitter.second_view(1.0, NEAR / 2.5)))
    found = cue.stereo()
    assert found is not None
    assert found.eyes_mm < 40.0
    assert cue.evidence().score == 0.0


def test_a_solid_head_at_its_place_is_bona_fide(sitter: Sitter) -> None:
    cue = shown(sitter, Eye(sitter.second_view(1.0, NEAR)))
    found = cue.stereo()
    assert found is not None
    assert found.distance_mm == pytest.approx(NEAR, rel=0.05)
    assert found.eyes_mm == pytest.approx(63.0, abs=8.0)
    assert found.relief > 0.5
    evidence = cue.evidence()
    assert evidence.score > 0.6
    assert (evidence.cue, evidence.version) == ("infrared", "1")


@dataclass
class Camera:
    """Lends one picture, noisy, 50 ms after the last or at the other camera's time."""

    clock: HandClock
    pixels: NDArray[np.uint8]
    period_ns: int = 0
    late_ns: int = 0
    lit: Callable[[], bool] = lambda: True
    gone: bool = False
    identity: str = "rendered"
    origin: None = None
    count: int = 0

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        if self.gone:
            raise DeviceStuckError(self.identity, f"nothing in {timeout_s} s", "a picture")
        self.clock.ns += self.period_ns
        self.count += 1
        clean = (self.pixels if self.lit() else self.pixels // 4).astype(np.float32)
        noise = np.random.default_rng(self.count).normal(0, 1.0, clean.shape)
        pixels = np.clip(clean + noise, 0, 255).astype(np.uint8)
        yield Frame(pixels, self.clock.ns - self.late_ns, self.count)
        pixels.fill(0)

    def close(self) -> None:
        self.gone = True


@dataclass
class Answered:
    """What a room with two cameras said of one visit, and whether the lamp is off after it."""

    cues: tuple[CueEvidence, ...]
    judgement: PresentationJudgement
    lamp_lit: bool


PAD = PadSection(
    emission="infrared",
    infrared=InfraredSection(on=True),
    parallax=ParallaxSection(on=False),
    **dict.fromkeys(
        ("coherence", "motion", "challenge", "surface", "raster", "bands", "camera_path"),
        CueSection(on=False),
    ),
)
VISIT = bytes(range(16))


def visit(
    shelf: ModelShelf, sitter: Sitter, beside: NDArray[np.uint8], late_ns: int = 0, *, gone: bool
) -> Answered:
    """Let a room look through both cameras for a visit of two seconds."""
    clock, lamp = HandClock(), SimLamp()
    first = Camera(clock, sitter.look.pixels, period_ns=50_000_000)
    second = Camera(clock, beside, late_ns=late_ns, lit=lambda: lamp.lit, gone=gone)
    eye = CameraPair(second, lamp, clock)
    near, far = pair()
    gate, link = Link(near, FROM_VISION, clock), Link(far, FROM_GATE, clock)
    sight = Sight(second=eye, geometry=StereoGeometry(FOCAL, BASELINE))
    room = VisionRoom(first, link, clock, FacePipeline(shelf, pad=PAD, sight=sight))
    gate.send(StartVisit(VISIT, Purpose.IDENTIFY, clock.ns + 2_000_000_000))
    heard: list[FaceEvidence] = []
    for _ in range(42):
        room.step()
        heard += [one for one in gate.receive() if isinstance(one, FaceEvidence)]
    answered = Answered(heard[0].cues, judge(heard[0].cues, cue_policies(PAD)), lamp.lit)
    for end in (gate, link, eye):
        end.close()
    return answered


def infrared(answered: Answered) -> CueEvidence:
    return next(one for one in answered.cues if one.cue == "infrared")


def test_a_second_camera_that_is_gone_or_late_is_no_face(shelf: ModelShelf, sitter: Sitter) -> None:
    solid = sitter.second_view(1.0, NEAR)
    for late_ns, gone in ((0, True), (60_000_000, False)):
        came = visit(shelf, sitter, solid, late_ns, gone=gone)
        assert infrared(came).frames == 0
        assert came.judgement is PresentationJudgement.NO_EVIDENCE


def test_a_print_in_front_of_both_cameras_is_refused(shelf: ModelShelf, sitter: Sitter) -> None:
    came = visit(shelf, sitter, sitter.second_view(0.0, NEAR), gone=False)
    assert came.judgement is PresentationJudgement.CONTRADICTED
    assert infrared(came).score < 0.1


def test_a_head_before_both_cameras_passes_and_the_lamp_goes_off(
    shelf: ModelShelf, sitter: Sitter
) -> None:
    came = visit(shelf, sitter, sitter.second_view(1.0, NEAR), gone=False)
    assert came.judgement is PresentationJudgement.SUPPORTED
    assert infrared(came).frames >= 10
    assert not came.lamp_lit


def test_where_the_second_camera_cannot_be_opened_face_is_refused_by_name() -> None:
    text = (
        "[site]\nsimulation = true\n[pad.infrared]\non = true\n[infrared]\n"
        'driver = "file"\nlamp = "mock"\nsource = "missing.mp4"\n'
    )
    config = parse(text)
    clock = HandClock()
    second = open_second(config, clock)
    camera = Camera(clock, np.zeros((4, 4, 3), np.uint8))
    fault = open_sight(config, camera, second)
    assert isinstance(fault, CameraError)
    assert "missing.mp4" in str(fault)
    assert open_second(parse(""), clock) is None


def test_a_second_camera_that_is_not_the_configured_one_is_refused_by_name() -> None:
    config = parse(
        '[site]\nsimulation = true\n[camera]\ndriver = "file"\n[pad.infrared]\non = true\n'
        '[infrared]\ndriver = "v4l2"\n'
    )
    clock = HandClock()
    camera = Camera(clock, np.zeros((4, 4, 3), np.uint8))
    fault = open_sight(config, camera, NoPair())
    assert isinstance(fault, CameraError)
    assert str(fault) == "infrared camera: origin unknown; expected uvcvideo"


def test_wiping_forgets_the_visit(sitter: Sitter) -> None:
    cue = shown(sitter, Eye(sitter.second_view(1.0, NEAR)), looks=4)
    cue.wipe()
    assert cue.stereo() is None
    assert cue.evidence().frames == 0


def test_where_no_second_camera_is_fitted_there_is_no_pair() -> None:
    eye = NoPair()
    with eye.beside(0) as seen:
        assert seen is None
    eye.rest()
    eye.close()
    assert eye.origin is None
