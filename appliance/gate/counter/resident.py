"""A resident's own data: what is held, who looked at it, entries and consents (S99, S105, S113)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.gate.counter.form import (
    BACK,
    LEAF_ROWS,
    Form,
    View,
    at,
    go,
    leave,
    stay,
    text,
    tiles,
    to,
    word,
)
from appliance.gate.store.records import CredentialKind
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.enrolment.receipt import Receipt
    from appliance.gate.store.audit_event import AuditEntry, AuditEvent
    from appliance.gate.store.records import Credential

NOON = 12
SHOWN_CARDS = 4
VIEWS = {
    "person.viewed": ("manager", "record"),
    "log.viewed": ("auditor", "whole-log"),
    "data.opened": ("yourself", "own-data"),
}
"""Events of the log in which somebody looked: role and what, as words of the screen."""
FACES = ("none", "in-use", "frozen", "ended", "withdrawn")


def face_state(session: Session) -> str:
    """Return the word for a resident's face: one of `FACES`.

    Raises:
        RosterError, StoreError: unknown, or the store failed.

    """
    roster, who = session.tools.archive.roster, session.resident
    consent = roster.consent(who)
    if consent is None:
        return "none"
    if consent.withdrawal is not None:
        return "withdrawn"
    if not consent.in_force(session.tools.clock.wall()):
        return "ended"
    return "frozen" if roster.get(who).face_frozen else "in-use"


def _held(session: Session) -> tuple[list[Credential], int]:
    """Return the resident's cards, and how many phones."""
    held = session.tools.archive.roster.credentials(session.resident)
    cards = [one for one in held if one.kind is CredentialKind.CARD]
    return cards, len(held) - len(cards)


def _home(session: Session) -> View:
    cards, phones = _held(session)
    face = face_state(session)
    acts = ["kept", "viewers", "entries", "consents"]
    acts += {"in-use": ["freeze", "withdraw"], "frozen": ["thaw", "withdraw"]}.get(face, [])
    rows = (
        Row("no-picture"),
        Row("face", (word(face),)),
        Row("cards", (text(str(len(cards))),)),
        Row("phones", (text(str(phones)),)),
    )
    choices = (*tiles(*acts, "correct", "complain", "copy"), Choice("leave", Weight.BACK))
    return View(rows=rows, choices=choices)


def freeze(session: Session, _touch: Touch) -> Turn:
    """Put the face to rest at once (S51); a handler."""
    session.tools.rights.freeze(session.resident)
    session.draft["frozen-at"] = session.tools.clock.wall().timestamp()
    return go("my.frozen")


def _thaw(session: Session, _touch: Touch) -> Turn:
    session.tools.rights.thaw(session.resident)
    return go("my.home")


def _kept(session: Session) -> View:
    roster = session.tools.archive.roster
    profile = roster.get(session.resident).profile
    cards, phones = _held(session)
    shown = [
        text(f"{one.number.hex()[-4:]}{'' if one.active else ' -'}") for one in cards[:SHOWN_CARDS]
    ]
    since, until = profile.valid_from, profile.valid_until
    rows = [
        Row("household", (text(profile.household),)),
        Row("label", (text(profile.label),)),
        Row("methods", tuple(word(f"method-{one}") for one in sorted(profile.methods))),
        Row("valid-from", (at(since.timestamp()) if since else word("at-once"),)),
        Row("valid-until", (at(until.timestamp()) if until else word("no-end"),)),
        Row("cards", tuple(shown) or (word("none"),)),
        Row("phones", (text(str(phones)),)),
        Row("face", (word(face_state(session)),)),
    ]
    consent = roster.consent(session.resident)
    if consent is not None and consent.withdrawal is None:
        rows.append(Row("face-since", (at(consent.given_at.timestamp()),)))
        rows.append(Row("face-until", (at(consent.expires_at.timestamp()),)))
    return View(rows=tuple(rows), choices=(BACK,))


def _concerning(session: Session, kind: str) -> tuple[str, ...]:
    """Return what the text of an event of this kind about the resident holds."""
    return (f'"kind":"{kind}', f'"pseudonym":"{session.resident}"')


