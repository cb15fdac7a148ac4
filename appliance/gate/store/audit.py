"""The log of events: append-only, durable before it returns, every edit, cut or swap found."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.errors import AuditError
from appliance.gate.store import database
from appliance.gate.store.keys import KeyUse, RootKey, derive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlite_utils import Database

WORD_LIMIT = 64
DETAIL_ENTRIES = 16
DETAIL_LIMIT = 200

MIGRATIONS: tuple[database.Migration, ...] = (
    (
        """CREATE TABLE event (
            sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, link BLOB NOT NULL) STRICT""",
    ),
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened; no names, no scores of persons, no pictures.

    Attributes:
        kind: what happened: "entry.granted", "entry.refused", "door.forced".
        at: when, aware; kept in UTC.
        portal: where.
        method: "card", "pass", "face", or empty.
        reason: reason code, or empty.
        pseudonym: whom it concerns, if known.
        detail: few short words more.

    """

    kind: str
    at: datetime
    portal: str
    method: str = ""
    reason: str = ""
    pseudonym: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise AuditError("audit event's time", self.at, "a time with a zone")
        if not self.kind:
            raise AuditError("audit event's kind", "empty", "a word")
        words = (self.kind, self.portal, self.method, self.reason, self.pseudonym or "")
        if max(map(len, words)) > WORD_LIMIT:
            raise AuditError("audit event", "a long word", f"at most {WORD_LIMIT} characters")
        if len(self.detail) > DETAIL_ENTRIES or any(
            not isinstance(part, str) or len(part) > DETAIL_LIMIT
            for pair in self.detail.items()
            for part in pair
        ):
            raise AuditError(
                "audit event's detail",
                f"{len(self.detail)} entries",
                f"{DETAIL_ENTRIES} texts of {DETAIL_LIMIT} characters",
            )

    def canonical(self) -> str:
        """Return the one text this event has."""
        fields = {
            "kind": self.kind,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "portal": self.portal,
            "method": self.method,
            "reason": self.reason,
            "pseudonym": self.pseudonym,
            "detail": dict(self.detail),
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def parse(cls, text: str) -> AuditEvent:
        """Read what `canonical` wrote."""
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**{**fields, "at": datetime.fromisoformat(fields["at"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AuditError("stored event", repr(error), "an event of this version") from error


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event with its place in the log."""

    sequence: int
    event: AuditEvent


class AuditLog:
    """An open log. Each entry is linked to all before it, and the end is sealed as well.

    link(n) = HMAC(key, SHA-256(link(n-1) + n + text)); link(0) is drawn when the log is made. The
    head row holds the last number and its own HMAC, so that a shortened log is noticed too. An
    attacker who puts back a whole old copy of the file is not: that takes a witness outside.
    """

    def __init__(self, path: Path, db: Database, root: RootKey) -> None:
        self.path = path
        self._db = db
        self._key = derive(root, KeyUse.AUDIT)

    @classmethod
    def create(cls, path: Path, root: RootKey) -> None:
        """Make an empty log under `path`."""
        key = derive(root, KeyUse.AUDIT)
        origin = secrets.token_bytes(hashlib.sha256().digest_size)

        def fill(db: Database) -> None:
            db.execute("INSERT INTO meta VALUES ('origin', ?)", (origin,))
            db.execute("INSERT INTO meta VALUES ('head', ?)", (_head(key, 0, origin),))

        database.create(path, MIGRATIONS, fill)

    @classmethod
    def open(cls, path: Path, root: RootKey) -> AuditLog:
        """Open the log under `path`; the wrong key or a broken end is refused."""
        root.key()
        log = cls(path, database.open_existing(path, MIGRATIONS), root)
        try:
            with database.speaking(f"log {path}", AuditError):
                log._require_head()
        except BaseException:
            log.close()
            raise
        return log

    def close(self) -> None:
        """Let go of the file; appending afterwards is an error."""
        self._db.close()

    def __repr__(self) -> str:
        return f"AuditLog({str(self.path)!r})"

    def append(self, event: AuditEvent) -> int:
        """Return the event's number once it is on the disk; otherwise raise `AuditError`."""
        text = event.canonical()
        thing = f"log {self.path}"
        # The head is read inside the transaction: another process may have appended.
        with (
            database.transaction(self._db, thing, AuditError),
            database.speaking(thing, AuditError),
        ):
            last, link = self._require_head()
            sequence = last + 1
            link = _link(self._key, link, sequence, text)
            self._db.conn.execute("INSERT INTO event VALUES (?, ?, ?)", (sequence, text, link))
            self._db.conn.execute(
                "UPDATE meta SET value = ? WHERE name = 'head'", (_head(self._key, sequence, link),)
            )
        return sequence

    def verify(self) -> int | None:
        """Read the whole log; return the first number that is not as it was written, or None."""
        with database.speaking(f"log {self.path}", AuditError):
            # One transaction: an append by another process in between must not look like damage.
            self._db.conn.execute("BEGIN")
            try:
                return self._first_bad()
            finally:
                self._db.conn.execute("ROLLBACK")

    def tail(self, count: int) -> tuple[AuditEntry, ...]:
        """Return the last `count` entries, oldest first."""
        with database.speaking(f"log {self.path}", AuditError):
            rows = self._db.conn.execute(
                "SELECT sequence, body FROM event ORDER BY sequence DESC LIMIT ?", (max(0, count),)
            ).fetchall()
        return tuple(AuditEntry(number, AuditEvent.parse(text)) for number, text in reversed(rows))

    def _first_bad(self) -> int | None:
        link = self._meta("origin")
        last = 0
        for number, text, stored in self._db.conn.execute(
            "SELECT sequence, body, link FROM event ORDER BY sequence"
        ):
            if number != last + 1:
                # A hole begins after the last good one; what stands before the first is strange.
                return last + 1 if number > last else int(number)
            link = _link(self._key, link, number, text)
            if not hmac.compare_digest(link, stored):
                return int(number)
            last = number
        whole = hmac.compare_digest(self._meta("head"), _head(self._key, last, link))
        return None if whole else last + 1

    def _require_head(self) -> tuple[int, bytes]:
        """Return the last number and link, or raise if the end is not as it was written."""
        found = self._db.conn.execute(
            "SELECT sequence, link FROM event ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        last, link = found or (0, self._meta("origin"))
        if not hmac.compare_digest(self._meta("head"), _head(self._key, last, link)):
            raise AuditError(
                f"log {self.path}",
                f"end {last} cut, altered, or of another key",
                "the log as this gate wrote it",
            )
        return int(last), link

    def _meta(self, name: str) -> bytes:
        found = self._db.conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return bytes(found[0]) if found else b""


def _link(key: bytes, previous: bytes, sequence: int, text: str) -> bytes:
    content = previous + sequence.to_bytes(8, "big") + text.encode()
    return hmac.digest(key, hashlib.sha256(content).digest(), "sha256")


def _head(key: bytes, sequence: int, link: bytes) -> bytes:
    return hmac.digest(key, b"head" + sequence.to_bytes(8, "big") + link, "sha256")
