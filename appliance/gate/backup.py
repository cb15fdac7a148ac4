"""Backup of a whole gate: made, listed, and made anew when somebody is erased."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from appliance.errors import StoreError
from appliance.gate import backup_register as register
from appliance.gate.backup_format import Header, fingerprint, read_header, seal_file
from appliance.gate.backup_register import Copy
from appliance.gate.enrolment.burial import face_tombstone, person_tombstone
from appliance.gate.enrolment.erasure import Copies
from appliance.gate.enrolment.receipt import stamp
from appliance.gate.store.files import publish, sync
from appliance.gate.store.keyring import KEY_COLUMNS
from appliance.gate.store.reference import Reference
from appliance.gate.store.renewal import Rotations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.gate.archive import Archive
    from appliance.gate.store.gallery import Gallery
    from appliance.gate.store.rows import PersonKey
    from appliance.gate.store.schema import Store

LIST = "backup-erasures"
ID_BYTES = 16
SECRET_BYTES = 32
ZEROS = bytes(1 << 16)

Field = Annotated[bytes, Meta(max_length=200_000)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Pseudonym = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]


class FaceCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference without the old gate's rotation, float32, and what is known of it."""

    vector: Annotated[bytes, Meta(max_length=8192)]
    features: Annotated[str, Meta(max_length=400)]
    quality: Annotated[int, Meta(ge=0, le=100)]


class PersonCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person, and the hashes by which an erasure list names person and face."""

    pseudonym: Pseudonym
    record: Field
    credentials: Annotated[list[Field], Meta(max_length=1000)]
    erased: Hash
    consent: Field | None = None
    face: FaceCopy | None = None
    face_erased: Hash | None = None


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands sealed in a backup.

    Attributes:
        people: everybody.
        secret: keys the hashes of this backup's erasure lists.
        checkpoint: where the old gate's log stood, signed by it: `AuditLog.checkpoint`.

    """

    people: Annotated[list[PersonCopy], Meta(max_length=200_000)]
    secret: Hash
    checkpoint: Annotated[str, Meta(max_length=1600)]


def make(archive: Archive, path: Path, who: str, reason: str) -> Copy:
    """Write a backup to the new file `path`; it stands in register and log before it is there.

    Raises:
        KeyMissingError: no recovery key was drawn yet.
        StoreError: the file is there already, or cannot be written.
        AuditError: it cannot be logged, so it is not made.

    """
    store = archive.roster.store
    copy = _new_copy(archive, path, who, reason)
    content = _sealed(archive, copy)
    register.enter(store, copy)
    archive.journal.happened(
        "backup.made", backup=copy.backup, path=str(path)[-200:], who=who, reason=reason
    )
    try:
        publish(path, content)
    except StoreError:
        register.strike(store, copy.backup)
        archive.journal.happened("backup.failed", backup=copy.backup)
        raise
    return copy


def renew(archive: Archive) -> Copies:
    """Make every backup within reach anew, without those erased, and overwrite the old.

    Raises:
        StoreError: one cannot be written.

    """
    store = archive.roster.store
    remade, outside, folders = [], [], set()
    for copy in register.copies(store):
        path = Path(copy.path)
        if not _is(path, copy):
            outside.append(copy.backup)
            continue
        new = _new_copy(archive, path, copy.who, copy.reason)
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        publish(draft, _sealed(archive, new))
        register.enter(store, new)
        _replace(path, draft)
        register.strike(store, copy.backup)
        archive.journal.happened("backup.remade", backup=new.backup, instead_of=copy.backup)
        remade.append(new.backup)
        folders.add(path.parent)
    inside = store.path.parent.resolve()
    return Copies(
        tuple(remade),
        tuple(outside),
        tuple(sorted(folder for folder in folders if folder.resolve() != inside)),
    )


def erasure_list(archive: Archive, backup: str) -> str:
    """Return, signed, who must not come back out of one backup.

    Raises:
        StoreError: this gate made no such backup.

    """
    store = archive.roster.store
    copy = next((one for one in register.copies(store) if one.backup == backup), None)
    if copy is None:
        raise StoreError(f"backup {backup}", "not in this gate's register", "one it made")
    hashes = sorted(
        register.erased_hash(copy.secret, tombstone)
        for (tombstone,) in store.rows("SELECT lookup FROM tombstone")
    )
    archive.journal.happened("backup.erasures", backup=backup, erased=str(len(hashes)))
    claims = {"backup": backup, "iat": stamp(archive.clock.wall()), "erased": hashes}
    return store.signer.sign(LIST, claims)


