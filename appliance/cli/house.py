"""Vision and gate in one process, joined by a real socket pair: for demo, enrolment, evaluation."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from appliance.camera_section import CameraSection
from appliance.cli.card import issued_soft_card
from appliance.errors import EnrolmentError
from appliance.gate import process as gate
from appliance.gate.archive import Archive, open_archive
from appliance.gate.enrolment import desk
from appliance.gate.enrolment.consent import Consent, GivenBy
from appliance.gate.rules import build_rules
from appliance.link import Link, pair
from appliance.messages import FROM_VISION, Hint
from appliance.orders import FROM_GATE
from appliance.sections import (
    Config,
    DoorSection,
    Methods,
    ReaderSection,
    Site,
    Store,
)
from appliance.vision import process as vision
from appliance.vision.room import VisionRoom
from hardware.errors import EndOfFootageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.errors import SanmenError
    from appliance.gate.enrolment.desk import Application
    from appliance.gate.notices import Notice
    from appliance.vision.pipeline import FacePipeline
    from hardware.door_gpio import MockDoor
    from hardware.ports import Camera
    from hardware.sim.card import SoftCard
    from hardware.sim.reader import SimReader


CARD_TURNS = 20
"""Turns of the gate in which any conversation with a card is over."""


def temporary_config(folder: Path) -> Config:
    """Return a simulated gate with all three doors whose store lies in `folder`."""
    return Config(
        site=Site(simulation=True),
        store=Store(folder=str(folder / "state"), key_file=str(folder / "device.key")),
        camera=CameraSection(driver="file"),
        methods=Methods(face=True),
        door=DoorSection(driver="mock"),
        reader=ReaderSection(driver="sim", source=str(folder / "reader")),
    )


class House:
    """A whole gate without its process walls.

    The rooms speak over a socket with all its checks and share nothing else; each turn of the
    house lets vision look at one picture and gate take in what came of it.

    Args:
        config: of the gate.
        clock: shared by both rooms.
        tell: is told what gate does.
        pipeline: the opened face models, or why there are none.

    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        tell: Callable[[Notice], None],
        pipeline: FacePipeline | SanmenError | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        with ExitStack() as undo:
            self.door = gate.open_door(config, clock)
            undo.callback(self.door.close)
            self.reader = gate.open_reader(config, clock)
            undo.callback(self.reader.close)
            self.archive = open_archive(config, clock)
            undo.callback(self.archive.close)
            self.controller = gate.build_controller(
                config, self.archive, clock, self.door, self.reader, tell
            )
            undo.callback(self.controller.close)
            self._ending = undo.pop_all()
        self._pipeline = _opened(config) if pipeline is None else pipeline
        self._room: VisionRoom | None = None
        self._watching = ExitStack()

    def enrol(self, application: Application, camera: Camera, show: Callable[[Hint], None]) -> str:
        """Enrol one person who stands before `camera`; return the pseudonym.

        Raises:
            EnrolmentError: see `Desk.enrol`.
            DeviceError: the camera failed or its footage ended.

        """
        return enrol_face(
            self._config,
            self._clock,
            self.archive,
            application,
            camera,
            show,
            self._pipeline,
        )

    def watch(self, camera: Camera) -> None:
        """Let vision look through `camera` from now on."""
        near, far = pair()
        link = Link(far, FROM_GATE, self._clock)
        self._watching.close()
        self._watching.callback(link.close)
        self._room = VisionRoom(camera, link, self._clock, self._pipeline)
        self.controller.meet(Link(near, FROM_VISION, self._clock))

    def step(self) -> bool:
        """Let both rooms do one turn; False when a file camera is at its end."""
        self.controller.step()
        running = True
        if self._room is not None:
            try:
                self._room.step()
            except EndOfFootageError:
                running = False
        self.controller.step()
        return running

    def issue_card(self, pseudonym: str) -> SoftCard:
        """Write a blank software card for a resident.

        Raises:
            CardError, RosterError: as `CardDesk.issue`.

        """
        return issued_soft_card(self.archive, self._config, pseudonym)

    def hold_card(self, card: SoftCard) -> None:
        """Hold a software card to the reader until gate has decided on it."""
        reader = cast("SimReader", self.reader)
        number = reader.hold(card)
        for _ in range(CARD_TURNS):
            self.controller.step()
        reader.take_away(number)
        self.controller.step()

    def move_door(self, *, opened: bool) -> None:
        """Open the door's leaf, or let it fall shut: the mock pin of its contact follows."""
        cast("MockDoor", self.door).drive("door", active=opened)

    def close(self) -> None:
        """Secure the door, overwrite and close everything."""
        self._watching.close()
        self._ending.close()


def enrol_face(
    config: Config,
    clock: Clock,
    archive: Archive,
    application: Application,
    camera: Camera,
    show: Callable[[Hint], None],
    pipeline: FacePipeline | SanmenError | None = None,
) -> str:
    """Enrol one person who stands before `camera`; return the pseudonym.

    Raises:
        EnrolmentError: see `Desk.enrol`; also when footage ends too early.
        DeviceError: the camera failed.

    """
    near, far = pair()
    link = Link(near, FROM_VISION, clock)
    room = VisionRoom(
        camera,
        Link(far, FROM_GATE, clock),
        clock,
        vision.open_sight(config, camera) if pipeline is None else pipeline,
    )
    rules = build_rules(config)
    hints = [Hint.NONE]

    def guide(hint: Hint) -> None:
        hints.append(hint)
        show(hint)

    try:
        return archive.desk(clock).enrol(
            application,
            lambda: desk.capture(link, clock, room.step, guide),
            rules.cues,
            config.face.threshold,
        )
    except EndOfFootageError as fault:
        why = next((hint.value for hint in reversed(hints) if hint is not Hint.NONE), "too short")
        raise EnrolmentError("face", f"the footage ended: {why}", "a clear face in it") from fault
    finally:
        near.close()
        far.close()


def _opened(config: Config) -> FacePipeline | SanmenError:
    """Open the face models; footage is stamped by arithmetic."""
    return vision.open_pipeline(pad=config.pad, timed=config.camera.driver != "file")


def trial_consent(now: datetime) -> Consent:
    """Return the consent under which footage is enrolled for a demonstration or evaluation."""
    return Consent(
        notice_version="demonstration",
        purpose="show or measure this program; erased at its end",
        given_by=GivenBy.SELF,
        given_at=now,
        expires_at=now + timedelta(hours=1),
        how="the footage's licence",
    )
