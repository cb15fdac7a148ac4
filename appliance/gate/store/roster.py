"""The roster: who lives here, with which cards, passes and consent, every field sealed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import RosterError, StoreError
from appliance.gate.credential.pass_token import key_id
from appliance.gate.store.hours import hours
from appliance.gate.store.keyring import KEY_COLUMNS
from appliance.gate.store.records import (
    Credential,
    CredentialKind,
    Fault,
    Holder,
    Profile,
    Resident,
)
from appliance.gate.store.rows import credential_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.store.schema import Store

PSEUDONYM_BYTES = 8
UID = "uid"


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
        """Add a resident with card ids and pass public keys; return the new pseudonym.

        Raises:
            RosterError: a credential is not ours to give, or the hours are none.

        """
        hours(profile.schedule)
        pseudonym = secrets.token_hex(PSEUDONYM_BYTES)
        with self.store.transaction():
            key, wrapped = self.store.keyring.new_person(pseudonym)
            record = key.seal(Resident(pseudonym, profile).encode(), "person", "record", 1)
            self.store.execute(
                "INSERT INTO person VALUES (?, ?, ?, ?, 1, ?)",
                (pseudonym, key.born, key.born, wrapped, record),
            )
            for card_id in cards:
                self.add_card(pseudonym, card_id)
            for public_key in passes:
                self.add_pass(pseudonym, public_key)
        return pseudonym

    def add_again(self, resident: Resident, credentials: Sequence[Credential]) -> None:
        """Add a resident out of a backup, under the pseudonym they have.

        Raises:
            RosterError: the pseudonym or a credential is already there, or the hours are none.

        """
        hours(resident.profile.schedule)
        name = resident.pseudonym
        with self.store.transaction():
            if name in self:
                raise RosterError(f"resident {name}", "already there", "somebody new")
            key, wrapped = self.store.keyring.new_person(name)
            record = key.seal(resident.encode(), "person", "record", 1)
            self.store.execute(
                "INSERT INTO person VALUES (?, ?, ?, ?, 1, ?)",
                (name, key.born, key.born, wrapped, record),
            )
            for credential in credentials:
                self._insert(name, credential)

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
        """Change what is known of a resident.

        Raises:
            RosterError: unknown, or the hours are none.

        """
        hours(profile.schedule)
        with self.store.transaction():
            revision, resident = self._read(pseudonym)
            self._write(replace(resident, profile=profile), revision + 1)

    def freeze_face(self, pseudonym: str, *, frozen: bool = True) -> None:
        """Put a resident's face to rest at once, or wake it; nothing is erased."""
        with self.store.transaction():
            revision, resident = self._read(pseudonym)
            self._write(replace(resident, face_frozen=frozen), revision + 1)

    def mark_look_alikes(self, pseudonym: str, others: frozenset[str]) -> None:
        """Note, with each of them, that these faces are too near to be told apart (S129)."""
        with self.store.transaction():
            for one, them in ((pseudonym, others), *((other, {pseudonym}) for other in others)):
                revision, resident = self._read(one)
                marks = resident.look_alikes | them - {one}
                self._write(replace(resident, look_alikes=marks), revision + 1)

    def __contains__(self, pseudonym: str) -> bool:
        return bool(self.store.rows("SELECT 1 FROM person WHERE pseudonym = ?", (pseudonym,)))

    def add_card(
        self, pseudonym: str, card_id: bytes, *, key: bytes = b"", uid: bytes = b"", issue: int = 0
    ) -> None:
        """Give a resident a card.

        Args:
            pseudonym: whose it becomes.
            card_id: 16 bytes, read from the card's file.
            key: the card's own AES key, 16 bytes; empty where a reader proves the card itself.
            uid: 7 bytes, to find the key by; opens nothing (law 8).
            issue: how often the card was written.

        Raises:
            RosterError: of another length, or already given out.

        """
        card = Credential(CredentialKind.CARD, card_id, key=key, uid=uid, issue=issue)
        self._insert(pseudonym, card)

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

    def find_by_uid(self, uid: bytes) -> Holder | None:
        """Return whose card says it has this UID; only its key can prove it (law 8)."""
        return self._found("alias", self.store.lookup(UID, uid))

    def set_card_blocked(self, card_id: bytes, *, blocked: bool = True) -> None:
        """Block a lost card at once, or give it back its rights."""
        self._set_active(CredentialKind.CARD, card_id, active=not blocked)

    def set_pass_blocked(self, number: bytes, *, blocked: bool = True) -> None:
        """Block a lost phone's key at once, or give it back its rights."""
        self._set_active(CredentialKind.PASS, number, active=not blocked)

    def credentials(self, pseudonym: str) -> tuple[Credential, ...]:
        """Return all cards and passes of one resident."""
        key = self.store.person(pseudonym)
        return tuple(
            key.credential(*row)
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
        key = self.store.person(pseudonym)
        found = self.store.rows(
            "SELECT revision, sealed FROM consent WHERE pseudonym = ?", (pseudonym,)
        )
        return key.consent(*found[0]) if found else None

    def set_face_consent(self, pseudonym: str, consent: Consent | None) -> None:
        """Keep a consent in place of the last; None withdraws it and removes the reference."""
        with self.store.transaction():
            key = self.store.person(pseudonym)
            if consent is None:
                # The reference hangs on this row and goes with it.
                self.store.execute("DELETE FROM consent WHERE pseudonym = ?", (pseudonym,))
                return
            found = self.store.rows(
                "SELECT revision FROM consent WHERE pseudonym = ?", (pseudonym,)
            )
            revision = found[0][0] + 1 if found else 1
            sealed = key.seal(consent.encode(), "consent", "sealed", revision)
            self.store.execute(
                """INSERT INTO consent VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                SET revision = excluded.revision, sealed = excluded.sealed""",
                (pseudonym, revision, sealed),
            )

    def _read(self, pseudonym: str) -> tuple[int, Resident]:
        found = self.store.rows(
            f"SELECT {KEY_COLUMNS}, revision, record FROM person WHERE pseudonym = ?",  # noqa: S608
            (pseudonym,),
        )
        if not found:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        *key, revision, record = found[0]
        return revision, self.store.keyring.open(tuple(key)).resident(revision, record)

    def _write(self, resident: Resident, revision: int) -> None:
        key = self.store.person(resident.pseudonym)
        self.store.execute(
            "UPDATE person SET revision = ?, record = ? WHERE pseudonym = ?",
            (
                revision,
                key.seal(resident.encode(), "person", "record", revision),
                resident.pseudonym,
            ),
        )

    def _insert(self, pseudonym: str, credential: Credential) -> None:
        lookup = self.store.lookup(credential.kind.value, credential.number)
        alias = self.store.lookup(UID, credential.uid) if credential.uid else None
        with self.store.transaction():
            key = self.store.person(pseudonym)
            if self.store.rows(
                "SELECT 1 FROM credential WHERE lookup = ? OR alias = ?", (lookup, alias)
            ):
                raise RosterError(credential.kind.value, "already given out", "one not in use")
            sealed = key.seal(credential.encode(), "credential", credential_column(lookup), 1)
            self.store.execute(
                "INSERT INTO credential VALUES (?, ?, ?, 1, ?)", (lookup, alias, pseudonym, sealed)
            )

    def _find(self, kind: CredentialKind, number: bytes) -> Holder | None:
        return self._found("lookup", self.store.lookup(kind.value, number))

    def _found(self, column: str, value: bytes) -> Holder | None:
        found = self.store.rows(
            f"""SELECT {KEY_COLUMNS}, person.revision, record, lookup, credential.revision, sealed
            FROM credential JOIN person USING (pseudonym) WHERE {column} = ?""",  # noqa: S608
            (value,),
        )
        if not found:
            return None
        *columns, revision, record, lookup, own_revision, sealed = found[0]
        key = self.store.keyring.open(tuple(columns))
        return Holder(key.resident(revision, record), key.credential(lookup, own_revision, sealed))

    def _set_active(self, kind: CredentialKind, number: bytes, *, active: bool) -> None:
        lookup = self.store.lookup(kind.value, number)
        with self.store.transaction():
            holder = self._find(kind, number)
            if holder is None:
                raise RosterError(kind.value, "unknown", "one that was given out")
            name = holder.resident.pseudonym
            changed = replace(holder.credential, active=active)
            ((revision,),) = self.store.rows(
                "SELECT revision FROM credential WHERE lookup = ?", (lookup,)
            )
            sealed = self.store.person(name).seal(
                changed.encode(), "credential", credential_column(lookup), revision + 1
            )
            self.store.execute(
                "UPDATE credential SET revision = ?, sealed = ? WHERE lookup = ?",
                (revision + 1, sealed, lookup),
            )
