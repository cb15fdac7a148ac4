"""A named pipe of short text lines by which a simulated device is told what happens to it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from hardware.errors import DeviceUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 4096
"""Read at a time: a flood waits in the pipe, and its writer with it."""


class LinePipe:
    """The reading end.

    Args:
        path: of the pipe; made for this user alone.
        device: named in faults.
        longest: characters of a line; longer ones are dropped and counted.

    Attributes:
        dropped: lines that were too long or no UTF-8.

    Raises:
        DeviceUnavailableError: it cannot be made, or something of somebody else is there.

    """

    def __init__(self, path: Path, device: str, longest: int) -> None:
        self.dropped = 0
        self._path = path
        self._longest = longest
        self._rest = b""
        self._overlong = False
        try:
            with suppress(FileNotFoundError):
                left = path.lstat()
                if not stat.S_ISFIFO(left.st_mode) or left.st_uid != os.getuid():
                    raise DeviceUnavailableError(
                        device, f"{path} is somebody else's", "a free path for its pipe"
                    )
                path.unlink()
            os.mkfifo(path, 0o600)
            # Open for writing too: so the pipe does not end with each writer.
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as fault:
            raise DeviceUnavailableError(
                device, str(fault), "a folder to put its pipe in"
            ) from fault

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._fd

    def lines(self) -> list[str]:
        """Return the lines that came since the last call."""
        with suppress(BlockingIOError):
            self._rest += os.read(self._fd, MOST_BYTES)
        *complete, self._rest = self._rest.split(b"\n")
        taken = []
        for line in complete:
            overlong, self._overlong = self._overlong or len(line) > self._longest, False
            try:
                text = line.decode()
            except UnicodeDecodeError:
                overlong = True
            if overlong:
                self.dropped += 1
            else:
                taken.append(text)
        if len(self._rest) > self._longest:
            self._rest, self._overlong = b"", True
        return taken

    def close(self) -> None:
        """Take the pipe away."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._fd)
