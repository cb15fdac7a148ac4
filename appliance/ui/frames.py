"""The one picture this room holds: checked from outside, never decoded, overwritten."""

from __future__ import annotations

from typing import Final

from appliance.preview_link import HEADER, LARGEST

OLDEST_NS: Final = 2_000_000_000
YOUNGEST_NS: Final = 50_000_000
BEGIN, END = b"\xff\xd8", b"\xff\xd9"


class Frames:
    """A buffer of fixed size that the newest frame is received into.

    Attributes:
        buffer: room for a header, the largest frame, and one byte that tells of a larger one.

    """

    def __init__(self) -> None:
        self.buffer = bytearray(HEADER.size + LARGEST + 1)
        self._filled = 0
        self.sequence = 0

    def take(self, size: int, now_ns: int) -> bool:
        """Judge the `size` bytes that stand in the buffer now; what is refused is overwritten.

        Returns whether it is a frame, newer than the one before, and of this moment. One taken at
        0 is the black frame that ends a preview: nothing is held after it.
        """
        self._filled = max(self._filled, size)
        picture = memoryview(self.buffer)[HEADER.size : size]
        if not len(BEGIN) + len(END) <= len(picture) <= LARGEST:
            return self._refuse()
        sequence, taken_ns = HEADER.unpack_from(self.buffer)
        if not taken_ns:
            self.wipe()
            return True
        fresh = -YOUNGEST_NS <= now_ns - taken_ns <= OLDEST_NS
        whole = picture[:2] == BEGIN and picture[-2:] == END
        if not (fresh and whole and sequence > self.sequence):
            return self._refuse()
        self.buffer[size : self._filled] = bytes(self._filled - size)  # the tail of a longer one
        self._filled, self.sequence = size, sequence
        return True

    @property
    def picture(self) -> memoryview:
        """The frame held; empty if there is none."""
        return memoryview(self.buffer)[HEADER.size : max(self._filled, HEADER.size)]

    def wipe(self) -> None:
        """Overwrite what is held."""
        self.buffer[: self._filled] = bytes(self._filled)
        self._filled = self.sequence = 0

    def _refuse(self) -> bool:
        self.wipe()
        return False
