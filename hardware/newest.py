"""Hands the newest picture from a capture thread to one borrower; older ones are overwritten."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

import numpy as np

from hardware.errors import DeviceError, DeviceStuckError, DeviceUnavailableError
from hardware.loan import Loan
from hardware.ports import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hardware.ports import Exposure


class Newest:
    """Two buffers: one lent, one written.

    Copying takes a tenth of a millisecond, so the writer simply holds the lock meanwhile; that
    spares the third buffer which a lock-free hand-over needs.
    """

    def __init__(self, identity: str) -> None:
        self._loan = Loan(identity)
        self._changed = Condition()
        self._waiting: Frame | None = None
        self._spare: list[NDArray[np.uint8]] = []
        self._fault: DeviceError | None = None
        self._sequence = 0

    def put(
        self, pixels: NDArray[np.uint8], taken_ns: int, exposure: Exposure | None = None
    ) -> None:
        """Keep a copy of `pixels` as the newest picture, in place of one nobody borrowed."""
        with self._changed:
            if self._loan.closed:
                return
            self._reclaim()
            buffer = self._spare.pop() if self._spare else np.empty_like(pixels)
            if buffer.shape != pixels.shape:  # the camera changed its format
                buffer.fill(0)
                buffer = np.empty_like(pixels)
            np.copyto(buffer, pixels)
            self._waiting = Frame(buffer, taken_ns, self._sequence, exposure)
            self._sequence += 1
            self._changed.notify_all()

    def fail(self, fault: DeviceError) -> None:
        """Let every further loan raise `fault`: the camera is gone."""
        with self._changed:
            self._fault = fault
            self._changed.notify_all()

    @contextmanager
    def borrow(self, timeout_s: float) -> Iterator[Frame]:
        """Lend the newest picture; see `ports.Camera.borrow`."""
        with self._loan.lend(lambda: self._take(timeout_s)) as frame:
            yield frame
        with self._changed:
            self._spare.append(frame.pixels)

    def close(self) -> None:
        """Overwrite what waits and lend nothing more; a loan that is out ends by itself."""
        with self._changed:
            self._loan.closed = True
            self._reclaim()
            for buffer in self._spare:
                buffer.fill(0)
            self._changed.notify_all()

    def _reclaim(self) -> None:
        if self._waiting is not None:
            self._spare.append(self._waiting.pixels)
            self._waiting = None

    def _take(self, timeout_s: float) -> Frame:
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting is not None or self._fault is not None or self._loan.closed,
                timeout_s,
            )
            if self._fault is not None:
                raise self._fault
            if self._loan.closed:
                raise DeviceUnavailableError(self._loan.identity, "closed", "an open camera")
            if self._waiting is None:
                raise DeviceStuckError(
                    self._loan.identity, f"no new picture in {timeout_s} s", "one in that time"
                )
            frame, self._waiting = self._waiting, None
            return frame
