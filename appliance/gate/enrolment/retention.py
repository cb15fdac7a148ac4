"""The retention clock: what has outlived its purpose is erased unasked (S35, S52)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from appliance.errors import StoreError
from appliance.gate.enrolment import burial as burying
from appliance.gate.enrolment.receipt import stamp
from appliance.gate.store.audit_prune import prune

if TYPE_CHECKING:
    from appliance.gate.archive import Archive
    from appliance.gate.enrolment.rights import Erased, Rights
    from appliance.gate.store.audit import AuditLog
    from appliance.gate.store.roster import Roster
    from appliance.sections import Config, RetentionSection

CODE_DAYS = 1
"""A code is refused by its age after seconds; its id is kept a day, for clocks that jump."""

SILENT_DAYS = 7
"""A gate logs something every day; after so long a silence the clock may have jumped."""

STEADY = timedelta(days=3)
"""So long a clock must have run on after a jump before anything is erased by it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be erased.

    Attributes:
        people: whose validity ended long enough ago.
        faces: whose consent has ended, and who keep card and phone.

    """

    people: tuple[str, ...]
    faces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did.

    Attributes:
        erased: people, faces, and proofs that had waited.
        codes: one-use ids and grants forgotten.
        events: of the log, forgotten by age.

    """

    erased: tuple[Erased, ...]
    codes: int
    events: int


def due(roster: Roster, rules: RetentionSection, now: datetime) -> Due:
    """Return whose time has come at `now`.

    Raises:
        StoreError: a record does not open; nothing is decided about anybody.

    """
    kept = timedelta(days=rules.moved_out_days)
    with_face = {name for (name,) in roster.store.rows("SELECT pseudonym FROM reference")}
    people, faces = [], []
    for resident in roster.residents():
        until = resident.profile.valid_until
        if until is not None and now - until >= kept:
            people.append(resident.pseudonym)
        elif resident.pseudonym in with_face:
            consent = roster.consent(resident.pseudonym)
            if consent is None or now >= consent.expires_at or consent.withdrawal is not None:
                faces.append(resident.pseudonym)
    return Due(tuple(people), tuple(faces))


def sweep(
    archive: Archive, rights: Rights, settings: Config, now: datetime, *, sure: bool = False
) -> Swept:
    """Erase what is due, go on with proofs that wait, and forget spent codes.

    What is erased by mistake does not come back, so a clock that has gone back or far ahead of the
    log erases nothing until somebody says that it is right.

    Args:
        archive: the opened store.
        rights: does the erasing.
        settings: of the gate.
        now: aware wall-clock time.
        sure: somebody has looked at the clock.

    Raises:
        StoreError: the clock is not to be trusted, a record does not open, or a proof could not be
            made; sweep again.

    """
    newest = archive.journal.newest
    silent = now - newest if archive.log.tail(1) else timedelta()
    if not sure and not timedelta() <= silent <= timedelta(days=SILENT_DAYS):
        raise StoreError("clock", now, f"near the log's last event, {newest}; or say it is right")
    if not sure and _jumped(archive.log, now):
        raise StoreError(
            "clock",
            now,
            f"one that ran for {STEADY.days} days since its last jump; or say it is right",
        )
    found = due(archive.roster, settings.retention, now)
    waiting = burying.pending(archive.roster.store)
    burials = [rights.bury(name) for name in found.people]
    burials += [rights.expire(name) for name in found.faces]
    erased = rights.prove((*waiting, *burials))
    store = archive.roster.store
    with store.transaction():
        spent = stamp(now - timedelta(days=CODE_DAYS))
        codes = store.execute("DELETE FROM spent WHERE issued_at < ?", (spent,))
        codes += store.execute("DELETE FROM uses WHERE until < ?", (stamp(now),))
        codes += store.execute("DELETE FROM revoked WHERE until < ?", (stamp(now),))
    archive.journal.happened(
        "retention.swept",
        people=str(len(found.people)),
        faces=str(len(found.faces)),
        proofs=str(len(erased)),
        codes=str(codes),
    )

    def tell(first: str, last: str) -> None:
        archive.journal.happened("log.pruned", first=first, last=last)

    keep = timedelta(days=settings.log.retention_days)
    return Swept(erased, codes, prune(archive.log, now, keep, tell).removed)


def _jumped(log: AuditLog, now: datetime) -> bool:
    """Say whether the log saw the clock jump less than `STEADY` ago, by its own steps.

    Events of a wrong hour stand beside it in the log and must not bear it out.
    """
    times = [datetime.fromisoformat(at.decode("ascii")) for _, at in log.times()]
    steady = timedelta()
    for earlier, later in pairwise(reversed([*times, now])):
        step = earlier - later
        if abs(step) > timedelta(days=SILENT_DAYS):
            return True
        steady += step
        if steady >= STEADY:
            return False
    return False
