"""`sanmen evaluate pad`: how many attacks pass and how many people are refused (ISO 30107-3)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.cli.clip_cameras import ClipCameras
from appliance.cli.photos import EvaluationError
from appliance.cli.presentations import Outcome, play
from appliance.cli.statistics import interval
from appliance.config import load
from appliance.gate.rules import cue_policies
from appliance.sections import Config

if TYPE_CHECKING:
    from collections.abc import Iterable

LIVE = "live"
CLIPS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
PERSON_ENDS = "--"
"""What stands before it in a clip's name is the person; without it, the whole name is."""


class Part(Enum):
    """Which people: limits were chosen on some and are reported on the others."""

    ALL = "all"
    CHOSEN = "chosen"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Tried:
    """One presentation and where it came from.

    Attributes:
        file: of the clip, and which piece of it.
        label: "live", or the species of the attack.
        person: the source person.
        outcome: what it led to.

    """

    file: str
    label: str
    person: str
    outcome: Outcome


def pad(
    live: Annotated[Path, typer.Option(metavar="DIR", help="Bona fide clips.")],
    attack: Annotated[
        Path, typer.Option(metavar="DIR", help="Attack clips; a sub-folder is a species.")
    ],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Whose [pad] table is used.")
    ] = None,
    part: Annotated[
        Part, typer.Option(help="Only people on whom limits were chosen, or only the others.")
    ] = Part.ALL,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Presentation attack detection: play clips as presentations and judge them by the cues.

    Every clip is one presentation; a clip longer than 4.5 s is cut into several of 4.5 s. Each
    begins with a touch on the face door, the act of intent, and ends with a decision, after 4 s at
    the latest. Detection, tracking, quality, cues and fusion are the gate's own; identity is not
    compared. No light is shown. apcer and bpcer count presentations. Where no face could be used,
    or nothing lacked but the turn that a person is asked for and a recording cannot give, there
    was no response (APNRR, BPNRR): refused all the same, it counts among the attacks as tried and
    not passed, and is left out of bpcer; bpcer_with_no_turn has it in. Who did turn and showed no
    relief is in bpcer. The person is what stands
    before "--" in a file's name. ms_per_frame is the cues' own work without the texture model;
    seconds_to_accept the median of accepted bona fide presentations, from the touch on;
    waited_for counts which cue's evidence came last in them.

    A clip comes from the camera that --config names, unless a file of the clip's name and .toml
    beside it tells another: driver, bus, model and serial, as of a virtual or exchanged camera.
    """
    gate = load(config) if config else Config()
    cameras, policy = ClipCameras(gate), cue_policies(gate.pad)
    every = [*labelled(live, attacks=False), *labelled(attack, attacks=True)]
    clips = [one for one in every if part in {Part.ALL, part_of(person_of(one[0]))}]
    shown = track(clips, description="presentations", console=Console(stderr=True), transient=True)
    tried = [
        Tried(name, label, person_of(path), outcome)
        for path, label in shown
        for name, outcome in play(path, cameras.pipeline(path), policy)
    ]
    figures = summary(tried)
    by_cue = cameras.ms_by_cue()
    own = sum(ms for name, ms in by_cue.items() if name != "texture")
    figures["ms_per_frame"] = round(own, 3)
    figures["ms_by_cue"] = {name: round(ms, 3) for name, ms in by_cue.items()}
    if as_json:
        typer.echo(json.dumps(figures, indent=2, allow_nan=False))
        return
    _show(tried, figures)


def labelled(folder: Path, *, attacks: bool) -> list[tuple[Path, str]]:
    """Return the clips of a folder with their labels, in order of their names.

    Raises:
        EvaluationError: no folder, or no clip in it.

    """
    found = [one for one in sorted(folder.rglob("*")) if one.suffix.lower() in CLIPS]
    if not found:
        raise EvaluationError(f"folder {folder}", "no clip", "video files")
    if not attacks:
        return [(path, LIVE) for path in found]
    named = [(path, path.relative_to(folder).parts) for path in found]
    return [(path, parts[0] if len(parts) > 1 else "attack") for path, parts in named]


def person_of(path: Path) -> str:
    """Return the source person that a clip's name tells."""
    return path.stem.split(PERSON_ENDS)[0]


