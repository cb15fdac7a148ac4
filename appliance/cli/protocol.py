"""Which photos are compared with which: pairs for verification, draws for identification."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from appliance.cli.photos import EvaluationError, Photo

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from appliance.cli.photos import People

HEADER = ["first", "second", "same"]
LEAST_PHOTOS = 2
"""Of an enrolled person: one for the reference, one to search with."""


class Half(StrEnum):
    """Whose photos are used: everybody's, or those of one half of the people."""

    ALL = "all"
    EVEN = "even"
    ODD = "odd"

    def holds(self, person: str) -> bool:
        """Whether a person belongs to it; by the SHA-256 of the name, so for ever the same."""
        parity = hashlib.sha256(person.encode()).digest()[-1] % 2
        return self is Half.ALL or (parity == 1) == (self is Half.ODD)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos: the first taken as reference, the second as probe.

    Attributes:
        first: photo.
        second: photo.
        same: whether they are said to show the same person.

    """

    first: Photo
    second: Photo
    same: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """One gallery and what is searched in it.

    Attributes:
        references: photos of each enrolled person.
        mated: a photo of an enrolled person, and the row of that person.
        non_mated: photos of strangers.

    """

    references: tuple[tuple[Photo, ...], ...]
    mated: tuple[tuple[Photo, int], ...]
    non_mated: tuple[Photo, ...]


def read_pairs(file: Path, people: People) -> list[Pair]:
    """Read a tab-separated list of pairs.

    Raises:
        EvaluationError: the file does not read, or a line of it is wrong.

    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise EvaluationError(f"pairs file {file}", str(fault), "a readable text file") from fault
    if not lines or lines[0].split("\t") != HEADER:
        found = repr(lines[0]) if lines else "nothing"
        raise EvaluationError(f"{file}, line 1", found, "first, second, same between tabs")
    known = {photo.name: photo for photos in people.values() for photo in photos}
    pairs = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        fields = line.split("\t")
        if len(fields) != len(HEADER) or fields[2] not in ("0", "1"):
            raise EvaluationError(place, repr(line), "two photos and 0 or 1 between tabs")
        for name in fields[:2]:
            if name not in known:
                raise EvaluationError(place, f"no photo {name!r}", "<person>/<file> in the folder")
        pairs.append(Pair(known[fields[0]], known[fields[1]], fields[2] == "1"))
    return pairs


def make_pairs(people: People, random: Random) -> list[Pair]:
    """Return all pairs of one person, and as many random pairs of two people."""
    same = [
        Pair(first, second, same=True)
        for photos in people.values()
        for first, second in combinations(photos, 2)
    ]
    everything = [photo for photos in people.values() for photo in photos]
    possible = len(everything) * (len(everything) - 1) // 2 - len(same)
    different: dict[tuple[Photo, Photo], None] = {}
    while len(different) < min(len(same), possible):
        one, other = sorted(random.sample(range(len(everything)), 2))
        first, second = everything[one], everything[other]
        if first.person != second.person:
            different[first, second] = None
    return same + [Pair(first, second, same=False) for first, second in different]


def eligible(people: People, size: int) -> list[str]:
    """Return who can be enrolled, by name.

    Raises:
        EvaluationError: fewer than `size`.

    """
    names = [name for name, photos in people.items() if len(photos) >= LEAST_PHOTOS]
    if len(names) < size:
        raise EvaluationError(
            "gallery size",
            size,
            f"at most {len(names)}, the people with {LEAST_PHOTOS} usable photos or more",
        )
    return names


def draw(people: People, size: int, references: int, random: Random) -> Draw:
    """Enrol `size` people by lot with up to `references` photos each; all else are searches.

    Raises:
        EvaluationError: fewer people can be enrolled.

    """
    enrolled = sorted(random.sample(eligible(people, size), size))
    gallery: list[tuple[Photo, ...]] = []
    mated: list[tuple[Photo, int]] = []
    for row, name in enumerate(enrolled):
        photos = random.sample(people[name], len(people[name]))
        kept = min(references, len(photos) - 1)
        gallery.append(tuple(photos[:kept]))
        mated += [(photo, row) for photo in photos[kept:]]
    inside = set(enrolled)
    strangers = [photo for name in people if name not in inside for photo in people[name]]
    return Draw(tuple(gallery), tuple(mated), tuple(strangers))
