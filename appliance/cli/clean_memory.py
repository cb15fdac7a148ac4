"""A command that erases runs where freed memory is overwritten."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from appliance.hardening import environment, lock_down

if TYPE_CHECKING:
    from collections.abc import Sequence

ERASING = (("erase",), ("sweep",), ("consent", "withdraw"))
ALLOCATOR = {"PYTHONMALLOC": "malloc"}
"""Python's own allocator keeps blocks of up to 512 bytes to itself, where glibc overwrites none."""


def with_clean_memory(arguments: Sequence[str]) -> None:
    """If these are of a command that erases, start it again so that freed memory is overwritten.

    glibc and Python read how to do so once, when a process begins.

    Args:
        arguments: of the command, without the program's name.

    """
    if not any(tuple(arguments[: len(words)]) == words for words in ERASING):
        return
    wanted = environment(os.environ) | ALLOCATOR
    if wanted != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)  # noqa: S606 - ourselves
    lock_down()
