"""Printed photos in somebody's hand: matt, glossy, bent, coned, and with the eyes cut out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.vision.landmarks import LEFT_EYE, RIGHT_EYE
from tests.attacks.bends import draw_bend
from tests.attacks.camera import (
    FOCAL,
    HEIGHT,
    WIDTH,
    GateCamera,
    Shot,
    draw_settings,
    linear,
    mixed,
)
from tests.attacks.hand import draw_hold
from tests.attacks.place import Attacker, Lamp, draw_grips, fingers, spread
from tests.attacks.raster import halftone, modulation
from tests.attacks.sheet import Bend, look_bent, look_flat, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light, Pixels, Settings
    from tests.attacks.hand import Hold
    from tests.attacks.sheet import Seen
    from tests.attacks.sources import Source

PAPERS: Final = ((210.0, 297.0), (297.0, 420.0), (297.0, 210.0), (560.0, 430.0))
"""mm: A4, A3, A4 across, and a poster that may fill the view."""
EYES: Final = ((33, 133), (362, 263))


@dataclass(frozen=True, slots=True)
class Paper:
    """How a print is made and held.

    Attributes:
        gloss: height of the lamp's reflection to white paper; 0 = matt.
        lobe_deg: its width, sigma of the half vector; half of what the reflection itself spans.
        bent: whether it is rolled round a cylinder.
        tilt_deg: of the hand's slow deliberate tilting.
        holes: whether the eyes are cut out.
        odd: whether it is bent as a cone or twice instead.

    """

    gloss: float = 0.0
    lobe_deg: float = 2.5
    bent: bool = False
    tilt_deg: float = 10.0
    holes: bool = False
    odd: bool = False


def matt_print(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield an uncoated print held flat."""
    return _held(source, seed, cast, Paper())


