"""What stands round a held medium: the attacker and wall behind it, fingers, lamps, its layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.attacks.camera import HEIGHT, WIDTH, linear
from tests.attacks.hand import turned
from tests.attacks.sources import SECONDS, Stage, eye_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.attacks.camera import Light, Pixels
    from tests.attacks.sheet import Seen
    from tests.attacks.sources import Source

SKIN = np.array([0.16, 0.24, 0.42], np.float32)


class Attacker:
    """Somebody else of the cast, standing before the gate with something in the hand."""

    def __init__(
        self, cast: Sequence[Source], source: Source, rng: np.random.Generator, turn: float = 0.0
    ) -> None:
        others = [one for one in cast if one.filmed and one.person != source.person]
        self.source = others[int(rng.integers(0, len(others)))]
        self.window = self.source.window(rng, turn)
        self.stage = Stage(self.source, self.window, rng)
        self.fps = self.source.fps
        self.count = round(SECONDS * self.fps)
        first = self.window[0]
        cheek = self.stage.mesh(first)[[50, 280, 205, 425], :2].mean(axis=0)
        x, y = np.clip(cheek, 4, (WIDTH - 5, HEIGHT - 5)).astype(int)
        patch = linear(self.stage.show(first)[y - 4 : y + 5, x - 4 : x + 5])
        self.skin = 0.5 * SKIN + 0.5 * patch.mean(axis=(0, 1))

    def picture(self, number: int) -> Pixels:
        """Return the picture of the attacker at one moment, back and forth through the window."""
        return self.stage.show(self.index(number))

    def index(self, number: int) -> int:
        """Return the source's picture at one moment."""
        last = len(self.window) - 1
        return self.window[last - abs(last - number % (2 * last))]


def spread(
    pixels: Pixels,
    mesh: NDArray[np.float32],
    size_mm: tuple[float, float],
    iod_mm: float,
    per_mm: float,
    bare: int = 235,
) -> tuple[Pixels, NDArray[np.float64]]:
    """Lay a picture out on a sheet, its face in the middle; also return the 2x3 map.

    Where the picture ends, the sheet is as bright as `bare`: paper's white or a screen's black.
    """
    scale = iod_mm * per_mm / eye_distance(mesh)
    columns, rows = (round(side * per_mm) for side in size_mm)
    middle = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2 - (0, 0.1 * np.ptp(mesh[:, 1]))
    move = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    move[:, 2] = (columns / 2, rows / 2)
    move[:, 2] -= scale * middle
    if scale < 0.75:
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        used = np.column_stack([np.eye(2), move[:, 2]])
    else:
        used = move
    laid = cv2.warpAffine(
        pixels, used, (columns, rows), flags=cv2.INTER_CUBIC, borderValue=(bare, bare, bare)
    )
    return np.asarray(laid, dtype=np.uint8), move


def fingers(
    light: Light,
    seen: Seen,
    size_mm: tuple[float, float],
    skin: NDArray[np.float32],
    grips: Sequence[tuple[float, float, float]],
    reach: float = 17.0,
) -> Light:
    """Lay thumbs over a sheet's edges, changing `light`; a grip is x, y, degrees.

    `reach` says how far a thumb's middle comes in over the edge, mm.
    """
    for x, y, degrees in grips:
        angle = np.radians(degrees)
        ahead = (np.cos(angle), np.sin(angle))
        start = (x * size_mm[0] / 2 - 45 * ahead[0], y * size_mm[1] / 2 - 45 * ahead[1])
        tip = (start[0] + (45 + reach) * ahead[0], start[1] + (45 + reach) * ahead[1])
        here = _near(seen, (start, tip))
        if here is None:
            continue
        right, down = (
            seen.right[here] - np.float32(start[0]),
            seen.down[here] - np.float32(start[1]),
        )
        along = np.clip(right * ahead[0] + down * ahead[1], 0, 45 + reach)
        aside = np.hypot(right - along * ahead[0], down - along * ahead[1])
        radius = 10.5 - 0.03 * along
        cover = np.clip((radius - aside) * 1.5 + 0.5, 0, 1)[..., None]
        round_ = np.sqrt(np.clip(1 - (aside / radius) ** 2, 0.05, 1))
        nail = np.clip(1.4 - np.hypot(along - 40 - reach, aside * 1.1) / 6.5, 0, 1) * 0.18
        shade = (0.35 + 0.65 * round_ + nail)[..., None]
        light[here] += (skin * shade - light[here]) * cover
    return np.asarray(light, dtype=np.float32)


def _near(
    seen: Seen, ends: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[slice, slice] | None:
    """Return the rows and columns in which a thumb with these ends, mm, can lie."""
    step, room = 8, 16.0
    right, down = seen.right[::step, ::step], seen.down[::step, ::step]
    low, high = np.min(ends, axis=0) - room, np.max(ends, axis=0) + room
    near = (right > low[0]) & (right < high[0]) & (down > low[1]) & (down < high[1])
    if not near.any():
        return None
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return (
        slice(max(0, (int(rows[0]) - 1) * step), (int(rows[-1]) + 2) * step),
        slice(max(0, (int(columns[0]) - 1) * step), (int(columns[-1]) + 2) * step),
    )


def draw_grips(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Draw where one or two thumbs hold: the lower half of the sides, or the foot."""
    grips = [(-1.0, float(rng.uniform(0.2, 0.9)), float(rng.uniform(-40, 10)))]
    if rng.random() < 0.75:
        grips.append((1.0, float(rng.uniform(0.2, 0.9)), float(rng.uniform(170, 220))))
    return grips


class Lamp:
    """A lamp whose reflection may be seen in something glossy."""

    def __init__(
        self, pose: NDArray[np.float64], size_mm: tuple[float, float], rng: np.random.Generator
    ) -> None:
        spot = np.array([*(rng.uniform(-0.55, 0.55, 2) * size_mm), 0.0])
        rotation = turned(*pose[3:])
        point = pose[:3] + rotation @ spot
        view = -point / np.linalg.norm(point)
        normal = -rotation[:, 2]
        self._towards = 2 * (view @ normal) * normal - view
        self.colour = np.array([rng.uniform(0.75, 1.05), 0.95, 1.0], np.float32)

    def shine(self, seen: Seen, pose: NDArray[np.float64], sigma_deg: float) -> Light:
        """Return (480, 640) of a Gaussian lobe of the half vector, peak 1."""
        step = 4
        rotation = turned(*pose[3:])
        right, down = seen.right[::step, ::step, None], seen.down[::step, ::step, None]
        points = pose[:3] + right * rotation[:, 0] + down * rotation[:, 1]
        views = -points / np.linalg.norm(points, axis=2, keepdims=True)
        half = views + self._towards
        half /= np.linalg.norm(half, axis=2, keepdims=True)
        normal = np.broadcast_to(-rotation[:, 2], half.shape)
        if seen.tilt is not None:
            angle = np.radians(seen.tilt[::step, ::step, None])
            normal = normal * np.cos(angle) + rotation[:, 0] * np.sin(angle)
        apart = np.degrees(np.arccos(np.clip((half * normal).sum(axis=2), -1, 1)))
        lobe = np.exp(-0.5 * (apart / sigma_deg) ** 2).astype(np.float32)
        return np.asarray(
            cv2.resize(lobe, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), dtype=np.float32
        )
