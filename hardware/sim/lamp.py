"""A lamp that remembers whether it burns."""

from __future__ import annotations


class SimLamp:
    """Off unless told, and off for good once closed.

    Attributes:
        lit: whether it burns now.

    """

    def __init__(self) -> None:
        self.lit = False
        self._closed = False

    def switch(self, *, on: bool) -> None:
        """Switch it; a lamp that is closed stays off."""
        self.lit = on and not self._closed

    def close(self) -> None:
        """Switch it off; closing twice is allowed."""
        self._closed = True
        self.lit = False
