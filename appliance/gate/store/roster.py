"""The roster: who lives here, with which cards, passes and consent, every field sealed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from appliance.errors import RosterError, StoreError
from appliance.gate.credential.pass_token import key_id
from appliance.gate.store.records import (
    CARD_ID_BYTES,
    Credential,
    CredentialKind,
    Fault,
    Holder,
    Profile,
    Resident,
)
from appliance.gate.store.rows import (
    consent_place,
    credential_place,
    open_consent,
    open_credential,
    open_resident,
    record_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.store.schema import Store

PSEUDONYM_BYTES = 8


class Roster:
    """Residents, their credentials and consents in an open store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def changes(self) -> int:
        """Return a number that differs after any write, by this process or another."""
        return self.store.changes()

    def __len__(self) -> int:
        ((count,),) = self.store.rows("SELECT count(*) FROM person")
        return int(count)

    def add(
        self, profile: Profile, cards: Sequence[bytes] = (), passes: Sequence[bytes] = ()
    ) -> str:
        """Add a resident with card ids and pass public keys; return the new pseudonym."""
        pseudonym = secrets.token_hex(PSEUDONYM_BYTES)
        sealer, wrapped = self.store.kek.new_person(pseudonym)
        record = sealer.seal(Resident(pseudonym, profile).encode(), record_place(pseudonym, 1))
        with self.store.transaction():
            self.store.execute(
                "INSERT INTO person VALUES (?, ?, 1, ?)", (pseudonym, wrapped, record)
            )
            for card_id in cards:
                self.add_card(pseudonym, card_id)
            for public_key in passes:
                self.add_pass(pseudonym, public_key)
        return pseudonym

    def get(self, pseudonym: str) -> Resident:
        """Return one resident."""
        return self._read(pseudonym)[1]

    def residents(self, faults: list[Fault] | None = None) -> Iterator[Resident]:
        """Give all residents one by one; damaged ones go to `faults`, or raise without it."""
        names = self.store.rows("SELECT pseudonym FROM person ORDER BY pseudonym")
        for (pseudonym,) in names:
            try:
                yield self.get(pseudonym)
            except RosterError:
                continue  # erased by somebody else since the list was read
            except StoreError as error:
                if faults is None:
                    raise
                faults.append(Fault(pseudonym, str(error)))

    def update(self, pseudonym: str, profile: Profile) -> None:
        """Change what is known of a resident."""
        with self.store.transaction():
            revision, resident = self._read(pseudonym)
            self._write(Resident(pseudonym, profile, resident.face_frozen), revision + 1)

    def freeze_face(self, pseudonym: str, *, frozen: bool = True) -> None:
        """Put a resident's face to rest at once, or wake it; nothing is erased."""
        with self.store.transaction():
            revision, resident = self._read(pseudonym)
            self._write(Resident(pseudonym, resident.profile, frozen), revision + 1)

    def add_card(self, pseudonym: str, card_id: bytes) -> None:
        """Give a resident a card."""
        if len(card_id) != CARD_ID_BYTES:
            raise RosterError("card id", f"{len(card_id)} bytes", f"{CARD_ID_BYTES} bytes")
        self._insert(pseudonym, Credential(CredentialKind.CARD, card_id))

    def add_pass(self, pseudonym: str, public_key: bytes) -> bytes:
        """Give a resident's phone, by its P-256 point, the right to sign passes; return its id."""
        number = key_id(public_key)
        self._insert(pseudonym, Credential(CredentialKind.PASS, number, public_key=public_key))
        return number

    def find_by_card(self, card_id: bytes) -> Holder | None:
        """Return whose card it is, active or blocked."""
        return self._find(CredentialKind.CARD, card_id)

    def find_by_pass(self, number: bytes) -> Holder | None:
        """Return whose phone has this key id, active or blocked."""
        return self._find(CredentialKind.PASS, number)

    def set_card_blocked(self, card_id: bytes, *, blocked: bool = True) -> None:
        """Block a lost card at once, or give it back its rights."""
        self._set_active(CredentialKind.CARD, card_id, active=not blocked)

    def set_pass_blocked(self, number: bytes, *, blocked: bool = True) -> None:
        """Block a lost phone's key at once, or give it back its rights."""
        self._set_active(CredentialKind.PASS, number, active=not blocked)

    def credentials(self, pseudonym: str) -> tuple[Credential, ...]:
        """Return all cards and passes of one resident."""
        sealer = self.store.person(pseudonym)
        return tuple(
            open_credential(sealer, pseudonym, *row)
            for row in self.store.rows(
                """SELECT lookup, revision, sealed FROM credential
                WHERE pseudonym = ? ORDER BY rowid""",
                (pseudonym,),
            )
        )

    def has_other_door(self, pseudonym: str) -> bool:
        """Say whether a resident can enter without a face (law 1)."""
        return any(credential.active for credential in self.credentials(pseudonym))

    def consent(self, pseudonym: str) -> Consent | None:
        """Return a resident's consent to face, in force or not."""
        sealer = self.store.person(pseudonym)
        found = self.store.rows(
            "SELECT revision, sealed FROM consent WHERE pseudonym = ?", (pseudonym,)
        )
        return open_consent(sealer, pseudonym, *found[0]) if found else None

    def set_face_consent(self, pseudonym: str, consent: Consent | None) -> None:
        """Keep a consent in place of the last; None withdraws it and removes the reference."""
        with self.store.transaction():
            sealer = self.store.person(pseudonym)
            if consent is None:
                # The reference hangs on this row and goes with it.
                self.store.execute("DELETE FROM consent WHERE pseudonym = ?", (pseudonym,))
                return
            found = self.store.rows(
                "SELECT revision FROM consent WHERE pseudonym = ?", (pseudonym,)
            )
            revision = found[0][0] + 1 if found else 1
            sealed = sealer.seal(consent.encode(), consent_place(pseudonym, revision))
            self.store.execute(
                """INSERT INTO consent VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                SET revision = excluded.revision, sealed = excluded.sealed""",
                (pseudonym, revision, sealed),
            )

    def _read(self, pseudonym: str) -> tuple[int, Resident]:
        found = self.store.rows(
            "SELECT dek, revision, record FROM person WHERE pseudonym = ?", (pseudonym,)
        )
        if not found:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        dek, revision, record = found[0]
        return revision, open_resident(
            self.store.kek.person(pseudonym, dek), pseudonym, revision, record
        )

    def _write(self, resident: Resident, revision: int) -> None:
        name = resident.pseudonym
        sealed = self.store.person(name).seal(resident.encode(), record_place(name, revision))
        self.store.execute(
            "UPDATE person SET revision = ?, record = ? WHERE pseudonym = ?",
            (revision, sealed, name),
        )

    def _insert(self, pseudonym: str, credential: Credential) -> None:
        lookup = self.store.lookup(credential.kind.value, credential.number)
        with self.store.transaction():
            sealer = self.store.person(pseudonym)
            if self.store.rows("SELECT 1 FROM credential WHERE lookup = ?", (lookup,)):
                raise RosterError(credential.kind.value, "already given out", "one not in use")
            sealed = sealer.seal(credential.encode(), credential_place(pseudonym, lookup, 1))
            self.store.execute(
                "INSERT INTO credential VALUES (?, ?, 1, ?)", (lookup, pseudonym, sealed)
            )

    def _find(self, kind: CredentialKind, number: bytes) -> Holder | None:
        lookup = self.store.lookup(kind.value, number)
        found = self.store.rows(
            """SELECT pseudonym, dek, person.revision, record, credential.revision, sealed
            FROM credential JOIN person USING (pseudonym) WHERE lookup = ?""",
            (lookup,),
        )
        if not found:
            return None
        pseudonym, dek, revision, record, own_revision, sealed = found[0]
        sealer = self.store.kek.person(pseudonym, dek)
        return Holder(
            open_resident(sealer, pseudonym, revision, record),
            open_credential(sealer, pseudonym, lookup, own_revision, sealed),
        )

    def _set_active(self, kind: CredentialKind, number: bytes, *, active: bool) -> None:
        lookup = self.store.lookup(kind.value, number)
        with self.store.transaction():
            holder = self._find(kind, number)
            if holder is None:
                raise RosterError(kind.value, "unknown", "one that was given out")
            name, old = holder.resident.pseudonym, holder.credential
            changed = Credential(kind, old.number, active, old.public_key)
            ((revision,),) = self.store.rows(
                "SELECT revision FROM credential WHERE lookup = ?", (lookup,)
            )
            sealed = self.store.person(name).seal(
                changed.encode(), credential_place(name, lookup, revision + 1)
            )
            self.store.execute(
                "UPDATE credential SET revision = ?, sealed = ? WHERE lookup = ?",
                (revision + 1, sealed, lookup),
            )
