"""Veto: do the pictures come from the configured camera's sensor, through a clean lens, live."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.errors import CameraError
from appliance.messages import CueEvidence
from appliance.vision.pad.camera_watch import Numbers, PictureWatch
from appliance.vision.pad.scale import below
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from appliance.vision.pad.look import Glance, Look
    from hardware.ports import CameraOrigin, Exposure

CUE: Final = "camera_path"
VERSION: Final = "1"
VIRTUAL: Final = frozenset({"virtual", "v4l2loopback", "vivid", "akvcam", "unknown"})
"""Drivers without a sensor."""
MOST: Final = 128
"""Pictures of which numbers are kept in one visit."""
FROZEN: Final = 3
"""Identical pictures in a row; a sensor's noise makes no two alike."""
SEEN_BEFORE: Final = 3
"""Pictures that come back later in a visit: a loop."""
TIMED: Final = 8
"""Intervals before the timing is judged."""
EXACT_NS: Final = 2_000.0
"""Spread of intervals below which they were computed, not measured."""
UNSTEADY: Final = 0.75
"""Spread of the middle three fifths of the intervals, over their median, from which on pictures
were put in or held back."""
DARK: Final = 10.0
"""Mean level below which nothing is seen: night without light, or a covered lens."""
SUDDEN: Final = 0.4
"""Light of a picture over that of the one before: the room's lamps went out, or a cover came."""
STROBE: Final = 0.12
"""Change of log light that counts as a flash's edge."""
FLASHES: Final = 6
"""Such changes in alternating direction within a second: three flashes (WCAG 2.3.1)."""
DIRTY: Final = 0.25
"""Share of the commissioned detail below which the lens is covered, smeared or out of focus."""
EXPOSURE_STEP: Final = 0.10
"""Change of log (time x gain) that a picture must show."""
FOLLOWS: Final = (0.15, 1.7)
"""Change of log level over that of log exposure: 1/2.2 of gamma, more or less in light and dark."""
IDLE_PICTURES: Final = 50
"""Pictures between visits that the fault text is about; two seconds."""


@dataclass(frozen=True, slots=True)
class Commission:
    """What was found right when the terminal was commissioned; None is not checked.

    Attributes:
        origin: the configured camera.
        timed: whether the driver's stamps have a sensor's jitter. A file's, whose camera has no
            origin, are stamped by arithmetic and never judged.
        detail: mean absolute second difference along rows of the scene by day, levels.
        noise: lowest and highest slope of the noise variance over light.

    """

    origin: CameraOrigin | None = None
    timed: bool = True
    detail: float | None = None
    noise: tuple[float, float] | None = None


class CameraPathCue:
    """Identity, timing, freshness, noise and light of what the camera gives (S131).

    Args:
        found: the camera opened, or None where no system tells (a file).
        commission: what is expected.

    Sources: research section 1h; flashes of WCAG 2.3.1.

    """

    def __init__(
        self, found: CameraOrigin | None = None, commission: Commission | None = None
    ) -> None:
        self.name = CUE
        self.version = VERSION
        self._commission = commission or Commission()
        self._strange = origin_fault(found, self._commission.origin)
        self._timed = self._commission.timed and found is not None
        noisy = self._commission.noise is not None
        self._visit = PictureWatch(noisy=noisy)
        self._between = PictureWatch(noisy=noisy)
        self._seen: list[Numbers] = []
        self._idle: list[Numbers] = []

    def look(self, look: Look) -> None:
        """Keep one picture's numbers."""
        if len(self._seen) < MOST:
            set_to = _light_set(look.exposure)
            self._seen.append(self._visit.numbers(look.grey, look.taken_ns, look.sequence, set_to))

    def idle(self, glance: Glance) -> None:
        """Keep a picture's numbers between visits, for `fault`; no face work."""
        with brief(np.asarray(cv2.cvtColor(glance.pixels, cv2.COLOR_BGR2GRAY), np.uint8)) as grey:
            set_to = _light_set(glance.exposure)
            self._idle.append(self._between.numbers(grey, glance.taken_ns, glance.sequence, set_to))
        del self._idle[:-IDLE_PICTURES]

    @property
    def fault(self) -> str:
        """What is wrong with the camera between visits, for the self-test, or empty (S131)."""
        if self._strange:
            return self._strange
        return next(iter(faults(self._idle, self._commission, timed=self._timed)), "")

    def evidence(self) -> CueEvidence:
        """Return 0 with any fault, else 1; `frames` counts pictures."""
        if not self._seen:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        wrong = bool(self.reason)
        return CueEvidence(CUE, below(2.0 if wrong else 0.0, 1.0), len(self._seen), VERSION)

    @property
    def reason(self) -> str:
        """What is wrong with this visit's pictures, or empty."""
        return self._strange or next(
            iter(faults(self._seen, self._commission, timed=self._timed)), ""
        )

    def wipe(self) -> None:
        """Forget the visit."""
        self._seen.clear()
        self._visit.wipe()


