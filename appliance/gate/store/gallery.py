"""The gallery: sealed, rotated biometric references, only of those whose consent is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import EnrolmentError, StoreError
from appliance.gate.comparison import require_unit
from appliance.gate.store.keyring import KEY_COLUMNS
from appliance.gate.store.records import Fault
from appliance.gate.store.reference import Reference
from appliance.gate.store.renewal import Rotations

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from appliance.gate.store.roster import Roster


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """All references that may be compared now.

    Attributes:
        subjects: pseudonyms, in the order of the rows.
        matrix: float32 (N, dimension), rotated, unit rows; columns together in memory.
        faults: rows that did not open; everybody else's did.
        other_features: people whose reference another recipe made; they must enrol anew.
        resting: people whose face is frozen, whose consent is not in force, or who have no other
            door any more.
        next_expiry: when the first of the consents loaded ends, or one given later begins, as
            under a clock that is behind; load again by then.

    """

    subjects: tuple[str, ...]
    matrix: NDArray[np.float32]
    faults: tuple[Fault, ...]
    other_features: tuple[str, ...]
    resting: tuple[str, ...]
    next_expiry: datetime | None


class Gallery:
    """The references in a roster's store."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._store = roster.store
        self._rotations = Rotations(roster.store)

    def rotate(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn a probe as the references were turned; compare nothing else with them."""
        require_unit(vector, "feature vector")
        return self._rotations.turn(vector, self._rotations.current)

    def put(
        self,
        pseudonym: str,
        vector: NDArray[np.float32],
        features: str,
        quality: int,
        now: datetime,
    ) -> None:
        """Keep a resident's reference in place of the last one."""
        require_unit(vector, "feature vector")
        with self._store.transaction():
            consent = self._roster.consent(pseudonym)
            if consent is None or not consent.in_force(now):
                raise EnrolmentError(
                    f"face of {pseudonym}", "no consent in force", "a consent given first"
                )
            if not self._roster.has_other_door(pseudonym):
                raise EnrolmentError(
                    f"face of {pseudonym}", "no active card or pass", "another door first (law 1)"
                )
            found = self._store.rows(
                "SELECT revision FROM reference WHERE pseudonym = ?", (pseudonym,)
            )
            revision = found[0][0] + 1 if found else 1
            key = self._store.person(pseudonym)
            number = self._rotations.current
            turned = self._rotations.turn(vector, number)
            reference = Reference(turned, features, quality, now.isoformat(), number)
            sealed = key.seal(reference.encode(), "reference", "sealed", revision)
            self._store.execute(
                """INSERT INTO reference VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                SET revision = excluded.revision, sealed = excluded.sealed""",
                (pseudonym, revision, sealed),
            )

    def remove(self, pseudonym: str) -> bool:
        """Delete a resident's reference; say whether there was one."""
        with self._store.transaction():
            gone = self._store.execute("DELETE FROM reference WHERE pseudonym = ?", (pseudonym,))
        return gone > 0

    def __len__(self) -> int:
        ((count,),) = self._store.rows("SELECT count(*) FROM reference")
        return int(count)

    def load_all(self, features: str, now: datetime) -> Loaded:
        """Open every reference that `features` made and that may be compared at `now`."""
        subjects: list[str] = []
        vectors: list[NDArray[np.float32]] = []
        faults: list[Fault] = []
        other: list[str] = []
        resting: list[str] = []
        ends: list[datetime] = []
        rows = self._store.rows(
            f"""SELECT {KEY_COLUMNS}, person.revision, record, consent.revision, consent.sealed,
            reference.revision, reference.sealed FROM reference
            JOIN consent USING (pseudonym) JOIN person USING (pseudonym)
            ORDER BY person.pseudonym"""  # noqa: S608 - our own words
        )
        doors = self._doors()
        number = self._rotations.current
        for *columns, person_rev, record, consent_rev, agreed, revision, sealed in rows:
            name = columns[0]
            try:
                key = self._store.keyring.open(tuple(columns))
                resident = key.resident(person_rev, record)
                consent = key.consent(consent_rev, agreed)
                if (
                    resident.face_frozen
                    or not consent.in_force(now)
                    # Face is never the only way in (law 1): who lost the last card rests too.
                    or not any(key.credential(*door).active for door in doors.get(name, ()))
                ):
                    resting.append(name)
                    if now < consent.given_at:
                        ends.append(consent.given_at)
                    continue
                with key.reference(revision, sealed) as content:
                    reference = Reference.decode(name, content)
                vector = self._rotations.bring(reference, number).vector
            except StoreError as error:
                faults.append(Fault(name, str(error)))
                continue
            if reference.features != features:
                other.append(name)
                vector.fill(0.0)
                continue
            if vectors and vector.shape != vectors[0].shape:
                vector.fill(0.0)
                faults.append(Fault(name, f"{vector.shape} where {vectors[0].shape} is expected"))
                continue
            subjects.append(name)
            vectors.append(vector)
            ends.append(consent.expires_at)
        matrix = np.stack(vectors, axis=1).T if vectors else np.empty((0, 0), np.float32)
        for vector in vectors:
            vector.fill(0.0)
        return Loaded(
            tuple(subjects),
            matrix,
            tuple(faults),
            tuple(other),
            tuple(resting),
            min(ends, default=None),
        )

    def _doors(self) -> dict[str, list[tuple[bytes, int, bytes]]]:
        """Return everybody's cards and passes, still sealed."""
        doors: dict[str, list[tuple[bytes, int, bytes]]] = {}
        for name, *door in self._store.rows(
            "SELECT pseudonym, lookup, revision, sealed FROM credential"
        ):
            doors.setdefault(name, []).append((door[0], door[1], door[2]))
        return doors
