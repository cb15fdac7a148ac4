"""What a person may ask of the gate at any time: see, freeze, withdraw, erase; each is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError, RosterError
from appliance.gate.enrolment import burial as burying
from appliance.gate.enrolment.burial import Part
from appliance.gate.enrolment.consent import Withdrawal
from appliance.gate.enrolment.consent_receipt import consent_receipt
from appliance.gate.enrolment.erasure import Copies, prove
from appliance.gate.enrolment.proof import erasure_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from appliance.gate.archive import Archive
    from appliance.gate.enrolment.burial import Burial
    from appliance.gate.enrolment.consent import Consent, GivenBy
    from appliance.gate.enrolment.erasure import ErasureReport
    from appliance.gate.enrolment.receipt import Receipt
    from appliance.sections import Config


def no_copies() -> Copies:
    """Say that there are no backups."""
    return Copies()


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure with its receipt."""

    report: ErasureReport
    receipt: Receipt


class Rights:
    """The acts of persons on what the gate keeps of them.

    What protects a person is done first and logged then, so that a full log keeps nobody's face in
    use; what takes protection away, thawing, is logged first.

    Args:
        archive: the opened store.
        config: for the receipts.
        renew: makes backups anew without those buried, before the proof; says what became of them.

    """

    def __init__(
        self, archive: Archive, config: Config, renew: Callable[[], Copies] = no_copies
    ) -> None:
        self._archive = archive
        self._config = config
        self._renew = renew
        self._store = archive.roster.store

    def receipt(self, pseudonym: str) -> Receipt:
        """Return the receipt of a person's consent as it stands now.

        Raises:
            RosterError: nobody has this pseudonym.
            EnrolmentError: there never was a consent.

        """
        consent = self._consent(pseudonym)
        self._archive.journal.happened("consent.receipt", pseudonym)
        return self._consent_receipt(pseudonym, consent)

    def freeze(self, pseudonym: str) -> None:
        """Put a face to rest at once, without erasing it (S51).

        Raises:
            RosterError: nobody has this pseudonym.

        """
        self._archive.roster.freeze_face(pseudonym)
        self._archive.journal.happened("face.frozen", pseudonym)

    def thaw(self, pseudonym: str) -> None:
        """Wake a face the person had put to rest; needs a consent in force.

        Raises:
            RosterError: nobody has this pseudonym.
            EnrolmentError: the consent is not in force.

        """
        now = self._archive.clock.wall()
        consent = self._consent(pseudonym)
        if not consent.in_force(now):
            found = consent.status(now).value
            raise EnrolmentError(f"consent of {pseudonym}", found, "one in force to thaw a face")
        self._archive.journal.happened("face.thawed", pseudonym)
        self._archive.roster.freeze_face(pseudonym, frozen=False)

    def withdraw(self, pseudonym: str, how: str, by: GivenBy) -> tuple[Receipt, Erased]:
        """End a consent and erase the face alone, with proof; card and phone go on (S102, S103).

        Raises:
            RosterError: nobody has this pseudonym.
            EnrolmentError: there is no consent, or it was withdrawn before.
            StoreError: the proof could not be made; the face is gone, erase again for the proof.

        """
        now = self._archive.clock.wall()
        ended = self._consent(pseudonym).withdrawn(Withdrawal(now, how, by))
        burial = burying.bury_face(self._store, pseudonym, now, ended)
        self._archive.journal.happened("consent.withdrawn", pseudonym, by=by.value)
        (erased,) = self._prove([burial])
        return self._consent_receipt(pseudonym, ended), erased

    def expire(self, pseudonym: str) -> Burial:
        """Bury the face of a consent that has ended by itself; to be proven with others.

        Raises:
            RosterError: nobody has this pseudonym.
            EnrolmentError: it is in force.

        """
        now = self._archive.clock.wall()
        consent = self._consent(pseudonym)
        if consent.in_force(now):
            raise EnrolmentError(f"consent of {pseudonym}", "in force", "one that has ended")
        burial = burying.bury_face(self._store, pseudonym, now, consent)
        self._archive.journal.happened("consent.expired", pseudonym)
        return burial

    def erase(self, pseudonym: str) -> tuple[Erased, ...]:
        """Erase a person, or go on with proofs of theirs that could not be made (law 7).

        Raises:
            RosterError: nobody has this pseudonym, and no erasure of it waits.
            StoreError: the proof could not be made; the person is gone all the same.

        """
        acts = [one for one in burying.pending(self._store) if one.pseudonym == pseudonym]
        begun = any(one.part is Part.PERSON for one in acts)
        if pseudonym in self._archive.roster and not begun:
            acts.append(self.bury(pseudonym))
        if not acts:
            raise RosterError(f"resident {pseudonym}", "unknown", "somebody on the roster")
        return self._prove(acts)

    def bury(self, pseudonym: str) -> Burial:
        """Take a person out of the store; to be proven with others.

        Raises:
            RosterError: nobody has this pseudonym.

        """
        burial = burying.bury(self._store, pseudonym, self._archive.clock.wall())
        self._archive.journal.happened("person.buried", pseudonym)
        return burial

    def prove(self, burials: Sequence[Burial]) -> tuple[Erased, ...]:
        """Prove several burials with one new wrapping key.

        Raises:
            StoreError: the proof could not be made.

        """
        return self._prove(burials) if burials else ()

    def _prove(self, burials: Sequence[Burial]) -> tuple[Erased, ...]:
        archive = self._archive
        # Before the search of this process's memory: nothing of anybody is held in it then.
        archive.references.wipe()
        reports = prove(self._store, burials, archive.log.path, self._renew())
        erased = []
        for report in reports:
            archive.journal.happened(
                f"{report.part.value}.erased",
                report.pseudonym,
                clean=str(report.clean),
                tombstone=report.tombstone,
                files=str(len(report.files)),
                bytes=str(report.bytes_read),
            )
            receipt = erasure_receipt(
                self._store.signer, self._store.gate_id, report, archive.clock.wall()
            )
            erased.append(Erased(report, receipt))
        return tuple(erased)

    def _consent(self, pseudonym: str) -> Consent:
        consent = self._archive.roster.consent(pseudonym)
        if consent is None:
            raise EnrolmentError(f"consent of {pseudonym}", "none", "one that was given")
        return consent

    def _consent_receipt(self, pseudonym: str, consent: Consent) -> Receipt:
        return consent_receipt(
            self._store.signer,
            self._config,
            self._store.gate_id,
            pseudonym,
            consent,
            self._archive.clock.wall(),
        )
