"""A TPM 2.0 in software: swtpm, which loses its power when a test takes it."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class SoftwareTpm:
    """A chip that is on; what it keeps without power lies in `folder`, with its sockets."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.socket = folder / "s"
        self._control = folder / "s.ctrl"
        self._running = self._started()

    def lose_power(self) -> None:
        """Take its power away without a word, and give it back."""
        self._running.kill()
        self._running.wait()
        self.socket.unlink()
        self._control.unlink()
        self._running = self._started()

    @property
    def tcti(self) -> str:
        """How TSS reaches it."""
        return f"swtpm:path={self.socket}"

    def close(self) -> None:
        """Switch it off."""
        self._running.terminate()
        self._running.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        running = subprocess.Popen(  # noqa: S603
            [
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._folder}"),
                *("--server", f"type=unixio,path={self.socket}"),
                *("--ctrl", f"type=unixio,path={self._control}"),
                *("--flags", "not-need-init,startup-clear"),
            ],
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):  # a file that is there does not listen yet
            with ExitStack() as lines, suppress(OSError):
                for path in (self._control, self.socket):
                    line = lines.enter_context(socket.socket(socket.AF_UNIX))
                    line.connect(str(path))
                return running
            time.sleep(0.05)
        running.terminate()
        running.wait()
        pytest.skip("swtpm did not start")
