"""Shuts a real ext4 down under a working gate, mounts it again, and counts losses."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from power_kill import Campaign

if TYPE_CHECKING:
    from power_kill import Child

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: from now on every access fails, and nothing more reaches the disk."""
WITHOUT_JOURNAL = struct.pack("I", 2)
"""EXT4_GOING_FLAGS_NOLOGFLUSH: what the journal held in memory is lost, as in a power cut."""
SIZE = 48 << 20
MKFS, MOUNT, UMOUNT = "/usr/sbin/mkfs.ext4", "/bin/mount", "/bin/umount"


class Yanking(Campaign):
    """Power cuts as a kernel and a file system take them; to be used in a `with`.

    Args:
        folder: for the disk's image, and where it is mounted.
        seed: of every random choice but the machine's own timing.

    Raises:
        LookupError: no root, no mkfs.ext4, or no loop device that can be mounted.

    """

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed)
        self._image, self.home = folder / "image", folder / "disk"
        self.home.mkdir()
        if os.geteuid() != 0 or not Path(MKFS).exists():
            raise LookupError("root and mkfs.ext4")
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        if not _run(MKFS, "-q", "-F", str(self._image)) or not self._mount():
            raise LookupError("a loop device and ext4")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _run(UMOUNT, str(self.home))

    def lay_out(self, source: Path | None, place: Path) -> None:
        """Put a fresh state under `place`, all of it on the disk."""
        super().lay_out(source, place)
        os.sync()

    def end(self, child: Child) -> list[str]:
        """Cut the power; return what the child had said before.

        Unlike a real one, this cut takes no time from the processor: what the child says while it
        happens stands in `late`.
        """
        said = child.said()
        self.cut()
        self.late = [line for line in child.kill() if "crash" not in line]
        self.come_back()
        return said

    def cut(self) -> None:
        """Shut the file system down: from now on every access to it fails."""
        handle = os.open(self.home, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, WITHOUT_JOURNAL)
        finally:
            os.close(handle)

    def come_back(self) -> None:
        """Mount it again, once nobody has a file of it open, as after a restart."""
        if not _run(UMOUNT, str(self.home)) or not self._mount():
            raise OSError("the file system does not come back")

    def blamed(self, crash: str) -> list[str]:
        """Blame nothing: a gate whose disk is gone may stop, as long as it says so."""
        return [] if "Error: " in crash else [crash]

    def _mount(self) -> bool:
        return _run(MOUNT, "-o", "loop", str(self._image), str(self.home))


def _run(*words: str) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return not subprocess.run(words, check=False, capture_output=True).returncode  # noqa: S603
