"""What several of the manager's pages need: households, cards, and the log with who did it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from appliance.gate.credential.card_layout import Site
from appliance.gate.enrolment.card_desk import CardDesk
from appliance.gate.enrolment.gathering import FaceLimits
from appliance.gate.rules import build_rules
from appliance.gate.store.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.gate.counter.session import Session
    from appliance.gate.store.records import Credential, CredentialKind, Resident

HOUSEHOLD: Final = re.compile(r"[0-9]{1,4}(-[0-9]{1,4}){1,2}")
LONGEST_HOUSEHOLD: Final = 14
VISITOR: Final = "visitor:"
"""How the label of a visitor begins; the kind follows."""
KINDS: Final = ("guest", "works", "courier", "carer")


def household_of(typed: str) -> str:
    """Return a household as it is kept, without leading zeros; empty if it is none."""
    if HOUSEHOLD.fullmatch(typed) is None:
        return ""
    return "-".join(str(int(part)) for part in typed.split("-"))


def same_household(one: str, other: str) -> bool:
    """Say whether two households are the same, however they were typed."""
    return (household_of(one) or one) == (household_of(other) or other)


def household_key(household: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts households as people count them: 2-1 before 10-1."""
    parts = household.split("-")
    return tuple((int(one) if one.isdecimal() else 0, one) for one in parts)


def residents_of(session: Session, household: str) -> Iterator[Resident]:
    """Give who lives in a household, visitors too.

    Raises:
        StoreError: a record does not open.

    """
    for one in session.tools.archive.roster.residents():
        if same_household(one.profile.household, household):
            yield one


def visitor_kind(label: str) -> str:
    """Return which kind of visitor a label names, or nothing."""
    kind = label.removeprefix(VISITOR)
    return kind if label.startswith(VISITOR) and kind in KINDS else ""


def card_site(session: Session) -> Site:
    """Return what tells this community's cards from others'."""
    reader = session.tools.config.reader
    return Site(bytes.fromhex(reader.application), bytes.fromhex(reader.community))


def card_desk(session: Session) -> CardDesk:
    """Return where cards are enrolled and blocked."""
    archive = session.tools.archive
    return CardDesk(archive.roster, archive.journal, card_site(session))


def face_limits(session: Session) -> FaceLimits:
    """Return what a face must keep to here."""
    config = session.tools.config
    return FaceLimits(build_rules(config).cues, config.face.threshold)


def face_offered(session: Session) -> bool:
    """Say whether this gate takes faces: switched on, and signed off unless it is simulated.

    Raises:
        StoreError: the store failed.

    """
    config, archive = session.tools.config, session.tools.archive
    if not config.methods.face:
        return False
    signed = Settings(archive.roster.store, archive.journal).commissioned()
    return config.site.simulation or signed is not None


def zone(session: Session) -> ZoneInfo:
    """Return the site's civil time."""
    return ZoneInfo(session.tools.config.site.timezone)


def log(session: Session, kind: str, pseudonym: str | None = None, **detail: str) -> None:
    """Log what the manager does.

    Raises:
        AuditError: it is not in the log, so it must not be done.

    """
    by = session.operator.pseudonym if session.operator else "-"
    session.tools.archive.journal.happened(kind, pseudonym, by=by, **detail)


def held(session: Session, pseudonym: str, kind: CredentialKind) -> tuple[Credential, ...]:
    """Return a person's cards or phones, blocked ones too.

    Raises:
        StoreError, RosterError: unknown, or the store failed.

    """
    found = session.tools.archive.roster.credentials(pseudonym)
    return tuple(one for one in found if one.kind is kind)
