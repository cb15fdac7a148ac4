"""Phones, tablets, laptops and monitors that replay a clip or show a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.attacks.camera import (
    FOCAL,
    GAMMA,
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
from tests.attacks.raster import modulation, stripes
from tests.attacks.sheet import look_flat, sample
from tests.attacks.sources import SECONDS, Lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light, Pixels, Settings
    from tests.attacks.sources import Source

P3_TO_SRGB_LEAK = 0.06


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of screen, in ranges.

    Attributes:
        sizes: width and height of the lit part, mm.
        ppi: least and most pixels per inch.
        bezel: least and most, share of the width.
        matt: chance that its front is matt.
        held: whether a hand holds it; else it stands.
        tilt_deg: of the hand's slow deliberate tilting.
        bare: what surrounds the picture on the lit part, 0 to 255.

    """

    sizes: tuple[tuple[float, float], ...]
    ppi: tuple[float, float]
    bezel: tuple[float, float]
    matt: float
    held: bool
    tilt_deg: float = 4.0
    bare: int = 6


PHONE = Kind(
    ((65.0, 140.0), (68.0, 148.0), (71.0, 154.0)), (400, 500), (0.02, 0.06), 0.0, held=True
)
TABLET = Kind(
    ((158.0, 210.0), (180.0, 240.0), (215.0, 280.0)), (220, 330), (0.03, 0.08), 0.1, held=True
)
LAPTOP = Kind(
    ((286.0, 179.0), (310.0, 174.0), (345.0, 215.0)), (100, 240), (0.02, 0.06), 0.5, held=False
)
MONITOR = Kind(((530.0, 300.0), (600.0, 340.0)), (80, 140), (0.015, 0.05), 0.8, held=False)


