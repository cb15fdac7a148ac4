"""Finds what may be left of a person in bytes, knowing it by keyed fingerprints alone."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from appliance.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

WIDTHS = (16, 32)
"""Bytes of a piece looked for; short fields are known by short pieces."""
KEY_BYTES = 32
DIGEST_BYTES = 16
BLOCK = 1 << 16
"""Bytes hashed at once: what then lies in memory fits into the processor's cache."""
READ = 1 << 20
MOST_PIECES = 100_000


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: bytes
    digests: dict[int, list[bytes]]
    marks: dict[int, list[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Fingerprints of pieces of what was a person's.

    The pieces themselves are not kept: a list of what must be gone would itself be a trace, on the
    disk while an erasure waits for its proof, and in the memory that is searched. A place is found
    by a rolling hash (a polynomial modulo 2^32 with a secret base) and confirmed with HMAC-SHA-256.

    Attributes:
        key: secret of these fingerprints, 32 bytes.
        marks: for each width, the rolling hashes, uint32 (n,), sorted.
        digests: for each width, the HMACs, 16 bytes each.

    """

    key: bytes
    marks: dict[int, NDArray[np.uint32]]
    digests: dict[int, frozenset[bytes]]

    @classmethod
    def of(cls, fields: Iterable[bytes]) -> Traces:
        """Take the fingerprints of fields: of pieces of 32 bytes, or of 16 of short ones.

        A long field may have been spread over pages and overwritten in part; each of its pieces
        is a trace. Fields of less than 16 bytes are none.
        """
        key = secrets.token_bytes(KEY_BYTES)
        marks: dict[int, set[int]] = {width: set() for width in WIDTHS}
        digests: dict[int, set[bytes]] = {width: set() for width in WIDTHS}
        for field in fields:
            width = max((one for one in WIDTHS if one <= len(field)), default=0)
            if not width:
                continue
            view = memoryview(field)
            for start in (*range(0, len(field) - width, width), len(field) - width):
                piece = view[start : start + width]
                rolled = _rolled(np.frombuffer(piece, np.uint8), _base(key))
                marks[width].add(int(rolled[width][0]))
                digests[width].add(_digest(key, piece))
        return cls(
            key,
            {width: np.array(sorted(found), np.uint32) for width, found in marks.items()},
            {width: frozenset(found) for width, found in digests.items()},
        )

    def __len__(self) -> int:
        return sum(len(found) for found in self.digests.values())

    def __repr__(self) -> str:
        return f"Traces({len(self)} pieces)"

    def encode(self) -> bytes:
        """Return them as bytes to be sealed."""
        return msgspec.msgpack.encode(
            _Stored(
                self.key,
                {width: sorted(found) for width, found in self.digests.items()},
                {width: found.tolist() for width, found in self.marks.items()},
            )
        )

    @classmethod
    def decode(cls, content: bytes) -> Traces:
        """Read what `encode` wrote.

        Raises:
            StoreError: it did not write this.

        """
        try:
            stored = msgspec.msgpack.decode(content, type=_Stored)
            return cls(
                stored.key,
                {width: np.array(stored.marks[width], np.uint32) for width in WIDTHS},
                {width: frozenset(stored.digests[width]) for width in WIDTHS},
            )
        except (msgspec.MsgspecError, KeyError, ValueError, OverflowError, RecursionError) as error:
            raise StoreError("traces of an erasure", error, "as this gate kept them") from error

    def positions(self, content: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
        """Give where each piece stands in `content`, uint8 (n,), and how wide it is."""
        base = _base(self.key)
        filters = {width: _filter(found) for width, found in self.marks.items() if found.size}
        overlap = max(WIDTHS) - 1
        for start in range(0, len(content), BLOCK):
            block = content[start : start + BLOCK + overlap]
            # Unused pages are all zeros; no piece is, being random, sealed or text.
            if not filters or not block.any():
                continue
            rolled = _rolled(block, base)
            for width, hit in filters.items():
                hashes = rolled[width][:BLOCK]
                near = np.flatnonzero(hit[hashes >> np.uint32(16)])
                if not near.size:
                    continue
                marks, here = self.marks[width], hashes[near]
                known = marks[np.minimum(np.searchsorted(marks, here), len(marks) - 1)] == here
                for at in near[known].tolist():
                    window = block[at : at + width].data
                    if _digest(self.key, window) in self.digests[width]:
                        yield start + at, width

    def in_file(self, path: Path) -> tuple[int, int]:
        """Read a file from end to end; return its bytes and how many pieces stand in it.

        Raises:
            StoreError: it cannot be read, so nothing is proven of it.

        """
        overlap = max(WIDTHS) - 1
        total, count, kept = 0, 0, b""
        try:
            with path.open("rb") as file:
                while content := file.read(READ):
                    total += len(content)
                    view = np.frombuffer(kept + content, np.uint8)
                    # A piece that ends within what was kept has been counted before.
                    count += sum(at + width > len(kept) for at, width in self.positions(view))
                    kept = (kept + content)[-overlap:]
        except OSError as error:
            raise StoreError(f"file {path}", error.strerror, "to be read back") from error
        return total, count


def _base(key: bytes) -> int:
    return int.from_bytes(hmac.digest(key, b"base", "sha256")[:4], "big") | 1


def _digest(key: bytes, piece: memoryview) -> bytes:
    return hmac.digest(key, piece, "sha256")[:DIGEST_BYTES]


def _filter(marks: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which leading 16 bits any mark has: a cheap first look."""
    table = np.zeros(1 << 16, np.bool_)
    table[marks >> np.uint32(16)] = True
    return table


def _rolled(content: NDArray[np.uint8], base: int) -> dict[int, NDArray[np.uint32]]:
    """Return, for each width, the hash of the piece that begins at each byte.

    Two neighbouring halves make a whole: hash(2w) at i = hash(w) at i * base^w + hash(w) at i + w.
    """
    hashes = content.astype(np.uint32)
    found: dict[int, NDArray[np.uint32]] = {}
    width = 1
    while width <= max(WIDTHS):
        if width in WIDTHS:
            found[width] = hashes
        power = np.uint32(pow(base, width, 1 << 32))
        hashes = hashes[:-width] * power + hashes[width:]
        width *= 2
    return found
