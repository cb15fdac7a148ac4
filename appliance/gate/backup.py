"""Backup of a whole gate: made, listed, and made anew when somebody is erased."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from appliance.gate.store.reference import Reference
from appliance.gate.store.renewal import Rotations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from appliance.gate.archive import Archive
    from appliance.gate.store.gallery import Gallery

LIST = "backup-erasures"
ID_BYTES = 16
SECRET_BYTES = 32

Field = Annotated[bytes, Meta(max_length=200_000)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Pseudonym = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]


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
        checkpoint: where the old gate's log stood: number of its last event.

    """

    people: Annotated[list[PersonCopy], Meta(max_length=200_000)]
    secret: Hash
    checkpoint: Annotated[str, Meta(max_length=2000)]


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
        _overwrite(path)
        draft.replace(path)
        sync(path.parent)
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
    last = archive.log.tail(1)
    content = Content(
        _people(archive), copy.secret, f"event {last[0].sequence}" if last else "event 0"
    )
    return seal_file(header, msgspec.msgpack.encode(content), store.signer, public)


def _people(archive: Archive) -> list[PersonCopy]:
    roster, store = archive.roster, archive.roster.store
    turn: dict[int, NDArray[np.float64]] = {}
    rotations = Rotations(store)
    found = []
    for resident in roster.residents():
        name = resident.pseudonym
        consent = roster.consent(name)
        face = None
        for revision, sealed in store.rows(
            "SELECT revision, sealed FROM reference WHERE pseudonym = ?", (name,)
        ):
            reference = Reference.decode(name, store.person(name).reference(revision, sealed))
            vector = rotations.bring(reference, rotations.current).vector
            if len(vector) not in turn:
                turn[len(vector)] = _matrix(archive.gallery, len(vector))
            plain = (vector.astype(np.float64) @ turn[len(vector)].T).astype("<f4")
            face = FaceCopy(plain.tobytes(), reference.features, reference.quality)
        found.append(
            PersonCopy(
                name,
                resident.encode(),
                [credential.encode() for credential in roster.credentials(name)],
                person_tombstone(store, name),
                None if consent is None else consent.encode(),
                face,
                None if consent is None else face_tombstone(store, consent),
            )
        )
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


def _overwrite(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"old backup {path}", error.strerror, "to be overwritten") from error
