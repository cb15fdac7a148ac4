"""Veto: do bands of a screen's refresh roll over the face but not over the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.scale import below
from appliance.vision.samples import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.look import Look

CUE: Final = "bands"
VERSION: Final = "2"
ROWS: Final = 192
COLUMNS: Final = 96
"""Size of the cue's own copy of a picture."""
SAMPLES: Final = 64
"""Rows of the copy that are judged, at least: the face and as much again around it."""
WAVES: Final = slice(2, 17)
"""Bands over that height; fewer is shading, more is noise."""
MOST_GAP_NS: Final = 180_000_000
"""Between two pictures of a pair; over a longer time a head has moved."""
MOST_SHIFT: Final = 0.03
"""Face heights between two pictures of a pair, half a face height a second; the face of the older
one is moved by as much before they are compared, beyond it turns too much for that. Whoever turns
as asked so gives a pair in nearly every picture; without, below 0.012, a turning man gave 14 in
three seconds (`d3`)."""
MOST_ROWS: Final = 0.02
"""Face heights by which brow and chin can move within such a pair."""
MOST_PAIRS: Final = 40
"""Pairs of one visit."""
FEWEST: Final = 4
"""Pairs; with fewer, face and room agree by chance."""
LIMIT: Final = 0.0105
"""Log amplitude of one band, both halves of the face alike, beyond what the room shows.

Live clips reach 0.0054 (8 people, 25 windows), the workshop's bona fide ones 0.0076 (8 people, 71
clips): 1.4 times that.
"""
FLICKER: Final = 0.008
"""Log amplitude in the room itself from which on no screen can be told from a lamp."""
DARK: Final = 8.0
"""Levels added before the logarithm, so that noise in the dark is no light."""


