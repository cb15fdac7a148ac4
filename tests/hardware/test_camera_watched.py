"""A camera with a second pair of eyes: both see, faults reach the borrower, nothing is kept."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardware.board import watch_camera
from hardware.errors import DeviceStuckError, DeviceUnavailableError, EndOfFootageError
from hardware.ports import Exposure, Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class Lender:
    """Lends a picture every few milliseconds, or raises."""

    identity = "lender"
    origin = None

    def __init__(self) -> None:
        self.lent: list[NDArray[np.uint8]] = []
        self.fault: Exception | None = None
        self.closed = 0

    @contextmanager
    def borrow(self, timeout_s: float = 1.0) -> Iterator[Frame]:
        time.sleep(min(0.005, timeout_s))
        if self.fault is not None:
            raise self.fault
        pixels = np.full((4, 6, 3), 7, np.uint8)
        self.lent.append(pixels)
        yield Frame(pixels, 1000 + len(self.lent), len(self.lent), Exposure(10, 2.0))
        pixels.fill(0)

    def close(self) -> None:
        self.closed += 1


def test_the_end_of_the_camera_reaches_the_borrower() -> None:
    lender = Lender()
    lender.fault = EndOfFootageError("lender", "end", "no more")
    camera = watch_camera(lender, lambda _: None)
    with pytest.raises(EndOfFootageError), camera.borrow(5.0):
        pass
    camera.close()


def test_a_camera_that_is_stuck_is_told_by_the_borrowers_own_deadline_and_may_come_back() -> None:
    lender = Lender()
    lender.fault = DeviceStuckError("lender", "nothing", "a picture")
    camera = watch_camera(lender, lambda _: None)
    with pytest.raises(DeviceStuckError), camera.borrow(0.05):
        pass
    lender.fault = None
    with camera.borrow(5.0) as frame:
        assert frame.pixels.max() == 7
    camera.close()


def test_a_slow_borrower_does_not_slow_the_watcher() -> None:
    lender, seen = Lender(), []
    ten = Event()

    def watch(frame: Frame) -> None:
        seen.append((int(frame.pixels.max()), frame.exposure))
        if len(seen) == 10:
            ten.set()

    camera = watch_camera(lender, watch)
    with camera.borrow(5.0) as frame:
        assert ten.wait(20)
        assert (int(frame.pixels.max()), frame.exposure) == (7, Exposure(10, 2.0))
        kept = frame.pixels
    assert not kept.any()
    assert set(seen) == {(7, Exposure(10, 2.0))}
    with camera.borrow(5.0) as later:
        assert later.taken_ns > frame.taken_ns
    camera.close()


def test_closing_closes_the_camera_and_leaves_nothing() -> None:
    lender = Lender()
    camera = watch_camera(lender, lambda _: None)
    with camera.borrow(5.0):
        pass
    camera.close()
    camera.close()
    assert lender.closed == 2
    assert not any(pixels.any() for pixels in lender.lent)
    with pytest.raises(DeviceUnavailableError), camera.borrow(0.1):
        pass
