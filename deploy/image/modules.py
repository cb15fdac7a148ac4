"""Keeps the kernel modules a gate uses, with what they need, and removes the others."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from image.faults import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable


def name_of(path: str) -> str:
    """Return what the kernel calls a module's file."""
    return Path(path).name.split(".ko")[0].replace("-", "_")


def wanted(listing: str, patterns: Iterable[str]) -> set[str]:
    """Return the files to keep.

    Args:
        listing: modules.dep, `file: files it needs, all of them`.
        patterns: names or patterns of modules; `-` and `_` are the same.

    """
    needs = {
        path: others.split()
        for path, _, others in (line.partition(":") for line in listing.splitlines())
    }
    asked = [pattern.replace("-", "_") for pattern in patterns]
    kept: set[str] = set()
    for path, others in needs.items():
        if any(fnmatch.fnmatchcase(name_of(path), pattern) for pattern in asked):
            kept |= {path, *others}
    return kept


def prune(root: Path, patterns: Iterable[str]) -> str:
    """Remove all other modules; return the kernel's version.

    Raises:
        BuildError: there is not exactly one kernel, or it has no list of its modules.

    """
    folders = sorted((root / "usr/lib/modules").glob("*"))
    if len(folders) != 1:
        raise BuildError(
            f"{len(folders)} kernels in the image: {[folder.name for folder in folders]}",
            "Exactly one kernel package may be in the profile.",
        )
    folder = folders[0]
    listing = folder / "modules.dep"
    if not listing.is_file():
        raise BuildError(f"{listing} is missing", "Build it anew: --again system.")
    kept = wanted(listing.read_text("ascii"), patterns)
    for path in sorted(folder.rglob("*.ko*")):
        if str(path.relative_to(folder)) not in kept:
            path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return folder.name
