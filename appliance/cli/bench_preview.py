"""What the live preview costs, and whether it keeps its rate while faces are worked on."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

from appliance.clock import SystemClock
from appliance.link import Door
from appliance.preview_link import HEADER, LARGEST, PreviewSender
from appliance.vision import process as vision
from appliance.vision.inference import ModelShelf
from appliance.vision.pipeline import FacePipeline
from appliance.vision.preview import Preview
from hardware.ports import CameraOptions, Frame
from hardware.sim import scenes
from hardware.sim.library import footage_path

CLIP = "WolfgangLanger_Pexels.mp4"
COUNTED = 150
"""Ten seconds of pictures."""
WATCHED_S = 10.0


class Receiver:
    """The screen's end, which takes pictures and looks at none."""

    def __init__(self, path: Path) -> None:
        self._door = Door(path)
        self._connection: Any = None

    def receive(self) -> int:
        """Return the bytes of one picture that waited; 0 = none did."""
        if self._connection is None:
            self._connection = self._door.accept()
            if self._connection is None:
                return 0
            self._connection.setblocking(False)  # noqa: FBT003
        try:
            return max(0, len(self._connection.recv(HEADER.size + LARGEST)) - HEADER.size)
        except BlockingIOError:
            return 0

    def part(self) -> None:
        """Let go of vision."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Stop listening."""
        self.part()
        self._door.close()


def preview_figures() -> dict[str, object]:
    """Return what `sanmen bench --preview` prints.

    preview_cpu_percent is the processor time, of all threads, of crop, mirror, mask, JPEG and
    sending, for 15 pictures of 640x480 a second, as a share of one core. preview_per_s counts the
    pictures that reach the screen's end in ten seconds, at rest and while the face pipeline works
    on every picture it can.
    """
    with tempfile.TemporaryDirectory(prefix="sanmen-bench-") as name:
        path = Path(name) / "preview.socket"
        receiver = Receiver(path)
        try:
            cpu_ms, size = _cost(path, receiver)
            rates = {
                name: _rate(path, receiver, working=working)
                for name, working in (("at rest", False), ("in a visit", True))
            }
        finally:
            receiver.close()
    return {
        "preview_cpu_percent": round(cpu_ms * 15 / 10, 2),
        "preview_picture_cpu_ms": round(cpu_ms, 3),
        "preview_picture_bytes": size,
        "preview_per_s": rates,
    }


def _cost(path: Path, receiver: Receiver) -> tuple[float, int]:
    """Return processor milliseconds and bytes of one picture."""
    clock = SystemClock()
    preview = Preview(PreviewSender(path), clock)
    source = CameraOptions("file", str(footage_path(CLIP)), every_frame=True)
    # The clip is 640x360: seen nearer and as high as a camera's picture.
    camera = scenes.SceneCamera(vision.open_camera(source, clock), scenes.as_camera)
    spent, bytes_, taken = 0.0, 0, 0
    try:
        preview.tell(on=True)
        preview.follow(visiting=True, codes=False)
        for number in range(COUNTED):
            with camera.borrow() as frame:
                turn = Frame(frame.pixels, number * 1_000_000_000, number)
                start = time.process_time()
                preview.look(turn)
                spent += time.process_time() - start
            size = receiver.receive()
            bytes_, taken = bytes_ + size, taken + (size > 0)
    finally:
        preview.close()
        camera.close()
        receiver.part()
    return 1000 * spent / COUNTED, bytes_ // max(1, taken)


def _rate(path: Path, receiver: Receiver, *, working: bool) -> float:
    """Return how many pictures a second reach the screen."""
    clock = SystemClock()
    pipeline = FacePipeline(ModelShelf())
    preview = Preview(PreviewSender(path), clock)
    preview.tell(on=True)
    preview.follow(visiting=True, codes=False)
    source = CameraOptions("file", str(footage_path(CLIP)), repeat=True)
    camera = vision.watched(vision.open_camera(source, clock), preview)
    counted, stop = [0], Event()

    def count() -> None:
        while not stop.wait(0.005):
            counted[0] += receiver.receive() > 0

    reader = Thread(target=count, name="screen")
    try:
        with camera.borrow(5.0):
            reader.start()
        start, until = time.monotonic(), time.monotonic() + WATCHED_S
        first = counted[0]
        while time.monotonic() < until:
            with camera.borrow(5.0) as frame:
                for face in pipeline.detect(frame.pixels)[:1] if working else ():
                    pipeline.sample(frame.pixels, face, frame.taken_ns, reference=False)
        return round((counted[0] - first) / (time.monotonic() - start), 2)
    finally:
        camera.close()
        preview.close()
        stop.set()
        reader.join()
        receiver.part()