def glossy_print(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield photo paper with a lamp's reflection that slides as it tilts."""
    rng = np.random.default_rng((seed, 11))
    return _held(source, seed, cast, Paper(float(rng.uniform(0.3, 2.0)), float(rng.uniform(1, 4))))


def bent_print(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a print bent round an upright axis, more and less, to feign relief."""
    rng = np.random.default_rng((seed, 12))
    gloss = float(rng.uniform(0.1, 0.8)) if rng.random() < 0.4 else 0.0
    return _held(source, seed, cast, Paper(gloss, 3.5, bent=True))


def cone_print(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a print bent as a cone or twice: held out, no threshold may be chosen on it."""
    rng = np.random.default_rng((seed, 13))
    gloss = float(rng.uniform(0.1, 0.8)) if rng.random() < 0.4 else 0.0
    return _held(source, seed, cast, Paper(gloss, 3.5, odd=True))


def cut_out_eyes(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a print with holes through which the attacker's own eyes look and blink."""
    return _held(source, seed, cast, Paper(tilt_deg=5.0, holes=True))


def inked(pixels: Pixels, rng: np.random.Generator) -> Light:
    """Return the reflectance of a print: blacks of 4-10 %, 55-70 % of the gamut, a slight cast."""
    light = linear(pixels)
    grey = light @ np.array([0.07, 0.72, 0.21], np.float32)
    light = grey[..., None] + np.float32(rng.uniform(0.62, 0.8)) * (light - grey[..., None])
    light = np.clip(light, 0, 1) ** np.float32(rng.uniform(0.92, 1.1))
    black, white = rng.uniform(0.04, 0.10), rng.uniform(0.8, 0.9)
    cast = rng.normal(1, 0.035, 3).astype(np.float32)
    return np.asarray(np.float32(black) + np.float32(white - black) * light * cast, np.float32)


class _Print:
    """One print, its layout and its hold."""

    def __init__(
        self, source: Source, rng: np.random.Generator, paper: Paper, attacker: Attacker
    ) -> None:
        self.paper, self.attacker = paper, attacker
        pixels, mesh = source.portrait(rng)
        self.size = PAPERS[int(rng.choice(len(PAPERS), p=[0.4, 0.25, 0.1, 0.25]))]
        if paper.holes:
            self.size = PAPERS[int(rng.integers(0, 2))]
        eyes_px = rng.uniform(80, 118)
        iod = min(rng.uniform(55, 75), 0.29 * self.size[0])
        if paper.holes:
            iod = 63.0
        if self.size == PAPERS[-1]:
            iod = rng.uniform(75, 95)
        distance = iod * FOCAL / eyes_px
        self.per_mm = 1.3 * FOCAL / distance
        laid, self.layout = spread(pixels, mesh, self.size, iod, self.per_mm)
        self.reflectance = inked(laid, rng)
        self.mesh = mesh[:, :2] @ self.layout[:, :2].T + self.layout[:, 2]
        base = np.array([*rng.normal(0, 6, 2), distance, *rng.normal(0, (6, 5, 2.5))])
        self.hold: Hold = draw_hold(rng, base, paper.tilt_deg)
        self.grips = draw_grips(rng)
        self.lamp = Lamp(base, self.size, rng)
        self.fall = rng.normal(0, 0.12, 2) / np.array(self.size)
        self.waves = halftone(rng.uniform(133, 175))
        sign = 1 if rng.random() < 0.6 else -1
        curve = sign / (self.size[0] * rng.uniform(0.5, 2.0))
        self.bend = Bend(
            curve, curve * rng.uniform(0.1, 0.6), rng.uniform(0.2, 1), rng.uniform(-30, 30)
        )
        self.eyes = _Eyes(self, rng) if paper.holes else None
        self.odd = draw_bend(rng, self.size[0]) if paper.odd else None

    def light(self, number: int, settings: Settings) -> Shot:
        """Return one picture's light."""
        seconds, readout = number / settings.fps, settings.readout_s
        if self.odd is not None:
            seen = self.odd.look(self.hold, seconds, readout, self.size)
        elif self.paper.bent:
            seen = look_bent(self.hold, seconds, readout, self.size, self.bend)
        else:
            seen = look_flat(self.hold, seconds, readout, self.size)
        sheet = sample(self.reflectance, seen, self.per_mm)
        fall = 1 + np.float32(self.fall[0]) * seen.right + np.float32(self.fall[1]) * seen.down
        if seen.tilt is not None:
            fall = fall * np.cos(np.radians(np.clip(seen.tilt + 12, -80, 80)))
        sheet *= cv2.merge([np.clip(fall, 0.2, 2).astype(np.float32)] * 3)
        pose = self.hold.at(seconds + readout / 2)
        if self.eyes is not None:
            sheet = self.eyes.through(sheet, seen, number, pose)
        if self.paper.gloss:
            shine = self.lamp.shine(seen, pose, self.paper.lobe_deg)
            sheet += cv2.merge([self.paper.gloss * shine] * 3) * self.lamp.colour + 0.012
        light = mixed(linear(self.attacker.picture(number)), sheet, seen.cover)
        light = fingers(light, seen, self.size, self.attacker.skin, self.grips)
        waves = None
        if seen.tilt is None:
            waves = modulation(self.waves, self.hold, seconds, readout, settings.lens)
            if waves is not None:
                whole = cv2.resize(seen.cover, (2 * WIDTH, 2 * HEIGHT))
                waves = np.asarray(1 + (waves - 1) * whole, dtype=np.float32)
        return Shot(light, waves)


class _Eyes:
    """Holes where the print's eyes were, and the attacker's eyes behind them."""

    def __init__(self, sheet: _Print, rng: np.random.Generator) -> None:
        rows, columns = sheet.reflectance.shape[:2]
        mask = np.zeros((rows, columns), np.uint8)
        for eye in (RIGHT_EYE, LEFT_EYE):
            points = sheet.mesh[list(eye)]
            middle = points.mean(axis=0)
            points = middle + (points - middle) * (rng.uniform(1.05, 1.25), rng.uniform(1.2, 1.6))
            cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
        self._mask = mask.astype(np.float32) / 255
        shadow = cv2.GaussianBlur(self._mask, (0, 0), 2.2 * sheet.per_mm)
        self._shadow = (0.5 + 0.5 * np.clip(shadow * 1.1, 0, 1)).astype(np.float32)
        self._sheet = sheet
        self._depth = float(rng.uniform(5, 15))
        own = draw_hold(rng, np.zeros(6))
        self._own = replace(own, sizes=own.sizes * 0.7)
        self._targets = np.array([sheet.mesh[list(pair)].mean(axis=0) for pair in EYES])
        self._middle = np.array([(columns - 1) / 2, (rows - 1) / 2])

    def through(self, light: Light, seen: Seen, number: int, pose: NDArray[np.float64]) -> Light:
        """Return the sheet's light with the eyes in its holes."""
        sheet = self._sheet
        attacker = sheet.attacker
        picture = linear(attacker.picture(number))
        mesh = attacker.stage.mesh(attacker.index(number))
        eyes = np.array([mesh[list(pair), :2].mean(axis=0) for pair in EYES])
        # Similarity from the sheet's texture to the attacker's picture, by the line of the eyes;
        # the head behind keeps still where its own window began, and adds its own sway.
        away = (self._targets[1] - self._targets[0]) @ (1, 1j)
        turn = ((eyes[1] - eyes[0]) @ (1, 1j)) / away
        sway = self._own.at(number / attacker.fps)[:2] * sheet.per_mm
        deeper = self._depth * sheet.per_mm * np.tan(np.radians(pose[3:5])) * (1, -1)
        centre = self._targets.mean(axis=0) + sway + deeper
        across = seen.right * np.float32(sheet.per_mm) + np.float32(self._middle[0] - centre[0])
        down = seen.down * np.float32(sheet.per_mm) + np.float32(self._middle[1] - centre[1])
        x, y = eyes.mean(axis=0)
        behind = cv2.remap(
            picture,
            (turn.real * across - turn.imag * down + x).astype(np.float32),
            (turn.imag * across + turn.real * down + y).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        hole = sample(self._mask, seen, sheet.per_mm)
        shadow = sample(self._shadow, seen, sheet.per_mm)
        return mixed(light, behind * cv2.merge([shadow] * 3), hole)


def _held(source: Source, seed: int, cast: Sequence[Source], paper: Paper) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng)
    settings = draw_settings(rng, attacker.fps)
    sheet = _Print(source, rng, paper, attacker)
    camera = GateCamera(settings, rng)
    return camera.film(sheet.light(number, settings) for number in range(attacker.count))
