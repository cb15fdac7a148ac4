"""A camera told through a named pipe who or what stands before it: for `sanmen demo --screen`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

from hardware.camera_file import FileCamera
from hardware.errors import DeviceError, DeviceSettingError, DeviceUnavailableError
from hardware.loan import Loan
from hardware.ports import CameraOptions, Frame
from hardware.sim import phone_screen
from hardware.sim.library import footage_path
from hardware.sim.pipe import LinePipe

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from hardware.ports import Clock

    Pixels: TypeAlias = NDArray[np.uint8]

WALL: Final = 96
LONGEST_LINE: Final = 1024
NOBODY: Final = "nobody"
GONE: Final = "gone"
CODE: Final = re.compile(r"code ([ -~]{1,600})")
FILM: Final = re.compile(r"film ([A-Za-z0-9_.-]{1,80}) (\d{1,3}(?:\.\d)?) (0\.\d{1,2}|1\.0)")
"""Packaged footage, the second to begin at, and where in its width the face is."""


class SimCamera:
    """A wall, and before it what the last line of its pipe says.

    `nobody`; `film NAME SECOND CENTRE` plays packaged footage again and again, its face moved to
    the middle of the picture; `code TEXT` is a phone that shows the code. `gone` pulls its plug: as
    with a real one, it gives no picture any more until it is opened anew. Other lines are dropped.

    Attributes:
        dropped: lines that say nothing it knows.
        origin: None: no device stands behind it.

    """

    def __init__(self, options: CameraOptions, clock: Clock) -> None:
        self.identity = f"sim {options.source}"
        self.origin = None
        self.dropped = 0
        self._options = options
        self._clock = clock
        self._loan = Loan(self.identity)
        self._period_ns = round(1e9 / options.fps)
        self._next_ns = 0
        self._sequence = 0
        self._wall = np.full((options.height, options.width, 3), WALL, np.uint8)
        self._phone: Pixels | None = None
        self._film: FileCamera | None = None
        self._gone = False
        self._centre = 0.5
        self._pipe = LinePipe(Path(options.source), "sim camera", LONGEST_LINE)

    def borrow(self, timeout_s: float = 1.0) -> AbstractContextManager[Frame]:
        """Lend the picture now due; see `ports.Camera.borrow`."""
        return self._loan.lend(lambda: self._take(timeout_s))

    def close(self) -> None:
        """Take the pipe away; closing twice is allowed."""
        if self._loan.closed:
            return
        self._loan.closed = True
        self._nobody()
        self._pipe.close()

    def _take(self, timeout_s: float) -> Frame:
        for line in self._pipe.lines():
            self._hear(line)
        if self._gone:
            raise DeviceUnavailableError(self.identity, "no picture any more", "a camera")
        self._next_ns = max(self._next_ns, self._clock.now_ns() - self._period_ns)
        self._next_ns += self._period_ns
        self._clock.sleep_until_ns(self._next_ns)
        self._sequence += 1
        return Frame(self._seen(timeout_s), self._clock.now_ns(), self._sequence)

    def _hear(self, line: str) -> None:
        if line in {NOBODY, GONE}:
            self._nobody()
            self._gone = self._gone or line == GONE
        elif code := CODE.fullmatch(line):
            self._nobody()
            draw = np.random.default_rng(1)
            self._phone = phone_screen.shown(code[1], "clean", self._wall, draw)
        elif film := FILM.fullmatch(line):
            self._nobody()
            try:
                source = str(footage_path(film[1]))
                options = CameraOptions("file", source, repeat=True, start_s=float(film[2]))
                self._film = FileCamera(options, self._clock)
                self._centre = float(film[3])
            except DeviceError:
                self.dropped += 1
        else:
            self.dropped += 1

    def _nobody(self) -> None:
        self._phone = None
        if self._film is not None:
            self._film.close()
            self._film = None

    def _seen(self, timeout_s: float) -> Pixels:
        if self._film is not None:
            with self._film.borrow(timeout_s) as frame:
                return middled(frame.pixels, self._centre)
        return (self._wall if self._phone is None else self._phone).copy()


def middled(pixels: Pixels, centre: float) -> Pixels:
    """Return the picture moved sideways so that `centre` of its width is in the middle."""
    width = pixels.shape[1]
    shift = round((centre - 0.5) * width)
    left, right = max(0, -shift), max(0, shift)
    wide = cv2.copyMakeBorder(pixels, 0, 0, left, right, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(wide[:, right : right + width], np.uint8)


def open_device(options: CameraOptions, clock: Clock) -> SimCamera:
    """Open a camera with its pipe at `options.source`."""
    if not Path(options.source).is_absolute():
        raise DeviceSettingError("sim camera", f"source {options.source!r}", "an absolute path")
    if not 0 < options.fps <= 60:  # noqa: PLR2004 - as in the configuration
        raise DeviceSettingError("sim camera", f"fps = {options.fps}", "0..60")
    return SimCamera(options, clock)
