"""A protected biometric reference, and its form inside a seal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import SealBrokenError
from appliance.gate.comparison import require_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One person's reference.

    Attributes:
        vector: float32 unit vector, turned by the gate's rotation.
        features: the recipe that made it.
        quality: unified quality score, 0 to 100.
        created_at: ISO 8601.
        turned_by: number of the renewal whose rotation turned it; 0 = the gate's first.

    """

    vector: NDArray[np.float32]
    features: str
    quality: int
    created_at: str
    turned_by: int = 0

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        header = json.dumps(
            {
                "features": self.features,
                "quality": self.quality,
                "created_at": self.created_at,
                "turned_by": self.turned_by,
            }
        ).encode()
        length = len(header).to_bytes(HEADER_LENGTH_BYTES, "big")
        return b"".join((length, header, self.vector.astype("<f4").tobytes()))

    @classmethod
    def decode(cls, pseudonym: str, content: bytes | bytearray) -> Reference:
        """Read what `encode` wrote; its numbers are the only copy, of which the caller is owner.

        Raises:
            SealBrokenError: of another make, or no unit vector.

        """
        try:
            end = header_end(content)
            header = json.loads(content[HEADER_LENGTH_BYTES:end])
            vector = np.frombuffer(memoryview(content)[end:], dtype="<f4").astype(np.float32)
            require_unit(vector, f"reference of {pseudonym}")
            return cls(
                vector,
                str(header["features"]),
                int(header["quality"]),
                str(header["created_at"]),
                # The first version knew no renewal.
                int(header.get("turned_by", 0)),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise SealBrokenError(
                f"reference of {pseudonym}", repr(error), "a reference of this version"
            ) from error


def header_end(content: bytes | bytearray) -> int:
    """Return where the numbers begin in what `Reference.encode` wrote."""
    return HEADER_LENGTH_BYTES + int.from_bytes(content[:HEADER_LENGTH_BYTES], "big")
