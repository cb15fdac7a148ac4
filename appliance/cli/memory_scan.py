"""Looks through the memory of another process, or through bytes, for runs and vectors."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from appliance.process_memory import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from appliance.cli.traces import Traces

WORD: Final = 8
SHORTEST: Final = 48
"""Bytes; less holds no trace."""
CHUNK: Final = 1 << 24
"""Bytes read at a time."""
OVERLAP: Final = 4096
"""Bytes read again with the next chunk, so that nothing on the border is missed."""
TABLE_BITS: Final = 24
ROW: Final = 4096
"""Values correlated at a time."""
ALIKE: Final = 0.6
"""Cosine from which on a stretch of memory is somebody's vector. Two pictures of one person have
0.6 to 1; for chance, 0.6 lies 6.8 standard deviations out in the shortest of the vectors."""
LEAST_NORM: Final = 0.2
LARGEST_VALUE: Final = 64.0
DENSE: Final = 0.9
"""Share of values of the size a vector's have, before a stretch is correlated at all."""


@dataclass(slots=True)
class Hits:
    """What was found.

    Attributes:
        found: times each kind was found, by kind.
        scanned: bytes looked through.

    """

    found: Counter[str] = field(default_factory=Counter)
    scanned: int = 0

    @property
    def total(self) -> int:
        """Times anything was found."""
        return sum(self.found.values())


class Scanner:
    """Finds traces at any place in bytes, in memory in one pass.

    Whatever the place of a run of 48 bytes, one of eight words of it lies at a multiple of eight:
    all eight are in a table, memory is read word by word, and each word found there is checked
    against the whole run.
    """

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        runs = np.unique(traces.runs, axis=0)
        kinds = dict(zip(map(bytes, traces.runs), traces.kinds, strict=True))
        self._runs = [bytes(run) for run in runs]
        self._kinds = [kinds[run] for run in self._runs]
        cuts = (np.ascontiguousarray(runs[:, at : at + WORD]) for at in range(WORD))
        words = [cut.view(np.uint64) for cut in cuts]
        seeds = np.concatenate(words)[:, 0] if len(runs) else np.zeros(0, np.uint64)
        order = np.argsort(seeds, kind="stable")
        self._seeds = seeds[order]
        self._places = order
        self._table = np.zeros(1 << TABLE_BITS, np.bool_)
        self._table[_slot(self._seeds)] = True

    def runs_in(self, content: bytes) -> Counter[str]:
        """Count the runs in `content`, by kind."""
        words = np.frombuffer(content, np.uint64, len(content) // WORD)
        maybe = np.flatnonzero(self._table[_slot(words)])
        maybe = maybe[np.isin(words[maybe], self._seeds)]
        found: set[tuple[int, int]] = set()
        for index in maybe.tolist():
            first = int(np.searchsorted(self._seeds, words[index], "left"))
            last = int(np.searchsorted(self._seeds, words[index], "right"))
            for place in self._places[first:last].tolist():
                at, number = divmod(place, len(self._runs))
                start = index * WORD - at
                if start >= 0 and content.startswith(self._runs[number], start):
                    found.add((start, number))
        return Counter(self._kinds[number] for _, number in found)

    def vectors_in(self, content: bytes) -> Counter[str]:
        """Count stretches of `content` that are alike to a vector, in float32 or float64."""
        found: Counter[str] = Counter()
        if not self._traces.vectors or len(content) < SHORTEST:
            return found
        with np.errstate(all="ignore"):
            for at in range(4):  # messages are packed, so a vector may stand anywhere in them
                view = np.frombuffer(content, np.float32, (len(content) - at) // 4, at)
                found += self._alike(view)
            doubles = np.frombuffer(content, np.float64, len(content) // 8)
            found += self._alike(doubles.astype(np.float32))
        return found

    def _alike(self, values: NDArray[np.float32]) -> Counter[str]:
        found: Counter[str] = Counter()
        longest = max(len(vector) for _, vector in self._traces.vectors)
        sizes = np.abs(values)
        usual = (sizes > 1e-5) & (sizes < LARGEST_VALUE)  # noqa: PLR2004 - NaN is neither
        count = -(-len(values) // ROW)
        if count == 0:
            return found
        padded = np.zeros(count * ROW + longest, np.bool_)
        padded[: len(values)] = usual
        # Rows that could hold a whole vector; most of memory is none.
        blocks = padded[: count * ROW].reshape(-1, 64).mean(axis=1).reshape(count, -1)
        blocks = np.concatenate([blocks, np.roll(blocks[:, :1], -1, axis=0)], axis=1)
        for row in np.flatnonzero((blocks > DENSE).any(axis=1)).tolist():
            start = row * ROW
            stretch = values[start : start + ROW + longest]
            clean = np.where(usual[start : start + ROW + longest], stretch, 0).astype(np.float64)
            found += self._correlate(clean)
        return found

    def _correlate(self, values: NDArray[np.float64]) -> Counter[str]:
        found: Counter[str] = Counter()
        size = 1 << int(len(values) - 1).bit_length()
        spectrum = np.fft.rfft(values, size)
        squares = np.concatenate([[0.0], np.cumsum(values * values)])
        for name, vector in self._traces.vectors:
            length = len(vector)
            places = min(ROW, len(values) - length + 1)
            if places < 1:
                continue
            turned = np.conj(np.fft.rfft(vector.astype(np.float64), size))
            products = np.fft.irfft(spectrum * turned, size)[:places]
            norms = np.sqrt(np.maximum(squares[length:] - squares[:-length], 0.0))[:places]
            alike = products > ALIKE * np.maximum(norms, LEAST_NORM)
            if alike.any():
                found[name] += int(alike.sum())
        return found


def look_through(
    pid: int, scanner: Scanner, meanwhile: Callable[[], None], *, vectors: bool = True
) -> Hits:
    """Look through all writable memory of a process.

    Args:
        pid: the process.
        scanner: what to look for.
        meanwhile: called between chunks; a scan takes seconds.
        vectors: look for vectors too, which takes most of the time.

    Raises:
        SanmenError: its memory may not be read.

    """
    hits = Hits()
    # Copied first, which takes a fraction of a second: what is searched is of one moment.
    copied = [(len(content), content if content.strip(b"\0") else b"") for content in memory(pid)]
    for length, content in copied:
        hits.scanned += length
        if not content:
            continue
        hits.found += scanner.runs_in(content)
        meanwhile()
        if vectors:
            hits.found += scanner.vectors_in(content)
            meanwhile()
    return hits


def may_read() -> None:
    """Find out before a long trial whether the memory of a locked-down process may be read.

    Raises:
        SanmenError: it may not.

    """
    code = "from appliance.hardening import lock_down; lock_down(); print(flush=True); input()"
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        if child.stdout is not None:
            child.stdout.readline()
        try:
            next(memory(child.pid))
        finally:
            child.kill()


def memory(pid: int) -> Iterator[bytes]:
    """Give the writable memory of a process, chunk by chunk, borders twice.

    Raises:
        SanmenError: it may not be read, or the process is gone.

    """
    return (content.tobytes() for content in pieces(pid, CHUNK, OVERLAP))


def _slot(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = words * np.uint64(0x9E3779B97F4A7C15)
    return mixed >> np.uint64(64 - TABLE_BITS)
