"""The manifest: a keyed hash over all rows that must not be cut, put back or added unnoticed.

MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend, Suh: Incremental Multiset Hash Functions and
Their Application to Memory Integrity Checking, ASIACRYPT 2003): the sum, modulo 2^512, of a keyed
hash of each row. A row that comes adds, a row that goes subtracts, in any order. Sum and key are
secret: the sums are sealed in `meta`, in the transaction that changed the rows.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import SealBrokenError
from appliance.gate.store.sealed import Place

if TYPE_CHECKING:
    import sqlite3

    from appliance.gate.store.sealed import Sealer

COVERED: dict[str, tuple[str, ...]] = {
    "kek": ("number", "wrapped"),
    "person": ("pseudonym", "kek", "born", "dek", "revision", "record"),
    "credential": ("lookup", "alias", "pseudonym", "revision", "sealed"),
    "consent": ("pseudonym", "revision", "sealed"),
    "reference": ("pseudonym", "revision", "sealed"),
    "operator": ("lookup", "revision", "sealed"),
    "tombstone": ("lookup", "erased_at"),
    "revoked": ("grant_id", "until"),
    "ticket": ("number", "revision", "sealed"),
    "setting": ("name", "revision", "sealed"),
}
"""Tables and columns, in their order; `spent`, `uses` and `meta` stand outside.

A pass that was taken back and whose row was cut would open again, so `revoked` stands inside."""
COVERED_2 = tuple(COVERED)[:8]
"""Tables that version 2 of the store counted: the first of `COVERED`, to which we only add."""
SUM_BYTES = 64
COUNT_BYTES = 8
MODULUS = 1 << 8 * SUM_BYTES
HERE = Place("meta", "", "manifest", 1)
Value = int | str | bytes | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows of one table: how many, and the sum of their hashes."""

    count: int = 0
    total: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, (self.total + other.total) % MODULUS)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the covered tables hold.

    Attributes:
        generation: grows by one with every change committed.
        tallies: of each covered table, in the order of `COVERED`.

    """

    generation: int
    tallies: dict[str, Tally]

    def seal(self, root: Sealer) -> bytes:
        """Return it as it stands in `meta`."""
        parts = [self.generation.to_bytes(COUNT_BYTES, "big")]
        for table in self.tallies:
            tally = self.tallies[table]
            parts += (
                tally.count.to_bytes(COUNT_BYTES, "big"),
                tally.total.to_bytes(SUM_BYTES, "big"),
            )
        return root.seal(b"".join(parts), HERE)

    @classmethod
    def open(
        cls, root: Sealer, sealed: object, tables: tuple[str, ...] = tuple(COVERED)
    ) -> Manifest:
        """Read what `seal` wrote of these tables.

        Raises:
            SealBrokenError: missing, altered or of another make.

        """
        content = root.open(sealed, HERE)
        step = COUNT_BYTES + SUM_BYTES
        if len(content) != COUNT_BYTES + step * len(tables):
            raise SealBrokenError("manifest", f"{len(content)} bytes", "one of this version")
        numbers = [content[at : at + step] for at in range(COUNT_BYTES, len(content), step)]
        return cls(
            int.from_bytes(content[:COUNT_BYTES], "big"),
            {
                table: Tally(
                    int.from_bytes(number[:COUNT_BYTES], "big"),
                    int.from_bytes(number[COUNT_BYTES:], "big"),
                )
                for table, number in zip(tables, numbers, strict=True)
            },
        )


class Watch:
    """Hears of every row that comes or goes through one connection, by triggers of its own.

    The triggers are temporary: they live in this connection and not in the file, and they fire for
    rows that go along with others as well, so no writer can forget the manifest.

    Args:
        conn: the open store's.
        key: secret, 32 bytes.

    """

    def __init__(self, conn: sqlite3.Connection, key: bytes) -> None:
        self._key = key
        self.open = False
        self.changed = _nothing()
        conn.create_function("sanmen_noted", -1, self._note)
        for table, columns in COVERED.items():
            for event, rows in (("INSERT", ("NEW",)), ("DELETE", ("OLD",)), *_UPDATE):
                notes = " AND ".join(
                    f"sanmen_noted('{table}', {1 if row == 'NEW' else -1}, "
                    f"{', '.join(f'{row}.{column}' for column in columns)})"
                    for row in rows
                )
                conn.execute(
                    f"""CREATE TEMP TRIGGER watch_{table}_{event} AFTER {event} ON main.{table}
                    BEGIN SELECT RAISE(ABORT, 'row written outside a transaction of the store')
                    WHERE NOT ({notes}); END"""
                )

    def begin(self) -> None:
        """Begin to listen: a transaction has begun."""
        self.open, self.changed = True, _nothing()

    def end(self) -> None:
        """Stop: the transaction is over."""
        self.open = False

    def _note(self, table: str, sign: int, *row: Value) -> bool:
        if self.open:
            change = Tally(sign, sign * row_hash(self._key, table, row))
            self.changed[table] += change
        return self.open


def _nothing() -> dict[str, Tally]:
    return dict.fromkeys(COVERED, Tally())


_UPDATE = (("UPDATE", ("OLD", "NEW")),)


def row_hash(key: bytes, table: str, row: tuple[Value, ...]) -> int:
    """Return the keyed hash of one row (BLAKE2b, 512 bit); no two rows have the same bytes."""
    content = [table.encode() + b"\0"]
    for value in row:
        if isinstance(value, bytes):
            content += (b"b%d:" % len(value), value)
        elif isinstance(value, str):
            text = value.encode()
            content += (b"t%d:" % len(text), text)
        else:
            content.append(b"n;" if value is None else b"i%d;" % value)
    return int.from_bytes(hashlib.blake2b(b"".join(content), key=key).digest(), "big")


def count_rows(
    conn: sqlite3.Connection, key: bytes, tables: tuple[str, ...] = tuple(COVERED)
) -> dict[str, Tally]:
    """Return what the covered tables hold now, read row by row."""
    found = {}
    for table in tables:
        columns = COVERED[table]
        count = total = 0
        for row in conn.execute(f"SELECT {', '.join(columns)} FROM main.{table}"):  # noqa: S608
            count += 1
            total += row_hash(key, table, row)
        found[table] = Tally(count, total % MODULUS)
    return found


def differences(written: dict[str, Tally], found: dict[str, Tally]) -> tuple[str, ...]:
    """Say of each table that is not as it was written how it differs."""
    said = []
    for table in COVERED:
        was, now = written[table], found[table]
        if was.count != now.count:
            said.append(f"{table}: {now.count} rows where {was.count} were written")
        elif not hmac.compare_digest(
            was.total.to_bytes(SUM_BYTES, "big"), now.total.to_bytes(SUM_BYTES, "big")
        ):
            said.append(f"{table}: {now.count} rows, not as they were written")
    return tuple(said)
