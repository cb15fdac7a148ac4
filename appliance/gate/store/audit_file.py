"""The log's file: opened with the gate's key, its two ends read only when their seals hold."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from appliance.errors import AuditError
from appliance.gate.store import audit_schema, database
from appliance.gate.store.audit_chain import Head, Origin, seal
from appliance.gate.store.audit_event import AuditEntry, AuditEvent
from appliance.gate.store.keys import KeyUse, OpenedKey, RootKey, derive, expand
from appliance.gate.store.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlite_utils import Database

CHECKPOINT_EVERY = 256
# A blob, as text that is no UTF-8 any more must be found as altered, not stop the reading.
ENTRIES = "SELECT sequence, CAST(body AS BLOB), chain, mac FROM event "


class LogFile:
    """An open log's file.

    Args:
        path: of the file.
        db: it, open.
        root: the gate's key.
        every: events from one checkpoint to the next.

    Attributes:
        path: of the file.
        db: it, open.
        signer: of its checkpoints.

    """

    def __init__(self, path: Path, db: Database, root: RootKey, every: int) -> None:
        self.path = path
        self.db = db
        self.signer = Signer(root)
        self.key = derive(root, KeyUse.AUDIT)
        self._every = every

    @classmethod
    def create(cls, path: Path, root: RootKey) -> None:
        """Make an empty log under `path`."""
        root = OpenedKey(root)
        key, signer = derive(root, KeyUse.AUDIT), Signer(root)

        def fill(db: Database) -> None:
            chain = secrets.token_bytes(hashlib.sha256().digest_size)
            audit_schema.begin(db, key, signer, chain)

        database.create(path, audit_schema.migrations(key, signer, f"log {path}"), fill)

    @classmethod
    def open(cls, path: Path, root: RootKey, *, every: int = CHECKPOINT_EVERY) -> Self:
        """Open the log under `path`; the wrong key or a broken end is refused.

        Raises:
            StoreError: no log of this gate, or not whole enough to go on with; `inspect` reads it.

        """
        log = cls.inspect(path, root, every=every)
        try:
            with log.speaking():
                log.require_head()
        except BaseException:
            log.db.close()
            raise
        return log

    @classmethod
    def inspect(cls, path: Path, root: RootKey, *, every: int = CHECKPOINT_EVERY) -> Self:
        """Open the log under `path` also if it was tampered with, to verify it.

        Raises:
            StoreError: no log of this gate, or the file is no database any more.

        """
        root = OpenedKey(root)
        steps = audit_schema.migrations(derive(root, KeyUse.AUDIT), Signer(root), f"log {path}")
        log = cls(path, database.open_existing(path, steps), root, every)
        try:
            log._require_key()
        except BaseException:
            log.db.close()
            raise
        return log

    def _require_key(self) -> None:
        with self.speaking():
            marks = (self.head(), self.origin())
        if marks == (None, None):
            found = "begin and end altered, or of another key"
            raise AuditError(self.name, found, "the log as this gate wrote it")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"log {self.path}"

    def speaking(self) -> AbstractContextManager[None]:
        """Turn what SQLite and the disk complain of into an `AuditError`."""
        return database.speaking(self.name, AuditError)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or nothing of it, durably."""
        with database.transaction(self.db, self.name, AuditError), self.speaking():
            yield

    def head(self) -> Head | None:
        """Return the mark of the end; None if it is altered or gone."""
        try:
            return Head.parse(self.key, audit_schema.get(self.db, "head"))
        except AuditError:
            return None

    def origin(self) -> Origin | None:
        """Return the mark of the begin; None if it is altered or gone."""
        try:
            return Origin.parse(self.key, audit_schema.get(self.db, "origin"))
        except AuditError:
            return None

    def read_head(self) -> Head:
        """Return the mark of the end.

        Raises:
            AuditError: it is altered or gone.

        """
        with self.speaking():
            return Head.parse(self.key, audit_schema.get(self.db, "head"))

    def require_head(self) -> Head:
        """Return the mark of the end, if the entry it speaks of is the last and as written.

        Raises:
            AuditError: the log takes no further events: they would bury what happened to it.

        """
        head, origin = self.head(), self.origin()
        found = self.db.conn.execute(ENTRIES + "ORDER BY sequence DESC LIMIT 1").fetchone()
        last = found[0] if found else None
        if head is not None and origin is not None:
            if found is None and (head.sequence, head.chain) == (origin.sequence, origin.chain):
                return head
            if (
                found is not None
                and last == head.sequence
                and self.entry(*found).chain == head.chain
            ):
                return head
        raise AuditError(
            self.name,
            f"end {last or 0} cut, altered, or of another key",
            "the log as this gate wrote it; `sanmen audit verify` says what is wrong",
        )

    def entry(self, number: object, text: object, chain: object, mac: object) -> AuditEntry:
        """Return a row as an entry.

        Raises:
            AuditError: it is not as it was written.

        """
        if not (
            isinstance(number, int)
            and isinstance(text, bytes)
            and isinstance(chain, bytes)
            and isinstance(mac, bytes)
            and hmac.compare_digest(mac, seal(self.key, number, chain, text))
        ):
            raise AuditError(f"entry {number} of {self.name}", "altered", "it as written")
        return AuditEntry(number, AuditEvent.parse(text), chain)

    def sign_end(self, head: Head) -> Head:
        """Write a checkpoint at `head`; return it with that, to be written by the caller."""
        audit_schema.sign(self.db, self.signer, head, head.checkpoint)
        return Head(head.sequence, head.chain, head.newest, head.witness, head.sequence)

    def sub_key(self, use: str) -> bytes:
        """Return a key of the log's own for one use, such as the marks of exports."""
        return expand(self.key, f"sanmen/1/audit/{use}")
