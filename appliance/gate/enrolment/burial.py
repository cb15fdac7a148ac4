"""Takes a person, or a person's face, out of the store: keys and rows go, a tombstone stays.

Each burial is one transaction. What must then be looked for stands sealed beside the tombstone, as
fingerprints, until the proof is made: an act that a reader or a power cut interrupts is gone on
with, not forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.errors import RosterError, StoreError
from appliance.gate.enrolment.receipt import stamp
from appliance.gate.enrolment.traces import Traces
from appliance.gate.store.rows import credential_column

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.store.records import Resident
    from appliance.gate.store.rows import PersonKey
    from appliance.gate.store.schema import Store

PENDING = "erasure/"
HEADER_LENGTH_BYTES = 4


class Part(Enum):
    """What of a person is erased."""

    PERSON = "person"
    FACE = "face"


class _Pending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    part: Literal["person", "face"]
    pseudonym: str
    rows: Annotated[int, Meta(ge=0)]
    at: int
    fields: bytes
    name: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Burial:
    """What was taken out, and what the proof must look for.

    Attributes:
        tombstone: keyed hash that keeps it from coming back with an old backup, 32 bytes.
        part: the person, or the face alone.
        pseudonym: whom it concerned.
        rows: rows deleted.
        at: when, seconds since 1970.
        fields: traces of keys, hashes and sealed fields, which no file may hold.
        name: traces of the pseudonym, which only the log may hold; none for a face.
        plain: traces of the opened key and reference, for the memory of the process that buried;
            None in another, which never held them.

    """

    tombstone: bytes
    part: Part
    pseudonym: str
    rows: int
    at: int
    fields: Traces
    name: Traces
    plain: Traces | None


def person_tombstone(store: Store, pseudonym: str) -> bytes:
    """Return the keyed hash that says this person was erased."""
    return store.lookup("erased", pseudonym.encode())


def face_tombstone(store: Store, consent: Consent) -> bytes:
    """Return the keyed hash that says the face of this consent was erased; a new one stands."""
    return store.lookup("erased face", consent.record_id.encode())


def bury(store: Store, pseudonym: str, now: datetime) -> Burial:
    """Destroy a person's key and delete all rows.

    Raises:
        RosterError: nobody has this pseudonym.
        StoreError: nothing was deleted.

    """
    plain = _plain(store, pseudonym)
    with store.transaction():
        fields = _fields(store, pseudonym, (*_SEALED, *_HASHES))
        _take_out_marks(store, pseudonym)
        before = store.db.conn.total_changes
        # References, consent and credentials hang on this row and go with it.
        store.execute("DELETE FROM person WHERE pseudonym = ?", (pseudonym,))
        rows = store.db.conn.total_changes - before
        tombstone = person_tombstone(store, pseudonym)
        name = Traces.of([pseudonym.encode()])
        burial = Burial(tombstone, Part.PERSON, pseudonym, rows, stamp(now), fields, name, plain)
        _write_down(store, burial)
    return burial


def bury_face(store: Store, pseudonym: str, now: datetime, consent: Consent) -> Burial:
    """Delete a person's reference and give what stays a new key, so that the old opens nothing.

    Args:
        store: open.
        pseudonym: whose.
        now: for the tombstone.
        consent: as it stands from now on: withdrawn, or expired.

    Raises:
        RosterError: nobody has this pseudonym.
        StoreError: nothing was deleted.

    """
    plain = _plain(store, pseudonym)
    with store.transaction():
        fields = _fields(store, pseudonym, _SEALED)
        old = store.person(pseudonym)
        new, wrapped = store.keyring.new_person(pseudonym)
        rows = store.execute("DELETE FROM reference WHERE pseudonym = ?", (pseudonym,))
        _seal_anew(store, old, new, wrapped, consent)
        tombstone = face_tombstone(store, consent)
        burial = Burial(
            tombstone, Part.FACE, pseudonym, rows, stamp(now), fields, Traces.of([]), plain
        )
        _write_down(store, burial)
    return burial


def pending(store: Store) -> tuple[Burial, ...]:
    """Return the burials whose proof has not been made yet, in no order.

    Raises:
        StoreError: one was altered.

    """
    found = []
    for name, sealed in store.rows(
        "SELECT name, value FROM meta WHERE name LIKE ?", (PENDING + "%",)
    ):
        tombstone = bytes.fromhex(name.removeprefix(PENDING))
        content = store.open_own("meta", tombstone, "erasure", 1, sealed)
        try:
            kept = msgspec.msgpack.decode(content, type=_Pending)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise StoreError("pending erasure", error, "as this gate kept it") from error
        found.append(
            Burial(
                tombstone,
                Part(kept.part),
                kept.pseudonym,
                kept.rows,
                kept.at,
                Traces.decode(kept.fields),
                Traces.decode(kept.name),
                None,
            )
        )
    return tuple(found)


def proven(store: Store, burial: Burial) -> None:
    """Forget what was looked for: nothing of it was found."""
    with store.transaction():
        store.execute("DELETE FROM meta WHERE name = ?", (PENDING + burial.tombstone.hex(),))


def _write_down(store: Store, burial: Burial) -> None:
    store.execute(
        "INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING",
        (burial.tombstone, burial.at),
    )
    content = msgspec.msgpack.encode(
        _Pending(
            burial.part.value,
            burial.pseudonym,
            burial.rows,
            burial.at,
            burial.fields.encode(),
            burial.name.encode(),
        )
    )
    sealed = store.seal_own("meta", burial.tombstone, "erasure", 1, content)
    store.set_meta(PENDING + burial.tombstone.hex(), sealed)


def _plain(store: Store, pseudonym: str) -> Traces:
    """Take fingerprints of what only memory may ever have held in the clear."""
    fields = [store.keyring.plain(pseudonym)]
    for revision, sealed in store.rows(
        "SELECT revision, sealed FROM reference WHERE pseudonym = ?", (pseudonym,)
    ):
        content = store.person(pseudonym).reference(revision, sealed)
        # The numbers alone: the words before them are the same for everybody.
        length = int.from_bytes(content[:HEADER_LENGTH_BYTES], "big")
        fields.append(content[HEADER_LENGTH_BYTES + length :])
    return Traces.of(fields)


_SEALED = (
    "SELECT sealed FROM credential WHERE pseudonym = ?",
    "SELECT sealed FROM consent WHERE pseudonym = ?",
    "SELECT sealed FROM reference WHERE pseudonym = ?",
)
_HASHES = ("SELECT lookup, alias FROM credential WHERE pseudonym = ?",)
"""Of a person whose face alone goes, card and phone stay, and with them their hashes."""


def _fields(store: Store, pseudonym: str, selects: tuple[str, ...]) -> Traces:
    """Take fingerprints of a person's wrapped key and of what `selects` give."""
    rows = store.rows("SELECT dek, record FROM person WHERE pseudonym = ?", (pseudonym,))
    if not rows:
        raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
    for sql in selects:
        rows += store.rows(sql, (pseudonym,))
    # The key that wraps this person's is destroyed as well, so its wrapped form must be gone.
    rows += store.rows("SELECT wrapped FROM kek")
    return Traces.of(field for row in rows for field in row if field is not None)


