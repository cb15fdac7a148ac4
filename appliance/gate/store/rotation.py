"""The gate's own rotation of feature vectors: scores stay, references of two gates do not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import ComparisonError
from appliance.gate.store.keys import expand

if TYPE_CHECKING:
    from numpy.typing import NDArray

PHILOX_KEY_BYTES = 16
LARGEST_DIMENSION = 2048


class Rotation:
    """A secret orthogonal matrix, drawn from a key: a second lock on references."""

    __slots__ = ("_matrix",)

    def __init__(self, key: bytes, dimension: int) -> None:
        if not 1 <= dimension <= LARGEST_DIMENSION:
            raise ComparisonError("dimension", dimension, f"1 to {LARGEST_DIMENSION}")
        seed = expand(key, f"sanmen/1/rotation/{dimension}", PHILOX_KEY_BYTES)
        # The same key must give the same matrix after every update: a test pins the numbers drawn.
        draw = np.random.Generator(np.random.Philox(key=int.from_bytes(seed, "big")))
        q, r = np.linalg.qr(draw.standard_normal((dimension, dimension)))
        # Signs made unique: LAPACK builds differ in them, and all rotations become equally likely.
        self._matrix = q * np.sign(np.diag(r))

    def turn(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one vector or rows of vectors, turned."""
        return _turned(vectors, self._matrix)

    def turn_back(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors as they were before `turn`."""
        return _turned(vectors, self._matrix.T)

    def __repr__(self) -> str:
        return f"Rotation(dimension={len(self._matrix)})"


def _turned(vectors: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    wide = vectors.astype(np.float64)
    turned = wide @ matrix
    narrow: NDArray[np.float32] = turned.astype(np.float32)
    wide.fill(0.0)
    turned.fill(0.0)
    return narrow