def _new_copy(archive: Archive, path: Path, who: str, reason: str) -> Copy:
    return Copy(
        secrets.token_hex(ID_BYTES),
        str(path.resolve()),
        stamp(archive.clock.wall()),
        who,
        reason,
        secrets.token_bytes(SECRET_BYTES),
    )


def _sealed(archive: Archive, copy: Copy) -> bytes:
    store = archive.roster.store
    public = register.recovery(store)
    header = Header(
        copy.backup,
        store.gate_id.hex(),
        store.signer.public_key.hex(),
        fingerprint(public),
        copy.made_at,
    )
    content = Content(_people(archive), copy.secret, archive.log.checkpoint())
    return seal_file(header, msgspec.msgpack.encode(content), store.signer, public)


def _people(archive: Archive) -> list[PersonCopy]:
    store = archive.roster.store
    # Each table once, and each key opened once: 10,000 people wait for their erasure meanwhile.
    cards = _by_person(store, "SELECT pseudonym, lookup, revision, sealed FROM credential")
    consents = _by_person(store, "SELECT pseudonym, revision, sealed FROM consent")
    everybody = [
        (store.keyring.open(tuple(columns)), revision, record)
        for *columns, revision, record in store.rows(
            f"SELECT {KEY_COLUMNS}, revision, record FROM person ORDER BY pseudonym"  # noqa: S608 - our own words
        )
    ]
    faces = _faces(archive, [key for key, *_ in everybody])
    found = []
    for key, revision, record in everybody:
        name = key.pseudonym
        consent = next((key.consent(*row) for row in consents.get(name, ())), None)
        found.append(
            PersonCopy(
                name,
                key.resident(revision, record).encode(),
                [key.credential(*row).encode() for row in cards.get(name, ())],
                person_tombstone(store, name),
                None if consent is None else consent.encode(),
                faces.get(name),
                None if consent is None else face_tombstone(store, consent),
            )
        )
    return found


def _faces(archive: Archive, keys: list[PersonKey]) -> dict[str, FaceCopy]:
    """Return everybody's reference without the gate's rotation, turned back all at once."""
    store = archive.roster.store
    rows = _by_person(store, "SELECT pseudonym, revision, sealed FROM reference")
    rotations = Rotations(store)
    number = rotations.current
    by_length: dict[int, list[tuple[str, Reference]]] = {}
    for key in keys:
        for row in rows.get(key.pseudonym, ()):
            with key.reference(*row) as content:
                reference = rotations.bring(Reference.decode(key.pseudonym, content), number)
            by_length.setdefault(len(reference.vector), []).append((key.pseudonym, reference))
    found = {}
    for length, some in by_length.items():
        turned = np.stack([reference.vector for _, reference in some]).astype(np.float64)
        wide = turned @ _matrix(archive.gallery, length).T
        plain = wide.astype("<f4")
        for (name, reference), numbers in zip(some, plain, strict=True):
            found[name] = FaceCopy(numbers.tobytes(), reference.features, reference.quality)
            reference.vector.fill(0.0)
        for array in (turned, wide, plain):
            array.fill(0.0)
    return found


def _by_person(store: Store, sql: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, *row in store.rows(sql + " ORDER BY rowid"):
        found.setdefault(name, []).append(tuple(row))
    return found


def _matrix(gallery: Gallery, dimension: int) -> NDArray[np.float64]:
    """Return the gate's rotation: what it makes of each axis; its transpose turns back."""
    axes = np.eye(dimension, dtype=np.float32)
    return np.stack([gallery.rotate(axis) for axis in axes]).astype(np.float64)


def _is(path: Path, copy: Copy) -> bool:
    """Say whether the file there is this copy, and not another or a stranger's."""
    try:
        if not path.is_file() or path.is_symlink():
            return False
        return read_header(path.read_bytes()).backup == copy.backup
    except (OSError, StoreError):
        return False


def _replace(path: Path, draft: Path) -> None:
    """Put the finished draft in place of a file, then overwrite what the file held.

    In this order: at no moment is there no whole backup under its name, also on a stick that is
    pulled out in the middle.
    """
    try:
        with path.open("r+b") as old:
            size = os.fstat(old.fileno()).st_size
            draft.replace(path)
            sync(path.parent)
            for _ in range(0, size, len(ZEROS)):
                old.write(ZEROS)
            old.truncate(size)
            old.flush()
            os.fsync(old.fileno())
    except OSError as error:
        raise StoreError(f"old backup {path}", error.strerror, "to be overwritten") from error
