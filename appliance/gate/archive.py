"""The opened store of a gate: who lives here, their references, and the log."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import StoreError
from appliance.gate.enrolment.desk import Desk
from appliance.gate.journal import Journal
from appliance.gate.references import References
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.files import private_folder
from appliance.gate.store.gallery import Gallery
from appliance.gate.store.keys import OpenedKey
from appliance.gate.store.roots import create_root, open_root
from appliance.gate.store.roster import Roster
from appliance.gate.store.schema import create_store, open_store

if TYPE_CHECKING:
    from appliance.clock import Clock
    from appliance.sections import Config


RESTORING = ".restoring"
"""Folder in the store's folder in which a restore builds a gate."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The opened store of a gate: who lives here, their references, and the log."""

    roster: Roster
    gallery: Gallery
    references: References
    log: AuditLog
    journal: Journal
    clock: Clock

    def desk(self, clock: Clock) -> Desk:
        """Return where people are enrolled."""
        return Desk(self.roster, self.gallery, self.references, self.journal, clock)

    def close(self) -> None:
        """Overwrite what was opened and let go of the files."""
        self.references.wipe()
        self.roster.store.close()
        self.log.close()


def create_archive(config: Config) -> None:
    """Make key, store and log of a new gate; an existing one is never touched.

    Raises:
        StoreError: part of it is there already, or cannot be written.

    """
    folder, key_file = Path(config.store.folder), Path(config.store.key_file)
    private_folder(folder)
    _require_restored(folder)
    if config.store.key != "credential" and not key_file.exists():
        if any(folder.iterdir()):
            raise StoreError(f"key file {key_file}", "missing", f"the key of the store in {folder}")
        create_root(config.store)
    root = OpenedKey(open_root(config.store))
    if not (folder / "gate.db").exists():
        create_store(folder / "gate.db", root)
    if not (folder / "audit.db").exists():
        AuditLog.create(folder / "audit.db", root)


def open_archive(config: Config, clock: Clock) -> Archive:
    """Open the store and log of a gate.

    Raises:
        StoreError: not there, not whole, or sealed with another key.

    """
    folder = Path(config.store.folder)
    _require_restored(folder)
    root = OpenedKey(open_root(config.store))
    with ExitStack() as undo:
        store = open_store(folder / "gate.db", root)
        undo.callback(store.close)
        log = AuditLog.open(folder / "audit.db", root, every=config.log.checkpoint_every)
        undo.callback(log.close)
        if store.generation < log.witness:
            raise StoreError(
                f"store {store.path}",
                f"generation {store.generation}, the log saw {log.witness}: an old file",
                "the store as it was last, or a backup restored by `sanmen restore`",
            )
        roster = Roster(store)
        gallery = Gallery(roster)
        archive = Archive(
            roster,
            gallery,
            References(gallery, roster),
            log,
            Journal(log, config.site.portal, clock, lambda: store.generation),
            clock,
        )
        undo.pop_all()
    return archive


def open_log(config: Config) -> tuple[AuditLog, int | None]:
    """Open a gate's log alone, also a tampered one, and say which generation its store has.

    Returns:
        The log, for `verify`; and the store's generation, None if the store does not open.

    Raises:
        StoreError: there is no log of this gate, or its file is no database any more.

    """
    folder = Path(config.store.folder)
    root = OpenedKey(open_root(config.store))
    generation = None
    with suppress(StoreError), open_store(folder / "gate.db", root) as store:
        generation = store.generation
    return AuditLog.inspect(folder / "audit.db", root), generation


def _require_restored(folder: Path) -> None:
    if (folder / RESTORING).exists():
        raise StoreError(f"restore in {folder}", "broken off", "`sanmen restore` once more")
