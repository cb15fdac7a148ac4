"""A USB or CSI camera behind Video4Linux, read by a thread that keeps only the newest picture."""

from __future__ import annotations

import math
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol, cast

import cv2
import numpy as np

from hardware.camera_origin import read_origin
from hardware.errors import DeviceUnavailableError
from hardware.newest import Newest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from hardware.ports import CameraOptions, CameraOrigin, Clock, Frame

_JOIN_S = 2.0
"""How long `close` waits for a read under way: more than a picture, less than a service's stop."""


_BGR = 0x3352_4742
"""BGR3 as a number (V4L2_PIX_FMT_BGR24): pixels as OpenCV wants them, three bytes each."""


class CaptureSource(Protocol):
    """What the thread reads."""

    def read(self) -> NDArray[np.uint8] | None:
        """Wait for the next picture, which the thread overwrites; None: there is no more."""
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


class V4l2Camera:
    """A camera read in a thread of its own.

    A picture is stamped when it arrives, which is up to a frame period after its exposure began.
    The thread owns the source and releases it, because releasing during a read crashes OpenCV.
    """

    def __init__(
        self,
        identity: str,
        source: CaptureSource,
        clock: Clock,
        origin: CameraOrigin | None = None,
    ) -> None:
        self.identity = identity
        self.origin = origin
        self._source = source
        self._clock = clock
        self._newest = Newest(identity)
        self._stop = Event()
        self._thread = Thread(target=self._capture, name=identity, daemon=True)
        self._thread.start()

    def borrow(self, timeout_s: float = 1.0) -> AbstractContextManager[Frame]:
        """Lend the newest picture; see `ports.Camera.borrow`."""
        return self._newest.borrow(timeout_s)

    def close(self) -> None:
        """Stop the thread; one stuck in its driver releases the device when it returns."""
        self._stop.set()
        self._newest.close()
        self._thread.join(_JOIN_S)

    def _capture(self) -> None:
        try:
            while not self._stop.is_set():
                pixels = self._source.read()
                if pixels is None:
                    self._gone("no picture any more")
                    return
                if pixels.dtype != np.uint8 or pixels.shape[2:] != (3,):
                    self._gone(f"{pixels.dtype} picture of shape {pixels.shape}")
                    return
                self._newest.put(pixels, self._clock.now_ns())
                pixels.fill(0)
        except (cv2.error, OSError) as fault:
            self._gone(str(fault))
        finally:
            self._source.release()

    def _gone(self, found: str) -> None:
        self._newest.fail(
            DeviceUnavailableError(self.identity, found, "a plugged-in camera giving BGR pictures")
        )


class _VideoCapture:
    """cv2.VideoCapture, read into the same memory each time.

    A camera that gives BGR by itself (BGR3) is handed on by OpenCV as one row of bytes.
    """

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        self._pixels: NDArray[np.uint8] | None = None
        flat = int(capture.get(cv2.CAP_PROP_FOURCC)) == _BGR
        height, width = (
            int(capture.get(one)) for one in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
        )
        self._shape = (height, width, 3) if flat else None

    def read(self) -> NDArray[np.uint8] | None:
        """Wait for the next picture."""
        ok, pixels = self._capture.read(self._pixels)
        self._pixels = cast("NDArray[np.uint8]", pixels) if ok else None
        shape = self._shape
        if self._pixels is None or shape is None or self._pixels.size != math.prod(shape):
            return self._pixels
        return self._pixels.reshape(shape)

    def release(self) -> None:
        """Let go of the device."""
        self._capture.release()


def open_device(options: CameraOptions, clock: Clock) -> V4l2Camera:
    """Open `options.source`: a number or a path such as /dev/video0."""
    source = options.source
    capture = cv2.VideoCapture(int(source) if source.isdecimal() else source, cv2.CAP_V4L2)
    identity = f"v4l2 {source}"
    if not capture.isOpened():
        capture.release()
        raise DeviceUnavailableError(identity, "cannot be opened", "a camera; try v4l2-ctl")
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
    capture.set(cv2.CAP_PROP_FPS, options.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a queue in the driver would make pictures old
    return V4l2Camera(identity, _VideoCapture(capture), clock, _origin(source))


def _origin(source: str) -> CameraOrigin | None:
    """Return what the kernel knows of the node, or None: then vision refuses faces, not codes."""
    try:
        return read_origin(source)
    except DeviceUnavailableError:
        return None
