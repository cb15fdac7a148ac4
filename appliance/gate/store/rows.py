"""Where each sealed row of a person stands, and its opening."""

from __future__ import annotations

from appliance.errors import EnrolmentError, SealBrokenError
from appliance.gate.enrolment.consent import Consent
from appliance.gate.store.records import Credential, Resident
from appliance.gate.store.sealed import Place, Sealer


def open_resident(sealer: Sealer, pseudonym: str, revision: int, sealed: bytes) -> Resident:
    """Open a resident's row."""
    return Resident.decode(pseudonym, sealer.open(sealed, record_place(pseudonym, revision)))


def open_consent(sealer: Sealer, pseudonym: str, revision: int, sealed: bytes) -> Consent:
    """Open a consent's row."""
    try:
        return Consent.decode(sealer.open(sealed, consent_place(pseudonym, revision)))
    except EnrolmentError as error:
        raise SealBrokenError(f"consent of {pseudonym}", error, "a consent") from error


def record_place(pseudonym: str, revision: int) -> Place:
    """Say where a resident's record stands."""
    return Place("person", pseudonym, "record", revision)


def consent_place(pseudonym: str, revision: int) -> Place:
    """Say where a consent stands."""
    return Place("consent", pseudonym, "sealed", revision)


def credential_place(pseudonym: str, lookup: bytes, revision: int) -> Place:
    """Say where a credential stands."""
    return Place("credential", pseudonym, f"sealed/{lookup.hex()}", revision)


def open_credential(
    sealer: Sealer, pseudonym: str, lookup: bytes, revision: int, sealed: bytes
) -> Credential:
    """Open a credential's row."""
    return Credential.decode(sealer.open(sealed, credential_place(pseudonym, lookup, revision)))
