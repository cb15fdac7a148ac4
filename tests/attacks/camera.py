"""The gate's camera, the last stage of every presentation, bona fide or attack, in linear light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

from hardware.ports import Exposure, Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]
    Light: TypeAlias = NDArray[np.float32]

WIDTH: Final = 640
HEIGHT: Final = 480
FOCAL: Final = 554.0
"""Pixels; 640 of them see 60 degrees."""
SITES: Final = 2
"""Sensor sites to one pixel, each way: the sensor is binned after the colours are made."""
GAMMA: Final = 2.2
LEVELS: Final = 4096
COLOUR_OF_SITE: Final = ((2, 1), (1, 0))
"""BGR channel of the sites of each 2 x 2 block: RGGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What arrives at the lens while one picture is exposed.

    Attributes:
        light: (480, 640, 3) float32 BGR, linear; 1 = a white sheet in the place's light.
        raster: (960, 1280) float32 factor at each sensor site, integrated over site and lens; None
            = no raster.

    """

    light: Light
    raster: Light | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """One camera on one occasion.

    Attributes:
        fps: pictures a second.
        exposure_s: how long a row gathers light.
        readout_s: from the first row's exposure to the last row's.
        lens: Gaussian blur, sigma in pixels.
        electrons: at white; sets shot noise.
        read_noise: electrons.
        grey: linear level the metered middle is brought to.

    """

    fps: float
    exposure_s: float
    readout_s: float
    lens: float
    electrons: float
    read_noise: float
    grey: float


def draw_settings(rng: np.random.Generator, fps: float, electrons: float | None = None) -> Settings:
    """Draw a camera; nothing here depends on what stands before it."""
    return Settings(
        fps=fps,
        exposure_s=float(rng.uniform(0.004, 0.019)),
        readout_s=float(rng.uniform(0.010, 0.030)),
        lens=float(rng.uniform(0.22, 0.5)),
        electrons=electrons or float(np.exp(rng.uniform(np.log(1500), np.log(8000)))),
        read_noise=float(rng.uniform(2.0, 5.0)),
        grey=float(rng.uniform(0.17, 0.27)),
    )


class GateCamera:
    """Turns light into pictures; exposure is set on the first shot and then locked."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self.settings = settings
        self._rng = rng
        self._gain: float | None = None
        self._noise = rng.standard_normal(3 * WIDTH * HEIGHT * SITES**2, np.float32)
        ramp = np.linspace(0, 1, LEVELS) ** (1 / GAMMA)
        self._tone = np.clip(255 * ramp + 0.5, 0, 255).astype(np.uint8)

    def film(self, shots: Iterable[Shot], start_ns: int = 1_000_000_000) -> Iterator[Frame]:
        """Yield one picture per shot; the sensor's clock jitters a little."""
        step_ns = 1e9 / self.settings.fps
        exposure = Exposure(round(self.settings.exposure_s * 1e6), 1.0)
        for number, shot in enumerate(shots):
            jitter = self._rng.normal(0, 150_000)
            taken = round(start_ns + number * step_ns + jitter)
            yield Frame(self.picture(shot), taken, number, exposure)

    def picture(self, shot: Shot) -> Pixels:
        """Return (480, 640, 3) uint8 BGR."""
        if self._gain is None:
            self._gain = self._metered(shot.light)
        blurred = cv2.GaussianBlur(shot.light, (0, 0), self.settings.lens)
        sites = mosaic(blurred)
        if shot.raster is not None:
            sites *= shot.raster
        sites *= self._gain * self.settings.electrons
        np.maximum(sites, 0, out=sites)
        start = int(self._rng.integers(0, self._noise.size - sites.size))
        noise = self._noise[start : start + sites.size].reshape(sites.shape)
        sites += noise * np.sqrt(sites + self.settings.read_noise**2)
        sites *= 65535 / self.settings.electrons
        raw = np.clip(sites, 0, 65535).astype(np.uint16)
        raw &= 0xFFC0  # ten bits
        colours = cv2.cvtColor(raw, cv2.COLOR_BayerBG2BGR)
        small = cv2.resize(colours, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return np.take(self._tone, small >> 4)

    def _metered(self, light: Light) -> float:
        middle = light[HEIGHT // 6 : -HEIGHT // 6, WIDTH // 4 : -WIDTH // 4]
        return float(np.clip(self.settings.grey / max(float(middle.mean()), 1e-3), 0.1, 12.0))


def mosaic(light: Light) -> Light:
    """Sample (480, 640, 3) light at each (960, 1280) sensor site in the site's own colour."""
    sites = np.empty((HEIGHT * SITES, WIDTH * SITES), np.float32)
    planes = cv2.split(light)
    # Sites lie a quarter of a pixel off its middle: bilinear there is three quarters of the pixel
    # and a quarter of its neighbour.
    before, after = np.array([0.25, 0.75, 0]), np.array([0, 0.75, 0.25])
    for down, along in enumerate((before, after)):
        for right, across in enumerate((before, after)):
            sites[down::SITES, right::SITES] = cv2.sepFilter2D(
                planes[COLOUR_OF_SITE[down][right]],
                cv2.CV_32F,
                across,
                along,
                borderType=cv2.BORDER_REPLICATE,
            )
    return sites


def linear(pixels: Pixels, gamma: float = GAMMA) -> Light:
    """Return the light that a picture of that gamma shows, 0 to 1."""
    table = (np.arange(256, dtype=np.float32) / 255) ** np.float32(gamma)
    return np.asarray(cv2.LUT(pixels, table), dtype=np.float32)


def encoded(light: Light) -> Pixels:
    """Return light, 0 to 1, as a picture of gamma 2.2."""
    return np.clip(255 * np.clip(light, 0, 1) ** (1 / GAMMA) + 0.5, 0, 255).astype(np.uint8)


def mixed(light: Light, over: Light | float, share: Light) -> Light:
    """Return `light` with `over` laid on it where `share`, (480, 640), says how much."""
    # Three full planes: numpy is slow at spreading a plane over a last axis of three.
    part = over - light
    part *= cv2.merge([share] * 3)
    part += light
    return part
