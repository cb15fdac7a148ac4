"""The signed statement of what a gate holds of a person, for everybody to take home (S105)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.enrolment.receipt import COPY, Receipt, issue, stamp
from appliance.gate.store.records import CredentialKind

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.gate.store.roster import Roster

SCHEMA = "sanmen-copy/1"
TEXT_ROOM = 36
"""Characters of household and label in a code, where a Chinese one takes six."""
LISTED = 4
"""Cards named by their last digits; the rest are counted."""


def data_copy(roster: Roster, pseudonym: str, now: datetime) -> Receipt:
    """Return what is held of a person, signed; no picture, since there is none, and no key.

    Short names: h household, l label, m methods, vf and vu validity, ca cards (last four digits,
    blocked ones with a `-`), cn their number, ph phones, fz face put to rest, c consents (given,
    until, withdrawn), px pictures.

    Raises:
        RosterError: nobody has this pseudonym.
        StoreError: the store failed.

    """
    profile = roster.get(pseudonym).profile
    held = roster.credentials(pseudonym)
    cards = [one for one in held if one.kind is CredentialKind.CARD]
    consent = roster.consent(pseudonym)
    claims: dict[str, object] = {
        "v": SCHEMA,
        "iss": roster.store.gate_id.hex(),
        "sub": pseudonym,
        "iat": stamp(now),
        "h": _short(profile.household),
        "l": _short(profile.label),
        "m": " ".join(sorted(profile.methods)),
        "vf": profile.valid_from and stamp(profile.valid_from),
        "vu": profile.valid_until and stamp(profile.valid_until),
        "ca": [f"{'' if one.active else '-'}{one.number.hex()[-4:]}" for one in cards[:LISTED]],
        "cn": len(cards),
        "ph": len(held) - len(cards),
        "fz": roster.get(pseudonym).face_frozen,
        "px": 0,
    }
    if consent is not None:
        ended = consent.withdrawal
        claims["c"] = [
            stamp(consent.given_at),
            stamp(consent.expires_at),
            stamp(ended.at) if ended else 0,
        ]
    return issue(roster.store.signer, COPY, claims)


def _short(text: str) -> str:
    # Half a surrogate pair, pasted, is no text that can be signed.
    whole = text.encode(errors="replace").decode()
    return whole if len(whole) <= TEXT_ROOM else whole[: TEXT_ROOM - 1] + "…"
