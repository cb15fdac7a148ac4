"""Writes the workshop's presentations as clips: `python -m tests.attacks.make OUT --sources DIR`.

OUT/live holds bona fide presentations, OUT/attack/SPECIES attacks and OUT/control the blank
medium, all named PERSON--VARIANT-SEED.avi and all written by the same codec at the same quality.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import typer

from tests.attacks.camera import HEIGHT, WIDTH
from tests.attacks.sources import find_sources
from tests.attacks.species import CONTROLS, LIVE, attacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hardware.ports import Frame
    from tests.attacks.sources import Source
    from tests.attacks.species import Make

QUALITY: Final = 95
"""Motion JPEG's, as a good USB camera sends it."""


def write_clip(path: Path, frames: Iterable[Frame], fps: float) -> int:
    """Write a clip and return how many pictures it has; no clip of none is left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(
        str(path),
        cv2.CAP_OPENCV_MJPEG,
        cv2.VideoWriter.fourcc(*"MJPG"),
        fps,
        (WIDTH, HEIGHT),
    )
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
    count = 0
    for frame in frames:
        writer.write(frame.pixels)
        count += 1
    writer.release()
    if not count:
        path.unlink(missing_ok=True)
    return count


def seed_of(person: str, variant: str, number: int) -> int:
    """Return a seed that is the same on every machine and another for each presentation."""
    return zlib.crc32(f"{person}/{variant}/{number}".encode())


def rate_of(frames: Sequence[Frame]) -> float:
    """Return pictures a second."""
    return (len(frames) - 1) * 1e9 / (frames[-1].taken_ns - frames[0].taken_ns)


def write_all(home: Path, name: str, make: Make, sources: Iterable[Source], per_source: int) -> int:
    """Write `per_source` presentations of each source; those already there are kept."""
    count = 0
    for source in sources:
        for number in range(per_source):
            path = home / f"{source.person}--{name}-{number}.avi"
            if not path.exists():
                frames = list(make(source, seed_of(source.person, name, number)))
                write_clip(path, frames, round(rate_of(frames), 2))
            count += 1
    return count


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Make bona fide presentations and attacks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", type=Path, required=True, help="folder with clips/ and faces/")
    parser.add_argument("--species", default="all", help="all, none or names with commas")
    parser.add_argument("--live", default="all", help="all, none or names with commas")
    parser.add_argument("--per-source", type=int, default=4)
    parser.add_argument("--people", default="", help="only these, with commas")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    cast = find_sources(given.sources)
    people = set(given.people.split(",")) - {""}
    chosen = [one for one in cast if not people or one.person in people]
    filmed = [one for one in chosen if one.filmed]
    for name, make in _named(LIVE, given.live).items():
        typer.echo(
            f"live {name}: {write_all(given.out / 'live', name, make, filmed, given.per_source)}"
        )
    if given.live != "none":
        for name, make in CONTROLS.items():
            home = given.out / "control"
            typer.echo(f"control {name}: {write_all(home, name, make, filmed, given.per_source)}")
    made = _named(attacks(cast), given.species)
    # Person by person, so that a set broken off in the middle has all species of whom it has.
    for source in chosen:
        for name, make in made.items():
            home = given.out / "attack" / name
            count = write_all(home, name, make, [source], given.per_source)
            typer.echo(f"{name} {source.person}: {count}")


def _named(every: dict[str, Make] | object, names: str) -> dict[str, Make]:
    known = dict(every)  # type: ignore[call-overload]
    if names == "all":
        return known
    return {name: known[name] for name in names.split(",") if name != "none"}


if __name__ == "__main__":
    main()
