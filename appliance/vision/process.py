"""The room that sees: camera -> stages -> evidence; the only builder in this room."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import ConfigError, LinkClosedError, LinkError, ModelError, PictureError
from appliance.hardening import complain, lock_down
from appliance.link import Link, connect
from appliance.messages import (
    FROM_GATE,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    QrRead,
    Ready,
    SetMode,
    StartVisit,
    StopVisit,
    VisitAbandoned,
)
from appliance.vision.acquisition import Acquisition, AcquisitionSettings, Sample
from appliance.vision.features import RECIPE
from appliance.vision.inference import ModelShelf
from appliance.vision.intent import IntentGate, IntentSettings
from appliance.vision.pipeline import FacePipeline
from appliance.vision.qr_image import QrReader
from appliance.vision.tracking import Sighting, Tracker
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError, EndOfFootageError
from hardware.ports import CameraOptions

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.sections import Config
    from hardware.ports import Camera, Frame

HEALTH_NS = 500_000_000
"""Twice a second; gate takes vision for lost after two seconds without."""


ALONE_NS = 1_000_000_000
"""After nobody was in view for so long, the models are rinsed."""


class VisionRoom:
    """One camera, one link, and whatever gate allows them to be used for.

    Args:
        camera: lends pictures.
        link: to gate.
        clock: shared with gate.
        pipeline: the face models, or why there are none.

    """

    def __init__(
        self,
        camera: Camera,
        link: Link,
        clock: Clock,
        pipeline: FacePipeline | ModelError,
        intent: IntentSettings | None = None,
        acquisition: AcquisitionSettings | None = None,
    ) -> None:
        self._camera = camera
        self._link = link
        self._clock = clock
        self._pipeline = pipeline if isinstance(pipeline, FacePipeline) else None
        self._face_fault = str(pipeline)[:400] if isinstance(pipeline, ModelError) else ""
        self.camera_fault = ""
        self._intent = IntentGate(intent or IntentSettings())
        self._settings = acquisition or AcquisitionSettings()
        self._tracker = Tracker()
        self._qr = QrReader()
        self._mode = SetMode(face=False, qr=False)
        self._gathering: Acquisition | None = None
        self._asked_ns: int | None = None
        self._hint = Hint.NONE
        self._frames = 0
        self._health_ns = 0
        self._seen_ns: int | None = None
        link.send(Ready(RECIPE, camera.identity[:400], self._face_fault))

    def step(self) -> None:
        """Hear gate, look at one picture, tell gate.

        Raises:
            LinkError: gate is gone or sends nonsense; the room ends and is started anew.
            EndOfFootageError: a file camera is at its end.

        """
        for message in self._link.receive():
            match message:
                case SetMode():
                    if self._mode.face and not message.face:
                        self._rinse()  # no further picture will overwrite the last
                    self._mode = message
                    self._tracker = Tracker()  # nobody was watched meanwhile: dwell begins anew
                case StartVisit():
                    self._start(message)
                case StopVisit(visit) if self._gathering and self._gathering.visit == visit:
                    self._end_visit()
                case _:
                    pass  # a visit that ended meanwhile
        try:
            with self._camera.borrow() as frame:
                self._frames += 1
                self.camera_fault = ""
                self._look(frame)
            self._forget()
        except EndOfFootageError:
            raise
        except (DeviceError, PictureError) as fault:
            self.camera_fault = str(fault)[:400]
            self._abandon()
        except ModelError as fault:
            # A model that fails once cannot be trusted again: face stops, codes are still read.
            self._face_fault = str(fault)[:400]
            self._pipeline = None
            self._abandon()
        self._tell_health()

    def _start(self, start: StartVisit) -> None:
        intent_ns = self._asked_ns or self._clock.now_ns()
        self._asked_ns = None
        if self._pipeline is None:
            self._link.send(VisitAbandoned(start.visit, self._clock.now_ns(), Hint.NONE))
            return
        self._gathering = Acquisition(start, intent_ns, self._settings)

    def _look(self, frame: Frame) -> None:
        if self._mode.qr:
            text = self._qr.look(frame.pixels, frame.taken_ns)
            if text:
                self._link.send(QrRead(frame.taken_ns, text))
        if self._pipeline is None or not (self._mode.face or self._gathering):
            return
        faces = self._pipeline.detect(frame.pixels)
        if faces:
            self._seen_ns = self._clock.now_ns()
        sighting = self._tracker.update(faces)
        if self._gathering is not None:
            self._gather(self._pipeline, self._gathering, frame, sighting)
            return
        complete, hint = self._intent.update(sighting, frame.taken_ns)
        self._guide(hint)
        if complete:
            self._asked_ns = self._clock.now_ns()
            self._intent.spend(frame.taken_ns, decided=False)
            self._link.send(IntentSeen(self._asked_ns))

    def _gather(
        self, pipeline: FacePipeline, gathering: Acquisition, frame: Frame, sighting: Sighting
    ) -> None:
        now_ns = self._clock.now_ns()
        face = sighting.face
        if face is not None and not sighting.same:
            gathering.restart(gathering.hint)
        if sighting.accompanied:
            gathering.restart(Hint.ONE_PERSON)
            gathering.refuse(Hint.ONE_PERSON)
        elif face is not None and gathering.wants(frame.taken_ns):
            seen = pipeline.sample(frame.pixels, face, frame.taken_ns, reference=gathering.enrols)
            if isinstance(seen, Sample):
                evidence = gathering.add(seen)
                if evidence is not None:
                    self._link.send(evidence)
                    self._end_visit(decided=True)
                    return
            else:
                gathering.refuse(seen)
        self._guide(gathering.hint)
        over = gathering.over(now_ns)
        if over is not None:
            self._link.send(over)
            self._end_visit()

    def _end_visit(self, *, decided: bool = False) -> None:
        if self._gathering is not None:
            self._gathering.wipe()
            self._rinse()
        self._gathering = None
        self._intent.spend(self._clock.now_ns(), decided=decided)
        self._guide(Hint.NONE)

    def _forget(self) -> None:
        """Rinse the models once nobody has been in view for a while.

        A passer-by's pixels stay in the detector until its next picture, 40 ms later, and of the
        last picture they were in for another second; when face is switched off in mid-view, too.
        """
        if self._seen_ns is None or self._gathering is not None:
            return
        if self._clock.now_ns() - self._seen_ns >= ALONE_NS:
            self._seen_ns = None
            self._rinse()

    def _rinse(self) -> None:
        try:
            if self._pipeline is not None:
                self._pipeline.rinse()
        except ModelError as fault:
            self._face_fault = str(fault)[:400]
            self._pipeline = None  # and with it everything it held

    def _abandon(self) -> None:
        self._asked_ns = None
        self._tracker = Tracker()
        if self._gathering is not None:
            visit = self._gathering.visit
            self._end_visit()
            self._link.send(VisitAbandoned(visit, self._clock.now_ns(), Hint.NONE))

    def _guide(self, hint: Hint) -> None:
        if hint is not self._hint:
            self._hint = hint
            self._link.send(Guidance(self._clock.now_ns(), hint))

    def _tell_health(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns - self._health_ns >= HEALTH_NS:
            self._health_ns = now_ns
            self._link.send(Health(now_ns, self._frames, self.camera_fault, self._face_fault))


def open_pipeline(shelf: ModelShelf | None = None) -> FacePipeline | ModelError:
    """Return the face models, or why they cannot be used; card and QR go on without."""
    try:
        return FacePipeline(shelf or ModelShelf())
    except ModelError as fault:
        return fault


def camera_options(config: Config) -> CameraOptions:
    """Return how the configured camera is opened."""
    return CameraOptions(
        driver=config.camera.driver,
        source=config.camera.source,
        width=config.camera.width,
        height=config.camera.height,
        fps=config.camera.fps,
        repeat=config.camera.repeat,
        dark_after=config.camera.dark_after,
    )


def open_camera(options: CameraOptions, clock: Clock) -> Camera:
    """Return the camera of a driver's name.

    Raises:
        DeviceError: unknown driver, or the camera cannot be opened.

    """
    return board.open_camera(options, clock)


def main(config_path: Path, socket_path: Path) -> int:
    """Run the room until SIGTERM or until gate is gone; return the exit code."""
    complain("vision", lock_down())
    clock = SystemClock()
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watchdog = Watchdog()
    pipeline = open_pipeline()
    try:
        config = load(config_path)
        camera = open_camera(camera_options(config), clock)
    except (ConfigError, DeviceError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 3
    link: Link | None = None
    try:
        link = Link(connect(socket_path), FROM_GATE, clock)
        room = VisionRoom(
            camera, link, clock, pipeline, IntentSettings(near_px=config.face.near_px)
        )
        watchdog.ready()
        while not stop:
            room.step()
            watchdog.alive(room.camera_fault)
    except LinkClosedError:
        return 0  # gate has gone; the supervisor decides what next
    except (LinkError, EndOfFootageError) as fault:
        sys.stderr.write(f"vision: {fault}\n")
        return 1
    finally:
        camera.close()
        if link is not None:
            link.close()
    return 0
