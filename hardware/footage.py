"""Reads pictures out of video files, picture files and folders, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import cv2

from hardware.errors import DeviceUnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hardware.ports import CameraOptions

MOST_FPS = 1000.0
"""Clips that state more state nonsense."""
LONG_SIDE = 1920
"""Larger pictures are scaled down to this many pixels, by area."""


class Footage(Protocol):
    """Pictures in an order; `advance` first, then `decode`."""

    @property
    def fps(self) -> float:
        """Pictures a second at which it was meant to be seen."""
        ...

    def advance(self) -> bool:
        """Go to the next picture; False at the end."""
        ...

    def decode(self) -> NDArray[np.uint8] | None:
        """Return the present picture as fresh BGR uint8, None if it cannot be decoded."""
        ...

    def rewind(self) -> None:
        """Go before the first picture."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Clip:
    """A video file, through OpenCV's FFmpeg."""

    def __init__(self, identity: str, options: CameraOptions) -> None:
        self._path = options.source
        if not Path(self._path).is_file():  # also keeps network addresses away from FFmpeg
            raise DeviceUnavailableError(identity, "no such file", "a video, picture or folder")
        self._capture = cv2.VideoCapture(self._path, cv2.CAP_FFMPEG)
        if not self.advance() or self.decode() is None:
            self.close()
            raise DeviceUnavailableError(identity, "no picture in it", "a video or picture file")
        stated = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = stated if 1.0 <= stated <= MOST_FPS else options.fps
        self.rewind()

    def advance(self) -> bool:
        """Go to the next picture without converting it."""
        return self._capture.grab()

    def decode(self) -> NDArray[np.uint8] | None:
        """Convert the present picture."""
        ok, pixels = self._capture.retrieve()
        return fit(cast("NDArray[np.uint8]", pixels)) if ok else None

    def rewind(self) -> None:
        """Open the file anew: seeking is inexact in many containers."""
        self._capture.open(self._path, cv2.CAP_FFMPEG)

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()


class Pictures:
    """A picture, or a folder of them in the order of their names; read when their turn comes."""

    def __init__(self, identity: str, options: CameraOptions) -> None:
        path = Path(options.source)
        self.fps = options.fps
        self._paths = sorted(path.iterdir()) if path.is_dir() else [path]
        self._paths = [p for p in self._paths if p.is_file() and cv2.haveImageReader(str(p))]
        self._at = -1
        if all(_read(path) is None for path in self._paths):
            raise DeviceUnavailableError(identity, "no readable picture", "at least one")

    @staticmethod
    def fits(source: str) -> bool:
        """Whether `source` is a folder, or a file that begins like a picture."""
        path = Path(source)
        return path.is_dir() or (path.is_file() and cv2.haveImageReader(source))

    def advance(self) -> bool:
        """Go to the next name."""
        self._at += 1
        return self._at < len(self._paths)

    def decode(self) -> NDArray[np.uint8] | None:
        """Read the present file."""
        return _read(self._paths[self._at])

    def rewind(self) -> None:
        """Go before the first name."""
        self._at = -1

    def close(self) -> None:
        """Nothing stays open between pictures."""


def fit(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale `pixels` down to LONG_SIDE, and overwrite the larger picture."""
    height, width = pixels.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    pixels.fill(0)
    return cast("NDArray[np.uint8]", small)


def _read(path: Path) -> NDArray[np.uint8] | None:
    """Read a picture; IMREAD_COLOR makes BGR uint8 of grey, 16-bit and transparent ones too."""
    try:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV's limit
        return None
    return None if pixels is None else fit(cast("NDArray[np.uint8]", pixels))
