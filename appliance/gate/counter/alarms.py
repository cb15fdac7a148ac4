"""Alarms of the log that no manager has looked at yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.gate.counter.form import BACK, Form, View, at, go, to, word
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.audit import AuditEntry

KINDS: Final = {
    "door.alarm_forced": "forced-open",
    "door.alarm_held": "held-open",
    "door.alarm_fire": "fire",
    "door.alarm_tamper": "tampered",
    "card.suspected": "card-suspected",
    "clock.unsure": "clock-unsure",
    "doors.unequal": "doors-unequal",
}
"""Event of the log -> word of the screen."""
MOST: Final = 20_000
"""Events looked through, from the newest; what is older has been told on the day."""


def unseen(session: Session) -> int:
    """Return how many alarms nobody has looked at.

    Raises:
        AuditError: an event is not as it was written.

    """
    return len(_alarms(session))


def _alarms(session: Session) -> list[AuditEntry]:
    log = session.tools.archive.log
    seen = session.tools.archive.journal.alarms_seen()
    first, last = log.span
    begin = max(first, last - MOST + 1, seen + 1)
    pieces = [f'"kind":"{kind}"' for kind in KINDS]
    found = log.any_of(pieces, begin, last)
    # What somebody wrote into a detail of another event is no alarm.
    return [one for one in found if one.event.kind in KINDS]


def _list(session: Session) -> View:
    found = _alarms(session)
    rows = [
        Row("alarm", (at(one.event.at.timestamp()), word(KINDS[one.event.kind])))
        for one in reversed(found)
    ]
    # A later alarm than those listed stays unseen, whenever the touch comes.
    session.draft["seen"] = max((one.sequence for one in found), default=0)
    seen = (Choice("seen", Weight.NEXT),) if found else ()
    return View(choices=(BACK, *seen), listed=rows)


def _seen(session: Session, _touch: Touch) -> Turn:
    newest = session.draft.get("seen", 0)
    session.tools.archive.journal.saw_alarms(newest, session.manager.pseudonym)
    return go("manager.home")


FORMS = (
    Form(
        "alarms.list",
        Ground.MANAGER,
        _list,
        {"back": to("manager.home"), "seen": _seen},
        leaves=True,
        rows=("alarm",),
        words=tuple(KINDS.values()),
    ),
)
