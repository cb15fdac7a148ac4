"""Writes the workshop's presentations as clips: `python -m tests.attacks.make OUT --sources DIR`.

OUT/live holds bona fide presentations, OUT/attack/SPECIES attacks and OUT/control the blank
medium, all named PERSON--VARIANT-SEED.avi and all written by the same codec at the same quality.
Beside an injected clip lies PERSON--injection-SEED.toml, what the system tells of the device it
comes through; OUT/gate.toml configures the camera of the gate that it is not.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import typer

from tests.attacks.camera import HEIGHT, WIDTH
from tests.attacks.injection import CONFIGURED, device, injection, told
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
    """Write `per_source` presentations of each source and return how many there are.

    Those already there are kept; a variant that is not for somebody (glasses on glasses) has none.
    """
    count = 0
    for source in sources:
        for number in range(per_source):
            path = home / f"{source.person}--{name}-{number}.avi"
            seed = seed_of(source.person, name, number)
            if not path.exists():
                frames = list(make(source, seed))
                if not frames:
                    continue
                write_clip(path, frames, round(rate_of(frames), 2))
            if name == injection.__name__:
                path.with_suffix(".toml").write_text(told(device(seed)))
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Order:
    """What one process makes.

    Attributes:
        out: folder for all.
        data: folder with clips/ and faces/.
        species: all, none or names with commas.
        live: the same, of bona fide variants.
        per_source: presentations of each person and species.
        people: only these; nobody = everybody.
        part: which of `parts` equal parts of the people it does.
        parts: how many processes share the work.

    """

    out: Path
    data: Path
    species: str
    live: str
    per_source: int
    people: frozenset[str]
    part: int
    parts: int


def carry_out(order: Order) -> None:
    """Write what is ordered, telling every person and species as it is done."""
    cv2.setNumThreads(1)
    cast = find_sources(order.data)
    chosen = [one for one in cast if not order.people or one.person in order.people]
    chosen = chosen[order.part :: order.parts]
    made = [
        ("live", order.out / "live", name, make) for name, make in _named(LIVE, order.live).items()
    ]
    if order.live != "none":
        made += [("control", order.out / "control", name, make) for name, make in CONTROLS.items()]
    made += [
        ("attack", order.out / "attack" / name, name, make)
        for name, make in _named(attacks(cast), order.species).items()
    ]
    # Person by person, so that a set broken off in the middle has all species of whom it has.
    for source in chosen:
        for kind, home, name, make in made:
            if kind != "attack" and (not source.filmed or source.coarse):
                continue
            start = time.monotonic()
            count = write_all(home, name, make, [source], order.per_source)
            took = time.monotonic() - start
            typer.echo(f"{kind} {name} {source.person}: {count} in {took:.1f} s")


def main() -> None:
    """Read the command line and write, in as many processes as are asked for."""
    parser = argparse.ArgumentParser(description="Make bona fide presentations and attacks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", type=Path, required=True, help="folder with clips/ and faces/")
    parser.add_argument("--species", default="all", help="all, none or names with commas")
    parser.add_argument("--live", default="all", help="all, none or names with commas")
    parser.add_argument("--per-source", type=int, default=4)
    parser.add_argument("--people", default="", help="only these, with commas")
    parser.add_argument("--workers", type=int, default=1, help="processes; each shares the people")
    given = parser.parse_args()
    people = frozenset(given.people.split(",")) - {""}
    orders = [
        Order(
            given.out,
            given.sources,
            given.species,
            given.live,
            given.per_source,
            people,
            part,
            given.workers,
        )
        for part in range(given.workers)
    ]
    # OpenBLAS would wake a thread for every 3 x 3 matrix, which takes a hundred times as long; it
    # reads this when it is loaded, that is in the new processes.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "gate.toml").write_text(f"[camera.origin]\n{told(CONFIGURED)}")
    with ProcessPoolExecutor(given.workers, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(carry_out, orders))


def _named(every: dict[str, Make] | object, names: str) -> dict[str, Make]:
    known = dict(every)  # type: ignore[call-overload]
    if names == "all":
        return known
    return {name: known[name] for name in names.split(",") if name != "none"}


if __name__ == "__main__":
    main()
