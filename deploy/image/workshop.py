"""Does a build's steps one by one, or, in a dry run, only says them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from image.faults import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL: Final = 15
"""Lines of a failed command's output that are shown."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a build works, and whether it works at all.

    Attributes:
        work: folder for everything on the way; kept, so that a build goes on where it stopped.
        out: folder for what is handed out.
        epoch: seconds since 1970 that stand for the time of everything made.
        dry: whether steps are only said.
        began: when, on this machine's steady clock.

    """

    work: Path
    out: Path
    epoch: int
    dry: bool = False
    began: float = field(default_factory=time.monotonic)

    def say(self, words: str) -> None:
        """Tell the technician."""
        passed = int(time.monotonic() - self.began)
        print(f"[{passed // 60:3d}:{passed % 60:02d}] {words}", flush=True)  # noqa: T201

    def do(self, words: str, action: Callable[..., object], *arguments: object) -> None:
        """Do a step of our own.

        Raises:
            BuildError: the disk would not.

        """
        if self.dry:
            print(f"      {words}")  # noqa: T201
            return
        try:
            action(*arguments)
        except OSError as fault:
            raise BuildError(
                f"{words}: {fault.strerror} ({fault.filename})", _remedy(str(fault))
            ) from fault

    def call(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Run a command; what it says goes to `build.log`.

        Raises:
            BuildError: it is missing or fails; with the end of what it said.

        """
        words = [str(word) for word in command]
        if self.dry:
            print(f"      $ {shlex.join(words)}")  # noqa: T201
            return
        surroundings = {
            **os.environ,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(self.epoch),
            **(env or {}),
        }
        log = self.work / "build.log"
        with log.open("ab") as file:
            file.write(f"\n$ {shlex.join(words)}\n".encode())
            file.flush()
            start = file.tell()
            try:
                ended = subprocess.run(  # noqa: S603 - the recipe's own commands
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env=surroundings,
                    check=False,
                )
            except OSError as fault:
                raise BuildError(
                    f"{words[0]} cannot be started ({fault.strerror})",
                    "See `deploy/build --check`.",
                ) from fault
        if ended.returncode:
            with log.open("rb") as file:
                file.seek(start)
                said = file.read().decode("utf-8", "replace").splitlines()[-TAIL:]
            raise BuildError(
                f"{words[0]} failed ({ended.returncode}):\n    " + "\n    ".join(said),
                f"{_remedy(' '.join(said))} All it said is in {log}.",
            )


def _remedy(said: str) -> str:
    if "No space left on device" in said:
        return "The disk is full: make room, or choose another one with --work and --out."
    return "Begin again with the same command: what is done stays."


def tell_error(words: str) -> None:
    """Tell what went wrong, apart from what went on."""
    print(words, file=sys.stderr)  # noqa: T201