class Screen:
    """One screen before the gate."""

    def __init__(
        self,
        kind: Kind,
        shown: Lazy,
        face: NDArray[np.float32],
        shown_fps: float,
        attacker: Attacker,
        rng: np.random.Generator,
    ) -> None:
        self.attacker = attacker
        self._shown_fps, self._kind = shown_fps, kind
        self.size = kind.sizes[int(rng.integers(0, len(kind.sizes)))]
        iod = float(rng.uniform(0.24, 0.33)) * min(self.size[0], 0.8 * self.size[1])
        if kind.sizes == MONITOR.sizes:
            iod = float(rng.uniform(60, 85))
        distance = iod * FOCAL / rng.uniform(78, 115)
        self.per_mm = 1.3 * FOCAL / distance
        quality = int(rng.integers(45, 90))

        def laid_out(index: int) -> Pixels:
            laid, _ = spread(shown[index], face, self.size, iod, self.per_mm, kind.bare)
            return _compressed(laid, quality)

        self._pictures = Lazy(len(shown), laid_out)
        self._rim = float(rng.uniform(*kind.bezel)) * self.size[0]
        self._body = float(rng.choice([0.015, 0.03, 0.5], p=[0.6, 0.3, 0.1]))
        spread_deg = (5, 4, 2.5) if kind.held else (6, 3, 0.8)
        base = np.array([*rng.normal(0, 4, 2), distance, *rng.normal(0, spread_deg)])
        self.hold = draw_hold(rng, base, kind.tilt_deg)
        if not kind.held:
            self.hold.sizes[:] *= 0.05
        self._draw_light(rng, base)

    def _draw_light(self, rng: np.random.Generator, base: NDArray[np.float64]) -> None:
        self._pitch = 25.4 / rng.uniform(*self._kind.ppi)
        self._waves = stripes(self._pitch, rng.uniform(0.5, 0.8))
        leak = rng.uniform(0.02, P3_TO_SRGB_LEAK)
        self._gamut = ((1 - 2 * leak) * np.eye(3) + leak).astype(np.float32)
        # 6,500 to 9,000 K before a camera balanced for the place.
        blue = rng.uniform(1.0, 1.18)
        self._white = np.array([blue, 1.0, 2 - blue - rng.uniform(0, 0.04)], np.float32)
        self._bright = float(np.exp(rng.uniform(np.log(0.7), np.log(2.5))))
        self._black = float(rng.uniform(0.0004, 0.003)) * self._bright
        self._tone = float(rng.uniform(0.95, 1.12))
        self._front = float(rng.uniform(0.01, 0.04))
        self._lobe = rng.uniform(5, 9) if rng.random() < self._kind.matt else rng.uniform(0.7, 1.6)
        self._glare = float(rng.uniform(0.3, 1.5)) if self._lobe < 3 else float(rng.uniform(0, 0.2))
        self._lamp = Lamp(base, self.size, rng)
        self._hz = float(rng.choice([60, 120, 240, 480]))
        self._duty = float(rng.uniform(0.3, 0.95))
        self._depth = float(rng.choice([0.0, 0.12, 1.0], p=[0.4, 0.35, 0.25]))
        self._phase = float(rng.uniform(0, 1))
        slow = self._kind.sizes != PHONE.sizes
        self._response = float(rng.uniform(0.004, 0.015)) if slow else 0.002
        self._grips = draw_grips(rng) if self._kind.held else []

    def light(self, number: int, settings: Settings) -> Shot:
        """Return one picture's light."""
        seconds, readout = number / settings.fps, settings.readout_s
        seen = look_flat(self.hold, seconds, readout, self.size)
        emitted = sample(self._emitted(seconds, settings.exposure_s), seen, self.per_mm)
        emitted *= np.repeat(self.bands(seconds, settings), 3 * WIDTH).reshape(emitted.shape)
        behind = linear(self.attacker.picture(number))
        pose = self.hold.at(seconds + readout / 2)
        mirrored = cv2.resize(behind[::16, ::-16], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        shine = cv2.merge([self._lamp.shine(seen, pose, self._lobe)] * 3) * self._lamp.colour
        front = self._front * mirrored + self._glare * shine
        whole = (self.size[0] + 2 * self._rim, self.size[1] + 2 * self._rim)
        edge = np.minimum(whole[0] / 2 - np.abs(seen.right), whole[1] / 2 - np.abs(seen.down))
        body = np.clip(edge * np.float32(FOCAL / pose[2]) + 0.5, 0, 1)
        front *= cv2.merge([body] * 3)
        light = mixed(behind, self._body, body)
        light = mixed(light, emitted + self._black, seen.cover)
        light += front
        light = fingers(light, seen, whole, self.attacker.skin, self._grips, reach=3.0)
        waves = modulation(self._waves, self.hold, seconds, readout, settings.lens)
        if waves is not None:
            cover = cv2.resize(seen.cover, (2 * WIDTH, 2 * HEIGHT))
            waves = np.asarray(1 + (waves - 1) * cover, dtype=np.float32)
        return Shot(np.asarray(light, dtype=np.float32), waves)

    def _emitted(self, seconds: float, exposure_s: float) -> Light:
        """Return the light of the lit part; a slow screen shows some of the picture before."""
        moment = seconds * self._shown_fps
        index = int(moment)
        newest = self._at(index)
        since = (moment - index) / max(self._shown_fps, 1e-6) + exposure_s / 2
        old = float(np.exp(-since / self._response)) if len(self._pictures) > 1 else 0.0
        picture = linear(newest, GAMMA * self._tone)
        if old > 0.02:
            picture = picture + np.float32(old) * (
                linear(self._at(index - 1), GAMMA * self._tone) - picture
            )
        colours = self._gamut * (self._white * self._bright)[:, None]
        return np.asarray(cv2.transform(picture, colours), dtype=np.float32)

    def _at(self, index: int) -> Pixels:
        last = max(1, len(self._pictures) - 1)
        return self._pictures[min(last - abs(last - index % (2 * last)), len(self._pictures) - 1)]

    def bands(self, seconds: float, settings: Settings) -> NDArray[np.float32]:
        """Return the (480,) share of light each row gathers from a flickering screen, mean 1.

        The pulses are integrated over each row's exposure exactly.
        """
        if self._depth == 0:
            return np.ones(HEIGHT, np.float32)
        start = seconds + np.arange(HEIGHT) / HEIGHT * settings.readout_s + self._phase / self._hz

        def gathered(moment: NDArray[np.float64]) -> NDArray[np.float64]:
            turns = moment * self._hz
            return np.floor(turns) * self._duty + np.minimum(turns % 1, self._duty)

        pulses = gathered(start + settings.exposure_s) - gathered(start)
        share = pulses / (settings.exposure_s * self._hz * self._duty)
        return (1 + self._depth * (share - 1)).astype(np.float32)


def _compressed(pixels: Pixels, quality: int) -> Pixels:
    """Return what a chat program's compression leaves of a picture."""
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)


def on_screen(
    shown: Lazy,
    face: NDArray[np.float32],
    fps: float,
    kind: Kind,
    attacker: Attacker,
    rng: np.random.Generator,
) -> Iterator[Frame]:
    """Yield what the gate sees of pictures with a face at mesh `face` on a screen."""
    settings = draw_settings(rng, attacker.fps)
    screen = Screen(kind, shown, face, fps, attacker, rng)
    camera = GateCamera(settings, rng)
    count = round(SECONDS * settings.fps)
    return camera.film(screen.light(number, settings) for number in range(count))


def _replay(
    source: Source, seed: int, cast: Sequence[Source], kinds: Sequence[Kind]
) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng)
    kind = kinds[int(rng.integers(0, len(kinds)))]
    if not source.filmed:
        still = Lazy(1, lambda _: source.frames[0])
        return on_screen(still, source.mesh(0), 0.0, kind, attacker, rng)
    window = source.window(rng, 7.0 if rng.random() < 0.6 else 0.0)
    some = window[:: max(1, len(window) // 6)]
    face = np.median([source.mesh(index) for index in some], axis=0).astype(np.float32)
    shown = Lazy(len(window), lambda number: source.frames[window[number]])
    return on_screen(shown, face, source.fps, kind, attacker, rng)


def phone_replay(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a clip replayed, or a photo shown, on a phone held near."""
    return _replay(source, seed, cast, (PHONE,))


def large_screen_replay(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a clip replayed, or a photo shown, on a tablet, laptop or monitor."""
    return _replay(source, seed, cast, (TABLET, LAPTOP, MONITOR))
