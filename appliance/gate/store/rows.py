"""Where each sealed row of a person stands, and its opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError, SealBrokenError
from appliance.gate.enrolment.consent import Consent
from appliance.gate.store.records import Credential, Resident
from appliance.gate.store.sealed import Place, Sealer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A person's own key, which opens that person's rows and no others.

    Attributes:
        pseudonym: whose.
        born: number of the key-encryption key in force when it was drawn.
        sealer: seals and opens with it; does not print it.

    """

    pseudonym: str
    born: int
    sealer: Sealer

    def seal(self, plain: bytes, table: str, column: str, revision: int) -> bytes:
        """Return `plain` sealed for one field of this person."""
        return self.sealer.seal(plain, self.place(table, column, revision))

    def open(self, sealed: object, table: str, column: str, revision: int) -> bytes:
        """Return what was sealed for exactly this field, or raise `SealBrokenError`."""
        return self.sealer.open(sealed, self.place(table, column, revision))

    def place(self, table: str, column: str, revision: int) -> Place:
        """Say where a field of this person stands."""
        return Place(table, self.pseudonym, column, revision, self.born)

    def resident(self, revision: int, sealed: object) -> Resident:
        """Open the person's record."""
        return Resident.decode(self.pseudonym, self.open(sealed, "person", "record", revision))

    def consent(self, revision: int, sealed: object) -> Consent:
        """Open the person's consent."""
        try:
            return Consent.decode(self.open(sealed, "consent", "sealed", revision))
        except EnrolmentError as error:
            raise SealBrokenError(f"consent of {self.pseudonym}", error, "a consent") from error

    def credential(self, lookup: bytes, revision: int, sealed: object) -> Credential:
        """Open one of the person's credentials."""
        return Credential.decode(
            self.open(sealed, "credential", credential_column(lookup), revision)
        )

    def reference(self, revision: int, sealed: object) -> AbstractContextManager[bytearray]:
        """Open the person's reference, which is overwritten at the end."""
        return self.sealer.opened(sealed, self.place("reference", "sealed", revision))


def credential_column(lookup: bytes) -> str:
    """Name the field of one credential among a person's several."""
    return f"sealed/{lookup.hex()}"
