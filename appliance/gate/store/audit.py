"""The log of events: append-only, durable before it returns, what is altered found and located."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING

from appliance.errors import AuditError
from appliance.gate.store import audit_schema
from appliance.gate.store.audit_chain import Origin
from appliance.gate.store.audit_event import AuditEntry, AuditEvent, from_microseconds
from appliance.gate.store.audit_file import ENTRIES, LogFile
from appliance.gate.store.audit_findings import Finding, FindingKind, Witnesses
from appliance.gate.store.audit_verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

MAC_BYTES = 32

__all__ = ["AuditEntry", "AuditEvent", "AuditLog", "Finding", "FindingKind", "Witnesses"]


class AuditLog(LogFile):
    """An open log. Each event is chained to all before it, and sealed by itself.

    chain(n) = SHA-256(chain(n-1) || n || text) is public: whoever has a checkpoint the gate
    signed checks events up to there without any key. seal(n) = HMAC(key, n || chain(n) || text)
    tells which events are as written even beside others that are not. The end mark holds the last
    number under an HMAC, so that a shortened log is noticed. A whole old copy of the file put
    back is found against a checkpoint kept elsewhere, or by the store it no longer fits.
    """

    def close(self) -> None:
        """Sign where the log ends and let go of the file; appending afterwards is an error."""
        # Without this checkpoint nothing is lost: every event is on the disk and sealed already.
        with suppress(AuditError):
            self.checkpoint()
        self.db.close()

    @property
    def witness(self) -> int:
        """Generation of the store when the log was last told; an older store was put back.

        Raises:
            AuditError: the log's end is not as it was written.

        """
        return self.read_head().witness

    @property
    def newest(self) -> datetime:
        """Newest time ever logged; year 1 in an empty log.

        Raises:
            AuditError: the log's end is not as it was written.

        """
        return from_microseconds(self.read_head().newest)

    @property
    def span(self) -> tuple[int, int]:
        """First and last number that the log holds; the first is larger when it is empty.

        Raises:
            AuditError: the log's begin or end is not as it was written.

        """
        last = self.read_head().sequence
        with self.speaking():
            origin = Origin.parse(self.key, audit_schema.get(self.db, "origin"))
        return origin.sequence + 1, last

    def append(self, event: AuditEvent, witness: int = 0) -> int:
        """Return the event's number once it is on the disk.

        Args:
            event: what happened.
            witness: generation of the store of persons; 0 = not known here.

        Raises:
            AuditError: it is not in the log, and nothing else changed.

        """
        return self.extend((event,), witness)

    def extend(
        self, events: Iterable[AuditEvent], witness: int = 0, mark: tuple[str, bytes] | None = None
    ) -> int:
        """Append several events, all or none; return the last number once they are on the disk.

        Args:
            events: what happened, in order.
            witness: as `append`.
            mark: a name and value kept beside the log in the same act, to be read with `mark`.

        Raises:
            AuditError: none of them is in the log.

        """
        with self.transaction():
            # The head is read inside the transaction: another process may have appended.
            head = self.require_head()
            for event in events:
                head = audit_schema.write(self.db, self.key, head, event, witness)
                if head.sequence - head.checkpoint >= self._every:
                    head = self.sign_end(head)
            audit_schema.put(self.db, "head", head.pack(self.key))
            if mark is not None:
                name, value = mark
                audit_schema.put(self.db, f"mark {name}", value + self._sealed(name, value))
        return head.sequence

    def mark(self, name: str) -> bytes | None:
        """Return what was last kept under `name`; None = nothing, or it was altered."""
        with self.speaking():
            stored = audit_schema.get(self.db, f"mark {name}")
        if not isinstance(stored, bytes) or len(stored) < MAC_BYTES:
            return None
        value, mac = stored[:-MAC_BYTES], stored[-MAC_BYTES:]
        return value if hmac.compare_digest(mac, self._sealed(name, value)) else None

    def checkpoint(self) -> str:
        """Return the gate's signed word on where the log ends, to be kept elsewhere.

        Raises:
            AuditError: it cannot be written, or the end is not whole.

        """
        sql = "SELECT token FROM checkpoint WHERE sequence = ?"
        with self.transaction():
            head = self.require_head()
            if head.sequence != head.checkpoint:
                head = self.sign_end(head)
                audit_schema.put(self.db, "head", head.pack(self.key))
            found = self.db.conn.execute(sql, (head.sequence,)).fetchone()
        if found is None:
            raise AuditError(self.name, "checkpoint missing", "the one at its end")
        return str(found[0])

    def verify(self, outside: Witnesses | None = None) -> tuple[Finding, ...]:
        """Read the whole log and compare it with itself and with what was kept elsewhere.

        Returns:
            What was found, in the order of the log; empty = all is as it was written.

        Raises:
            AuditError: a witness is not this gate's.

        """
        return verify(self, outside or Witnesses())

    def tail(self, count: int) -> tuple[AuditEntry, ...]:
        """Return the last `count` entries, oldest first.

        Raises:
            AuditError: one of them is not as it was written; it is named.

        """
        sql = ENTRIES + "ORDER BY sequence DESC LIMIT ?"
        with self.speaking():
            rows = self.db.conn.execute(sql, (max(0, count),)).fetchall()
        return tuple(self.entry(*row) for row in reversed(rows))

    def any_of(self, pieces: Sequence[str], first: int, last: int) -> tuple[AuditEntry, ...]:
        """Return the events from number `first` to `last` that hold any of these pieces.

        Args:
            pieces: as `find`, at least one.
            first: oldest number looked at.
            last: newest.

        Raises:
            AuditError: one of those returned is not as it was written; it is named.

        """
        where = " OR ".join(["instr(body, ?)"] * len(pieces))
        sql = f"{ENTRIES}WHERE sequence BETWEEN ? AND ? AND ({where}) ORDER BY sequence"
        with self.speaking():
            rows = self.db.conn.execute(sql, (first, last, *pieces)).fetchall()
        return tuple(self.entry(*row) for row in rows)

    def find(
        self, pieces: Sequence[str], count: int, skip: int = 0
    ) -> tuple[int, tuple[AuditEntry, ...]]:
        """Return how many events hold all of these pieces of text, and some of them, newest first.

        Args:
            pieces: of an event's text as JSON, such as `"kind":"entry.`; none = all events.
            count: how many to return at most.
            skip: leave out so many of the newest.

        Raises:
            AuditError: one of those returned is not as it was written; it is named.

        """
        where = " AND ".join(["instr(body, ?)"] * len(pieces)) or "1"
        sql = f"{ENTRIES}WHERE {where} ORDER BY sequence DESC LIMIT ? OFFSET ?"
        with self.speaking():
            (total,) = self.db.conn.execute(
                f"SELECT count(*) FROM event WHERE {where}",  # noqa: S608 - only placeholders
                tuple(pieces),
            ).fetchone()
            rows = self.db.conn.execute(sql, (*pieces, count, skip)).fetchall()
        return int(total), tuple(self.entry(*row) for row in rows)

    def entries(self, first: int, last: int) -> Iterator[AuditEntry]:
        """Give the entries from number `first` to `last`, both included.

        Raises:
            AuditError: one of them is not as it was written; it is named.

        """
        sql = ENTRIES + "WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
        with self.speaking():
            for row in self.db.conn.execute(sql, (first, last)):
                yield self.entry(*row)

    def chain_before(self, number: int) -> bytes:
        """Return the public chain just before the event `number`.

        Raises:
            AuditError: the entry before it is not as it was written, or not there.

        """
        with self.speaking():
            origin = Origin.parse(self.key, audit_schema.get(self.db, "origin"))
        if number == origin.sequence + 1:
            return origin.chain
        for entry in self.entries(number - 1, number - 1):
            return entry.chain
        raise AuditError(self.name, f"no entry {number - 1}", "the one before")

    def times(self) -> Iterator[tuple[int, bytes]]:
        """Give number and time, as ISO text in UTC, of every entry; unchecked, but quick."""
        sql = "SELECT sequence, CAST(substr(body, 8, 32) AS BLOB) FROM event ORDER BY sequence"
        with self.speaking():
            yield from self.db.conn.execute(sql)

    def checkpoints(self) -> tuple[int, ...]:
        """Return the numbers at which checkpoints stand, in order."""
        with self.speaking():
            rows = self.db.conn.execute("SELECT sequence FROM checkpoint ORDER BY sequence")
            return tuple(int(number) for (number,) in rows)

    def forget(self, upto: int) -> None:
        """Remove the events up to the checkpoint at `upto`; the chain goes on from there.

        Raises:
            AuditError: no checkpoint stands there, or the log cannot be written.

        """
        with self.transaction():
            self.require_head()
            found = tuple(self.entries(upto, upto))
            if not found or upto not in self.checkpoints():
                raise AuditError(self.name, f"no checkpoint at #{upto}", "one there")
            origin = Origin(upto, found[0].chain)
            audit_schema.put(self.db, "origin", origin.pack(self.key))
            self.db.conn.execute("DELETE FROM event WHERE sequence <= ?", (upto,))
            self.db.conn.execute("DELETE FROM checkpoint WHERE sequence < ?", (upto,))

    def _sealed(self, name: str, value: bytes) -> bytes:
        return hmac.digest(self.key, b"mark" + name.encode() + b"\0" + value, "sha256")
