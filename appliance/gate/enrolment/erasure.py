"""Erasure of a person: key destroyed, rows deleted, files cut and read back for what is left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import RosterError, StoreError
from appliance.gate.store.database import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.gate.store.schema import Store

PIECE_BYTES = 32
TRIES = 20
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was erased, searched and found.

    Attributes:
        pseudonym: whom it concerned.
        rows: rows deleted.
        patterns: byte patterns searched for: the wrapped key, pieces of every sealed field, the
            lookup hashes and the pseudonym.
        files: files read from end to end.
        bytes_read: their sizes together.
        found: files in which a pattern still stands; empty = proven.

    """

    pseudonym: str
    rows: int
    patterns: int
    files: tuple[Path, ...]
    bytes_read: int
    found: tuple[Path, ...]

    @property
    def clean(self) -> bool:
        """Say whether nothing was found."""
        return not self.found


def erase(store: Store, pseudonym: str, log: Path | None = None) -> ErasureReport:
    """Erase a person and read back every file of the store's folder.

    `log` is the audit log: it keeps pseudonyms for its own term, so there only keys, hashes and
    sealed fields are searched for. The report does not speak of flash cells the disk has put aside;
    what may lie there is sealed, and its key is gone.
    """
    secrets = _patterns(store, pseudonym)
    with store.transaction():
        # References, consent and credentials hang on this row and go with it.
        before = store.db.conn.total_changes
        store.execute("DELETE FROM person WHERE pseudonym = ?", (pseudonym,))
        rows = store.db.conn.total_changes - before
    _settle(store)
    report = _read_back(store, pseudonym, rows, secrets, log)
    if not report.clean:
        # Moving cells between pages can leave stale copies of them; a rebuilt file has none.
        store.execute("VACUUM")
        _settle(store)
        report = _read_back(store, pseudonym, rows, secrets, log)
    return report


def _patterns(store: Store, pseudonym: str) -> frozenset[bytes]:
    person = store.rows("SELECT dek, record FROM person WHERE pseudonym = ?", (pseudonym,))
    if not person:
        raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
    fields = list(person[0])
    for sql in (
        "SELECT lookup, sealed FROM credential WHERE pseudonym = ?",
        "SELECT sealed FROM consent WHERE pseudonym = ?",
        "SELECT sealed FROM reference WHERE pseudonym = ?",
    ):
        fields += [field for row in store.rows(sql, (pseudonym,)) for field in row]
    # Pieces: a long field is spread over pages, and a page may have been overwritten in part.
    return frozenset(
        piece
        for field in fields
        for start in range(0, len(field), PIECE_BYTES)
        if len(piece := field[start : start + PIECE_BYTES]) == PIECE_BYTES
    )


def _settle(store: Store) -> None:
    for _ in range(TRIES):
        if checkpoint(store.db, f"store {store.path}"):
            return
        time.sleep(PAUSE_SECONDS)
    raise StoreError(
        f"write-ahead log of {store.path}",
        "in use by another process",
        "to be free: the rows are deleted, the proof is not made; erase again",
    )


def _read_back(
    store: Store, pseudonym: str, rows: int, secrets: frozenset[bytes], log: Path | None
) -> ErasureReport:
    files = tuple(path for path in sorted(store.path.parent.rglob("*")) if path.is_file())
    total = 0
    found = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(f"file {path}", error.strerror, "to be read back") from error
        total += len(content)
        keeps_pseudonyms = log is not None and path.name.startswith(log.name)
        patterns = secrets if keeps_pseudonyms else secrets | {pseudonym.encode()}
        if any(pattern in content for pattern in patterns):
            found.append(path)
    return ErasureReport(pseudonym, rows, len(secrets) + 1, files, total, tuple(found))
