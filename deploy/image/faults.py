"""What a technician is told when a build cannot begin or go on."""

from __future__ import annotations


class BuildError(Exception):
    """A build that cannot begin or go on.

    Args:
        found: what is wrong.
        remedy: what the technician does about it.

    """

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(f"{found}\n  -> {remedy}")
        self.found = found
        self.remedy = remedy
