"""What proving the presentation adds to a visit: from intent to relay, with it and without."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from msgspec.structs import replace

from appliance.cli.house import House, temporary_config, trial_consent
from appliance.clock import SkippingClock
from appliance.gate.archive import create_archive
from appliance.gate.enrolment.desk import Application
from appliance.gate.notices import Decided, VisitBegan
from appliance.gate.store.records import Profile
from appliance.pad_section import PadSection
from appliance.vision import process as vision
from hardware.ports import CameraOptions
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from appliance.gate.notices import Notice

CLIP: Final = "WolfgangLanger_Pexels.mp4"
ENROL_S: Final = 9.8
STARTS_S: Final = (12.6, 13.0, 13.4, 13.8, 14.2)
"""Seconds into the footage at which she walks up: more or less long before she turns her head."""
LONGEST_NS: Final = 8_000_000_000
REST_NS: Final = 3_000_000_000
"""Between two visits, until the gate is idle again."""
CARD: Final = bytes(16)
"""Her other door; without one nobody is enrolled for face (law 1)."""


def visit_figures() -> dict[str, object]:
    """Return what `sanmen bench --pad` prints.

    visit_ms are medians from the act of intent to the relay over the visits that all three
    configurations admit; waiting for pictures is in them, other programs' time is not: the clock
    is the footage's and the processor time of both rooms. "alone": the texture model must have
    seen one picture, the least any configuration asks for; "no_turn": every cue that is on by
    default but the relief; "proven": all of them, so that what it takes longer than "no_turn" is
    the wait for the head to turn. added_ms are the medians of each visit's difference from
    "alone"; work_ms the processor time of both rooms from intent to relay, and work_ratio the
    median of "proven" over "alone"; admitted counts visits of those begun.
    """
    runs = {name: visits(pad) for name, pad in configurations().items()}
    whole = [row for row in zip(*runs.values(), strict=True) if None not in row]
    figures: dict[str, object] = {
        "visits": len(STARTS_S),
        "admitted": {name: sum(one is not None for one in run) for name, run in runs.items()},
    }
    if whole:
        took = np.array(whole) / 1e6
        span, work = took[:, :, 0], took[:, :, 1]
        figures |= {
            "visit_ms": _medians(runs, span),
            "added_ms": _medians(runs, span - span[:, :1]),
            "work_ms": _medians(runs, work),
            "work_ratio": round(float(np.median(work[:, -1] / work[:, 0])), 3),
        }
    return figures


def configurations() -> dict[str, PadSection]:
    """Return the least that admits anybody, all but the relief, and what is on by default."""
    off = {name: {"on": False} for name in PadSection().cues}
    texture = {"supports": 0.05, "contradicts": 0.0, "frames": 1}
    return {
        "alone": msgspec.convert(off | {"texture": texture}, PadSection),
        "no_turn": msgspec.convert({"parallax": {"on": False}}, PadSection),
        "proven": PadSection(),
    }


def _medians(names: Iterable[str], rows: NDArray[np.float64]) -> dict[str, float]:
    middle = np.median(rows, axis=0)
    return {name: round(float(ms), 1) for name, ms in zip(names, middle, strict=True)}


def visits(pad: PadSection) -> list[tuple[float, float] | None]:
    """Return of each visit the span from intent to relay and the work in it, ns; None = refused.

    Raises:
        EnrolmentError: she could not be enrolled.

    """
    clock = SkippingClock(time.process_time_ns)
    told: list[Notice] = []
    with tempfile.TemporaryDirectory(prefix="sanmen-bench-") as name, ExitStack() as ending:
        config = replace(temporary_config(Path(name)), pad=pad)
        create_archive(config)
        house = House(config, clock, told.append)
        ending.callback(house.close)
        camera = vision.open_camera(
            CameraOptions("file", str(footage_path(CLIP)), start_s=ENROL_S), clock
        )
        ending.callback(camera.close)
        profile = Profile("bench", "visit", frozenset({"card", "face"}))
        application = Application(profile, (CARD,), (), trial_consent(clock.wall()))
        house.enrol(application, camera, lambda _: None)
        return [_visit(house, clock, told, start_s) for start_s in STARTS_S]


def _visit(
    house: House, clock: SkippingClock, told: list[Notice], start_s: float
) -> tuple[float, float] | None:
    source = CameraOptions("file", str(footage_path(CLIP)), start_s=start_s)
    camera = vision.open_camera(source, clock)
    told.clear()
    try:
        house.watch(camera)
        until_ns, work_ns = clock.now_ns() + LONGEST_NS, time.process_time_ns()
        began_ns = 0
        while clock.now_ns() < until_ns and house.step():
            if not began_ns and any(isinstance(one, VisitBegan) for one in told):
                began_ns = time.process_time_ns()
            for one in told:
                if isinstance(one, Decided):
                    spent = time.process_time_ns() - (began_ns or work_ns)
                    return (one.took_ns, spent) if one.decision.granted else None
        return None
    finally:
        camera.close()
        clock.sleep_until_ns(clock.now_ns() + REST_NS)
        house.controller.step()
