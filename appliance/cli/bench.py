"""`sanmen bench`: what a frame costs and where, on the packaged clip, and what the log costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.cli.bench_log import MILLION, log_figures
from appliance.cli.bench_preview import preview_figures
from appliance.cli.bench_stages import FrameCost, Stages
from appliance.cli.bench_visit import visit_figures
from appliance.errors import ModelError, PictureError
from appliance.gate.comparison import ReferenceSet
from appliance.vision.features import LENGTH
from appliance.vision.inference import ModelShelf
from hardware.sim.library import footage_path

CLIP = "WolfgangLanger_Pexels.mp4"
GALLERIES = (2_400, 10_000, 50_000)
MODELS_OF = {
    "detect": ("yunet_far",),
    "refine": ("yunet_close",),
    "mesh": ("face_mesh",),
    "quality": (),
    "align": (),
    "features": ("sface", "mobilefacenet"),
    "texture": ("liveness",),
}
"""Which models a stage runs; the rest of its time is its own work."""
SEARCHES = 40
WARM_UP = 3
START_LIMIT_S = 120
ROOM = """
import json, resource, sys
from appliance.vision.room import VisionRoom
from appliance.vision.inference import ModelShelf
from appliance.vision.pipeline import FacePipeline
pipeline = FacePipeline(ModelShelf())
print("ready", flush=True)
import cv2
clip = cv2.VideoCapture(sys.argv[1], cv2.CAP_FFMPEG)
for number in range(int(sys.argv[2])):
    ok, pixels = clip.read()
    if not ok:
        break
    for face in pipeline.detect(pixels)[:1]:
        pipeline.sample(pixels, face, number, reference=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""
"""A room of its own: started, opened, and then put to work as in a visit."""


def bench(
    frames: Annotated[int, typer.Option(min=1, max=400, help="Pictures measured.")] = 100,
    log_events: Annotated[
        int, typer.Option(min=1000, max=10_000_000, help="Events of the log that is read.")
    ] = MILLION,
    folder: Annotated[
        Path | None, typer.Option(help="Where the log is written: the disk measured.")
    ] = None,
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Only the live preview.")] = False,
    pad: Annotated[
        bool, typer.Option("--pad", help="Only what proving the presentation adds to a visit.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Measure what a frame costs, and where, on the packaged clip.

    Milliseconds are medians over the frames that give a sample. ratio is the median of each
    frame's whole pipeline (detect and sample) divided by the sum of its bare model calls, which
    run on the same prepared inputs right before or after it, in turn. start_to_ready_s is a fresh
    process until all models have run once; peak_memory_mb is that process's, after the frames.
    own_work_ms is what each stage adds to its models. pad_ms is the mean of what the presentation
    attack cues add to a frame beside the texture model; ratio contains it.
    log_appends_per_s counts durable appends, log_verify_million_s is the reading of a log, scaled
    to a million events.
    """
    if preview:
        show(preview_figures(), "live preview", as_json=as_json)
        return
    if pad:
        show(visit_figures(), f"visits of {CLIP}", as_json=as_json)
        return
    start_s, peak_mb = start_and_work(frames)
    costs = frame_costs(frames)
    ratios = [cost.pipeline_ms / sum(cost.models_ms.values()) for cost in costs]
    pipeline_ms = float(np.median([cost.pipeline_ms for cost in costs]))
    figures: dict[str, object] = {
        "stages_ms": medians([cost.stages_ms for cost in costs]),
        "models_ms": medians([cost.models_ms for cost in costs]),
        "ratio": round(float(np.median(ratios)), 4),
        "search_ms": {str(size): search_ms(size) for size in GALLERIES},
        "frames_per_second": round(1000 / pipeline_ms, 2),
        "start_to_ready_s": round(start_s, 3),
        "peak_memory_mb": round(peak_mb, 1),
        "pipeline_ms": round(pipeline_ms, 3),
        "own_work_ms": medians([own_work(cost) for cost in costs]),
        "pad_ms": round(float(np.mean([cost.pad_ms for cost in costs])), 3),
        "ratio_without_pad": round(
            float(
                np.median(
                    [(one.pipeline_ms - one.pad_ms) / sum(one.models_ms.values()) for one in costs]
                )
            ),
            4,
        ),
        "frames": len(costs),
        **log_figures(folder, log_events),
    }
    show(figures, f"{len(costs)} frames of {CLIP}", as_json=as_json)


def show(figures: dict[str, object], title: str, *, as_json: bool) -> None:
    """Print figures as a table or as JSON."""
    if as_json:
        typer.echo(json.dumps(figures, indent=2, allow_nan=False))
        return
    table = Table("figure", "part", "value", title=title)
    for name, value in figures.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for row, (part, one) in enumerate(parts):
            table.add_row("" if row else name, str(part), str(one))
    Console().print(table)


def own_work(cost: FrameCost) -> dict[str, float]:
    """Return each stage's time without its models."""
    return {
        stage: ms - sum(cost.models_ms[model] for model in MODELS_OF[stage])
        for stage, ms in cost.stages_ms.items()
    }


def frame_costs(frames: int) -> list[FrameCost]:
    """Measure the frames of the clip that give a sample, spread over its whole length.

    Raises:
        ModelError: a model is missing, altered or of the wrong shape.
        PictureError: no frame gave a sample.

    """
    stages = Stages(ModelShelf())
    pictures = clip_pictures(frames + WARM_UP)
    costs = []
    numbers = track(
        range(len(pictures)),
        description="measuring frames",
        console=Console(stderr=True),
        transient=True,
    )
    for number in numbers:
        cost = stages.measure(pictures[number], pipeline_first=number % 2 == 0)
        if cost is not None and number >= WARM_UP:
            costs.append(cost)
    if not costs:
        raise PictureError(f"clip {CLIP}", "no sample in it", "a face that quality accepts")
    return costs


def clip_pictures(wanted: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Return up to so many pictures, evenly spread over the packaged clip."""
    clip = cv2.VideoCapture(str(footage_path(CLIP)), cv2.CAP_FFMPEG)
    total = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    chosen = set(np.linspace(0, total - 1, min(wanted, total)).astype(int).tolist())
    pictures = []
    for number in range(total):
        if not clip.grab():
            break
        if number in chosen:
            ok, pixels = clip.retrieve()
            if ok:
                pictures.append(np.asarray(pixels, dtype=np.uint8))
    clip.release()
    return pictures


def search_ms(size: int) -> float:
    """Return the median time of one search among `size` random references, milliseconds."""
    random = np.random.default_rng(size)
    rows = random.standard_normal((size, LENGTH), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    references = ReferenceSet(tuple(str(row) for row in range(size)), rows, "random")
    spans = []
    for number in range(SEARCHES + WARM_UP):
        probe = rows[number % size].copy()
        start = time.perf_counter()
        references.candidates(probe)
        spans.append(1000 * (time.perf_counter() - start))
    return round(float(np.median(spans[WARM_UP:])), 3)


def start_and_work(frames: int) -> tuple[float, float]:
    """Return seconds until a fresh vision room is ready, and its peak memory, MB, after frames.

    Raises:
        ModelError: it never became ready.

    """
    command = [sys.executable, "-c", ROOM, str(footage_path(CLIP)), str(frames)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as room:  # noqa: S603 - own code
        said = room.stdout.readline().strip() if room.stdout else ""
        ready_s = time.perf_counter() - start
        peak, _ = room.communicate(timeout=START_LIMIT_S)
    if said != "ready" or room.returncode != 0:
        raise ModelError("vision room", f"exit code {room.returncode}", "a start that ends ready")
    return ready_s, int(peak) / 1024


def medians(parts: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each part."""
    return {name: round(float(np.median([part[name] for part in parts])), 3) for name in parts[0]}
