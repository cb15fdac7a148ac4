"""Warps pictures by triangles between two sets of points, as every face-puppet program does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float32]
    Triangles = NDArray[np.int64]


def triangulate(points: Points) -> Triangles:
    """Return the (n, 3) Delaunay triangles of (m, 2) points."""
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 3
    size = np.ceil(high - low).astype(int)
    plane = cv2.Subdiv2D((0, 0, int(size[0]), int(size[1])))
    moved = points - low
    plane.insert([(float(x), float(y)) for x, y in moved])
    corners = plane.getTriangleList().reshape(-1, 3, 2)
    inside = ((corners >= 0) & (corners <= size)).all(axis=(1, 2))
    corners = corners[inside]
    apart = np.abs(corners[:, :, None] - moved[None, None]).sum(axis=3)
    found = apart.argmin(axis=2)
    return found[(apart.min(axis=2) < 0.5).all(axis=1)]


def warp_map(
    onto: Points,
    taken: Points,
    triangles: Triangles,
    size: tuple[int, int],
    depth: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return, for each pixel of (rows, columns) `size`, where in the source it comes from.

    Also where any triangle lies. `depth` of the points orders what covers what, far ones first.
    """
    order = np.arange(len(triangles))
    if depth is not None:
        order = np.argsort(-depth[triangles].mean(axis=1))
    index = np.full(size, -1, np.int32)
    corners = np.round(onto[triangles] * 16).astype(np.int32)
    for number in order:
        cv2.fillConvexPoly(index, corners[number], (int(number),), cv2.LINE_8, 4)
    flat = np.concatenate([onto[triangles], np.ones((len(triangles), 3, 1))], axis=2)
    thin = np.abs(np.linalg.det(flat)) < 1e-3
    flat[thin] = np.eye(3)
    maps = np.linalg.solve(flat, taken[triangles].astype(np.float64)).astype(np.float32)
    maps[thin] = 0
    maps[thin, 2] = taken[triangles[thin]].mean(axis=1)
    covered = index >= 0
    chosen = maps[np.maximum(index, 0)]
    rows, columns = size
    x = np.arange(columns, dtype=np.float32)[None]
    y = np.arange(rows, dtype=np.float32)[:, None]
    across = chosen[..., 0, 0] * x + chosen[..., 1, 0] * y + chosen[..., 2, 0]
    down = chosen[..., 0, 1] * x + chosen[..., 1, 1] * y + chosen[..., 2, 1]
    return across, down, covered
