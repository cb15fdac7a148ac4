"""The room that sees, turn by turn: one camera, one link, and what gate allows them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import ModelError, PictureError, SanmenError
from appliance.messages import (
    CuesSeen,
    Guidance,
    Health,
    Hint,
    IntentSeen,
    QrRead,
    Ready,
    VisitAbandoned,
)
from appliance.orders import (
    Conclude,
    LightShown,
    Prompted,
    SetMode,
    SetPreview,
    StartVisit,
    StopVisit,
)
from appliance.vision.acquisition import Acquisition, AcquisitionSettings, Sample
from appliance.vision.features import RECIPE
from appliance.vision.intent import IntentGate, IntentSettings
from appliance.vision.pad.look import Light, Prompt
from appliance.vision.pipeline import FacePipeline, Setting
from appliance.vision.qr_image import QrReader
from appliance.vision.tracking import Sighting, Tracker
from hardware.errors import DeviceError, EndOfFootageError

if TYPE_CHECKING:
    from appliance.clock import Clock
    from appliance.link import Link
    from appliance.vision.preview import Preview
    from appliance.vision.samples import Face
    from hardware.ports import Camera, Frame

HEALTH_NS = 500_000_000
"""Twice a second; gate takes vision for lost after two seconds without."""
ALONE_NS = 1_000_000_000
"""After nobody was in view for so long, the models are rinsed."""
PACE_NS = 100_000_000
"""A turn without a picture takes so long at least: a camera that is gone says so at once."""


class VisionRoom:
    """One camera, one link, and whatever gate allows them to be used for.

    Args:
        camera: lends pictures.
        link: to gate.
        clock: shared with gate.
        pipeline: the face models, or why there are none.
        preview: shows the camera's picture on the screen when gate says so, or None.

    """

    def __init__(
        self,
        camera: Camera,
        link: Link,
        clock: Clock,
        pipeline: FacePipeline | SanmenError,
        intent: IntentSettings | None = None,
        acquisition: AcquisitionSettings | None = None,
        preview: Preview | None = None,
    ) -> None:
        self._camera = camera
        self._link = link
        self._clock = clock
        self._pipeline = pipeline if isinstance(pipeline, FacePipeline) else None
        self._face_fault = str(pipeline)[:400] if isinstance(pipeline, SanmenError) else ""
        self.camera_fault = ""
        self._intent = IntentGate(intent or IntentSettings())
        self._settings = acquisition or AcquisitionSettings()
        self._preview = preview
        self._tracker = Tracker()
        self._qr = QrReader()
        self._mode = SetMode(face=False, qr=False)
        self._gathering: Acquisition | None = None
        self._light: Light | None = None
        self._prompt: Prompt | None = None
        self._asked_ns: int | None = None
        self._hint = Hint.NONE
        self._frames = 0
        self._health_ns = 0
        self._seen_ns: int | None = None
        self._lent_ns = clock.now_ns()
        origin = str(camera.origin or "")[:400]
        link.send(Ready(RECIPE, camera.identity[:400], self._face_fault, origin))

    @property
    def starved_ns(self) -> int:
        """How long the camera has lent no picture, nanoseconds."""
        return self._clock.now_ns() - self._lent_ns

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
                case StopVisit() | Conclude() | Prompted() | LightShown():
                    self._hear(message)
                case SetPreview(on) if self._preview is not None:
                    self._preview.tell(on=on)
        self._follow()
        begun_ns = self._clock.now_ns()
        try:
            with self._camera.borrow() as frame:
                self._lent_ns = self._clock.now_ns()
                self._frames += 1
                self.camera_fault = ""
                self._look(frame)
            self._forget()
        except EndOfFootageError:
            raise
        except (DeviceError, PictureError) as fault:
            self.camera_fault = str(fault)[:400]
            self._abandon()
            self._clock.sleep_until_ns(begun_ns + PACE_NS)
        except ModelError as fault:
            # A model that fails once cannot be trusted again: face stops, codes are still read.
            self._face_fault = str(fault)[:400]
            self._pipeline = None
            self._abandon()
        self._follow()
        self._tell_health()

    def _follow(self) -> None:
        if self._preview is not None:
            self._preview.follow(visiting=self._gathering is not None, codes=self._mode.qr)

    def _hear(self, message: StopVisit | Conclude | Prompted | LightShown) -> None:
        gathering = self._gathering
        if gathering is None or gathering.visit != message.visit:
            return  # of a visit that ended meanwhile
        match message:
            case StopVisit():
                self._end_visit()
            case Conclude():
                gathering.conclude()
                self._give_evidence(gathering)
            case Prompted(asked=asked, shown_ns=shown_ns):
                self._prompt = Prompt(asked, shown_ns)
            case LightShown(tint=tint, brightness=brightness, shown_ns=shown_ns):
                self._light = Light(tint, brightness, shown_ns)

    def _start(self, start: StartVisit) -> None:
        intent_ns = self._asked_ns or self._clock.now_ns()
        self._asked_ns = None
        if self._pipeline is None:
            self._link.send(VisitAbandoned(start.visit, self._clock.now_ns(), Hint.NONE))
            return
        self._pipeline.forget()
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
        self._pipeline.glance(frame.pixels, faces, frame.taken_ns, self._setting(frame))
        complete, hint = self._intent.update(sighting, frame.taken_ns)
        self._guide(hint)
        if complete:
            self._asked_ns = self._clock.now_ns()
            self._intent.spend(frame.taken_ns, decided=False)
            self._link.send(IntentSeen(self._asked_ns))

    def _gather(
        self, pipeline: FacePipeline, gathering: Acquisition, frame: Frame, sighting: Sighting
    ) -> None:
        face = sighting.face
        if sighting.accompanied:
            self._restart(pipeline, gathering, Hint.ONE_PERSON)
        elif face is not None:
            if not sighting.same:
                self._restart(pipeline, gathering, gathering.hint)
            self._sample(pipeline, gathering, frame, face)
        self._guide(gathering.hint)
        if self._give_evidence(gathering):
            return
        progress = gathering.progress()
        if progress is not None:
            self._link.send(progress)
        over = gathering.over(self._clock.now_ns())
        if over is not None:
            self._link.send(over)
            self._end_visit()

    def _sample(
        self, pipeline: FacePipeline, gathering: Acquisition, frame: Frame, face: Face
    ) -> None:
        seen = pipeline.sample(
            frame.pixels,
            face,
            frame.taken_ns,
            reference=gathering.enrols,
            setting=self._setting(frame),
            compared=gathering.wants(frame.taken_ns),
        )
        if not isinstance(seen, Sample):
            gathering.refuse(seen, frame.taken_ns)
        elif not gathering.add(seen):
            pipeline.forget()  # another face in the place of the first

    def _restart(self, pipeline: FacePipeline, gathering: Acquisition, hint: Hint) -> None:
        gathering.restart(hint)
        pipeline.forget()

    def _give_evidence(self, gathering: Acquisition) -> bool:
        """Send the evidence if it is due, else how far the cues are; True if the visit is over."""
        if self._pipeline is None or not gathering.complete:
            return False
        now_ns, cues = self._clock.now_ns(), self._pipeline.evidence()
        if not gathering.due(now_ns):
            if not gathering.enrols:
                self._link.send(CuesSeen(gathering.visit, now_ns, cues))
            return False
        self._link.send(gathering.evidence(cues))
        self._end_visit(decided=True)
        return True

    def _setting(self, frame: Frame) -> Setting:
        return Setting(frame.sequence, frame.exposure, self._light, self._prompt)

    def _end_visit(self, *, decided: bool = False) -> None:
        if self._gathering is not None:
            self._gathering.wipe()
            if self._pipeline is not None:
                self._pipeline.forget()
            self._rinse()
        self._gathering, self._light, self._prompt = None, None, None
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
