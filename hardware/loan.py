"""The rule of borrowing: one picture out at a time, overwritten when it comes back."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from hardware.errors import DeviceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hardware.ports import Frame


class Loan:
    """Lends the pictures of one camera.

    Attributes:
        closed: whether the camera was closed, so that nothing is lent any more.

    """

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.closed = False
        self._out = Lock()

    @contextmanager
    def lend(self, take: Callable[[], Frame]) -> Iterator[Frame]:
        """Lend what `take` gives and overwrite it afterwards, whatever the borrower did."""
        if self.closed:
            raise DeviceUnavailableError(self.identity, "closed", "an open camera")
        if not self._out.acquire(blocking=False):
            raise DeviceUnavailableError(
                self.identity, "a picture is lent already", "one loan at a time"
            )
        try:
            frame = take()
            try:
                yield frame
            finally:
                frame.pixels.fill(0)
        finally:
            self._out.release()
