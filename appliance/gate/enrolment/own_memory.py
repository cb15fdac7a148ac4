"""Searches a still copy of this process's own memory for the traces of opened keys and vectors."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import SanmenError, StoreError
from appliance.gate.enrolment.traces import Search, Traces
from appliance.gate.store.reference import header_end
from appliance.process_memory import pieces, still_copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.gate.store.schema import Store

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


def opened_traces(store: Store, pseudonym: str, key: bytes) -> Traces:
    """Take fingerprints of what only memory may ever have held in the clear.

    Raises:
        RosterError: nobody has this pseudonym.
        SealBrokenError: key or reference was altered.

    """
    with ExitStack() as wiping:
        fields = [memoryview(wiping.enter_context(store.keyring.plain(pseudonym)))]
        for revision, sealed in store.rows(
            "SELECT revision, sealed FROM reference WHERE pseudonym = ?", (pseudonym,)
        ):
            content = wiping.enter_context(store.person(pseudonym).reference(revision, sealed))
            # The numbers alone: the words before them are the same for everybody.
            numbers = memoryview(content)[header_end(content) :]
            wide = np.frombuffer(numbers, "<f4").astype(np.float64)
            wiping.callback(wide.fill, 0.0)
            fields += [numbers, wide.data.cast("B")]
        return Traces.of(fields, key)
