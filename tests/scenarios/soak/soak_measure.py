"""What a room holds of the machine, read from /proc, and what lies in the gate's folders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KIB = 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds.

    Attributes:
        pss_kib: its proportional share of memory, KiB.
        rss_kib: resident memory, KiB.
        anon_kib: memory that no file stands behind, KiB.
        files: open descriptors that are no sockets.
        sockets: open descriptors that are.
        threads: of the process.
        maps: mappings.

    """

    pss_kib: int
    rss_kib: int
    anon_kib: int
    files: int
    sockets: int
    threads: int
    maps: int


def held(pid: int) -> Held:
    """Look at a process.

    Raises:
        OSError: it is gone, or may not be looked at: a room lets nobody but root.

    """
    place = Path(f"/proc/{pid}")
    memory = _numbers((place / "smaps_rollup").read_text("ascii"))
    status = _numbers((place / "status").read_text("ascii", "replace"))
    kinds = []
    for one in (place / "fd").iterdir():
        with suppress(FileNotFoundError):
            kinds.append(str(one.readlink()).startswith("socket:"))
    maps = (place / "maps").read_text("utf-8", "replace").count("\n")
    return Held(
        pss_kib=memory["Pss"],
        rss_kib=memory["Rss"],
        anon_kib=memory["Anonymous"],
        files=kinds.count(False),
        sockets=kinds.count(True),
        threads=status["Threads"],
        maps=maps,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in a folder and below: files, and their bytes by name."""

    files: int
    sizes: dict[str, int]


def kept(folder: Path) -> Kept:
    """Look at a folder; a file that goes meanwhile does not count."""
    sizes = {}
    for one in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if not one.is_dir():
                sizes[str(one.relative_to(folder))] = one.lstat().st_size
    return Kept(len(sizes), sizes)


def _numbers(text: str) -> dict[str, int]:
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            found[name] = int(words[0])
    return found
