"""A camera that a second pair of eyes watches at its own pace while the first one works."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

from hardware.errors import DeviceError, DeviceStuckError
from hardware.newest import Newest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from hardware.ports import Camera, Frame

WAIT_S = 0.2
"""How long the thread waits for a picture before it asks whether it is to end, seconds."""
JOIN_S = 2.0


class WatchedCamera:
    """Lends another camera's newest picture, which `watch` has seen before, in a thread of its own.

    So a live view keeps the camera's rate while the borrower takes longer over each picture.

    Args:
        camera: read by the thread alone from now on, and closed with this one.
        watch: is lent each picture for the length of the call; must not raise.

    """

    def __init__(self, camera: Camera, watch: Callable[[Frame], None]) -> None:
        self.identity = camera.identity
        self.origin = camera.origin
        self._camera = camera
        self._watch = watch
        self._newest = Newest(camera.identity)
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"{camera.identity} watched", daemon=True)
        self._thread.start()

    def borrow(self, timeout_s: float = 1.0) -> AbstractContextManager[Frame]:
        """Lend the newest picture; see `ports.Camera.borrow`."""
        return self._newest.borrow(timeout_s)

    def close(self) -> None:
        """Stop the thread, then close the camera; closing twice is allowed."""
        self._stop.set()
        self._newest.close()
        self._thread.join(JOIN_S)
        self._camera.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._camera.borrow(WAIT_S) as frame:
                    self._newest.put(frame.pixels, frame.taken_ns, frame.exposure)
                    self._watch(frame)
            except DeviceStuckError:
                continue  # the borrower's own deadline tells
            except DeviceError as fault:
                self._newest.fail(fault)
                return