def check_origin(
    found: CameraOrigin | None, wanted: CameraOrigin | None, name: str = "camera"
) -> None:
    """Refuse a camera that is not the one configured.

    Args:
        found: the device behind the camera opened.
        wanted: the one configured.
        name: of the camera, for the error.

    Raises:
        CameraError: names what differs.

    """
    if wanted is None:
        if found is not None and found.driver in VIRTUAL:
            raise CameraError(name, f"driver {found.driver} ({found.model})", "a sensor's")
        return
    if wanted.driver in VIRTUAL:
        raise CameraError(name, f"{wanted.driver} is configured", "the driver of a sensor")
    if found is None:
        raise CameraError(name, "origin unknown", f"{wanted.driver} {wanted.model}".rstrip())
    for key in ("driver", "bus", "model", "serial"):
        expected, there = getattr(wanted, key), getattr(found, key)
        if expected and expected != there:
            called = f" ({found.model})" if key == "driver" and found.model else ""
            raise CameraError(name, f"{key} {there or 'none'}{called}", expected)


def origin_fault(found: CameraOrigin | None, wanted: CameraOrigin | None) -> str:
    """Return why the camera opened is not the one configured, or empty."""
    try:
        check_origin(found, wanted)
    except CameraError as fault:
        return str(fault)
    return ""


def faults(seen: Sequence[Numbers], commission: Commission, *, timed: bool) -> Iterable[str]:
    """Give what is wrong with a row of pictures, oldest first.

    Args:
        seen: the pictures' numbers.
        commission: what is expected.
        timed: whether the intervals are judged.

    """
    if not seen:
        return
    yield from _freshness(seen)
    if timed:
        yield from _timing(seen)
    yield from _light(seen)
    yield from _lens(seen, commission)


def _freshness(seen: Sequence[Numbers]) -> Iterable[str]:
    if any(new.taken_ns <= old.taken_ns for old, new in pairwise(seen)):
        yield "camera: pictures out of order; expected each later than the last"
    row = longest = 1
    for old, new in pairwise(seen):
        row = row + 1 if new.digest == old.digest else 1
        longest = max(longest, row)
    if longest >= FROZEN:
        yield f"camera: {longest} identical pictures in a row; expected a sensor's noise"
    met: set[int] = set()
    again = 0
    for old, new in pairwise(seen):
        met.add(old.digest)
        again += new.digest != old.digest and new.digest in met
    if again >= SEEN_BEFORE:
        yield f"camera: {again} pictures came twice; expected each once"


def _timing(seen: Sequence[Numbers]) -> Iterable[str]:
    steps = [
        (new.taken_ns - old.taken_ns) / max(new.sequence - old.sequence, 1)
        for old, new in pairwise(seen)
    ]
    if len(steps) < TIMED:
        return
    middle = float(np.median(steps))
    low, high = np.quantile(steps, (0.2, 0.8))
    spread = float(high - low)
    if float(np.ptp(steps)) < EXACT_NS:
        yield f"camera: intervals exact to {np.ptp(steps):.0f} ns; expected a sensor's jitter"
    if spread > UNSTEADY * middle:
        yield f"camera: intervals spread by {spread / middle:.0%}; expected a steady rate"


def _light(seen: Sequence[Numbers]) -> Iterable[str]:
    if float(np.median([one.light for one in seen])) < DARK:
        yield "camera: dark; expected light, or a lens without a cover"
    edges: list[tuple[int, float]] = []
    for old, new in pairwise(seen):
        change = float(np.log((new.light + 1.0) / (old.light + 1.0)))
        told = (
            float(np.log(new.light_set / old.light_set)) if old.light_set and new.light_set else 0
        )
        if change < np.log(SUDDEN) and told > change / 2:
            share = new.light / max(old.light, 1.0)
            yield f"camera: light fell to {share:.0%}; expected steady light"
        if abs(change) >= STROBE and (not edges or change * edges[-1][1] < 0):
            edges.append((new.taken_ns, change))
    for first, last in zip(edges, edges[FLASHES - 1 :], strict=False):
        if last[0] - first[0] <= 1_000_000_000:  # noqa: PLR2004 - a second
            yield "camera: light flashes more than three times a second; expected steady light"
            return
    follows = [
        float(np.log((new.light + 1.0) / (old.light + 1.0)) / told)
        for old, new in pairwise(seen)
        if old.light_set
        and new.light_set
        and abs(told := float(np.log(new.light_set / old.light_set))) >= EXPOSURE_STEP
    ]
    low, high = FOLLOWS
    if len(follows) > 1 and not low <= float(np.median(follows)) <= high:
        yield "camera: pictures do not follow the exposure; expected those of the sensor"


def _lens(seen: Sequence[Numbers], commission: Commission) -> Iterable[str]:
    if commission.detail is not None:
        share = float(np.median([one.detail for one in seen])) / commission.detail
        if share < DIRTY:
            yield f"camera: {share:.0%} of the usual detail; expected a clean, uncovered lens"
    slopes = [one.noise[1] for one in seen if one.noise is not None]
    if commission.noise is not None and slopes:
        low, high = commission.noise
        slope = float(np.median(slopes))
        if not low <= slope <= high:
            yield f"camera: noise slope {slope:.3f}; expected {low:.3f} to {high:.3f}"


def _light_set(exposure: Exposure | None) -> float:
    return exposure.time_us * exposure.gain if exposure is not None else 0.0
