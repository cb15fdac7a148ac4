"""Decides when a contact that bounces has settled; time is an argument."""

from __future__ import annotations


class Debounce:
    """A level that counts once it was read unchanged for `stable_ns`.

    It is given levels, never edges: an edge may wake the caller, but a lost edge loses nothing.
    The first level counts at once, so that a fire loop open at start is seen at start.
    """

    def __init__(self, stable_ns: int) -> None:
        self._stable_ns = stable_ns
        self._settled: bool | None = None
        self._read = False
        self._since_ns = 0

    def update(self, level: bool, now_ns: int) -> bool:  # noqa: FBT001 - a level is a bool
        """Take the contact's level at `now_ns` and return the one that counts."""
        if level != self._read:
            self._read, self._since_ns = level, now_ns
        if self._settled is None or now_ns - self._since_ns >= self._stable_ns:
            self._settled = level
        return self._settled
