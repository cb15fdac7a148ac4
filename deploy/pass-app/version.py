"""Writes the list of files and their common fingerprint into the app's service worker."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

FOLDER = Path(__file__).parent
KEPT = {".css", ".html", ".js", ".png", ".svg", ".webmanifest"}


def files(folder: Path = FOLDER) -> list[str]:
    """Return what a phone keeps, relative to the app; the worker itself is the browser's."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in KEPT and path.name != "sw.js"
    )


def worker(text: str, folder: Path = FOLDER) -> str:
    """Return the worker's text with this folder's files and fingerprint."""
    names = files(folder)
    digest = hashlib.sha256()
    for name in names:
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    listed = "".join(f"\n  {json.dumps(name)}," for name in names)
    text = re.sub(
        r'VERSION = "[^"]*"', lambda _: f'VERSION = "{digest.hexdigest()[:16]}"', text, count=1
    )
    return re.sub(r"FILES = \[[^]]*\]", lambda _: f"FILES = [{listed}\n]", text, count=1)


if __name__ == "__main__":
    place = FOLDER / "sw.js"
    place.write_text(worker(place.read_text("utf-8")), "utf-8")
