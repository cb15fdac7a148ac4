"""`sanmen evaluate qr`: how many codes are read, how many wrongly, and how fast."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import TYPE_CHECKING, Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.cli.photos import EvaluationError
from appliance.gate.credential.pass_token import PhoneKey
from appliance.vision.qr_image import decode
from hardware.sim.library import footage_path
from hardware.sim.phone_screen import KINDS, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
BACKGROUNDS = ("WolfgangLanger_Pexels.mp4", "astronaut.png")


@dataclass(slots=True)
class Tally:
    """What became of the pictures of one kind.

    Attributes:
        images: looked at.
        read: gave their own text.
        wrong: gave another text.
        took_ms: time of each decoding, milliseconds.

    """

    images: int = 0
    read: int = 0
    wrong: int = 0
    took_ms: list[float] = field(default_factory=list)

    def look(self, pixels: NDArray[np.uint8], text: str) -> bool:
        """Decode one picture, which shows `text`; say whether it was read rightly."""
        start = perf_counter_ns()
        found = decode(pixels)
        self.took_ms.append((perf_counter_ns() - start) / 1e6)
        self.images += 1
        self.read += found == text
        self.wrong += found not in {"", text}
        return found == text

    def figures(self) -> dict[str, float]:
        """Return the keys of the report."""
        return {
            "images": self.images,
            "read": self.read,
            "wrong": self.wrong,
            "ms_median": round(median(self.took_ms), 3) if self.took_ms else 0.0,
        }


def qr(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Pictures of codes.")] = None,
    expected: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help='Lines of {"file", "text"} and, if known, "kind"; DIR/expected.jsonl by default.',
        ),
    ] = None,
    rendered: Annotated[
        int, typer.Option(min=0, help="Instead: so many phone screens of each kind, rendered.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same pictures.")] = 0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Read codes from pictures: photos of a folder, or rendered screens of residents and guests."""
    if (folder is None) is (rendered == 0):
        raise EvaluationError("evaluate qr", "both or neither", "DIR, or --rendered N")
    kinds: dict[str, Tally] = {}
    missed = []
    if folder is not None:
        pictures = list(_listed(folder, expected or folder / "expected.jsonl"))
        total = len(pictures)
        shots: Iterator[tuple[str, str, str, NDArray[np.uint8]]] = _photos(pictures)
    else:
        total = rendered * len(KINDS)
        shots = _rendered(rendered, seed)
    out = Console(stderr=True)
    for name, kind, text, pixels in track(shots, "reading", total, console=out, transient=True):
        if not kinds.setdefault(kind, Tally()).look(pixels, text):
            missed.append(name)
    whole = Tally(
        sum(one.images for one in kinds.values()),
        sum(one.read for one in kinds.values()),
        sum(one.wrong for one in kinds.values()),
        [took for one in kinds.values() for took in one.took_ms],
    )
    by_kind = {kind: one.figures() for kind, one in kinds.items() if kind}
    if as_json:
        report: dict[str, object] = {**whole.figures(), "missed": missed}
        typer.echo(json.dumps({**report, "kinds": by_kind} if by_kind else report))
        return
    table = Table("kind", "images", "read", "wrong", "ms (median)")
    for kind, figures in {**by_kind, "all": whole.figures()}.items():
        table.add_row(kind, *(f"{value:g}" for value in figures.values()))
    Console().print(table)


def _listed(folder: Path, expected: Path) -> Iterator[tuple[Path, str, str]]:
    """Give file, kind and text of each line.

    Raises:
        EvaluationError: the list cannot be read, or there is nothing in it.

    """
    try:
        lines = [json.loads(line) for line in expected.read_text("utf-8").splitlines() if line]
        listed = [(folder / one["file"], str(one.get("kind", "")), one["text"]) for one in lines]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise EvaluationError(f"list {expected}", repr(fault), "lines of file and text") from fault
    if not listed:
        raise EvaluationError(f"list {expected}", "empty", "a line for each picture")
    yield from listed


def _photos(
    pictures: list[tuple[Path, str, str]],
) -> Iterator[tuple[str, str, str, NDArray[np.uint8]]]:
    for path, kind, text in pictures:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise EvaluationError(f"picture {path}", "not readable", "a PNG or JPEG")
        yield path.name, kind, text, np.asarray(pixels, np.uint8)


def _rendered(number: int, seed: int) -> Iterator[tuple[str, str, str, NDArray[np.uint8]]]:
    """Give screens with real codes, a resident's and a guest's in turn."""
    backgrounds = [_background(name) for name in BACKGROUNDS]
    resident, guest = PhoneKey.create(), PhoneKey.create()
    now = datetime.now(UTC)
    grant = resident.grant(guest.public_key, now, now + timedelta(hours=2), gates=3, uses=2)
    for place, kind in enumerate(KINDS):
        for one in range(number):
            draw = np.random.default_rng((seed, place, one))
            text = guest.sign(now, grant) if one % 2 else resident.sign(now)
            background = backgrounds[int(draw.integers(len(backgrounds)))]
            yield f"{kind} {one}", kind, text, shown(text, kind, background, draw)


def _background(name: str) -> NDArray[np.uint8]:
    film = cv2.VideoCapture(str(footage_path(name)))
    try:
        there, pixels = film.read()
    finally:
        film.release()
    if not there:
        raise EvaluationError(f"footage {name}", "not readable", "a picture")
    return np.asarray(cv2.resize(pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
