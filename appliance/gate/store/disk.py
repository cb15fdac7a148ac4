"""What lies under a file: whether whoever takes the disk away can read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SYSTEM: Final = Path("/sys")
ENCRYPTED: Final = "CRYPT-"
"""How cryptsetup names its mappings (`dm/uuid`, cryptsetup's lib/utils_devpath.c)."""


def is_encrypted(path: Path, system: Path = SYSTEM) -> bool:
    """Say whether a file's file system lies straight on an encrypted device (dm-crypt).

    Args:
        path: of a file or folder; one that does not exist yet counts as the folder it will be in.
        system: sysfs.

    """
    there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    device = there.stat().st_dev
    mapping = system / f"dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid"
    try:
        return mapping.read_text("ascii").startswith(ENCRYPTED)
    except OSError:
        return False
