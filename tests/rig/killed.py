"""Work on a store that ends by SIGKILL in its middle, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.store.roots.file import FileKey

WORK = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.schema import open_store
path, root, place, step, batch, left, work = sys.argv[1:]
module = import_module(place)
module.BATCH, left, plain = int(batch), int(left), getattr(module, step)
def counted(*args):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*args)
store = open_store(Path(path), FileKey(Path(root)))
setattr(module, step, counted)
exec(work)
"""


def killed_at(
    path: Path, root: FileKey, module: str, step: str, *, batch: int, left: int, work: str
) -> None:
    """Run `work` on `store` until the `left`-th call of a module's function, which kills it."""
    key = root.identity.removeprefix("file:")
    words = [str(path), key, module, step, str(batch), str(left), work]
    killed = subprocess.run([sys.executable, "-c", WORK, *words], check=False)  # noqa: S603
    assert killed.returncode == -signal.SIGKILL
