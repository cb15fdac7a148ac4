"""Veto: is there the edge of a sheet or screen round the face, which moves with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from appliance.messages import CueEvidence
from appliance.vision.pad.edges import EdgeFinder, face_frame
from appliance.vision.pad.scale import below
from appliance.vision.pad.scene_edges import SceneEdges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.vision.pad.edges import Edge
    from appliance.vision.pad.look import Glance, Look

CUE: Final = "surface"
VERSION: Final = "1"
SPACING_NS: Final = 120_000_000
"""Between two pictures searched for edges."""
MOST: Final = 16
"""Pictures searched in one visit."""
MOVED: Final = 0.08
"""Face heights a face must have moved before an edge can be told to follow or to stand still."""
SAME: Final = 0.045
"""Face heights within which an edge is where it was expected."""
UNSURE: Final = 0.5
"""What an edge counts of which nobody can tell whether it is the room's: half."""
NEW: Final = 0.8
"""What an edge counts that the room does not have by itself: it came with somebody, a bag too."""
LIMIT: Final = 1.05
"""Face heights, as counted: the second longest of the four sides.

Live clips reach 0.45 (8 people, 23 windows), the workshop's bona fide ones 0.92 (8 people, 71
clips; a man before shelves, walking up): 1.15 times that. The filmed screen has 1.33 to 1.79.
"""


class _Searched(NamedTuple):
    """One picture's face and the edges beside it."""

    x: float
    y: float
    height: float
    edges: tuple[Edge, ...]


class SurfaceCue:
    """Edges of a bezel or sheet: second longest of four sides, in face heights.

    A window or door behind a person has such edges too. What tells them apart: the fixed camera
    knows the room's own edges from between the visits (`idle`), and those are not counted. Where
    it does not, an edge that follows the face counts in full, one that stands still while the face
    moves not at all, any other half. Nothing is seen of a surface larger than the view, of one cut
    along the hair, or of edges hidden by hands (research, section 1c).
    """

    def __init__(self) -> None:
        self.name = CUE
        self.version = VERSION
        self._finder = EdgeFinder()
        self._scene = SceneEdges()
        self._seen: list[_Searched] = []
        self._last_ns: int | None = None

    def idle(self, glance: Glance) -> None:
        """Learn the room's own edges from a picture between visits, about one a second."""
        self._scene.learn(glance)

    def look(self, look: Look) -> None:
        """Search one picture, if the last one searched is long enough ago."""
        if self._last_ns is not None and look.taken_ns - self._last_ns < SPACING_NS:
            return
        if len(self._seen) >= MOST:
            return
        self._last_ns = look.taken_ns
        (x, y), height = look.face.centre, look.face.box[3]
        frame = face_frame((x, y), height, look.pose.roll)
        known = self._scene.within if self._scene.known else None
        self._seen.append(_Searched(x, y, height, self._finder.beside(look.grey, frame, known)))

    def evidence(self) -> CueEvidence:
        """Return how little there is of a frame; `frames` counts pictures searched."""
        if not self._seen:
            return CueEvidence(CUE, 0.0, 0, VERSION)
        return CueEvidence(CUE, below(self.framing(), LIMIT), len(self._seen), VERSION)

    def framing(self) -> float:
        """Return the second longest of the four sides, median over pictures, face heights."""
        sides: NDArray[np.float64] = np.zeros((len(self._seen), 4))
        for row, seen in enumerate(self._seen):
            for edge in seen.edges:
                counted = edge.length * self._weight(seen, edge)
                sides[row, edge.side] = max(sides[row, edge.side], counted)
        return float(np.median(np.sort(sides, axis=1)[:, 2])) if self._seen else 0.0

    def wipe(self) -> None:
        """Forget the visit, not the room."""
        self._seen.clear()
        self._last_ns = None

    def _weight(self, seen: _Searched, edge: Edge) -> float:
        """Return 1 for what is held, 0 for what belongs to the room, `UNSURE` between."""
        if self._scene.known:
            return NEW  # what the room has by itself was left out before
        follows = stays = 0
        for other in self._seen:
            moved = (other.y - seen.y) if edge.side > 1 else (other.x - seen.x)
            # Where it would be, seen from the other picture's face, if it had not moved at all.
            still = (edge.offset * seen.height - moved) / other.height
            if abs(still - edge.offset) < MOVED:
                continue
            there = [one.offset for one in other.edges if one.side == edge.side]
            follows += any(abs(at - edge.offset) < SAME for at in there)
            stays += any(abs(at - still) < SAME for at in there)
        if follows == stays:
            return UNSURE
        return 1.0 if follows > stays else 0.0
