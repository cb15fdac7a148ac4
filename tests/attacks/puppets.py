"""One photo made to move ("photo activation"), and a head with the photo as its skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from tests.attacks.camera import (
    FOCAL,
    HEIGHT,
    WIDTH,
    GateCamera,
    Shot,
    draw_settings,
    linear,
)
from tests.attacks.hand import draw_hold, turned
from tests.attacks.meshes import triangulate, warp_map
from tests.attacks.place import Attacker
from tests.attacks.screens import PHONE, TABLET, on_screen
from tests.attacks.sources import SECONDS, Lazy, Source, Stage, eye_distance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hardware.ports import Frame
    from tests.attacks.camera import Light, Pixels, Settings

# Upper lids and the lower lids they meet, from corner to corner; mesh indices of mediapipe.
UPPER: Final = (246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398)
LOWER: Final = (7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382)
CREASE: Final = (247, 30, 29, 27, 28, 56, 190, 467, 260, 259, 257, 258, 286, 414)
RING: Final = 2.6
"""Eye distances; beyond it the photo stands still."""
RATE: Final = 25.0


@dataclass(frozen=True, slots=True)
class Dance:
    """What an animation makes a photo do.

    Attributes:
        yaw: degrees to each side.
        pitch: degrees.
        rate: Hz of the turn.
        start: radians.
        blinks: moments of the blinks, s.
        closing: s for closing the eyes.
        opening: s for opening them.

    """

    yaw: float
    pitch: float
    rate: float
    start: float
    blinks: tuple[float, ...]
    closing: float
    opening: float

    def turn(self, seconds: float) -> tuple[float, float, float]:
        """Return yaw, pitch, roll in degrees."""
        angle = 2 * np.pi * self.rate * seconds + self.start
        nod = np.sin(1.37 * angle + 1)
        return float(self.yaw * np.sin(angle)), float(self.pitch * nod), float(1.5 * nod)

    def closed(self, seconds: float) -> float:
        """Return how far the eyes are closed, 0 to 1."""
        down = 0.0
        for moment in self.blinks:
            since = seconds - moment
            span = self.closing if since < 0 else self.opening
            part = max(0.0, 1 - abs(since) / span)
            down = max(down, part * part * (3 - 2 * part))
        return min(down, 1.0)


def draw_dance(rng: np.random.Generator) -> Dance:
    """Draw yaw of 10-25 degrees, pitch to 15, blinks of 150-300 ms, some of them symmetric."""
    closing = rng.uniform(0.06, 0.13)
    opening = closing if rng.random() < 0.4 else closing * rng.uniform(1.3, 2.0)
    return Dance(
        float(rng.uniform(10, 25)),
        float(rng.uniform(2, 12)),
        float(rng.uniform(0.2, 0.45)),
        float(rng.uniform(0, 2 * np.pi)),
        tuple(float(moment) for moment in np.sort(rng.uniform(0.3, SECONDS - 0.4, 2))),
        float(closing),
        float(opening),
    )


class Puppet:
    """A photo warped by its own face mesh."""

    def __init__(self, pixels: Pixels, mesh: NDArray[np.float32]) -> None:
        self._pixels = pixels
        self.mesh = mesh
        self._iod = eye_distance(mesh)
        low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
        self._middle = (low + high) / 2
        around = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        circle = np.column_stack([np.cos(around), np.sin(around)])
        rows, columns = pixels.shape[:2]
        far = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)], float) * 3
        far -= np.array([columns, rows])
        self._rings = [
            (self._middle + circle * size * self._iod, share)
            for size, share in ((1.75, 0.55), (RING, 0.0), (RING + 0.4, 0.0))
        ]
        self._far = far
        self._taken = np.concatenate([mesh[:, :2], *(ring for ring, _ in self._rings), far]).astype(
            np.float32
        )
        self._triangles = triangulate(self._taken)

    def show(self, dance: Dance, seconds: float) -> Pixels:
        """Return the photo at one moment of its dance."""
        rotation = turned(*dance.turn(seconds))
        points = self.mesh.astype(np.float64).copy()
        closed = dance.closed(seconds)
        for upper, lower, crease in zip(UPPER, LOWER, CREASE, strict=True):
            gap = points[lower] - points[upper]
            points[upper] += 0.92 * closed * gap
            points[crease] += 0.4 * closed * gap
        pivot = np.array([*self._middle, self.mesh[:, 2].mean() + 0.6 * self._iod])
        onto = [((points - pivot) @ rotation.T + pivot)[:, :2]]
        for ring, share in self._rings:
            deep = np.full((len(ring), 1), pivot[2])
            moved = (np.hstack([ring, deep]) - pivot) @ rotation.T + pivot
            # The neck and the hair follow a little, by the way the face's middle goes.
            sway = (onto[0].mean(axis=0) - self.mesh[:, :2].mean(axis=0)) * share
            onto.append(ring + sway + 0.3 * share * (moved[:, :2] - ring))
        onto.append(self._far)
        where = np.concatenate(onto).astype(np.float32)
        across, down, covered = warp_map(
            where, self._taken, self._triangles, self._pixels.shape[:2]
        )
        rows, columns = self._pixels.shape[:2]
        across = np.where(covered, across, np.arange(columns, dtype=np.float32)[None])
        down = np.where(covered, down, np.arange(rows, dtype=np.float32)[:, None])
        return np.asarray(
            cv2.remap(
                self._pixels, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            ),
            dtype=np.uint8,
        )


def dancing(source: Source, rng: np.random.Generator, rate: float) -> Lazy:
    """Return the pictures of a photo that blinks, nods and turns."""
    pixels, mesh = source.portrait(rng)
    puppet, dance = Puppet(pixels, mesh), draw_dance(rng)
    return Lazy(round(SECONDS * rate), lambda number: puppet.show(dance, number / rate))


def animated_still_on_phone(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a photo activation shown on a phone or tablet."""
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng)
    rate = RATE / 2 if rng.random() < 0.5 else 15.0
    pictures = dancing(source, rng, rate)
    mesh = source.finder.mesh(pictures[0])
    face = source.mesh(0) if mesh is None else mesh
    kind = PHONE if rng.random() < 0.6 else TABLET
    return on_screen(pictures, face, rate, kind, attacker, rng)