def part_of(person: str) -> Part:
    """Return on which side of the line a person stands, by the SHA-256 of the name."""
    even = hashlib.sha256(person.encode()).digest()[-1] % 2 == 0
    return Part.CHOSEN if even else Part.REPORTED


def summary(tried: Iterable[Tried]) -> dict[str, object]:
    """Return the figures by species, and every presentation."""
    apcer: dict[str, list[int]] = {}
    bpcer, no_response, no_turn = [0, 0], 0, 0
    people: dict[str, set[str]] = {}
    per_clip = []
    for one in tried:
        people.setdefault(one.label, set()).add(one.person)
        accepted, responded = one.outcome.accepted, one.outcome.responded
        if one.label != LIVE:
            counts = apcer.setdefault(one.label, [0, 0])
            counts[0] += accepted
            counts[1] += 1
        elif not one.outcome.turned:
            no_turn += 1
        elif responded:
            bpcer[0] += not accepted
            bpcer[1] += 1
        else:
            no_response += 1
        per_clip.append(_as_json(one))
    return {
        "apcer": apcer,
        "bpcer": bpcer,
        "bpcer_with_no_turn": [bpcer[0] + no_turn, bpcer[1] + no_turn],
        "bona_fide_no_turn": no_turn,
        "bona_fide_no_response": no_response,
        "people": {label: len(names) for label, names in people.items()},
        "seconds_to_accept": _middle(
            [one.outcome.seconds for one in tried if one.label == LIVE and one.outcome.accepted]
        ),
        "waited_for": Counter(
            one.outcome.waited_for
            for one in tried
            if one.label == LIVE and one.outcome.accepted and one.outcome.waited_for
        ),
        "per_clip": per_clip,
    }


def _middle(seconds: list[float]) -> float | None:
    """Return the median, or None of nothing."""
    return round(sorted(seconds)[len(seconds) // 2], 3) if seconds else None


def _as_json(one: Tried) -> dict[str, object]:
    outcome = one.outcome
    return {
        "file": one.file,
        "label": one.label,
        "accepted": outcome.accepted,
        "reason": outcome.reason,
        "decided_by": outcome.cue,
        "seconds": round(outcome.seconds, 3),
        "cues": {
            cue.cue: {"score": round(cue.score, 4), "frames": cue.frames} for cue in outcome.cues
        },
    }


def _show(tried: list[Tried], figures: dict[str, object]) -> None:
    """Print the table for a person."""
    table = Table("", "people", "presentations", "wrong", "share", "95 % interval", "by")
    for label in sorted({one.label for one in tried}, key=lambda name: (name != LIVE, name)):
        of_label = [one for one in tried if one.label == label]
        counted = [
            one
            for one in of_label
            if label != LIVE or (one.outcome.responded and one.outcome.turned)
        ]
        wrong = [one for one in counted if one.outcome.accepted is (label != LIVE)]
        low, high = interval(len(wrong), len(counted)) if counted else (0.0, 1.0)
        why: dict[str, int] = {}
        for one in of_label:
            if not one.outcome.accepted:
                key = one.outcome.cue or one.outcome.reason
                why[key] = why.get(key, 0) + 1
        table.add_row(
            f"BPCER {label}" if label == LIVE else f"APCER {label}",
            str(len({one.person for one in of_label})),
            str(len(counted)),
            str(len(wrong)),
            f"{len(wrong) / max(len(counted), 1):.3f}",
            f"{low:.3f} to {high:.3f}",
            ", ".join(f"{name} {count}" for name, count in sorted(why.items())),
        )
    console = Console()
    console.print(table)
    console.print(
        f"cues {figures['ms_per_frame']} ms per frame without the texture model, "
        f"{figures['bona_fide_no_response']} bona fide without a usable face, "
        f"{figures['bona_fide_no_turn']} refused for want of a turn that nobody was asked for"
    )
