"""The room that sees, as the screen does: its picture comes and goes with gate's leave."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest

from appliance.clock import SkippingClock
from appliance.errors import ModelError
from appliance.link import Door, Link, pair
from appliance.messages import FROM_VISION, Purpose
from appliance.orders import FROM_GATE, SetMode, SetPreview, StartVisit, StopVisit
from appliance.preview_link import HEADER, LARGEST, PreviewSender
from appliance.vision.pipeline import FacePipeline
from appliance.vision.preview import Preview
from appliance.vision.room import VisionRoom
from hardware.ports import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from socket import socket

    from appliance.vision.inference import ModelShelf

VISIT = bytes(range(16))


class Eyes:
    """The room, gate's end of its link and the screen's end of the preview."""

    identity = "wall"
    origin = None

    def __init__(self, path: Path, pipeline: FacePipeline | ModelError) -> None:
        self.clock = SkippingClock()
        self.door = Door(path)
        self.vision: socket | None = None
        self.shown = False
        self.preview = Preview(PreviewSender(path), self.clock)
        near, far = pair()
        self.gate = Link(near, FROM_VISION, self.clock)
        self.far = Link(far, FROM_GATE, self.clock)
        self.room = VisionRoom(self, self.far, self.clock, pipeline, preview=self.preview)

    @contextmanager
    def borrow(self, _timeout_s: float = 1.0) -> Iterator[Frame]:
        self.clock.sleep_until_ns(self.clock.now_ns() + 40_000_000)
        frame = Frame(np.full((360, 640, 3), 90, np.uint8), self.clock.now_ns(), 1)
        self.preview.look(frame)  # as the camera's thread does
        yield frame

    def turn(self, count: int = 5) -> None:
        for _ in range(count):
            self.room.step()
            self.gate.receive()

    def sees(self) -> bool:
        """Whether the screen shows something after some turns."""
        self.turn()
        self.take()
        return self.shown

    def take(self) -> None:
        """Take what waits: a picture, the black one taken at 0, or the end."""
        self.vision = self.vision or self.door.accept()
        if self.vision is None:
            return
        self.vision.setblocking(False)  # noqa: FBT003
        with suppress(BlockingIOError):
            while message := self.vision.recv(HEADER.size + LARGEST):
                self.shown = HEADER.unpack_from(message)[1] > 0
            self.shown = False

    def close(self) -> None:
        self.preview.close()
        if self.vision is not None:
            self.vision.close()
        self.door.close()
        self.gate.close()
        self.far.close()


@pytest.fixture
def eyes(tmp_path: Path, shelf: ModelShelf) -> Iterator[Eyes]:
    made = Eyes(tmp_path / "preview.socket", FacePipeline(shelf))
    yield made
    made.close()


def start(eyes: Eyes) -> None:
    deadline = eyes.clock.now_ns() + 60_000_000_000
    eyes.gate.send(StartVisit(VISIT, Purpose.ENROL, deadline))


def test_a_visit_without_leave_shows_nothing_and_leave_without_a_visit_neither(eyes: Eyes) -> None:
    start(eyes)
    assert not eyes.sees()
    eyes.gate.send(StopVisit(VISIT))
    eyes.turn()
    eyes.gate.send(SetPreview(on=True))
    assert not eyes.sees()


def test_a_visit_with_leave_is_shown_until_it_ends(eyes: Eyes) -> None:
    eyes.gate.send(SetPreview(on=True))
    start(eyes)
    assert eyes.sees()
    eyes.gate.send(StopVisit(VISIT))
    assert not eyes.sees()


def test_gate_can_end_the_picture_in_the_middle_of_a_visit(eyes: Eyes) -> None:
    eyes.gate.send(SetPreview(on=True))
    start(eyes)
    assert eyes.sees()
    eyes.gate.send(SetPreview(on=False))
    assert not eyes.sees()


def test_a_code_can_be_aimed_without_models_and_only_while_codes_are_read(tmp_path: Path) -> None:
    eyes = Eyes(tmp_path / "preview.socket", ModelError("model", "none", "one"))
    eyes.gate.send(SetPreview(on=True))
    assert not eyes.sees()
    eyes.gate.send(SetMode(face=False, qr=True))
    assert eyes.sees()
    eyes.gate.send(SetMode(face=False, qr=False))
    assert not eyes.sees()
    eyes.close()


def test_a_gate_that_vanishes_takes_the_picture_with_it(eyes: Eyes) -> None:
    eyes.gate.send(SetPreview(on=True))
    start(eyes)
    assert eyes.sees()
    eyes.preview.close()  # what the room's process does at its end
    eyes.take()
    assert not eyes.shown
