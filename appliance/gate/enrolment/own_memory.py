"""Searches a still copy of this process's own memory for traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import SanmenError, StoreError
from appliance.gate.enrolment.traces import Search
from appliance.process_memory import pieces, still_copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.gate.enrolment.traces import Traces

CHUNK = 1 << 22
OVERLAP = 64


@dataclass(frozen=True, slots=True)
class MemorySearch:
    """What a search of this process found.

    Attributes:
        bytes_read: writable memory read.
        left: pieces found; 0 = proven.

    """

    bytes_read: int
    left: int


def search(people: Sequence[Traces]) -> tuple[MemorySearch, ...]:
    """Look once through all writable memory of this process for several people.

    Nothing is overwritten here. Whoever opens a key or a reference wipes it, and freed memory is
    overwritten by the allocator of a process that was started for it (`hardening.environment`, and
    Python without an allocator of its own); this finds what slipped through. What another process
    holds is not seen.

    Raises:
        StoreError: the system does not let us look.

    """
    total, left = 0, [0] * len(people)
    wanted = Search(people)
    try:
        with still_copy() as copy:
            for content in pieces(copy, CHUNK, OVERLAP):
                total += min(len(content), CHUNK)
                for at, _, number in wanted.positions(content):
                    left[number] += at < CHUNK
    except SanmenError as error:
        raise StoreError("own memory", error, "to be read: nothing is proven") from error
    return tuple(MemorySearch(total, found) for found in left)
