"""Remembers where a fixed camera sees edges when nobody is near: no light, no colour, no person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.vision.pad.edges import HALF, steps
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Glance

WIDTH: Final = 320
"""Pixels; pictures are shrunk to it."""
SPACING_NS: Final = 1_000_000_000
"""Between two pictures learnt from."""
FEWEST: Final = 12
"""Pictures in which a place was free of people, before it is known."""
MEMORY: Final = 0.02
"""Share of the newest picture: about a minute until a moved bicycle is part of the room."""
KNOWN: Final = 0.35
"""Share of pictures in which there must be an edge for it to be the room's."""
AROUND: Final = 3.0
"""Face sizes around each face in view that are left out, so that nobody is learnt (law 3)."""


class SceneEdges:
    """Shares of pictures with an edge at each place, one map across and one down.

    Learns from pictures between visits only, forgets over minutes, is never stored.
    """

    def __init__(self) -> None:
        self._shares: NDArray[np.float32] | None = None
        self._counts: NDArray[np.int32] | None = None
        self._scale = 1.0
        self._last_ns: int | None = None

    @property
    def known(self) -> bool:
        """Whether most of the room is known."""
        return self._counts is not None and bool(np.mean(self._counts >= FEWEST) > 0.5)  # noqa: PLR2004

    def learn(self, glance: Glance) -> None:
        """Take one picture, if the last one is long enough ago."""
        if self._last_ns is not None and glance.taken_ns - self._last_ns < SPACING_NS:
            return
        self._last_ns = glance.taken_ns
        rows, columns = glance.pixels.shape[:2]
        self._scale = WIDTH / columns
        size = (WIDTH, max(round(rows * self._scale), 1))
        with (
            brief(cv2.resize(glance.pixels, size, interpolation=cv2.INTER_AREA)) as small,
            brief(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)) as grey,
        ):
            found = np.stack(steps(np.asarray(grey, np.uint8))) != 0
        if self._shares is None or self._counts is None or self._shares.shape != found.shape:
            self._shares = np.zeros(found.shape, np.float32)
            self._counts = np.zeros(found.shape[1:], np.int32)
        free = np.ones(found.shape[1:], bool)
        for x, y, width, height in glance.boxes:
            reach = AROUND * max(width, height) * self._scale
            across, down = (x + width / 2) * self._scale, (y + height / 2) * self._scale
            free[
                max(round(down - reach), 0) : max(round(down + reach), 0),
                max(round(across - reach), 0) : max(round(across + reach), 0),
            ] = False
        self._counts[free] += 1
        share = np.maximum(MEMORY, 1.0 / np.maximum(self._counts, 1))[free]
        self._shares[:, free] += share * (found[:, free] - self._shares[:, free])
        found[:] = False

    def within(self, frame: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the room's edges, across and down, where `edges.face_frame` looks."""
        side = 2 * HALF
        if self._shares is None or self._counts is None:
            return np.zeros((side, side), bool), np.zeros((side, side), bool)
        matrix = frame.copy()
        matrix[:, :2] /= self._scale
        learnt = (self._shares >= KNOWN) & (self._counts >= FEWEST)
        found = []
        for one in learnt:
            # Two pixels wider: a map at another scale is off by one, and so is a warm camera.
            wide = cv2.dilate(one.astype(np.uint8), np.ones((3, 3), np.uint8))
            moved = cv2.warpAffine(wide, matrix, (side, side), flags=cv2.INTER_LINEAR)
            found.append(cv2.dilate(moved, np.ones((3, 3), np.uint8)) != 0)
        return found[0], found[1]
