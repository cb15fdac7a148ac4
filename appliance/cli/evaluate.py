"""`sanmen evaluate`: how well faces are told apart, on labelled photos."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.identification import (
    Searches,
    false_negative,
    false_positive,
    joined_rows,
    search,
    trade_off,
)
from appliance.cli.photos import (
    EvaluationError,
    PhotoVectors,
    failure_words,
    find_people,
    progress,
)
from appliance.cli.protocol import Draw, Half, Pair, draw, eligible, make_pairs, read_pairs
from appliance.cli.statistics import best_balance, reached, threshold_at
from appliance.sections import FaceSection
from appliance.vision.inference import ModelShelf

SHARES = ("0.01", "0.001")

app = typer.Typer(help="Measure how well the gate tells faces apart.", no_args_is_help=True)

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Photos: DIR/<person>/<photo>.jpg or .png.")
]
Seed = Annotated[
    int, typer.Option(help="Of all that is drawn by lot; the same seed, the same lot.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print only JSON on standard output.")]


@app.command()
def faces(
    folder: Folder,
    pairs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.tsv", help="Columns first, second, same; photos as <person>/<file>."
        ),
    ] = None,
    seed: Seed = 0,
    *,
    as_json: AsJson = False,
) -> None:
    """Verification: tell whether two photos show the same person.

    The first photo of a pair is taken as reference, the second as probe. Without --pairs: all
    pairs of one person, and as many random pairs of two people. Quality refuses no photo;
    failure_to_acquire counts the photos that do not read or show no face, and their pairs are not
    compared. accuracy is the mean of the rates for same and different at the best threshold.
    ms_per_image is the time from a decoded picture to its probe vector.
    """
    people = find_people(folder)
    listed = read_pairs(pairs, people) if pairs else make_pairs(people, Random(seed))  # noqa: S311
    vectors = PhotoVectors(ModelShelf())
    vectors.acquire(dict.fromkeys(one for pair in listed for one in (pair.first, pair.second)))
    compared = [pair for pair in listed if vectors.has(pair.first) and vectors.has(pair.second)]
    if len({pair.same for pair in compared}) < 2:  # noqa: PLR2004 - same and different
        raise EvaluationError(
            "pairs", f"{len(compared)} of {len(listed)} compared", "pairs of both kinds"
        )
    figures = verification(compared, vectors)
    figures["pairs_not_compared"] = len(listed) - len(compared)
    _show("Verification", figures, vectors, as_json=as_json)


@app.command()
def identify(
    folder: Folder,
    gallery_size: Annotated[int, typer.Option(min=1, help="How many people are enrolled.")],
    references: Annotated[int, typer.Option(min=1, help="Photos of a person, at most.")] = 3,
    seed: Seed = 0,
    draws: Annotated[
        int, typer.Option(min=1, help="How many galleries are drawn; their searches are pooled.")
    ] = 1,
    people: Annotated[
        Half,
        typer.Option(
            help="Half of the people, by the SHA-256 of their names: choose on one half, "
            "report on the other."
        ),
    ] = Half.ALL,
    *,
    as_json: AsJson = False,
) -> None:
    """Identification: find who of all enrolled people a photo shows.

    People with two photos or more can be enrolled, each with up to --references photos and at
    least one left to search with; everybody else is a stranger. fpir and fnir are at the threshold
    and margin that the product ships with; an enrolled person who is not the first candidate, or
    not clear of the second, counts as not found. fnir_at_fpir is measured without the margin.
    Several draws come from the same photos: the 95 % intervals are as wide as those of one draw.
    """
    folder_people = find_people(folder)
    everybody = {name: photos for name, photos in folder_people.items() if people.holds(name)}
    eligible(everybody, gallery_size)  # before the long work
    vectors = PhotoVectors(ModelShelf())
    vectors.acquire([photo for photos in everybody.values() for photo in photos])
    usable = {
        name: tuple(photo for photo in photos if vectors.has(photo))
        for name, photos in everybody.items()
    }
    random = Random(seed)  # noqa: S311 - a lot, not a key
    lots = [draw(usable, gallery_size, references, random) for _ in range(draws)]
    _show("Identification", identification(lots, vectors), vectors, as_json=as_json)


def verification(pairs: list[Pair], vectors: PhotoVectors) -> dict[str, object]:
    """Return the figures of verification over pairs whose photos all have a face."""
    first = vectors.references([pair.first for pair in pairs])
    second = vectors.probes([pair.second for pair in pairs])
    scores = np.einsum("ij,ij->i", first, second).astype(np.float64)
    same = np.array([pair.same for pair in pairs])
    mated, non_mated = scores[same], scores[~same]
    accuracy, threshold = best_balance(mated, non_mated)
    shipped = FaceSection().threshold
    return {
        "pairs": len(pairs),
        "accuracy": accuracy,
        "threshold": threshold,
        "tar_at_fmr": {
            share: reached(mated, threshold_at(non_mated, float(share))) for share in SHARES
        },
        "at_shipped_threshold": {
            "threshold": shipped,
            "tar": reached(mated, shipped),
            "fmr": reached(non_mated, shipped),
        },
        "pairs_same": int(same.sum()),
    }


def identification(lots: list[Draw], vectors: PhotoVectors) -> dict[str, object]:
    """Return the figures of identification over all draws together."""
    # All vectors first: one long bar rather than one a draw.
    vectors.references([photo for lot in lots for photos in lot.references for photo in photos])
    vectors.probes([one for lot in lots for one in (*(p for p, _ in lot.mated), *lot.non_mated)])
    mated, non_mated = [], []
    for lot in progress(lots, "searching"):
        rows = vectors.references([photo for photos in lot.references for photo in photos])
        gallery = joined_rows(rows, [len(photos) for photos in lot.references])
        if lot.mated:
            mates = np.array([row for _, row in lot.mated])
            mated.append(search(vectors.probes([photo for photo, _ in lot.mated]), gallery, mates))
        if lot.non_mated:
            non_mated.append(search(vectors.probes(lot.non_mated), gallery, None))
    return rates(Searches.pooled(mated), Searches.pooled(non_mated), len(lots), lots[0])


def rates(mated: Searches, non_mated: Searches, repeats: int, lot: Draw) -> dict[str, object]:
    """Return the figures of pooled searches."""
    shipped = FaceSection()
    threshold, margin = shipped.threshold, shipped.margin
    plain = {share: trade_off(mated, non_mated, float(share), 0.0) for share in SHARES}
    clear = {share: trade_off(mated, non_mated, float(share), margin) for share in SHARES}
    wrong = mated.accepted(threshold, margin) & ~mated.right
    return {
        "enrolled": len(lot.references),
        "mated_searches": len(mated),
        "non_mated_searches": len(non_mated),
        "fpir": false_positive(non_mated, threshold, margin, repeats).as_json(),
        "fnir": false_negative(mated, threshold, margin, repeats).as_json(),
        "fnir_at_fpir": {share: one["fnir"] if one else None for share, one in plain.items()},
        "threshold": threshold,
        "margin": margin,
        "threshold_at_fpir": {
            share: one["threshold"] if one else None for share, one in plain.items()
        },
        "fnir_at_fpir_with_margin": {
            share: one["fnir"] if one else None for share, one in clear.items()
        },
        "named_as_another": int(wrong.sum()),
        "draws": repeats,
    }


def _show(title: str, figures: dict[str, object], vectors: PhotoVectors, *, as_json: bool) -> None:
    """Print the figures for a program or for a person."""
    figures["failure_to_acquire"] = len(vectors.failed)
    figures["ms_per_image"] = round(vectors.ms_per_image, 2)
    if as_json:
        typer.echo(json.dumps(figures, indent=2, allow_nan=False))
        return
    table = Table("figure", "value", title=title)
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), words(value))
    console = Console()
    console.print(table)
    if vectors.failed:
        console.print(f"no face: {failure_words(vectors.failed)}", markup=False)


def words(value: object) -> str:
    """Return a figure as a person reads it."""
    match value:
        case None:
            return "not measurable"
        case float():
            return f"{value:.4f}"
        case {"rate": rate, "low": float() as low, "high": float() as high}:
            return f"{words(rate)} ({low:.4f} to {high:.4f})"
        case dict():
            return ", ".join(f"{name}: {words(one)}" for name, one in value.items())
        case _:
            return str(value)
