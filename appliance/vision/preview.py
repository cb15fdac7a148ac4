"""Shows the person at the screen what the camera sees of them, and nothing of anybody beside them.

What leaves this room is a square from the picture's middle, mirrored, and of it only the oval in
which a face belongs, or the frame in which a code is held; the rest is black before it becomes a
JPEG. While a code is aimed no face is looked for (law 2), so none is covered: the frame is small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from appliance.vision.samples import SMALLEST_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.clock import Clock
    from hardware.ports import Frame

QUALITY: Final = 70
LARGEST_SIDE: Final = 640
"""Pixels; a larger square is halved or divided by a whole number, which costs next to nothing."""
PERIOD_NS: Final = 1_000_000_000 // 15
EARLY_NS: Final = 5_000_000
"""A picture may come so much before its turn: cameras tremble."""
CODE_NS: Final = 30_000_000_000
"""A code is aimed no longer; gate ends it after 20 s, this is for a gate that forgets."""
OVAL: Final = (0.70, 0.90)
"""Width and height of the oval, as shares of the square's side."""
FRAME: Final = 2 / 3
"""Side of the frame for a code, as a share of the square's."""


class Showing(Enum):
    """What of the picture may be seen."""

    NOTHING = "nothing"
    FACE = "face"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Leave:
    """What gate allowed, and what became of it.

    Attributes:
        on: as gate told last.
        visited: a visit ran since; after it only another visit shows anything.
        visiting: a visit runs.
        codes: codes are looked for.
        until_ns: without a visit, nothing is shown from then on.

    """

    on: bool = False
    visited: bool = False
    visiting: bool = False
    codes: bool = False
    until_ns: int = 0

    def told(self, *, on: bool, now_ns: int) -> Leave:
        """Return the leave after gate said so; told again, it does not last longer."""
        if on and self.on:
            return self
        return replace(self, on=on, visited=False, until_ns=now_ns + CODE_NS if on else 0)

    def followed(self, *, visiting: bool, codes: bool) -> Leave:
        """Return the leave after a turn of the room."""
        visited = self.visited or visiting
        return replace(self, visiting=visiting, visited=visited, codes=codes)

    def showing(self, now_ns: int) -> Showing:
        """Return what may be seen now."""
        if self.on and self.visiting:
            return Showing.FACE
        if self.on and self.codes and not self.visited and now_ns < self.until_ns:
            return Showing.CODE
        return Showing.NOTHING


class Sender(Protocol):
    """Where pictures go: `appliance.preview_link.PreviewSender`."""

    def send(self, taken_ns: int, picture: memoryview) -> bool:
        """Hand over one picture, or return False at once."""
        ...

    def close(self) -> None:
        """Let go of the screen."""
        ...


class Preview:
    """Between the camera's thread, which calls `look`, and the room, which calls all else.

    Args:
        sender: the way to the screen.
        clock: shared with gate.

    """

    def __init__(self, sender: Sender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock
        self._lock = Lock()
        self._leave = Leave()
        self._easel = Easel()
        self._shown = False
        self._next_ns = 0

    def tell(self, *, on: bool) -> None:
        """Hear from gate; when this returns after `on=False`, no picture is under way."""
        with self._lock:
            self._change(self._leave.told(on=on, now_ns=self._clock.now_ns()))

    def follow(self, *, visiting: bool, codes: bool) -> None:
        """Hear from the room, at each turn."""
        with self._lock:
            self._change(self._leave.followed(visiting=visiting, codes=codes))

    def look(self, frame: Frame) -> None:
        """Send what may be seen of a picture, at most 15 a second; raises nothing."""
        with self._lock:
            self._change(self._leave)
            showing = self._leave.showing(self._clock.now_ns())
            if showing is Showing.NOTHING or frame.taken_ns < self._next_ns - EARLY_NS:
                return
            # By the turn, not by the picture: so 15 of a camera's 25 are sent, and not 12.5.
            self._next_ns = max(self._next_ns, frame.taken_ns - PERIOD_NS) + PERIOD_NS
            picture = self._easel.paint(frame.pixels, showing)
            if picture is None:
                return
            self._shown = True
            # One that is not taken is dropped: the next is newer.
            self._sender.send(max(1, frame.taken_ns), picture.data)
            picture.fill(0)

    def close(self) -> None:
        """Send the black picture and let go of the screen."""
        with self._lock:
            self._change(Leave())
            self._sender.close()
            self._easel.clean()

    def _change(self, leave: Leave) -> None:
        self._leave = leave
        if self._shown and leave.showing(self._clock.now_ns()) is Showing.NOTHING:
            self._shown, self._next_ns = False, 0
            if not self._sender.send(0, self._easel.black().data):
                self._sender.close()  # an end of the connection says the same
            self._easel.clean()


class Easel:
    """Makes one JPEG after the other in memory that it overwrites."""

    def __init__(self) -> None:
        self._square = np.zeros((0, 0, 3), np.uint8)
        self._mirrored = np.zeros((0, 0, 3), np.uint8)
        self._masks: dict[Showing, NDArray[np.uint8]] = {}

    def paint(self, pixels: NDArray[np.uint8], showing: Showing) -> NDArray[np.uint8] | None:
        """Return the JPEG of what may be seen, or None of a picture that is none.

        Args:
            pixels: (height, width, 3) uint8 BGR.
            showing: FACE or CODE.

        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:  # noqa: PLR2004
            return None
        height, width = pixels.shape[:2]
        side = min(height, width)
        if side < SMALLEST_SIDE:
            return None
        step = -(-side // LARGEST_SIDE)
        side -= side % step
        top, left = (height - side) // 2, (width - side) // 2
        square = pixels[top : top + side, left : left + side]
        self._fit(side // step)
        if step > 1:
            cv2.resize(
                square, self._square.shape[1::-1], dst=self._square, interpolation=cv2.INTER_AREA
            )
            square = self._square
        cv2.flip(square, 1, dst=self._mirrored)
        cv2.bitwise_and(self._mirrored, self._masks[showing], dst=self._mirrored)
        return _jpeg(self._mirrored)

    def black(self) -> NDArray[np.uint8]:
        """Return a black JPEG of the last picture's size."""
        self.clean()
        return _jpeg(self._mirrored if self._mirrored.size else np.zeros((64, 64, 3), np.uint8))

    def clean(self) -> None:
        """Overwrite what was painted."""
        self._square.fill(0)
        self._mirrored.fill(0)

    def _fit(self, side: int) -> None:
        if self._mirrored.shape[0] == side:
            return
        self.clean()
        self._square = np.zeros((side, side, 3), np.uint8)
        self._mirrored = np.zeros((side, side, 3), np.uint8)
        self._masks = {Showing.FACE: _oval(side), Showing.CODE: _frame(side)}


def _oval(side: int) -> NDArray[np.uint8]:
    mask = np.zeros((side, side, 3), np.uint8)
    axes = (round(side * OVAL[0] / 2), round(side * OVAL[1] / 2))
    cv2.ellipse(mask, (side // 2, side // 2), axes, 0, 0, 360, (255, 255, 255), cv2.FILLED)
    return mask


def _frame(side: int) -> NDArray[np.uint8]:
    mask = np.zeros((side, side, 3), np.uint8)
    edge = round(side * (1 - FRAME) / 2)
    mask[edge : side - edge, edge : side - edge] = 255
    return mask


def _jpeg(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, made = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    return np.asarray(made, np.uint8)
