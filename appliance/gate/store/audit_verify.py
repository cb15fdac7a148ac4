"""The reading of a whole log, from begin to end, in one moment of the file."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from appliance.gate.store.audit_file import ENTRIES, LogFile
from appliance.gate.store.audit_findings import (
    Examination,
    Finding,
    FindingKind,
    Witnesses,
    outside_checkpoints,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FINDINGS = 1000
"""Of each part: a log with another key is wrong at every event."""


def verify(log: LogFile, outside: Witnesses) -> tuple[Finding, ...]:
    """Read the whole log and compare it with itself and with what was kept elsewhere.

    Raises:
        AuditError: a witness is not this gate's.

    """
    with log.speaking():
        # One transaction: an append by another process in between must not look like damage.
        log.db.conn.execute("BEGIN")
        try:
            return tuple(sorted(_findings(log, outside), key=lambda one: one.sequence))
        finally:
            with suppress(sqlite3.Error):
                log.db.conn.execute("ROLLBACK")


def _findings(log: LogFile, outside: Witnesses) -> Iterator[Finding]:
    head, origin = log.head(), log.origin()
    work = Examination(log.key, log.signer.public_key)
    tokens = log.db.conn.execute(
        "SELECT sequence, CAST(token AS BLOB) FROM checkpoint ORDER BY sequence"
    ).fetchall()
    kept = outside_checkpoints(log.signer.public_key, outside)
    wanted = frozenset(row[0] for row in tokens) | {one.sequence for one in kept}
    if origin is None:
        yield Finding(FindingKind.ORIGIN, 0, "the mark of the log's begin is altered")
    rows = log.db.conn.execute(ENTRIES + "ORDER BY sequence")
    try:
        found = tuple(islice(work.entries(rows, origin, wanted), MOST_FINDINGS))
    except sqlite3.Error as error:
        text = f"the file cannot be read from here on: {error}"
        yield Finding(FindingKind.UNREADABLE, work.last + 1, text)
        return
    yield from found
    if len(found) == MOST_FINDINGS:
        return
    if head is None:
        yield Finding(FindingKind.HEAD, work.last, "the mark of the log's end is altered")
    else:
        yield from work.end(head)
    others = log.db.conn.execute("SELECT sequence, chain FROM event")
    yield from islice(work.accused(others), MOST_FINDINGS)
    yield from islice(work.checkpoints(tokens, origin, head), MOST_FINDINGS)
    yield from work.witnesses(outside, origin, head)