def _take_out_marks(store: Store, pseudonym: str) -> None:
    """Take the pseudonym out of the records of those who look like this person (S129)."""
    _, erased = _record(store, store.person(pseudonym))
    for other in erased.look_alikes:
        if not store.rows("SELECT 1 FROM person WHERE pseudonym = ?", (other,)):
            continue
        key = store.person(other)
        revision, resident = _record(store, key)
        kept = replace(resident, look_alikes=resident.look_alikes - {pseudonym})
        store.execute(
            "UPDATE person SET revision = ?, record = ? WHERE pseudonym = ?",
            (
                revision + 1,
                key.seal(kept.encode(), "person", "record", revision + 1),
                other,
            ),
        )


def _record(store: Store, key: PersonKey) -> tuple[int, Resident]:
    ((revision, sealed),) = store.rows(
        "SELECT revision, record FROM person WHERE pseudonym = ?", (key.pseudonym,)
    )
    return revision, key.resident(revision, sealed)


def _seal_anew(
    store: Store, old: PersonKey, new: PersonKey, wrapped: bytes, consent: Consent
) -> None:
    """Seal what stays of a person by a new key; the record no longer names face as a choice."""
    name = old.pseudonym
    revision, resident = _record(store, old)
    profile = replace(resident.profile, methods=resident.profile.methods - {"face"})
    record = replace(resident, profile=profile).encode()
    store.execute(
        """UPDATE person SET kek = ?, born = ?, dek = ?, revision = ?, record = ?
        WHERE pseudonym = ?""",
        (
            new.born,
            new.born,
            wrapped,
            revision + 1,
            new.seal(record, "person", "record", revision + 1),
            name,
        ),
    )
    for lookup, number, sealed in store.rows(
        "SELECT lookup, revision, sealed FROM credential WHERE pseudonym = ?", (name,)
    ):
        column = credential_column(lookup)
        content = old.open(sealed, "credential", column, number)
        store.execute(
            "UPDATE credential SET revision = ?, sealed = ? WHERE lookup = ?",
            (number + 1, new.seal(content, "credential", column, number + 1), lookup),
        )
    ((number,),) = store.rows("SELECT revision FROM consent WHERE pseudonym = ?", (name,))
    store.execute(
        "UPDATE consent SET revision = ?, sealed = ? WHERE pseudonym = ?",
        (number + 1, new.seal(consent.encode(), "consent", "sealed", number + 1), name),
    )
