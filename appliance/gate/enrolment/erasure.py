"""Erasure that is proven (law 7): bury, destroy the wrapping key, cut the files, read all back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import RosterError, StoreError
from appliance.gate.enrolment import burial as burying
from appliance.gate.enrolment import own_memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from appliance.gate.enrolment.burial import Burial, Part
    from appliance.gate.enrolment.own_memory import MemorySearch
    from appliance.gate.store.schema import Store

TRIES = 20
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Copies:
    """What became of the gate's backups.

    Attributes:
        remade: ids of those made anew without the person; the old file was overwritten.
        outside: ids of those not within reach: an erasure list keeps the person out of them.
        folders: where backups lie, to be read back as well.

    """

    remade: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was erased, searched and found.

    Attributes:
        pseudonym: whom it concerned.
        part: the person, or the face alone.
        tombstone: in hex.
        erased_at: seconds since 1970.
        rows: rows deleted.
        kek: number of the wrapping key since; all older ones are destroyed.
        patterns: pieces looked for: wrapped keys, every sealed field, lookup hashes, pseudonym.
        files: files read from end to end.
        bytes_read: their sizes together.
        found: files in which a piece still stands; empty = proven.
        memory: what this process held; None when another process began the act.
        copies: what became of backups.

    """

    pseudonym: str
    part: Part
    tombstone: str
    erased_at: int
    rows: int
    kek: int
    patterns: int
    files: tuple[Path, ...]
    bytes_read: int
    found: tuple[Path, ...]
    memory: MemorySearch | None
    copies: Copies

    @property
    def clean(self) -> bool:
        """Say whether nothing was found in any file; `memory` tells of this process, which ends."""
        return not self.found


def erase(store: Store, pseudonym: str, now: datetime, log: Path | None = None) -> ErasureReport:
    """Erase a person and prove it; go on with an erasure whose proof could not be made before.

    Raises:
        RosterError: nobody has this pseudonym, and no erasure of it waits for its proof.
        StoreError: the proof could not be made; the rows and their key are gone all the same.

    """
    open_acts = [one for one in burying.pending(store) if one.pseudonym == pseudonym]
    if store.rows("SELECT 1 FROM person WHERE pseudonym = ?", (pseudonym,)):
        open_acts.append(burying.bury(store, pseudonym, now))
    if not open_acts:
        raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
    return prove(store, open_acts, log)[-1]


def prove(
    store: Store, burials: Sequence[Burial], log: Path | None = None, copies: Copies | None = None
) -> tuple[ErasureReport, ...]:
    """Destroy the wrapping key, cut the files, and read everything back.

    The reports do not speak of flash cells the disk has put aside; what may lie there is sealed,
    and its key is gone (ERASURE.md).

    Args:
        store: open.
        burials: what was taken out of it.
        log: the audit log: it keeps pseudonyms for its own term, so in it only keys, hashes and
            sealed fields are looked for.
        copies: what became of backups.

    Raises:
        StoreError: a reader holds the old state, or a file does not read; call again.

    """
    copies = copies or Copies()
    _settle(store)
    kek = store.keyring.rotate()
    _settle(store)
    folders = (store.path.parent, *copies.folders)
    reports = _read_back(burials, kek, log, folders, copies)
    if not all(report.clean for report in reports):
        # Moving cells between pages can leave stale copies of them; a rebuilt file has none.
        store.execute("VACUUM")
        _settle(store)
        reports = _read_back(burials, kek, log, folders, copies)
    for burial, report in zip(burials, reports, strict=True):
        if report.clean:
            burying.proven(store, burial)
    _settle(store)
    return reports


def _settle(store: Store) -> None:
    for _ in range(TRIES):
        if store.checkpoint():
            return
        time.sleep(PAUSE_SECONDS)
    raise StoreError(
        f"write-ahead log of {store.path}",
        "in use by another process",
        "to be free: the rows and their key are gone, the proof is not made; erase again",
    )


def _read_back(
    burials: Sequence[Burial],
    kek: int,
    log: Path | None,
    folders: Iterable[Path],
    copies: Copies,
) -> tuple[ErasureReport, ...]:
    files = tuple(sorted({path for folder in folders for path in _files(folder)}))
    reports = []
    for burial in burials:
        total = 0
        found = []
        for path in files:
            size, hits = burial.fields.in_file(path)
            total += size
            if log is None or not path.name.startswith(log.name):
                hits += burial.name.in_file(path)[1] if len(burial.name) else 0
            if hits:
                found.append(path)
        memory = own_memory.search(burial.plain) if burial.plain is not None else None
        reports.append(
            ErasureReport(
                pseudonym=burial.pseudonym,
                part=burial.part,
                tombstone=burial.tombstone.hex(),
                erased_at=burial.at,
                rows=burial.rows,
                kek=kek,
                patterns=len(burial.fields) + len(burial.name),
                files=files,
                bytes_read=total,
                found=tuple(found),
                memory=memory,
                copies=copies,
            )
        )
    return tuple(reports)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