def animated_still(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a photo activation with no surface at all, as a perfect screen would show it."""
    rng = np.random.default_rng(seed)
    fps = cast[0].fps or 15.0
    pictures = dancing(source, rng, fps)
    still = Source(source.person, pictures, fps, source.finder)
    window = range(len(pictures))
    stage = Stage(still, window, rng)
    camera = GateCamera(draw_settings(rng, fps), rng)
    return camera.film(Shot(linear(stage.show(index))) for index in window)


class Head:
    """A head with a photo as its skin, seen in perspective; cut out at the hair."""

    def __init__(self, source: Source, rng: np.random.Generator) -> None:
        pixels, mesh = source.portrait(rng)
        iod = eye_distance(mesh)
        self._texture = linear(pixels)
        middle = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
        around = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        circle = np.column_stack([np.cos(around), 1.12 * np.sin(around)])
        solid = [np.column_stack([mesh[:, :2], mesh[:, 2]])]
        back = float(np.percentile(mesh[:, 2], 90))
        for size, deep in ((1.5, 0.55), (1.85, 1.1), (2.2, 1.5)):
            ring = middle - (0, 0.12 * iod) + circle * size * iod
            solid.append(np.column_stack([ring, np.full(len(ring), back + deep * iod)]))
        points = np.concatenate(solid)
        self._taken = points[:, :2].astype(np.float32)
        self._triangles = triangulate(self._taken)
        centre = np.array([*middle, back + 0.4 * iod])
        self._points = (points - centre) * (63.0 / iod)
        self._alpha = _cut_out(pixels, mesh, middle, iod)
        self._lit = rng.normal(0, 1, 3) * (1, 0.6, 0)

    def light(self, pose: NDArray[np.float64], behind: Light) -> Light:
        """Return what the camera sees with the head at `pose` mm and degrees."""
        rotation = turned(*pose[3:])
        solid = self._points @ rotation.T + pose[:3]
        onto = solid[:, :2] / solid[:, 2:] * FOCAL + (WIDTH / 2, HEIGHT / 2)
        across, down, covered = warp_map(
            onto.astype(np.float32),
            self._taken,
            self._triangles,
            (HEIGHT, WIDTH),
            solid[:, 2].astype(np.float32),
        )
        seen = cv2.remap(self._texture, across, down, cv2.INTER_LINEAR)
        alpha = cv2.remap(self._alpha, across, down, cv2.INTER_LINEAR) * covered
        # Turning a head changes how the place's light falls on it; the photo's own light stays.
        normal = rotation @ (0, 0, -1.0)
        shade = np.float32(1 + 0.25 * float(self._lit @ normal))
        share = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 0.8)[..., None]
        return np.asarray(behind + (seen * shade - behind) * share, dtype=np.float32)


def _cut_out(
    pixels: Pixels, mesh: NDArray[np.float32], middle: NDArray[np.float32], iod: float
) -> NDArray[np.float32]:
    """Return 0 to 1, the head with its hair, cut at the neck, by GrabCut from the face outwards."""
    mask = np.full(pixels.shape[:2], cv2.GC_BGD, np.uint8)
    x, y = (int(value) for value in middle - (0, 0.25 * iod))
    whole = (int(1.75 * iod), int(2.15 * iod))
    cv2.ellipse(mask, (x, y), whole, 0, 0, 360, (cv2.GC_PR_BGD,), -1)
    near = (int(1.25 * iod), int(1.75 * iod))
    cv2.ellipse(mask, (x, y), near, 0, 0, 360, (cv2.GC_PR_FGD,), -1)
    hull = cv2.convexHull(np.round(mesh[:, :2]).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, (cv2.GC_FGD,))
    chin = int(mesh[:, 1].max() + 0.25 * iod)
    mask[chin:] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(pixels, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    kept = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.float32)
    kept = cv2.morphologyEx(kept, cv2.MORPH_OPEN, np.ones((3, 3)))
    return np.asarray(cv2.GaussianBlur(kept, (0, 0), 1.0), dtype=np.float32)


def textured_head(source: Source, seed: int, cast: Sequence[Source]) -> Iterator[Frame]:
    """Yield a solid head with a photo's skin, turned in the hand; it does not blink."""
    rng = np.random.default_rng(seed)
    attacker = Attacker(cast, source, rng)
    settings: Settings = draw_settings(rng, attacker.fps)
    head = Head(source, rng)
    distance = 63.0 * FOCAL / rng.uniform(85, 115)
    base = np.array([*rng.normal(0, 6, 2), distance, *rng.normal(0, 3, 3)])
    hold = draw_hold(rng, base, tilt_deg=18.0)
    camera = GateCamera(settings, rng)
    return camera.film(
        Shot(head.light(hold.at(number / settings.fps), linear(attacker.picture(number))))
        for number in range(attacker.count)
    )
