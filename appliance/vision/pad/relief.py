"""Takes off a set of points whatever a flat or smoothly bent sheet could do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def without_sheet(places: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is left of (n,) values over (n, 2) places after 1, x, y, x2, xy, y2.

    The squares swallow a homography to second order and any smooth bend; left are nose, brow and
    eye sockets (research, section 1b).
    """
    x, y = places.T
    sheet = np.column_stack((np.ones_like(x), x, y, x * x, x * y, y * y))
    return np.asarray(values - sheet @ np.linalg.lstsq(sheet, values, rcond=None)[0])
