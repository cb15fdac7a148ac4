"""Finds long straight edges beside a face, in a frame of reference turned and sized with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import cv2
import numpy as np

from appliance.vision.samples import brief

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FACE: Final = 24.0
"""Height of the face in the small picture searched, pixels."""
REACH: Final = 2.4
"""Face heights from the face's centre to the furthest edge that can belong to what is held."""
HALF: Final = 58
"""Half the side of the small picture, pixels: `REACH` face heights."""
INNER: Final = 0.5
"""Face heights; nearer lie jaw and hair."""
LEANS: Final = (-0.14, -0.07, 0.0, 0.07, 0.14)
"""Tangents of how far an edge may lean against the face's axes, up to 8 degrees."""
CONTRAST: Final = 5.0
"""Levels per pixel of the small picture; the step of a bezel of 10 levels, blurred."""
GAP: Final = 3
"""What a pixel without an edge takes off a run; a quarter of a run may be hidden, by fingers."""
SHORTEST: Final = 0.5
"""Face heights."""
NEAR: Final = 2
"""Pixels of the small picture within which two runs are one edge."""
MOST: Final = 3
"""Edges kept of each side."""
OPAQUE: Final = 255


Known: TypeAlias = "tuple[NDArray[np.bool_], NDArray[np.bool_]]"
"""The room's own edges, across and down, in the small picture."""


class Edge(NamedTuple):
    """One long straight edge beside a face.

    Attributes:
        side: 0 left, 1 right, 2 above, 3 below.
        offset: distance of its middle from the face's centre along the face's axis, face heights.
        length: face heights.

    """

    side: int
    offset: float
    length: float


def face_frame(centre: tuple[float, float], height: float, roll: float) -> NDArray[np.float64]:
    """Return the 2x3 matrix from the picture to the small picture of (2 x HALF)^2 pixels."""
    turned = cv2.getRotationMatrix2D(centre, roll, FACE / height)
    matrix = np.asarray(turned, np.float64)
    matrix[:, 2] += HALF - np.asarray(centre)
    return matrix


def steps(grey: NDArray[np.uint8]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return where light changes across and down: -1, 0, 1, each of grey's shape."""
    with brief(cv2.GaussianBlur(grey, (3, 3), 0)) as smooth:
        across = cv2.Sobel(smooth, cv2.CV_16S, 1, 0, ksize=1)
        down = cv2.Sobel(smooth, cv2.CV_16S, 0, 1, ksize=1)
    least = 2 * CONTRAST
    found = []
    for one, other in ((across, down), (down, across)):
        strong = (np.abs(one) >= least) & (np.abs(one) >= 2 * np.abs(other))
        found.append((np.sign(one) * strong).astype(np.int8))
        del other
    across.fill(0)
    down.fill(0)
    return found[0], found[1]


class EdgeFinder:
    """Knows once which pixels lie on each leaning line."""

    def __init__(self) -> None:
        side = 2 * HALF
        rows, columns = np.arange(side)[:, None], np.arange(side)[None, :]
        lines = []
        for lean in LEANS:
            moved = columns + np.rint((rows - HALF) * lean).astype(int)
            # Beyond the picture lies one more cell, in which there is never an edge.
            lines.append(np.where((moved >= 0) & (moved < side), rows * side + moved, side * side))
        self._lines = np.concatenate(lines, axis=1)

    def beside(
        self,
        grey: NDArray[np.uint8],
        frame: NDArray[np.float64],
        known: Callable[[NDArray[np.float64]], Known] | None = None,
    ) -> tuple[Edge, ...]:
        """Return the longest straight edges of each side.

        Args:
            grey: (h, w) uint8.
            frame: of `face_frame`.
            known: gives the room's own edges; None = the room is not known.

        """
        across, down = face_steps(grey, frame)
        if known is not None:
            old_across, old_down = known(frame)
            across[old_across] = 0
            down[old_down] = 0
        found = (*self._runs(across, 0), *self._runs(down.T, 2))
        across.fill(0)
        down.fill(0)
        return found

    def _runs(self, across: NDArray[np.int8], first_side: int) -> list[Edge]:
        """Return the edges left and right of the face from (rows, columns) of -1, 0, 1."""
        hits = []
        for sign in (1, -1):
            # An edge may wander by a pixel: three columns count as one.
            wide = cv2.dilate((across == sign).astype(np.uint8), np.ones((1, 3), np.uint8))
            hits.append(np.append(wide.ravel(), np.uint8(0))[self._lines])
        gains = np.concatenate(hits, axis=1).astype(np.int16) * np.int16(GAP + 1) - np.int16(GAP)
        run = np.zeros(gains.shape[1], np.int16)
        longest = np.zeros_like(run)
        for gain in gains:
            run += gain
            np.maximum(run, 0, out=run)
            np.maximum(longest, run, out=longest)
        best = longest.reshape(-1, 2 * HALF).max(axis=0)
        best[HALF - round(INNER * FACE) : HALF + round(INNER * FACE)] = 0
        return [
            Edge(first_side + which, (at + which * HALF - HALF) / FACE, length)
            for which, line in enumerate((best[:HALF], best[HALF:]))
            for at, length in _longest(line)
        ]


def _longest(line: NDArray[np.int16]) -> list[tuple[int, float]]:
    """Return where the longest runs are, and how long, face heights; changes `line`."""
    found: list[tuple[int, float]] = []
    while len(found) < MOST:
        at = int(line.argmax())
        length = float(line[at]) / FACE
        if length < SHORTEST:
            break
        found.append((at, length))
        line[max(at - NEAR, 0) : at + NEAR + 1] = 0
    return found


def face_steps(
    grey: NDArray[np.uint8], frame: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return `steps` of the small picture round a face, none on the picture's own border.

    Args:
        grey: (h, w) uint8.
        frame: of `face_frame`.

    """
    size = (2 * HALF, 2 * HALF)
    scale = float(np.hypot(frame[0, 0], frame[0, 1]))
    source, matrix = grey, frame
    shrunk = None
    if scale < 0.5:  # noqa: PLR2004 - a warp that shrinks by more than half would alias
        step = 1 / int(1 / scale)
        shrunk = cv2.resize(grey, None, fx=step, fy=step, interpolation=cv2.INTER_AREA)
        source = np.asarray(shrunk, np.uint8)
        matrix = frame.copy()
        matrix[:, :2] /= step
    small = cv2.warpAffine(source, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    there = np.full(source.shape, 255, np.uint8)
    beyond = cv2.erode(cv2.warpAffine(there, matrix, size), np.ones((5, 5), np.uint8)) < OPAQUE
    if shrunk is not None:
        shrunk.fill(0)
    with brief(np.asarray(small, np.uint8)) as view:
        across, down = steps(view)
    # The picture's own border repeated is a straight line, but nobody's.
    across[beyond] = 0
    down[beyond] = 0
    return across, down
