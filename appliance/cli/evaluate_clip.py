"""`sanmen evaluate clip`: one resident's visit, played from a clip through the whole gate."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace
from rich.console import Console

from appliance.cli.house import House, temporary_config, trial_consent
from appliance.clock import SkippingClock
from appliance.errors import EnrolmentError
from appliance.gate.access.reasons import Reason
from appliance.gate.archive import create_archive
from appliance.gate.enrolment.desk import Application
from appliance.gate.notices import Decided, Notice
from appliance.gate.store.records import Profile
from appliance.vision import process as vision
from hardware.ports import CameraOptions

if TYPE_CHECKING:
    from appliance.sections import Config

TRIAL_CARD = bytes(16)
"""The evaluated resident's other door; without one nobody is enrolled for face (law 1)."""


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """What one clip led to.

    Attributes:
        granted: the door was released for the enrolled person.
        reason: of the last decision, or why there was none.
        ms_intent_to_relay: from complete intent to the relay, milliseconds; None if refused.
        frames: pictures played after the enrolment.
        attempts: decisions taken.

    """

    granted: bool = False
    reason: str = Reason.NO_USABLE_FACE.value
    ms_intent_to_relay: float | None = None
    frames: int = 0
    attempts: int = 0


def clip(
    file: Annotated[Path, typer.Argument(help="The visit, a video file.")],
    enrol_from: Annotated[
        Path,
        typer.Option(
            "--enrol-from",
            help="Who is enrolled, a video file. The same file: its first seconds, and the visit "
            "is the rest of it.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Enrol from one clip and play another through the whole gate.

    Idle waiting between pictures is skipped, work takes its own processor time: what is measured
    is what a person before a camera would have met on this machine, had it nothing else to do. A
    recording cannot turn its head when it is asked to: the proof by relief is switched off here;
    `sanmen evaluate pad` measures it.
    """
    outcome = play(file, enrol_from)
    if as_json:
        typer.echo(json.dumps(asdict(outcome)))
        return
    took = outcome.ms_intent_to_relay
    Console().print(
        f"{'[green]admitted' if outcome.granted else '[red]refused'}[/]: {outcome.reason}"
        + (f", {took:.0f} ms from intent to relay" if took is not None else "")
        + f", {outcome.frames} pictures, {outcome.attempts} attempts"
    )


def play(file: Path, enrol_from: Path) -> ClipOutcome:
    """Return what `file` leads to at a gate where the person of `enrol_from` is enrolled.

    Raises:
        DeviceError: a file is missing or no clip.

    """
    clock = SkippingClock(time.process_time_ns)
    told: list[Notice] = []
    with tempfile.TemporaryDirectory(prefix="sanmen-") as name, ExitStack() as ending:
        config = without_questions(temporary_config(Path(name)))
        create_archive(config)
        first = vision.open_camera(CameraOptions("file", str(enrol_from)), clock)
        ending.callback(first.close)
        house = House(config, clock, told.append)
        ending.callback(house.close)
        profile = Profile("evaluation", "clip", frozenset({"card", "face"}))
        consent = trial_consent(clock.wall())
        try:
            house.enrol(Application(profile, (TRIAL_CARD,), (), consent), first, lambda _: None)
        except EnrolmentError as fault:
            return ClipOutcome(reason=f"failure-to-enrol: {fault.found}")
        camera = first
        if file.resolve() != enrol_from.resolve():
            camera = vision.open_camera(CameraOptions("file", str(file)), clock)
            ending.callback(camera.close)
        house.watch(camera)
        return _visit(house, told)


def without_questions(config: Config) -> Config:
    """Return `config` without the cue that may have to ask for a turn."""
    parallax = replace(config.pad.parallax, on=False)
    return replace(config, pad=replace(config.pad, parallax=parallax))


def _visit(house: House, told: list[Notice]) -> ClipOutcome:
    """Play until somebody is admitted or the clip ends."""
    frames, running = 0, True
    decisions: list[Decided] = []
    while running and not any(one.decision.granted for one in decisions):
        told.clear()
        running = house.step()
        frames += running
        decisions += [one for one in told if isinstance(one, Decided)]
    if not decisions:
        return ClipOutcome(frames=frames)
    last = decisions[-1]
    granted = last.decision.granted
    took = round(last.took_ns / 1e6, 1) if granted else None
    return ClipOutcome(granted, last.decision.reason.value, took, frames, len(decisions))
