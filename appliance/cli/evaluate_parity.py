"""`sanmen evaluate parity`: whether card and code are no slower than face, in one run."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.cli.house import House, temporary_config, trial_consent
from appliance.cli.scenes import ENROL_S, RESIDENT, VISIT_S, Screen
from appliance.clock import SkippingClock
from appliance.errors import EnrolmentError
from appliance.gate.access.reasons import Method
from appliance.gate.archive import create_archive
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.desk import Application
from appliance.gate.notices import Decided, Notice
from appliance.gate.store.records import Profile
from appliance.vision import process as vision
from hardware.ports import CameraOptions
from hardware.sim import scenes as effects
from hardware.sim.library import footage_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.clock import Clock
    from hardware.ports import Camera
    from hardware.sim.card import SoftCard

WALL = (360, 640, 3)
LONGEST_NS = 10_000_000_000
"""Nobody waits longer before a door."""


@dataclass(slots=True)
class Times:
    """Milliseconds from the presentation to the relay, of one method."""

    found: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Return count, median and 95th percentile, which of fewer than 20 is the longest."""
        ordered = sorted(self.found)
        return {
            "presentations": len(ordered),
            "p50_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[max(0, -(-95 * len(ordered) // 100) - 1)], 1),
        }


class Phone:
    """Comes before the camera after some pictures of the wall.

    Attributes:
        shown_ns: when it was first seen, monotonic nanoseconds; drawing it is not counted.

    """

    def __init__(self, text: str, after: int, clock: Clock) -> None:
        self.shown_ns = 0
        self._after = after
        self._clock = clock
        self._wall = np.full(WALL, 96, np.uint8)
        self._screen = Screen(lambda: text, self._wall)

    def __call__(self, pixels: NDArray[np.uint8], sequence: int) -> NDArray[np.uint8]:
        """Return the wall, or the phone before it."""
        if self._after > 0:
            self._after -= 1
            return self._wall.copy()
        seen = self._screen(pixels, sequence)
        self.shown_ns = self.shown_ns or self._clock.now_ns()
        return seen


class Trial:
    """One resident with all three doors, before a whole gate."""

    def __init__(self, folder: Path, ending: ExitStack) -> None:
        self.clock = SkippingClock(time.process_time_ns)
        self._heard: list[Notice] = []
        config = temporary_config(folder)
        create_archive(config)
        self._house = House(config, self.clock, self._heard.append)
        ending.callback(self._house.close)
        self._phone = PhoneKey.create()
        profile = Profile("parity", "", frozenset({"pass", "face"}))
        application = Application(
            profile, (), (self._phone.public_key,), trial_consent(self.clock.wall())
        )
        camera = self._film(ENROL_S)
        ending.callback(camera.close)
        pseudonym = self._house.enrol(application, camera, lambda _: None)
        self._card: SoftCard = self._house.issue_card(pseudonym)
        self._draw = np.random.default_rng(1)

    def card(self) -> float:
        """Hold the card to the reader."""
        self._heard.clear()
        self._house.hold_card(self._card)
        return self._took(Method.CARD)

    def code(self) -> float:
        """Show a fresh code, at any moment between two looks for codes."""
        text = self._phone.sign(self.clock.wall())
        phone = Phone(text, int(self._draw.integers(1, 6)), self.clock)
        self._play(effects.SceneCamera(self._film(0.0, repeat=True), phone), Method.QR)
        self._took(Method.QR)
        return (self.clock.now_ns() - phone.shown_ns) / 1e6

    def face(self) -> float:
        """Walk up; time runs from complete intent, which is later than from the first look."""
        self._play(self._film(VISIT_S), Method.FACE)
        return self._took(Method.FACE)

    def _film(self, start_s: float, *, repeat: bool = False) -> Camera:
        source = str(footage_path(RESIDENT))
        options = CameraOptions("file", source, start_s=start_s, repeat=repeat)
        return vision.open_camera(options, self.clock)

    def _play(self, camera: Camera, method: Method) -> None:
        self._heard.clear()
        self._house.watch(camera)
        until_ns = self.clock.now_ns() + LONGEST_NS
        try:
            while self._house.step() and self.clock.now_ns() < until_ns:
                if any(one.decision.method is method for one in self._decided()):
                    return
        finally:
            camera.close()

    def _decided(self) -> list[Decided]:
        return [one for one in self._heard if isinstance(one, Decided)]

    def _took(self, method: Method) -> float:
        for one in self._decided():
            if one.decision.method is method and one.decision.granted:
                return one.took_ns / 1e6
        reasons = ", ".join(one.decision.reason.value for one in self._decided()) or "nothing"
        raise EnrolmentError(f"parity: {method.value}", reasons, "granted")


def parity(
    rounds: Annotated[
        int, typer.Option(min=1, max=10_000, help="Presentations of each method.")
    ] = 40,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Measure card, code and face in turn, from the presentation to the relay (S3).

    The card is a software card that really talks, the code a rendered phone before the camera,
    the face the shipped footage. Idle waiting is skipped, work takes its processor
    time, so that a busy machine refuses nobody; the disk is not waited for. For face the
    time runs from complete intent only, which favours it.
    """
    times = {method: Times() for method in (Method.CARD, Method.QR, Method.FACE)}
    with tempfile.TemporaryDirectory(prefix="sanmen-") as name, ExitStack() as ending:
        trial = Trial(Path(name), ending)
        for _ in track(range(rounds), "presenting", console=Console(stderr=True), transient=True):
            # In turn, so that whatever else the machine does meets all three alike.
            times[Method.CARD].found.append(trial.card())
            times[Method.QR].found.append(trial.code())
            times[Method.FACE].found.append(trial.face())
    found = {method.value: one.figures() for method, one in times.items()}
    face = found[Method.FACE.value]["p95_ms"]
    equal = all(found[one.value]["p95_ms"] <= face for one in (Method.CARD, Method.QR))
    if as_json:
        typer.echo(json.dumps({**found, "card_and_qr_no_slower": equal}))
    else:
        table = Table("method", "presentations", "p50 ms", "p95 ms")
        for method, figures in found.items():
            table.add_row(method, *(str(value) for value in figures.values()))
        Console().print(table)
        Console().print("card and code are no slower than face" if equal else "[red]NOT equal[/]")
    if not equal:
        raise typer.Exit(1)