def _viewers(session: Session) -> View:
    log = session.tools.archive.log
    found: list[AuditEntry] = []
    for kind in VIEWS:
        # Who reads the log sees everybody in it.
        pieces = _concerning(session, kind) if kind != "log.viewed" else (f'"kind":"{kind}"',)
        found += log.find(pieces, LEAF_ROWS * 4)[1]
    found.sort(key=lambda entry: entry.sequence, reverse=True)
    rows = [
        Row("view", (at(one.event.at.timestamp()), *map(word, VIEWS[one.event.kind])))
        for one in found
    ]
    return View(listed=rows, choices=(BACK,))


def _entries(session: Session) -> View:
    if not session.draft.get("entries-shown"):
        # Nothing for eyes over a shoulder, until asked for.
        return View(choices=(BACK, Choice("show", Weight.NEXT)))
    skip = (session.leaf - 1) * LEAF_ROWS
    total, found = session.tools.archive.log.find(_concerning(session, "entry."), LEAF_ROWS, skip)
    zone = ZoneInfo(session.tools.config.site.timezone)
    rows = [_entry_row(one.event, zone) for one in found]
    return View(listed=rows, total=total, choices=(BACK,))


def _entry_row(event: AuditEvent, zone: ZoneInfo) -> Row:
    """Return a day and half of it only: enough to recognise oneself, too little for others."""
    local = event.at.astimezone(zone)
    half = "morning" if local.hour < NOON else "afternoon"
    result = "granted" if event.kind == "entry.granted" else "refused"
    cells = (text(f"{local:%Y-%m-%d}"), word(half), word(f"method-{event.method}"), word(result))
    return Row("entry", cells)


def _show(session: Session, _touch: Touch) -> Turn:
    session.draft["entries-shown"] = True
    return stay()


def _hide(session: Session, _touch: Touch) -> Turn:
    session.draft.pop("entries-shown", None)
    return go("my.home")


def _consents(session: Session) -> View:
    newest = session.tools.archive.roster.consent(session.resident)
    if newest is None:
        return View(choices=(BACK,))
    now = session.tools.clock.wall()
    rows = [
        Row(
            "consent",
            (
                at(one.given_at.timestamp()),
                at(one.expires_at.timestamp()),
                word(f"consent-{one.status(now).value.replace(' ', '-')}"),
                text(one.notice_version),
            ),
        )
        for one in (newest, *reversed(newest.earlier))
    ]
    return View(listed=rows, choices=(BACK, Choice("receipt", Weight.NEXT)))


def _receipt(session: Session, _touch: Touch) -> Turn:
    keep_receipt(session, session.tools.rights.receipt(session.resident))
    return go("my.receipt")


def keep_receipt(session: Session, receipt: Receipt) -> None:
    """Keep a receipt for the page that shows it."""
    session.draft["receipt"] = receipt


FORMS = (
    Form(
        "my.home",
        Ground.RESIDENT,
        _home,
        {
            **{one: to(f"my.{one}") for one in ("kept", "viewers", "entries", "consents")},
            **{one: to(f"my.{one}") for one in ("withdraw", "correct", "complain", "copy")},
            "freeze": freeze,
            "thaw": _thaw,
            "leave": leave,
        },
        rows=("no-picture", "face", "cards", "phones"),
        words=FACES,
        faults=("too-many",),
    ),
    Form(
        "my.kept",
        Ground.RESIDENT,
        _kept,
        {"back": to("my.home")},
        rows=(
            *("household", "label", "methods", "valid-from", "valid-until", "cards", "phones"),
            *("face", "face-since", "face-until"),
        ),
        words=(*FACES, "at-once", "no-end", "method-card", "method-pass", "method-face"),
    ),
    Form(
        "my.viewers",
        Ground.RESIDENT,
        _viewers,
        {"back": to("my.home")},
        leaves=True,
        rows=("view",),
        words=tuple(one for pair in VIEWS.values() for one in pair),
    ),
    Form(
        "my.entries",
        Ground.RESIDENT,
        _entries,
        {"back": _hide, "show": _show},
        leaves=True,
        rows=("entry",),
        words=(
            *("morning", "afternoon", "granted", "refused"),
            *("method-card", "method-qr", "method-face"),
        ),
    ),
    Form(
        "my.consents",
        Ground.RESIDENT,
        _consents,
        {"back": to("my.home"), "receipt": _receipt},
        leaves=True,
        rows=("consent",),
        words=("consent-not-yet", "consent-given", "consent-withdrawn", "consent-expired"),
    ),
)
