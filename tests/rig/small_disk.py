"""A disk of a test's own that can be full or turn read-only: tmpfs, mounted as root."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SmallDisk:
    """One that is mounted.

    Args:
        place: where; made if it is not there.
        size: in the words of tmpfs: 512k, 2m.

    Raises:
        OSError: nobody may mount here; with what mount says.

    """

    def __init__(self, place: Path, size: str) -> None:
        self.place = place
        place.mkdir(mode=0o700, exist_ok=True)
        _do("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "sanmen-test", str(place))

    def remount(self, option: str) -> None:
        """Change it while it is in use: ro, rw, size=4m."""
        _do("mount", "-o", f"remount,{option}", str(self.place))

    def fill(self) -> None:
        """Take the last byte of room."""
        with suppress(OSError), (self.place / "filler").open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def clear(self) -> None:
        """Give the room back."""
        (self.place / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, in use or not."""
        _do("umount", "--lazy", str(self.place))


def _do(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise OSError(done.stderr.strip())
