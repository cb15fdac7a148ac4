"""A copy of store and log for the system before, made before a newer one brings them forward.

Run as the gate's own user, before the gate. The version the copy was made for stands beside it, so
that no record is needed to know whose it is: the system of that version takes it back if the store
is no longer of its schema; any other one, once kept, destroys it, as people erased since would
still be in it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from update import files
from update.words import UpdateError

if TYPE_CHECKING:
    from pathlib import Path

    from update.machine import Machine

COPY: Final = "before-update"
TRIED: Final = "log-of-failed-update"
DRAFT: Final = ".new-update"
VERSION: Final = "version"
TAKING: Final = "taking-back"
DATABASES: Final = ("gate.db", "audit.db")
BESIDE: Final = ("-wal", "-shm")
LOG: Final = "audit.db"
WAIT_S: Final = 5.0


def at_start(machine: Machine, before: str | None) -> str:
    """Make, take back or destroy the copy, as this start asks for; return what was done.

    Args:
        machine: whose store.
        before: the version to keep a copy for, if this system is on trial; None if it is not.

    Raises:
        UpdateError: it cannot; a system on trial must not open the store then.

    """
    copy = machine.store / COPY
    try:
        _remove(machine.store / DRAFT)
        if before is not None:
            return _make(machine.store, copy, before)
        if not copy.exists():
            return "no copy of the store"
        if (copy / VERSION).read_text("ascii") != machine.running():
            _drop(machine.store, copy)
            return "copy of the store destroyed: the new system is kept"
        if (copy / TAKING).exists() or _moved_on(machine.store, copy):
            _take_back(machine.store, copy)
            return "store and log taken back as they were before the update"
        _drop(machine.store, copy)
    except (OSError, sqlite3.Error, UnicodeDecodeError) as fault:
        raise UpdateError("store", f"store {machine.store}", fault) from fault
    return "store as it was: its copy destroyed"


def _make(store: Path, copy: Path, before: str) -> str:
    there = [name for name in DATABASES if (store / name).exists()]
    if not there:
        return "no store yet"
    if copy.exists():
        return "copy of the store is there"  # a second start on trial: it is not of before
    draft = store / DRAFT
    draft.mkdir(mode=0o700)
    for name in there:
        _copy(store / name, draft / name)
    (draft / VERSION).write_text(before, "ascii")
    for path in (*(draft / name for name in there), draft / VERSION, draft):
        files.sync(path)
    draft.rename(copy)
    files.sync(store)
    return f"store and log copied for {before}"


def _copy(source: Path, target: Path) -> None:
    """Copy a database with what its write-ahead log holds."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=WAIT_S)) as live,
        closing(sqlite3.connect(f"{target.as_uri()}?mode=rw", uri=True)) as kept,
    ):
        live.backup(kept)


def _moved_on(store: Path, copy: Path) -> bool:
    """Whether a database is of another schema than its copy, or gone."""
    for name in DATABASES:
        if (copy / name).exists() and _schema(store / name) != _schema(copy / name):
            return True
    return False


def _schema(path: Path) -> object:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_S)) as db:
            return db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    except sqlite3.Error:
        return None


def _take_back(store: Path, copy: Path) -> None:
    """Let store and log be as before; the log of the trial is kept beside them as evidence."""
    if not (copy / TAKING).exists():
        _remove(store / DRAFT)
        (store / DRAFT).mkdir(mode=0o700)
        if (store / LOG).exists():
            _copy(store / LOG, store / DRAFT / LOG)
            files.sync(store / DRAFT / LOG)
        _remove(store / TRIED)
        (store / DRAFT).rename(store / TRIED)
        files.sync(store)
        (copy / TAKING).touch(mode=0o600)
        files.sync(copy)
    for name in DATABASES:
        if not (copy / name).exists():
            continue
        draft = store / f"{DRAFT}.{name}"
        shutil.copyfile(copy / name, draft)
        draft.chmod(0o600)
        files.sync(draft)
        for end in BESIDE:
            # SQLite would play the trial's log of writes into the database from before.
            (store / f"{name}{end}").unlink(missing_ok=True)
        files.sync(store)
        draft.replace(store / name)
        files.sync(store)
    _drop(store, copy)


def _drop(store: Path, copy: Path) -> None:
    """Destroy the copy: its name first, so that no half of it is ever taken for a whole."""
    gone = store / DRAFT
    _remove(gone)
    copy.rename(gone)
    files.sync(store)
    _remove(gone)
    files.sync(store)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    for path in folder.parent.glob(f"{folder.name}.*"):
        path.unlink()
