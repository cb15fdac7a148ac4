"""Turns what the store keeps of a person into what a decision needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.access.decision import ConsentState, Resident
from appliance.gate.access.reasons import Method
from appliance.gate.access.schedule import Validity
from appliance.gate.store.hours import hours
from appliance.gate.store.records import CredentialKind

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.store.records import Credential
    from appliance.gate.store.records import Resident as Record
    from appliance.gate.store.roster import Roster

METHODS = {"card": Method.CARD, "pass": Method.QR, "face": Method.FACE}
"""The roster's words and the decision's."""


def resident(
    roster: Roster, record: Record, now: datetime, presented: Credential | None = None
) -> Resident:
    """Return a person as a decision sees them.

    Args:
        roster: where the record came from.
        record: the person's.
        now: aware wall-clock time, for consent.
        presented: the card or pass at hand; its own block counts, not that of another one.

    Raises:
        StoreError: a sealed field does not open.
        RosterError: erased meanwhile, or hours that are none.

    """
    held = (presented,) if presented else roster.credentials(record.pseudonym)
    active = {one.kind for one in held if one.active}
    return Resident(
        pseudonym=record.pseudonym,
        active=True,
        validity=Validity(record.profile.valid_from, record.profile.valid_until),
        schedule=hours(record.profile.schedule),
        methods=frozenset(METHODS[word] for word in record.profile.methods),
        card_active=CredentialKind.CARD in active,
        qr_active=CredentialKind.PASS in active,
        consent=_consent(roster, record, now, other_door=bool(active)),
        # Somebody erased since then is mistaken for nobody any more.
        look_alike=any(other in roster for other in record.look_alikes),
    )


def _consent(roster: Roster, record: Record, now: datetime, *, other_door: bool) -> ConsentState:
    # Whose last card and pass are blocked has lost them: face is never the only way in (law 1).
    if record.face_frozen or not other_door:
        return ConsentState.FROZEN
    consent = roster.consent(record.pseudonym)
    if consent is None:
        return ConsentState.NONE
    return ConsentState.GIVEN if consent.in_force(now) else ConsentState.ENDED
