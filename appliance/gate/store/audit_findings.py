"""What reading a whole log can find, and where: the check of every entry, end and checkpoint."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

from appliance.errors import AuditError, SealBrokenError
from appliance.gate.store.audit_chain import (
    Checkpoint,
    Head,
    Origin,
    gate_of,
    link,
    seal,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AT = slice(7, 39)
"""Where a canonical event has its time, of fixed width: sorted keys put it first."""
SLACK = timedelta(seconds=1)
"""Two processes may log in another order than they looked at the clock."""
SUSPECTS = 64
"""So many bad entries are tried in the places of each other and of those missing."""


class FindingKind(Enum):
    """What kind of thing was found."""

    EDIT = "edit"
    SWAP = "swap"
    HOLE = "hole"
    FRONT = "front cut"
    END = "end cut"
    ADDED = "added"
    SPLICE = "splice"
    HEAD = "end mark"
    ORIGIN = "begin mark"
    CHECKPOINT = "checkpoint"
    OLD_COPY = "old copy"
    WITNESS = "witness"
    UNREADABLE = "unreadable"
    CLOCK = "clock back"
    NOT_COMPARED = "not compared"


INNOCENT = frozenset({FindingKind.CLOCK, FindingKind.NOT_COMPARED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: what kind of thing.
        sequence: number of the (first) event it concerns.
        text: the same in words.

    """

    kind: FindingKind
    sequence: int
    text: str

    @property
    def tampering(self) -> bool:
        """Whether somebody or something altered the log; a clock set back is no tampering."""
        return self.kind not in INNOCENT

    def __str__(self) -> str:
        return f"#{self.sequence} {self.kind.value}: {self.text}"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is compared with the log from outside of it.

    Attributes:
        tokens: checkpoints kept elsewhere, as compact JWS.
        generation: of the store of persons now; None = not known.

    """

    tokens: Sequence[str] = ()
    generation: int | None = None


@dataclass(slots=True)
class Examination:
    """One reading of a log from begin to end.

    Attributes:
        key: of the log.
        public_key: of the gate that signed its checkpoints.
        suspects: bad entries, as (sequence, chain, text, seal).
        last: number of the last entry read.
        missing: the first numbers that no entry has.
        seen: chain of each good entry at which a checkpoint claims to stand.

    """

    key: bytes
    public_key: bytes
    suspects: list[tuple[int, bytes, bytes, bytes]] = field(default_factory=list)
    seen: dict[int, bytes] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    last: int = 0
    _chain: bytes | None = None
    _at: bytes = b""

    def entries(
        self, rows: Iterable[tuple[object, ...]], origin: Origin | None, wanted: frozenset[int]
    ) -> Iterator[Finding]:
        """Check each (sequence, text, chain, seal); `origin` is None if it is broken itself."""
        first = True
        if origin is not None:
            self.last, self._chain = origin.sequence, origin.chain
            self.seen[origin.sequence] = origin.chain
        for number, text, chain, mac in rows:
            if not isinstance(number, int):
                yield Finding(FindingKind.UNREADABLE, self.last + 1, f"number {number!r}")
                continue
            if origin is not None and number <= origin.sequence:
                yield Finding(FindingKind.ADDED, number, "stands before the log's begin")
                continue
            if number != self.last + 1 and not (first and origin is None):
                yield self._missing(number, first=first)
                self._chain = None
            first = False
            self.last = number
            yield from self._entry(number, text, chain, mac)
            if self._chain is not None and number in wanted:
                self.seen[number] = self._chain

    def _missing(self, number: int, *, first: bool) -> Finding:
        self.missing.update(islice(range(self.last + 1, number), SUSPECTS - len(self.missing)))
        gone = _span(self.last + 1, number - 1)
        if first:
            text = f"{gone} missing at the front, beyond what was pruned"
            return Finding(FindingKind.FRONT, self.last + 1, text)
        return Finding(FindingKind.HOLE, self.last + 1, f"{gone} cut out")

    def _entry(self, number: int, text: object, chain: object, mac: object) -> Iterator[Finding]:
        if not (isinstance(text, bytes) and isinstance(chain, bytes) and isinstance(mac, bytes)):
            self._chain = None
            yield Finding(FindingKind.EDIT, number, "not the kind of value that was written")
            return
        if not hmac.compare_digest(mac, seal(self.key, number, chain, text)):
            self.suspects.append((number, chain, text, mac))
            self._chain = None
            return
        if self._chain is not None and link(self._chain, number, text) != chain:
            follows = f"does not follow from #{number - 1}: pieces of two histories"
            yield Finding(FindingKind.SPLICE, number, follows)
        self._chain = chain
        at = text[AT]
        if at < self._at:
            yield from self._back(number, at)
        self._at = at

    def _back(self, number: int, at: bytes) -> Iterator[Finding]:
        now, before = (datetime.fromisoformat(one.decode()) for one in (at, self._at))
        if before - now >= SLACK:
            text = f"the clock went back by {before - now}, from {before.isoformat(' ', 'seconds')}"
            yield Finding(FindingKind.CLOCK, number, text)

    def end(self, head: Head) -> Iterator[Finding]:
        """Compare where the entries end with where the log says it ends."""
        if head.sequence > self.last:
            gone = _span(self.last + 1, head.sequence)
            yield Finding(FindingKind.END, self.last + 1, f"{gone} cut off the end")
        elif head.sequence < self.last:
            text = f"{_span(head.sequence + 1, self.last)} stand after the log's end"
            yield Finding(FindingKind.ADDED, head.sequence + 1, text)
        elif self._chain is not None and head.chain != self._chain:
            text = "the end mark belongs to another history"
            yield Finding(FindingKind.HEAD, head.sequence, text)

    def accused(self, others: Iterable[tuple[int, bytes]]) -> Iterator[Finding]:
        """Say of each bad entry whether it was altered, or is another one in its place.

        Args:
            others: (sequence, chain) of every entry.

        """
        if not self.suspects:
            return
        places: dict[bytes, set[int]] = {chain: set() for _, chain, _, _ in self.suspects}
        for sequence, chain in others:
            if chain in places:
                places[chain].add(sequence)
        bad = self.missing | {number for number, *_ in self.suspects[:SUSPECTS]}
        for number, chain, text, mac in self.suspects:
            for place in sorted((bad | places[chain]) - {number}):
                if hmac.compare_digest(mac, seal(self.key, place, chain, text)):
                    yield Finding(FindingKind.SWAP, number, f"holds what was written as #{place}")
                    break
            else:
                yield Finding(FindingKind.EDIT, number, "not as it was written")

    def checkpoints(
        self, rows: Sequence[tuple[object, ...]], origin: Origin | None, head: Head | None
    ) -> Iterator[Finding]:
        """Check the signed checkpoints that lie in the log itself, as (sequence, token)."""
        before = None
        for number, token in rows:
            where = number if isinstance(number, int) else 0
            try:
                one = Checkpoint.read(self.public_key, _text(token))
            except SealBrokenError as error:
                yield Finding(FindingKind.CHECKPOINT, where, f"signature: {error.found}")
                before = where
                continue
            if one.sequence != number or one.gate != gate_of(self.public_key):
                yield Finding(FindingKind.CHECKPOINT, where, f"was made for #{one.sequence}")
            elif before is not None and one.previous != before:
                text = f"one between #{before} and #{where} is missing"
                yield Finding(FindingKind.CHECKPOINT, where, text)
            else:
                yield from self._stands(one, FindingKind.CHECKPOINT)
            before = where
        if head is not None and before != head.checkpoint:
            text = "the newest checkpoint is missing or not the newest"
            yield Finding(FindingKind.CHECKPOINT, head.checkpoint, text)
        if origin is not None and rows and rows[0][0] != origin.sequence:
            text = "the checkpoint at the log's begin is missing"
            yield Finding(FindingKind.CHECKPOINT, origin.sequence, text)

    def witnesses(
        self, outside: Witnesses, origin: Origin | None, head: Head | None
    ) -> Iterator[Finding]:
        """Compare the log with what was kept elsewhere."""
        for one in outside_checkpoints(self.public_key, outside):
            if head is not None and one.sequence > head.sequence:
                text = (
                    f"a checkpoint kept elsewhere stands there; this log ends at #{head.sequence}"
                )
                yield Finding(FindingKind.OLD_COPY, one.sequence, text)
            elif origin is not None and one.sequence < origin.sequence:
                text = f"pruned since; this log begins after #{origin.sequence}"
                yield Finding(FindingKind.NOT_COMPARED, one.sequence, text)
            else:
                yield from self._stands(one, FindingKind.OLD_COPY)
        if (
            head is not None
            and outside.generation is not None
            and (outside.generation < head.witness)
        ):
            text = (
                f"the store is at generation {outside.generation}, "
                f"the log saw it at {head.witness}: an old store was put back"
            )
            yield Finding(FindingKind.WITNESS, head.sequence, text)

    def _stands(self, one: Checkpoint, kind: FindingKind) -> Iterator[Finding]:
        found = self.seen.get(one.sequence)
        # An entry that is itself broken or gone was reported as that.
        if found is not None and found != one.chain:
            yield Finding(kind, one.sequence, "the checkpoint knows another history up to here")


def outside_checkpoints(public_key: bytes, outside: Witnesses) -> Iterator[Checkpoint]:
    """Read the checkpoints kept elsewhere.

    Raises:
        AuditError: one is not this gate's: it proves nothing, for or against.

    """
    for token in outside.tokens:
        try:
            yield Checkpoint.read(public_key, token.strip())
        except SealBrokenError as error:
            raise AuditError("witness", error.found, "a checkpoint this gate signed") from error


def _text(token: object) -> str:
    # A token altered into something that is no text has no valid signature either.
    return token.decode(errors="replace") if isinstance(token, bytes) else ""


def _span(first: int, last: int) -> str:
    return f"#{first}" if first == last else f"#{first} to #{last}"
