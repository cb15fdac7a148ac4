"""Restore of a gate onto a replacement unit: everything is drawn anew, nobody erased comes back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from appliance.errors import SanmenError, SealBrokenError, StoreError
from appliance.gate.archive import create_archive, open_archive
from appliance.gate.backup import LIST, Content
from appliance.gate.backup_format import open_file
from appliance.gate.backup_register import erased_hash
from appliance.gate.comparison import vector
from appliance.gate.enrolment.consent import Consent
from appliance.gate.store.records import Credential, Resident
from appliance.gate.store.signing import verified

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from appliance.clock import Clock
    from appliance.gate.archive import Archive
    from appliance.gate.backup import PersonCopy
    from appliance.gate.backup_format import Header
    from appliance.sections import Config


class _List(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backup: str
    iat: int
    erased: Annotated[list[str], Meta(max_length=2_000_000)]


@dataclass(frozen=True, slots=True)
class Plan:
    """A backup that was opened and checked; nothing is written yet.

    Attributes:
        header: of the backup.
        content: of the backup.
        erased: hashes of the erasure list; None without one: then every face rests until its owner
            has confirmed it, as a person may have withdrawn since and nobody here would know.

    """

    header: Header
    content: Content
    erased: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it.

    Attributes:
        people: who are on the roster again.
        faces: who have a reference again.
        left_out: erased since the backup was made.
        faces_left_out: faces withdrawn since, or whose consent has ended.
        frozen: faces that rest until confirmed.

    """

    people: int
    faces: int
    left_out: int
    faces_left_out: int
    frozen: int


def plan(
    file: bytes,
    key: X25519PrivateKey,
    gate_key: str,
    erasures: str | None,
    *,
    without_list: bool = False,
) -> Plan:
    """Open a backup and its erasure list and check them against each other.

    Raises:
        SealBrokenError: either is altered, of another gate, or not meant for the other.
        StoreError: there is no list, or it is older than the backup.

    """
    header, content = open_file(file, key, gate_key)
    try:
        opened = msgspec.msgpack.decode(content, type=Content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SealBrokenError("backup's content", error, "as the gate wrote it") from error
    if erasures is None:
        if not without_list:
            raise StoreError(
                "erasure list",
                "none",
                "the old gate's `sanmen backup erasures`: without it people erased since would "
                "come back; --without-erasure-list restores with every face frozen",
            )
        return Plan(header, opened, None)
    claims = verified(bytes.fromhex(header.gate_key), LIST, "".join(erasures.split()))
    try:
        known = msgspec.convert(claims, _List)
    except msgspec.ValidationError as error:
        raise SealBrokenError("erasure list", error, "as the gate wrote it") from error
    if known.backup != header.backup:
        raise SealBrokenError("erasure list", f"for backup {known.backup}", header.backup)
    if known.iat < header.made_at:
        raise StoreError("erasure list", "older than the backup", "one made after it")
    return Plan(header, opened, frozenset(known.erased))


def restore(made: Plan, config: Config, clock: Clock, who: str, reason: str) -> Restored:
    """Make a new gate out of a backup: new root, keys, rotation and log; all people or none.

    Raises:
        StoreError: the folder or key is not empty, or the disk refuses; nothing is left behind.

    """
    folder, key_file = Path(config.store.folder), Path(config.store.key_file)
    own_key = config.store.key != "credential"
    if (own_key and key_file.exists()) or (folder.exists() and any(folder.iterdir())):
        raise StoreError(
            f"gate in {folder}", "already there", "an empty folder and no key: a new unit"
        )
    try:
        create_archive(config)
        archive = open_archive(config, clock)
        try:
            # First in the new log: where it goes on from.
            archive.journal.happened(
                "gate.restored",
                backup=made.header.backup,
                old_gate=made.header.gate,
                old_log=made.content.checkpoint[:200],
                who=who,
                reason=reason,
                erasure_list=str(made.erased is not None),
            )
            return _fill(archive, made, clock.wall())
        finally:
            archive.close()
    except SanmenError:
        # Half a gate must not start; it was made a moment ago and holds nothing that is not in
        # the backup.
        shutil.rmtree(folder, ignore_errors=True)
        if own_key:
            key_file.unlink(missing_ok=True)
        raise


def _fill(archive: Archive, made: Plan, now: datetime) -> Restored:
    left_out = frozen = lost = faces = people = 0
    with archive.roster.store.transaction():
        for person in made.content.people:
            if _is_erased(made, person.erased):
                left_out += 1
                continue
            people += 1
            resident, credentials, consent = _opened(person)
            rests = made.erased is None and person.face is not None
            resident = replace(resident, face_frozen=resident.face_frozen or rests)
            archive.roster.add_again(resident, credentials)
            if consent is not None:
                archive.roster.set_face_consent(person.pseudonym, consent)
            if person.face is None or consent is None:
                continue
            withdrawn = person.face_erased is not None and _is_erased(made, person.face_erased)
            other_door = any(one.active for one in credentials)
            if withdrawn or not consent.in_force(now) or not other_door:
                lost += 1
                if withdrawn:
                    archive.roster.set_face_consent(person.pseudonym, None)
                continue
            probe = vector(person.face.vector)
            face = person.face
            archive.gallery.put(person.pseudonym, probe, face.features, face.quality, now)
            probe.fill(0.0)
            faces += 1
            frozen += rests
    return Restored(people, faces, left_out, lost, frozen)


def _opened(person: PersonCopy) -> tuple[Resident, tuple[Credential, ...], Consent | None]:
    return (
        Resident.decode(person.pseudonym, person.record),
        tuple(Credential.decode(one) for one in person.credentials),
        Consent.decode(person.consent) if person.consent is not None else None,
    )


def _is_erased(made: Plan, tombstone: bytes) -> bool:
    if made.erased is None:
        return False
    return erased_hash(made.content.secret, tombstone) in made.erased
