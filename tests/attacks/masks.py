"""A printed face cut out along its outline, bent round the attacker's own face and worn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.vision.landmarks import LEFT_EYE, OVAL, RIGHT_EYE
from tests.attacks.camera import FOCAL, GateCamera, Shot, draw_settings, linear, mixed
from tests.attacks.place import Attacker, Lamp, spread
from tests.attacks.prints import inked
from tests.attacks.sheet import Bend, look_bent, sample
from tests.attacks.worn import EYES_MM, LEFT, RIGHT, Worn, askew, follow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light, Settings
    from tests.attacks.sources import Source

SIZE: Final = (250.0, 320.0)
"""mm of the sheet it is cut from."""
NOSE: Final = 1


class Mask:
    """One cut print on one attacker's face."""

    def __init__(self, source: Source, attacker: Attacker, rng: np.random.Generator) -> None:
        self.attacker = attacker
        window = [attacker.index(number) for number in range(attacker.count)]
        self.heads = follow(attacker.stage, window, attacker.fps)
        self.per_mm = float(1.3 * FOCAL / np.median(self.heads.eyes[:, 2]))
        pixels, mesh = source.portrait(rng)
        iod = EYES_MM * rng.uniform(1.0, 1.14)
        laid, layout = spread(pixels, mesh, SIZE, iod, self.per_mm)
        mesh = mesh[:, :2] @ layout[:, :2].T + layout[:, 2]
        reflectance = inked(laid, rng)
        self.shape = self._cut(mesh, laid.shape[:2], rng)
        rim = np.clip(self.shape - cv2.erode(self.shape, np.ones((3, 3))), 0, 1)
        self.reflectance = mixed(reflectance, 0.8, np.asarray(0.6 * rim, np.float32))
        self.bend = Bend(1 / rng.uniform(75, 150), 1 / 4000, rng.uniform(0.3, 1), rng.normal(0, 4))
        self._wear(mesh, laid.shape[:2], rng)
        self._gloss = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.35 else 0.0
        self._fall = rng.normal(0, 0.1, 2) / np.array(SIZE)
        self._side = float(rng.uniform(-15, 15))
        self._shadow = float(rng.uniform(0.15, 0.4))
        self._lamp = Lamp(self.worn.base, SIZE, rng)

    def _cut(
        self, mesh: NDArray[np.float64], size: tuple[int, ...], rng: np.random.Generator
    ) -> Light:
        """Return (rows, columns) 0 to 1 of what scissors leave; for some with holes for eyes."""
        oval = mesh[list(OVAL)]
        middle = oval.mean(axis=0)
        steps = np.linspace(0, 2 * np.pi, len(oval), endpoint=False)
        wobble = sum(
            rng.normal(0, 0.012) * np.sin(waves * steps + rng.uniform(0, 6.3))
            for waves in (3, 5, 8)
        )
        # Some cut close to the cheeks, some leave ears and hair.
        reach = rng.uniform(1.0, 1.18) + wobble
        taller = np.where(oval[:, 1] < middle[1], rng.uniform(1.0, 1.3), 1.0)
        outline = middle + (oval - middle) * reach[:, None] * np.column_stack(
            [0 * taller + 1, taller]
        )
        shape = np.zeros(size, np.uint8)
        cv2.fillPoly(shape, [np.round(outline * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
        if rng.random() < 0.5:
            for eye in (RIGHT_EYE, LEFT_EYE):
                points = mesh[list(eye)]
                centre = points.mean(axis=0)
                points = centre + (points - centre) * (rng.uniform(1, 1.25), rng.uniform(1.2, 1.8))
                cv2.fillPoly(shape, [np.round(points * 16).astype(np.int32)], (0,), cv2.LINE_AA, 4)
        return shape.astype(np.float32) / 255

    def _wear(
        self, mesh: NDArray[np.float64], size: tuple[int, ...], rng: np.random.Generator
    ) -> None:
        """Lay its eyes over the attacker's and its middle line on the nose."""
        eyes = np.mean([mesh[list(pair)].mean(axis=0) for pair in (RIGHT, LEFT)], axis=0)
        down, right = (eyes[::-1] - (np.array(size) - 1) / 2) / self.per_mm
        nose = float(np.median(self.heads.points[:, NOSE, 2]))
        tilt = askew(rng, 2.0)
        place = -tilt @ (right, down, 0.0) + (rng.normal(0, 2), rng.normal(0, 2), nose - 3.0)
        self.worn = Worn(self.heads, np.asarray(place), tilt)

    def light(self, number: int, settings: Settings) -> Shot:
        """Return one picture's light."""
        seconds, readout = number / settings.fps, settings.readout_s
        seen = look_bent(self.worn, seconds, readout, SIZE, self.bend)
        sheet = sample(self.reflectance, seen, self.per_mm)
        tilt = np.zeros_like(seen.right) if seen.tilt is None else seen.tilt
        fall = 1 + np.float32(self._fall[0]) * seen.right + np.float32(self._fall[1]) * seen.down
        fall = fall * np.cos(np.radians(np.clip(tilt + self._side, -80, 80)))
        sheet *= cv2.merge([np.clip(fall, 0.2, 2).astype(np.float32)] * 3)
        if self._gloss:
            shine = self._lamp.shine(seen, self.worn.at(seconds + readout / 2), 3.5)
            sheet += cv2.merge([self._gloss * shine] * 3) * self._lamp.colour + 0.012
        cover = sample(self.shape, seen, self.per_mm) * seen.cover
        behind = linear(self.attacker.picture(number))
        # The mask keeps the place's light from what is close under its edge.
        under = cv2.GaussianBlur(cover, (0, 0), 7)
        behind *= cv2.merge([1 - np.float32(self._shadow) * np.roll(under, 5, axis=0)] * 3)
        return Shot(mixed(behind, sheet, cover))


def paper_mask(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a paper face worn by somebody whose neck, hair and shoulders stay as they are."""
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng, 7.0)
    settings = draw_settings(rng, attacker.fps)
    mask = Mask(source, attacker, rng)
    camera = GateCamera(settings, rng)
    return camera.film(mask.light(number, settings) for number in range(attacker.count))
