"""The room that sees, with a real pipeline and camera file and the test in gate's place."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from time import process_time_ns
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from appliance.clock import SkippingClock
from appliance.errors import CameraError, LinkClosedError, ModelError, PictureError
from appliance.link import Door, Link, pair
from appliance.messages import (
    FROM_VISION,
    CuesSeen,
    FaceEvidence,
    Gathered,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    Purpose,
    QrRead,
    Ready,
    Tint,
    Turn,
    VisitAbandoned,
)
from appliance.orders import (
    FROM_GATE,
    Conclude,
    LightShown,
    Prompted,
    SetMode,
    StartVisit,
    StopVisit,
)
from appliance.vision import detection, features, landmarks, process, quality
from appliance.vision import pipeline as pipeline_module
from appliance.vision.acquisition import Sample
from appliance.vision.pad import texture
from appliance.vision.pad.look import Light, Prompt
from appliance.vision.pipeline import FacePipeline
from appliance.vision.room import VisionRoom
from appliance.vision.samples import brief
from hardware.errors import DeviceStuckError
from hardware.ports import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from appliance.errors import SanmenError
    from appliance.messages import Message
    from appliance.vision.inference import ModelShelf
    from appliance.vision.pad.look import Look

SECOND = 1_000_000_000
VISIT = bytes(range(16))
EMPTY = np.full((360, 640, 3), 90, np.uint8)


class StillCamera:
    """Lends a copy of one picture 25 times a second, and overwrites it when it comes back."""

    identity = "still"
    origin = None

    def __init__(self, clock: SkippingClock, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.fault: Exception | None = None
        self.lent: list[NDArray[np.uint8]] = []
        self._clock = clock
        self._count = 0

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        self._clock.sleep_until_ns(self._clock.now_ns() + SECOND // 25)
        if self.fault is not None:
            raise self.fault
        self._count += 1
        lent = self.pixels.copy()
        self.lent.append(lent)
        yield Frame(lent, self._clock.now_ns(), self._count)
        lent.fill(0)
        assert timeout_s > 0

    def close(self) -> None:
        self.lent.clear()


class Room:
    """Vision, its camera, and gate's end of the link."""

    def __init__(self, pipeline: FacePipeline | ModelError, pixels: NDArray[np.uint8]) -> None:
        self.pipeline = cast("FacePipeline", pipeline)
        self.clock = SkippingClock(process_time_ns)
        self.camera = StillCamera(self.clock, pixels)
        near, far = pair()
        self.gate = Link(near, FROM_VISION, self.clock)
        self._far = Link(far, FROM_GATE, self.clock)
        self.room = VisionRoom(self.camera, self._far, self.clock, pipeline)

    def run(self, seconds: float) -> list[Message]:
        """Let the room look for so long; return what it said, heartbeats aside."""
        heard: list[Message] = []
        until = self.clock.now_ns() + round(seconds * SECOND)
        while self.clock.now_ns() < until:
            self.room.step()
            heard += self.gate.receive()
        return [one for one in heard if not isinstance(one, Health | Ready)]

    def start(
        self, purpose: Purpose = Purpose.IDENTIFY, seconds: float = 4, turn: Turn | None = None
    ) -> None:
        deadline = self.clock.now_ns() + round(seconds * SECOND)
        self.gate.send(StartVisit(VISIT, purpose, deadline, turn=turn))

    def close(self) -> None:
        self.gate.close()
        self._far.close()


@pytest.fixture(scope="session")
def pipeline(shelf: ModelShelf) -> FacePipeline:
    return FacePipeline(shelf)


@pytest.fixture
def make(pipeline: FacePipeline) -> Iterator[Callable[..., Room]]:
    made: list[Room] = []

    def build(pixels: NDArray[np.uint8], models: FacePipeline | ModelError | None = None) -> Room:
        made.append(Room(models or pipeline, pixels))
        return made[-1]

    yield build
    for one in made:
        one.close()


