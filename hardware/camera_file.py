"""A video, a picture or a folder of pictures as a camera, paced by the clock it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hardware.errors import (
    DeviceSettingError,
    DeviceStuckError,
    DeviceUnavailableError,
    EndOfFootageError,
)
from hardware.footage import MOST_FPS, Clip, Footage, Pictures
from hardware.loan import Loan
from hardware.ports import Frame

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from hardware.ports import CameraOptions, Clock


class FileCamera:
    """Footage that passes in time as before a real camera: what nobody borrows is gone.

    Time begins with the first loan. With `every_frame` each picture is given in turn instead,
    stamped when it is lent. Pictures larger than a Full HD side are scaled down by area, so that
    8K footage costs no more than a camera would; smaller ones, 1x1 too, pass as they are. What
    cannot be decoded is skipped and counted.

    Attributes:
        origin: None: no device stands behind footage.
        undecodable: how many pictures could not be decoded so far.

    """

    def __init__(self, options: CameraOptions, clock: Clock) -> None:
        self.identity = f"file {options.source}"
        self.origin = None
        self.undecodable = 0
        if not 0 < options.fps <= MOST_FPS:
            raise DeviceSettingError(self.identity, f"fps = {options.fps}", f"0..{MOST_FPS}")
        self._footage: Footage = open_footage(self.identity, options)
        self._every_frame = options.every_frame
        self._repeat = options.repeat
        self._dark_after = options.dark_after
        self._dark = False
        self._shape: tuple[int, ...] = ()
        self._clock = clock
        self._loan = Loan(self.identity)
        self._period_ns = round(1e9 / self._footage.fps)
        self._start_ns: int | None = None
        self._first = round(options.start_s * self._footage.fps)
        self._next = 0
        self._pass_start = 0
        self._undecodable_in_row = 0

    def borrow(self, timeout_s: float = 1.0) -> AbstractContextManager[Frame]:
        """Lend the newest picture due; see `ports.Camera.borrow`."""
        return self._loan.lend(
            self._take_next if self._every_frame else lambda: self._take_due(timeout_s)
        )

    def close(self) -> None:
        """Close the file; a picture that is lent is overwritten when it comes back."""
        self._loan.closed = True
        self._footage.close()

    def _take_next(self) -> Frame:
        while (pixels := self._read(max(self._next, self._first))) is None:
            pass
        return Frame(pixels, self._clock.now_ns(), self._next - 1)

    def _take_due(self, timeout_s: float) -> Frame:
        now_ns = self._clock.now_ns()
        deadline_ns = now_ns + round(timeout_s * 1e9)
        if self._start_ns is None:
            self._start_ns = now_ns - self._first * self._period_ns
        while True:
            due = max(self._next, (self._clock.now_ns() - self._start_ns) // self._period_ns)
            due_ns = self._start_ns + due * self._period_ns
            self._clock.sleep_until_ns(min(due_ns, deadline_ns))
            if due_ns > deadline_ns:
                raise DeviceStuckError(
                    self.identity, f"no picture due in {timeout_s} s", "one in that time"
                )
            if (pixels := self._read(due)) is not None:
                return Frame(pixels, due_ns, due)

    def _read(self, index: int) -> NDArray[np.uint8] | None:
        """Pass over pictures up to `index` and decode that one; None if it cannot be decoded."""
        while self._next <= index:
            if self._dark:
                self._next = index + 1
                return np.zeros(self._shape, np.uint8)
            if self._footage.advance():
                self._next += 1
            else:
                self._turn_round(index)
        pixels = self._footage.decode()
        self._undecodable_in_row = 0 if pixels is not None else self._undecodable_in_row + 1
        self.undecodable += pixels is None
        if pixels is not None:
            self._shape = pixels.shape
        return pixels

    def _turn_round(self, index: int) -> None:
        length = self._next - self._pass_start
        if not self._repeat:
            self._footage.close()  # with all the pictures a decoder holds
            if self._dark_after and self._shape:
                self._dark = True
                return
            raise EndOfFootageError(self.identity, f"end after {self._next} pictures", "no more")
        if self._undecodable_in_row >= length:  # a whole pass, or an empty one: it would not end
            raise DeviceUnavailableError(self.identity, "no picture left", "a readable file")
        # Whole passes that nobody saw need no decoding, however long the borrower was away.
        self._next += (index - self._next) // length * length
        self._pass_start = self._next
        self._footage.rewind()


def open_footage(identity: str, options: CameraOptions) -> Footage:
    """Open `options.source` by what it holds, not by its name."""
    return (Pictures if Pictures.fits(options.source) else Clip)(identity, options)


def open_device(options: CameraOptions, clock: Clock) -> FileCamera:
    """Open `options.source`, a video file, a picture or a folder of pictures."""
    return FileCamera(options, clock)
