"""A new resident at the touchscreen: saved with card and phone in one act, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.errors import EnrolmentError
from appliance.gate.enrolment.card_desk import CardDesk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.gate.archive import Archive
    from appliance.gate.card_writing import NewCard
    from appliance.gate.credential.card_layout import Site
    from appliance.gate.store.records import Profile


def arrive(
    archive: Archive,
    site: Site,
    profile: Profile,
    card: NewCard | None,
    phones: Sequence[bytes] = (),
) -> str:
    """Enrol a new resident with a card that was written, with phones, or both.

    Args:
        archive: the opened store.
        site: whose cards are written.
        profile: household, label, methods, validity.
        card: or None.
        phones: P-256 points, 65 bytes each.

    Returns:
        The new pseudonym.

    Raises:
        EnrolmentError: neither card nor phone (law 1).
        RosterError: one of them is somebody's already.
        StoreError: nothing was kept.

    """
    if card is None and not phones:
        raise EnrolmentError("enrolment", "no card and no phone", "at least one of them (law 1)")
    desk = CardDesk(archive.roster, archive.journal, site)
    # Before anything is kept: what cannot be logged is not done.
    archive.journal.happened("enrolment.asked", face="no")
    with archive.roster.store.transaction():
        pseudonym = archive.roster.add(profile, (), phones)
        if card is not None:
            desk.enrol(pseudonym, card)
    archive.journal.happened("enrolment.committed", pseudonym, face="no")
    return pseudonym
