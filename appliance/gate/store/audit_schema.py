"""The log's own tables, and the way from its first version, kept for logs already written."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from appliance.errors import AuditError
from appliance.gate.store.audit_chain import NEVER, Checkpoint, Head, Origin, gate_of, link, seal
from appliance.gate.store.audit_event import AuditEvent, from_microseconds, microseconds

if TYPE_CHECKING:
    from sqlite_utils import Database

    from appliance.gate.store.database import Migration
    from appliance.gate.store.signing import Signer


def migrations(key: bytes, signer: Signer, thing: str) -> tuple[Migration, ...]:
    """Return all there ever were, oldest first; a released one is never edited.

    Args:
        key: of the log.
        signer: of its checkpoints.
        thing: what errors call the log.

    """
    return (
        (
            """CREATE TABLE event (
                sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, link BLOB NOT NULL) STRICT""",
        ),
        (
            "ALTER TABLE event RENAME TO event_1",
            """CREATE TABLE event (
                sequence INTEGER PRIMARY KEY, body TEXT NOT NULL,
                chain BLOB NOT NULL, mac BLOB NOT NULL) STRICT""",
            "CREATE TABLE checkpoint (sequence INTEGER PRIMARY KEY, token TEXT NOT NULL) STRICT",
            lambda db: _chain_anew(db, key, signer, thing),
            "DROP TABLE event_1",
        ),
    )


def begin(db: Database, key: bytes, signer: Signer, chain: bytes) -> Head:
    """Write the marks of an empty log whose chain starts at `chain`; return its end."""
    head = Head(0, chain, NEVER, 0, 0)
    put(db, "origin", Origin(0, chain).pack(key))
    put(db, "head", head.pack(key))
    sign(db, signer, head, None)
    return head


def sign(db: Database, signer: Signer, head: Head, previous: int | None) -> str:
    """Write a checkpoint at `head`; return it."""
    at = from_microseconds(head.newest)
    gate = gate_of(signer.public_key)
    one = Checkpoint(gate, head.sequence, head.chain, at, head.witness, previous)
    token = one.sign(signer)
    db.conn.execute(
        "INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT DO UPDATE SET token = excluded.token",
        (head.sequence, token),
    )
    return token


def write(db: Database, key: bytes, head: Head, event: AuditEvent, witness: int = 0) -> Head:
    """Write one event after `head`; return the new end, which the caller writes."""
    sequence, text = head.sequence + 1, event.canonical()
    body = text.encode()
    chain = link(head.chain, sequence, body)
    db.conn.execute(
        "INSERT INTO event VALUES (?, ?, ?, ?)",
        (sequence, text, chain, seal(key, sequence, chain, body)),
    )
    newest = max(head.newest, microseconds(event.at))
    return Head(sequence, chain, newest, max(head.witness, witness), head.checkpoint)


def put(db: Database, name: str, value: bytes) -> None:
    """Write one of the log's marks."""
    db.conn.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (name, value),
    )


def get(db: Database, name: str) -> object:
    """Return one of the log's marks; None if it is not there."""
    found = db.conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return found[0] if found else None


def _chain_anew(db: Database, key: bytes, signer: Signer, thing: str) -> None:
    """Bring the events of version 1 forward; a new log has none.

    Raises:
        AuditError: an entry is not as version 1 wrote it; a new chain over it would hide that.

    """
    old_head = get(db, "head")
    if old_head is None and get(db, "origin") is None:
        return
    old = get(db, "origin")
    origin = old if isinstance(old, bytes) else b""
    chain, last = origin, 0
    head = begin(db, key, signer, hashlib.sha256(origin).digest())
    rows = db.conn.execute("SELECT sequence, body, link FROM event_1 ORDER BY sequence")
    for number, text, stored in rows.fetchall():
        content = chain + int(number).to_bytes(8, "big") + text.encode()
        chain = hmac.digest(key, hashlib.sha256(content).digest(), "sha256")
        if number != last + 1 or not hmac.compare_digest(chain, stored):
            raise AuditError(thing, f"entry {number} of version 1 altered", "it as written")
        last = number
        head = write(db, key, head, AuditEvent.parse(text))
    end = hmac.digest(key, b"head" + last.to_bytes(8, "big") + chain, "sha256")
    if not isinstance(old_head, bytes) or not hmac.compare_digest(end, old_head):
        raise AuditError(thing, f"end {last} of version 1 cut, altered, or of another key", "it")
    if last:
        sign(db, signer, head, 0)
    put(db, "head", Head(last, head.chain, head.newest, 0, last).pack(key))
