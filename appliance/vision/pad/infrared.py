"""Proof: is there a solid face of a person's size in the infrared camera too, lit by its lamp."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.relief import without_sheet
from appliance.vision.pad.scale import above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from appliance.vision.landmarks import Mesh
    from appliance.vision.pad.look import Look
    from hardware.ports import InfraredEye, InfraredFrame

CUE: Final = "infrared"
VERSION: Final = "1"
FEWEST: Final = 10
"""Lit pairs; a single one has half a pixel of noise in each landmark."""
FEWEST_DARK: Final = 3
MOST: Final = 60
LAMP: Final = 6.0
"""Levels by which the lamp must light a face."""
DISTANCE_MM: Final = (200.0, 1500.0)
EYES_MM: Final = (42.0, 85.0)
"""Between the eyes, children to adults; a face on a phone has 15 to 40."""
RELIEF: Final = 0.4
"""Disparity of the relief over that of a solid head; a sheet has none."""
STEADY: Final = 0.15
"""Standard error of it above which nothing is said."""


@dataclass(frozen=True, slots=True)
class StereoGeometry:
    """How the two cameras stand, of the calibration.

    Attributes:
        focal_px: focal length of the rectified pictures, pixels.
        baseline_mm: between the lenses, the second to the right of the first as the camera looks.

    """

    focal_px: float = 554.0
    baseline_mm: float = 50.0


@dataclass(frozen=True, slots=True)
class Stereo:
    """What the pairs say.

    Attributes:
        distance_mm: of the face.
        eyes_mm: between the eyes.
        relief: disparity of nose, brow and sockets over that of a solid head of this distance.
        error: its standard error, over pairs.

    """

    distance_mm: float
    eyes_mm: float
    relief: float
    error: float


class NoPair:
    """In the place of a second camera that is not fitted: never lends a picture."""

    origin = None

    @contextmanager
    def beside(self, taken_ns: int) -> Iterator[InfraredFrame | None]:  # noqa: ARG002 - the port's
        """Lend nothing."""
        yield None

    def rest(self) -> None:
        """There is no lamp."""

    def close(self) -> None:
        """There is nothing to close."""


class InfraredCue:
    """Landmark disparity on the mesh's relief, and the lamp's light on the face.

    A screen is dark in the near infrared and a print flat. A mask of a person's size and shape
    passes this cue (research, section 1i).

    Args:
        eye: the second camera.
        find: looks for a face's mesh in an infrared picture, (h, w, 3) uint8.
        geometry: of the calibration.

    """

    def __init__(
        self,
        eye: InfraredEye,
        find: Callable[[NDArray[np.uint8]], Mesh | None],
        geometry: StereoGeometry,
    ) -> None:
        self.name = CUE
        self.version = VERSION
        self._eye = eye
        self._find = find
        self._geometry = geometry
        self._stereo: list[Stereo] = []
        self._lit: list[float] = []
        self._unlit: list[float] = []
        self._missing = 0

    def look(self, look: Look) -> None:
        """Take the infrared picture of the same moment, if there is one."""
        if len(self._lit) + len(self._unlit) >= MOST:
            return
        with self._eye.beside(look.taken_ns) as second:
            if second is None:
                return
            pixels = second.frame.pixels
            mesh = self._find(pixels) if second.lamp_on else None
            (self._lit if second.lamp_on else self._unlit).append(_level(pixels, look))
            if mesh is not None:
                self._stereo.append(self._measure(look, mesh))
            elif second.lamp_on:
                self._missing += 1

    def evidence(self) -> CueEvidence:
        """Return how solid the face is; `frames` counts lit pairs. Any doubt about them is 0."""
        count = len(self._lit)
        if count < FEWEST or len(self._unlit) < FEWEST_DARK:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        attack = CueEvidence(CUE, 0.0, count, VERSION)
        if float(np.median(self._lit) - np.median(self._unlit)) < LAMP:
            return attack
        if self._missing * 2 > count:
            return attack
        found = self.stereo()
        if found is None or not found.error <= STEADY:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        near, far = DISTANCE_MM
        narrow, wide = EYES_MM
        if not (near <= found.distance_mm <= far and narrow <= found.eyes_mm <= wide):
            return attack
        return CueEvidence(CUE, above(found.relief, RELIEF), count, VERSION)

    def stereo(self) -> Stereo | None:
        """Return the median over pairs, or None without any."""
        if not self._stereo:
            return None
        rows = np.array([(s.distance_mm, s.eyes_mm, s.relief) for s in self._stereo])
        distance, eyes, relief = (float(one) for one in np.median(rows, axis=0))
        # Of a median: 1.25 times that of a mean.
        error = 1.25 * float(rows[:, 2].std()) / np.sqrt(len(rows))
        return Stereo(distance, eyes, relief, float(error))

    def wipe(self) -> None:
        """Forget the visit; the lamp goes off."""
        self._stereo.clear()
        self._lit.clear()
        self._unlit.clear()
        self._missing = 0
        self._eye.rest()

    def _measure(self, look: Look, second: Mesh) -> Stereo:
        first = look.mesh.points.astype(np.float64)
        eyes = max(float(np.hypot(*(look.landmarks[1] - look.landmarks[0]))), 1.0)
        disparity = first[:, 0] - second.points[:, 0].astype(np.float64)
        middle = max(float(np.median(disparity)), 1e-3)
        distance = self._geometry.focal_px * self._geometry.baseline_mm / middle
        places = (first[:, :2] - first[:, :2].mean(axis=0)) / eyes
        nearer = without_sheet(places, -first[:, 2] / eyes)
        moved = without_sheet(places, disparity / eyes)
        # Z = f B / d: a point nearer by n eye distances gains d x n x eyes / f pixels.
        solid = middle / self._geometry.focal_px
        relief = float(nearer @ moved) / max(float(nearer @ nearer) * solid, 1e-12)
        return Stereo(distance, eyes * distance / self._geometry.focal_px, relief, 0.0)


def _level(pixels: NDArray[np.uint8], look: Look) -> float:
    """Return the mean level in and round the face; a disparity of half a face does not matter."""
    x, y, width, height = look.face.box
    left, top = max(round(x - width / 2), 0), max(round(y), 0)
    part = pixels[top : round(y + height) : 4, left : round(x + width) : 4]
    return float(part.mean()) if part.size else 0.0