@pytest.fixture
def work(pipeline: FacePipeline, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what the pipeline is asked."""
    asked: list[str] = []
    detect, sample = pipeline.detect, pipeline.sample

    def counted_detect(*given: object) -> object:
        asked.append("detect")
        return detect(*given)  # type: ignore[arg-type]

    def counted_sample(*given: object, **more: object) -> object:
        asked.append("sample")
        return sample(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "detect", counted_detect)
    monkeypatch.setattr(pipeline, "sample", counted_sample)
    return asked


def test_until_gate_says_so_nothing_is_looked_for(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]], work: list[str]
) -> None:
    room = make(woman[0])
    assert room.run(2) == []
    room.gate.send(SetMode(face=False, qr=True))
    assert room.run(2) == []
    assert work == []


def test_before_an_act_of_intent_only_the_detector_runs(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]], work: list[str]
) -> None:
    far = EMPTY.copy()
    far[:120, :214] = woman[0][::3, ::3]
    room = make(far)
    room.gate.send(SetMode(face=True, qr=False))
    said = room.run(3)
    assert "sample" not in work
    assert "detect" in work
    assert not any(isinstance(one, IntentSeen) for one in said)


def test_intent_asks_for_a_visit_and_waits_for_it(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]], work: list[str]
) -> None:
    room = make(woman[0])
    room.gate.send(SetMode(face=True, qr=False))
    said = room.run(1)
    assert any(isinstance(one, IntentSeen) for one in said)
    assert "sample" not in work


def test_face_switched_off_and_on_makes_dwell_begin_anew(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.gate.send(SetMode(face=True, qr=False))
    room.run(0.2)
    room.gate.send(SetMode(face=False, qr=False))
    room.run(5)
    room.gate.send(SetMode(face=True, qr=False))
    assert not any(isinstance(one, IntentSeen) for one in room.run(0.2))


def test_a_camera_that_is_stuck_is_told_and_ends_the_visit(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.start()
    room.camera.fault = DeviceStuckError("still", "no picture", "one")
    said = room.run(0.1)
    assert any(isinstance(one, VisitAbandoned) for one in said)
    room.clock.sleep_until_ns(room.clock.now_ns() + SECOND)
    room.room.step()
    health = [one for one in room.gate.receive() if isinstance(one, Health)]
    assert "no picture" in health[-1].camera_fault
    room.camera.fault = None
    room.clock.sleep_until_ns(room.clock.now_ns() + SECOND)
    room.room.step()
    assert [one.camera_fault for one in room.gate.receive() if isinstance(one, Health)] == [""]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((100, 100), np.uint8),
        np.zeros((100, 100, 3), np.uint16),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((4320, 7680, 3), np.uint8),
    ],
    ids=["grey", "16 bit", "1x1", "8K"],
)
def test_a_picture_that_is_none_is_a_camera_fault_and_no_crash(
    make: Callable[..., Room], pixels: NDArray[np.uint8]
) -> None:
    room = make(pixels)
    room.gate.send(SetMode(face=True, qr=True))
    room.clock.sleep_until_ns(room.clock.now_ns() + SECOND)
    room.room.step()
    health = [one for one in room.gate.receive() if isinstance(one, Health)]
    assert "picture" in health[-1].camera_fault


@pytest.mark.parametrize(
    "fault",
    [
        ModelError("model sface", "SHA-256 wrong", "the right one"),
        CameraError("camera", "driver virtual (OBS)", "uvcvideo"),
    ],
    ids=["an altered model", "another camera"],
)
def test_without_face_visits_are_given_back_and_codes_are_read(
    make: Callable[..., Room], monkeypatch: pytest.MonkeyPatch, fault: SanmenError
) -> None:
    room = make(EMPTY, fault)
    ready = room.gate.receive()[0]
    assert isinstance(ready, Ready)
    assert ready.face_fault == str(fault)
    monkeypatch.setattr("appliance.vision.qr_image.decode", lambda _: "SM1:TEXT")
    room.gate.send(SetMode(face=True, qr=True))
    room.start()
    said = room.run(0.2)
    assert [one.hint for one in said if isinstance(one, VisitAbandoned)] == [Hint.NONE]
    assert [one.text for one in said if isinstance(one, QrRead)] == ["SM1:TEXT"]


def test_a_model_that_fails_while_running_stops_face_for_good(
    make: Callable[..., Room], pipeline: FacePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ModelError("model yunet", "broken", "a result")

    monkeypatch.setattr(pipeline, "detect", fail)
    room = make(EMPTY)
    room.start()
    assert any(isinstance(one, VisitAbandoned) for one in room.run(0.1))
    room.start()
    assert any(isinstance(one, VisitAbandoned) for one in room.run(0.1))


def test_nobody_there_ends_the_visit(make: Callable[..., Room]) -> None:
    room = make(EMPTY)
    room.start()
    said = room.run(1.5)
    assert [type(one) for one in said] == [VisitAbandoned]


def test_a_visit_taken_back_gives_no_evidence(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.start()
    room.gate.send(StopVisit(VISIT))
    room.gate.send(StopVisit(bytes(16)))
    assert not any(isinstance(one, FaceEvidence) for one in room.run(1))


def test_two_people_are_asked_to_come_one_by_one(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(np.vstack([woman[0], woman[0]]))
    room.start()
    said = room.run(1.5)
    assert not any(isinstance(one, FaceEvidence) for one in said)
    assert Hint.ONE_PERSON in [one.hint for one in said if isinstance(one, Guidance)]


def test_gate_gone_ends_the_room(make: Callable[..., Room]) -> None:
    room = make(EMPTY)
    room.gate.close()
    with pytest.raises(LinkClosedError):
        room.room.step()


def test_a_visit_gives_evidence_once_when_asked_and_its_pictures_are_overwritten(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.start()
    room.gate.send(Conclude(VISIT))
    said = [one for one in room.run(3.5) if isinstance(one, FaceEvidence)]
    assert len(said) == 1
    assert said[0].visit == VISIT
    assert [cue.cue for cue in said[0].cues] == list(room.pipeline.cues.names)
    assert not any(lent.any() for lent in room.camera.lent)
    assert room.room._gathering is None
    assert all(cue.frames == 0 for cue in room.pipeline.evidence())


def test_until_gate_has_seen_enough_the_cues_are_told_and_no_probe(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.start()
    room.gate.send(Conclude(bytes(16)))
    said = room.run(3)
    assert not any(isinstance(one, FaceEvidence) for one in said)
    seen = [one for one in said if isinstance(one, CuesSeen)]
    assert len(seen) > 1
    assert {one.visit for one in seen} == {VISIT}


def test_a_visit_that_nobody_concludes_is_given_before_its_deadline(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    began_ns = room.clock.now_ns()
    room.start(seconds=3)
    said = room.run(3.5)
    evidence = [one for one in said if isinstance(one, FaceEvidence)]
    assert len(evidence) == 1
    # Newer than a second, or gate would call it stale: not only the first pictures are in it.
    assert began_ns + 2 * SECOND <= evidence[0].taken_ns <= began_ns + 3 * SECOND
    assert not any(isinstance(one, VisitAbandoned) for one in said)


def test_what_the_screen_shows_and_asks_reaches_the_cues_of_its_visit_only(
    make: Callable[..., Room],
    woman: list[NDArray[np.uint8]],
    pipeline: FacePipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[Look] = []
    monkeypatch.setattr(pipeline.cues, "look", looks.append)
    room = make(woman[0])
    room.start()
    room.gate.send(Prompted(bytes(16), Hint.BLINK, 1))
    room.gate.send(LightShown(bytes(16), Tint.WARM, 1.0, 1))
    room.run(0.3)
    assert {(look.prompt, look.light) for look in looks} == {(None, None)}
    looks.clear()
    room.gate.send(Prompted(VISIT, Hint.TURN_SLIGHTLY, 5))
    room.gate.send(LightShown(VISIT, Tint.COOL, 0.5, 6))
    room.run(0.3)
    assert looks[-1].prompt == Prompt(Hint.TURN_SLIGHTLY, 5)
    assert looks[-1].light == Light(Tint.COOL, 0.5, 6)
    room.gate.send(StopVisit(VISIT))
    room.run(0.1)
    room.start()
    looks.clear()
    room.run(0.3)
    assert {(look.prompt, look.light) for look in looks} == {(None, None)}


@pytest.mark.parametrize(
    ("mirrored", "turn", "hint"),
    [(False, Turn.LEFT, Hint.TURN_LEFT), (True, Turn.RIGHT, Hint.TURN_RIGHT)],
)
def test_a_head_turned_the_other_way_gives_no_part_and_is_told_which_way(
    make: Callable[..., Room],
    woman: list[NDArray[np.uint8]],
    *,
    mirrored: bool,
    turn: Turn,
    hint: Hint,
) -> None:
    """The woman has turned by 12 degrees to her own right."""
    room = make(np.ascontiguousarray(woman[0][:, ::-1]) if mirrored else woman[0])
    room.start(Purpose.ENROL, 3, turn)
    said = room.run(4)
    assert not any(isinstance(one, FaceEvidence | Gathered) for one in said)
    assert hint in [one.hint for one in said if isinstance(one, Guidance)]
    assert VisitAbandoned in map(type, said)


@pytest.mark.parametrize(("mirrored", "turn"), [(False, Turn.RIGHT), (True, Turn.LEFT)])
def test_a_head_turned_as_asked_gives_its_part(
    make: Callable[..., Room],
    woman: list[NDArray[np.uint8]],
    *,
    mirrored: bool,
    turn: Turn,
) -> None:
    room = make(np.ascontiguousarray(woman[0][:, ::-1]) if mirrored else woman[0])
    room.start(Purpose.ENROL, 3, turn)
    (evidence,) = [one for one in room.run(3) if isinstance(one, FaceEvidence)]
    assert evidence.frames == 4


def test_a_frontal_part_tells_how_far_it_is_and_then_gives_its_evidence(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.start(Purpose.ENROL, 6, Turn.FRONT)
    said = room.run(6)
    shares = [round(one.share, 1) for one in said if isinstance(one, Gathered)]
    assert shares == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    (evidence,) = [one for one in said if isinstance(one, FaceEvidence)]
    assert evidence.frames == 10


def test_the_room_needs_a_configuration_a_camera_and_a_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("appliance.vision.process.signal.signal", lambda *_: None)
    monkeypatch.setattr(process, "Watchdog", lambda: None)
    monkeypatch.setattr(process, "open_pipeline", lambda **_: ModelError("model", "none", "one"))
    path = tmp_path / "gate.toml"
    path.write_text("x = 1")
    assert process.main(path, tmp_path / "socket") == 3
    path.write_text('[camera]\ndriver = "file"\nsource = "missing.mp4"\n')
    assert process.main(path, tmp_path / "socket") == 3
    assert "simulation" in capsys.readouterr().err
    path.write_text(
        '[site]\nsimulation = true\n[camera]\ndriver = "file"\nsource = "missing.mp4"\n'
    )
    assert process.main(path, tmp_path / "socket") == 3
    assert "missing.mp4" in capsys.readouterr().err


class Turns:
    """A watchdog that counts the turns in which the camera gave nothing."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.turning = Event()

    def ready(self) -> None:
        self.turning.set()

    def alive(self, trouble: str) -> None:
        if trouble:
            self.lost.append(trouble)


def test_a_camera_that_is_gone_ends_the_room_so_that_it_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = Turns()
    monkeypatch.setattr("appliance.vision.process.signal.signal", lambda *_: None)
    monkeypatch.setattr(process, "Watchdog", lambda: turns)
    monkeypatch.setattr(process, "open_pipeline", lambda **_: ModelError("model", "none", "one"))
    monkeypatch.setattr(process, "STARVED_NS", SECOND)
    path = tmp_path / "gate.toml"
    path.write_text(
        f'[site]\nsimulation = true\n[camera]\ndriver = "sim"\nsource = "{tmp_path}/camera"\n'
    )
    door = Door(tmp_path / "socket")
    status: list[int] = []
    room = Thread(target=lambda: status.append(process.main(path, tmp_path / "socket")))
    room.start()
    assert turns.turning.wait(60)
    with (tmp_path / "camera").open("wb") as pipe:
        pipe.write(b"gone\n")
    room.join(60)
    door.close()
    assert status == [1]
    assert "no picture any more; expected a camera; starting anew" in capsys.readouterr().err
    # It does not spin meanwhile: ten turns a second at most.
    assert 1 <= len(turns.lost) <= 12


def test_a_camera_that_comes_back_in_time_is_used_on(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    room = make(woman[0])
    room.camera.fault = DeviceStuckError("still", "no picture", "one")
    room.run(3)
    assert room.room.starved_ns > 2 * SECOND
    room.camera.fault = None
    room.run(1)
    assert room.room.starved_ns < SECOND


def test_a_picture_error_names_what_was_met() -> None:
    assert "8x8" in str(PictureError("picture", "8x8 pixels", "more"))


@pytest.fixture
def rinsed(pipeline: FacePipeline, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often the models are rinsed."""
    done: list[str] = []
    rinse = pipeline.rinse

    def counted() -> None:
        rinse()
        done.append("rinse")

    monkeypatch.setattr(pipeline, "rinse", counted)
    return done


def test_the_models_are_rinsed_after_a_visit_and_a_second_after_the_last_person(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]], rinsed: list[str]
) -> None:
    room = make(woman[0])
    room.gate.send(SetMode(face=True, qr=False))
    room.start(seconds=1.5)  # nobody concludes: what there is is given before the deadline
    said = room.run(2)
    assert any(isinstance(one, FaceEvidence) for one in said)
    assert len(rinsed) == 1
    room.camera.pixels = EMPTY
    room.run(0.9)
    assert len(rinsed) == 1
    room.run(0.3)
    assert len(rinsed) == 2
    room.run(3)
    assert len(rinsed) == 2


def test_a_passer_by_is_rinsed_away_and_face_switched_off_rinses_at_once(
    make: Callable[..., Room], woman: list[NDArray[np.uint8]], rinsed: list[str]
) -> None:
    room = make(woman[0])
    room.gate.send(SetMode(face=True, qr=False))
    room.run(0.2)
    assert rinsed == []
    room.gate.send(SetMode(face=False, qr=False))
    room.run(0.05)
    assert len(rinsed) == 1


def test_a_model_that_fails_in_the_rinse_stops_face_and_nothing_else(
    shelf: ModelShelf, make: Callable[..., Room], woman: list[NDArray[np.uint8]]
) -> None:
    broken = FacePipeline(shelf)

    def fail() -> None:
        raise ModelError("model yunet", "broken", "a result")

    broken.rinse = fail  # type: ignore[method-assign]
    room = make(woman[0], broken)
    room.gate.send(SetMode(face=True, qr=True))
    room.run(0.2)
    room.gate.send(SetMode(face=False, qr=True))
    room.run(0.2)
    room.clock.sleep_until_ns(room.clock.now_ns() + SECOND)
    room.room.step()
    health = [one for one in room.gate.receive() if isinstance(one, Health)]
    assert "yunet" in health[-1].face_fault


def test_each_model_has_looked_once_before_vision_says_that_it_is_ready(
    shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rinse, done = FacePipeline.rinse, []

    def counted(pipeline: FacePipeline) -> None:
        rinse(pipeline)
        done.append("rinse")

    monkeypatch.setattr(FacePipeline, "rinse", counted)
    assert isinstance(process.open_pipeline(shelf), FacePipeline)
    assert done == ["rinse"]


def test_a_model_that_fails_in_its_first_look_is_no_pipeline(
    shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: FacePipeline) -> None:
        raise ModelError("model yunet", "broken", "a result")

    monkeypatch.setattr(FacePipeline, "rinse", fail)
    assert isinstance(process.open_pipeline(shelf), ModelError)


def test_every_crop_and_input_of_a_sample_is_overwritten(
    pipeline: FacePipeline, woman: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.generic]] = []
    for module in (detection, landmarks, quality, features, texture, pipeline_module):
        lend = module.brief

        @contextmanager
        def watched(
            values: NDArray[np.generic],
            lend: Callable[..., AbstractContextManager[NDArray[np.generic]]] = lend,
        ) -> Iterator[NDArray[np.generic]]:
            assert values.any()
            seen.append(values)
            with lend(values) as lent:
                yield lent

        monkeypatch.setattr(module, "brief", watched)
    face = pipeline.detect(woman[0])[0]
    sample = pipeline.sample(woman[0], face, 0, reference=True)
    assert isinstance(sample, Sample)
    assert len(seen) >= 20
    assert not any(one.any() for one in seen)
    assert np.linalg.norm(sample.vector) == pytest.approx(1.0)


def test_a_crop_is_overwritten_also_when_the_work_on_it_fails() -> None:
    crop = np.full(8, 7, np.uint8)
    with pytest.raises(PictureError), brief(crop):
        raise PictureError("a", "b", "c")
    assert not crop.any()
