"""Enrolment in one act: resident, credentials, consent and reference, all of them or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from appliance.gate.enrolment.consent import Consent
    from appliance.gate.store.gallery import Gallery
    from appliance.gate.store.records import Profile
    from appliance.gate.store.roster import Roster


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A reference ready to be kept.

    Attributes:
        vector: float32 unit feature vector, not yet rotated.
        features: the recipe that made it.
        quality: unified quality score, 0 to 100.

    """

    vector: NDArray[np.float32]
    features: str
    quality: int


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """One person to be enrolled.

    Attributes:
        profile: what the manager entered.
        cards: card ids, 16 bytes each.
        passes: P-256 points of phones.
        consent: to face identification; needed for a face.
        face: the reference; None = card or pass only, which is a full resident.

    """

    profile: Profile
    cards: tuple[bytes, ...] = ()
    passes: tuple[bytes, ...] = ()
    consent: Consent | None = None
    face: Face | None = None


def commit(roster: Roster, gallery: Gallery, enrolment: Enrolment, now: datetime) -> str:
    """Enrol a new person durably and return the pseudonym; on any error nothing remains."""
    if not enrolment.cards and not enrolment.passes:
        raise EnrolmentError("enrolment", "no card and no pass", "at least one of them (law 1)")
    if enrolment.face is not None:
        _require_consent(enrolment.consent, now)
    with roster.store.transaction():
        pseudonym = roster.add(enrolment.profile, enrolment.cards, enrolment.passes)
        if enrolment.face is not None:
            _put(roster, gallery, pseudonym, enrolment.consent, enrolment.face, now)
    return pseudonym


def commit_face(
    roster: Roster,
    gallery: Gallery,
    pseudonym: str,
    consent: Consent | None,
    face: Face,
    now: datetime,
) -> None:
    """Add a face to somebody already on the roster, with the consent to it, or nothing."""
    _require_consent(consent, now)
    with roster.store.transaction():
        _put(roster, gallery, pseudonym, consent, face, now)


def _require_consent(consent: Consent | None, now: datetime) -> None:
    if consent is None or not consent.in_force(now):
        raise EnrolmentError("enrolment of a face", "no consent in force", "consent given first")


def _put(
    roster: Roster,
    gallery: Gallery,
    pseudonym: str,
    consent: Consent | None,
    face: Face,
    now: datetime,
) -> None:
    if consent is not None:
        consent = consent.after(roster.consent(pseudonym))
    roster.set_face_consent(pseudonym, consent)
    # The gallery asks the store again for consent and another door; it trusts no caller.
    gallery.put(pseudonym, face.vector, face.features, face.quality, now)
