"""Looks through files for pictures: by their signatures, and by the pixels themselves."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.cli.memory_scan import Scanner

ANYWHERE: Final = {
    # Longer than three bytes, since sealed records are random and hold any three bytes soon.
    "JPEG": rb"\xff\xd8\xff(?:[\xe0\xe1\xe2\xe8\xee]..(?:JFIF|Exif|ICC_|SPIF|Adob)"
    rb"|\xdb\x00[\x43\x84])",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "AVI": rb"RIFF....AVI ",
    "GIF": rb"GIF8[79]a",
    "MP4": rb"ftyp(?:isom|iso\d|mp4\d|avc1|M4V |qt  |dash|heic|mif1|avif)",
    "JPEG 2000": rb"\x00\x00\x00\x0cjP  \r\n\x87\n",
}
"""ISO/IEC 10918-1 B.1, 15948 5.2, RFC 9649, 14496-12 4.3 and 15444-1 I.5.1 say how each begins."""
AT_START: Final = {
    "JPEG": rb"\xff\xd8\xff",
    "BMP": rb"BM.{4}\x00\x00\x00\x00.{4}[\x0c\x28\x40\x6c\x7c]\x00\x00\x00",
    "TIFF": rb"(?:II\*\x00|MM\x00\*)",
    "Matroska": rb"\x1aE\xdf\xa3",
    "netpbm": rb"P[1-7][\s]",
    "numpy": rb"\x93NUMPY",
}


@dataclass(slots=True)
class FileHits:
    """What was found in files.

    Attributes:
        files: looked through.
        scanned: bytes looked through.
        images: bytes of files that hold a picture or part of one.
        found: what each such file holds.

    """

    files: int = 0
    scanned: int = 0
    images: int = 0
    found: dict[str, list[str]] = field(default_factory=dict)


def look_through(paths: Iterable[Path], scanner: Scanner | None = None) -> FileHits:
    """Look through files, each once; links are not followed and special files are passed over.

    Raises:
        OSError: a file is there and may not be read; then nothing is proven.

    """
    hits = FileHits()
    for path in sorted(set(paths)):
        try:
            # A removed file that is still open has no path but the process' descriptor, a link.
            kept_open = path.is_relative_to("/proc")
            if not stat.S_ISREG(path.stat(follow_symlinks=kept_open).st_mode):
                continue
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # gone meanwhile, as journals go
        hits.files += 1
        hits.scanned += len(content)
        kinds = signatures(content)
        if scanner is not None:
            traces: Counter[str] = scanner.runs_in(content) + scanner.vectors_in(content)
            kinds += [f"{count} x {kind}" for kind, count in traces.items()]
        if kinds:
            hits.images += len(content)
            hits.found[str(path)] = kinds
    return hits


def below(folder: Path) -> list[Path]:
    """Return all files below a folder, hidden ones too."""
    return [Path(root) / name for root, _, names in os.walk(folder) for name in names]


def signatures(content: bytes) -> list[str]:
    """Return the kinds of pictures and films that `content` is, or holds anywhere."""
    found = [kind for kind, sign in AT_START.items() if re.match(sign, content, re.DOTALL)]
    found += [kind for kind, sign in ANYWHERE.items() if re.search(sign, content, re.DOTALL)]
    return sorted(set(found))


def written_by(pid: int) -> set[Path]:
    """Return the regular files that a process has open for writing now.

    Raises:
        OSError: it may not be asked, or is gone.

    """
    files = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            status = link.stat()
            flags = (Path(f"/proc/{pid}/fdinfo") / link.name).read_text(encoding="ascii")
            target = Path(os.readlink(link))  # noqa: PTH115 - of a deleted file it is no path
        except FileNotFoundError:
            continue  # closed meanwhile
        number = int(next(one for one in flags.splitlines() if one.startswith("flags:"))[6:], 8)
        if stat.S_ISREG(status.st_mode) and number & os.O_ACCMODE != os.O_RDONLY:
            files.add(target if target.exists() else link.absolute())
    return files


def bytes_to_disk(pid: int) -> int:
    """Return how many bytes a process has sent towards storage so far.

    Raises:
        OSError: it may not be asked, or is gone.

    """
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return int(next(one for one in lines if one.startswith("write_bytes:")).split()[1])