class BandsCue:
    """Refresh bands from row-wise log ratios of following pictures.

    A rolling shutter reads row after row; a source that flickers lights some rows more than others,
    and other rows in the next picture. The median over columns removes the face, a cubic slow
    changes. The face's own motion is taken off first: bands belong to the rows of the sensor and
    stay where they are. What the halves of the face do not share is motion, what the columns beside
    the face share with it is a lamp at 100 or 120 Hz (research, section 1d). Screens dimmed by
    direct current have no bands, nor has any source if the exposure is a multiple of its period.
    """

    def __init__(self) -> None:
        self.name = CUE
        self.version = VERSION
        self._old: NDArray[np.float32] | None = None
        self._old_ns = 0
        self._place = np.zeros(2)
        self._seen: list[NDArray[np.float64]] = []

    def look(self, look: Look) -> None:
        """Compare this picture with the one before."""
        if len(self._seen) >= MOST_PAIRS:
            return
        small = cv2.resize(look.grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
        new = np.log(small.astype(np.float32) + DARK)
        small.fill(0)
        place = look.mesh.points[:, :2].mean(axis=0, dtype=np.float64)
        way = place - self._place
        shift = float(np.hypot(*way)) / look.face.box[3]
        old, self._old = self._old, new
        near = look.taken_ns - self._old_ns <= MOST_GAP_NS and shift <= MOST_SHIFT
        self._old_ns, self._place = look.taken_ns, place
        if old is None:
            return
        if near:
            rows, columns = look.grey.shape
            move = np.array([[1, 0, way[0] * COLUMNS / columns], [0, 1, way[1] * ROWS / rows]])
            with brief(
                cv2.warpAffine(old, move, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE)
            ) as moved:
                self._add(new, np.asarray(moved, np.float32), old, look)
        old.fill(0.0)

    def evidence(self) -> CueEvidence:
        """Return how little of bands there is; `frames` counts pairs."""
        face, room = self.amplitudes()
        if len(self._seen) < FEWEST or (room > FLICKER and face < room):
            # Too few; or the whole picture flickers, by a lamp or a screen that fills the view.
            # Who cannot tell does not say "clean": the exposure belongs at n/100 or n/120 s.
            return CueEvidence(CUE, 0.0, 0, VERSION)
        return CueEvidence(CUE, below(face, LIMIT), len(self._seen), VERSION)

    def amplitudes(self) -> tuple[float, float]:
        """Return the strongest log amplitude in the face, without the room's, and in the room."""
        if not self._seen:
            return 0.0, 0.0
        # Bands are in most pairs, a movement in some: hence the median.
        both, room = np.median(np.stack(self._seen), axis=0)
        return float(np.sqrt(both.clip(0.0).max())), float(np.sqrt(room.max()))

    def wipe(self) -> None:
        """Forget the visit."""
        if self._old is not None:
            self._old.fill(0.0)
        self._old = None
        self._old_ns = 0
        self._place = np.zeros(2)
        self._seen.clear()

    def _add(
        self,
        new: NDArray[np.float32],
        moved: NDArray[np.float32],
        old: NDArray[np.float32],
        look: Look,
    ) -> None:
        """Add a pair; `moved` is the older picture with its face where the newer one has it."""
        rows, columns = look.grey.shape
        x, y = look.face.centre[0] * COLUMNS / columns, look.face.centre[1] * ROWS / rows
        width, height = look.face.box[2] * COLUMNS / columns, look.face.box[3] * ROWS / rows
        reach = max(0.9 * height, SAMPLES / 2)
        rows_seen = slice(max(round(y - reach), 0), round(y + reach))
        spans = (
            ((x - 0.42 * width, x),),
            ((x, x + 0.42 * width),),
            ((0.0, x - 1.1 * width), (x + 1.1 * width, float(COLUMNS))),
        )
        lines = [
            _lines(new[rows_seen], before[rows_seen], span)
            for before, span in zip((moved, moved, old), spans, strict=True)
        ]
        if lines[0] is None or lines[1] is None or lines[0].shape[1] < 2 * WAVES.stop:
            return  # the face is at the border, or tiny
        most = MOST_ROWS * height
        first, second = _waves(lines[0], most), _waves(lines[1], most)
        beside = np.zeros_like(first) if lines[2] is None else _waves(lines[2], 0.0)
        energy = float(np.vdot(beside, beside).real)
        if energy > 0.0:
            share = float(np.vdot(beside, first + second).real) / (2 * energy)
            taken = min(max(share, 0.0), 1.0) * beside
            first, second = first - taken, second - taken
        self._seen.append(np.stack(((first * second.conj()).real, np.abs(beside) ** 2)))


def _lines(
    new: NDArray[np.float32], old: NDArray[np.float32], spans: tuple[tuple[float, float], ...]
) -> NDArray[np.float64] | None:
    """Return (2, rows): medians over columns of the change and of the slope down the picture."""
    kept = np.concatenate([np.arange(max(round(a), 0), max(round(b), 0)) for a, b in spans])
    kept = kept[kept < COLUMNS]
    if len(kept) < 2 or len(new) < 2:  # noqa: PLR2004 - a median of nothing
        return None
    before, after = old[:, kept], new[:, kept]
    slope = np.gradient((before + after) / 2, axis=0)
    # numpy's own median takes four times as long for the same values.
    ordered = np.sort(np.stack((after - before, slope)), axis=2)
    half, other = len(kept) // 2, (len(kept) - 1) // 2
    return np.asarray((ordered[..., half] + ordered[..., other]) / 2, np.float64)


def _waves(lines: NDArray[np.float64], most: float) -> NDArray[np.complex128]:
    """Return the amplitudes of `WAVES` in the change that no rise, fall or stretch explains.

    What moves by v rows changes the light there by -v times the slope (optical flow constraint).
    Bands that roll over even skin look like a fast motion, hence the bound.

    Args:
        lines: of `_lines`.
        most: rows by which it can have moved, 0 for what stands still.

    """
    at = np.linspace(-1.0, 1.0, lines.shape[1])
    slow = np.vander(at, 4)
    rest, slope = (one - slow @ np.linalg.lstsq(slow, one, rcond=None)[0] for one in lines)
    if most > 0.0:
        basis = np.column_stack((slope, slope * at))
        speed = np.linalg.lstsq(basis, rest, rcond=None)[0]
        rest -= basis @ np.clip(speed, -most, most)
    rest *= np.hanning(len(rest))
    return np.asarray(np.fft.rfft(rest)[WAVES] * (4.0 / len(rest)))
