"""The manager's home: what can be done, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.backup_register import copies
from appliance.gate.counter.alarms import unseen
from appliance.gate.counter.arrival import forget
from appliance.gate.counter.form import Form, Turn, View, at, go, leave, word
from appliance.gate.counter.tickets_pages import open_tickets
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

PLACES = {
    "enrol": "enrol.household",
    "find": "find.household",
    "visitors": "visitors.list",
    "reissue": "find.household",
    "alarms": "alarms.list",
    "tickets": "tickets.list",
    "hours": "hours.show",
    "reports": "reports.show",
    "operators": "operators.list",
    "update": "update.list",
}
"""Tile -> page."""


def _home(session: Session) -> View:
    made = [one.made_at for one in copies(session.tools.archive.roster.store)]
    counts = {"alarms": unseen(session), "tickets": open_tickets(session)}
    return View(
        rows=(Row("last-backup", (at(max(made)) if made else word("none"),)),),
        choices=(
            *(Choice(act, Weight.TILE, count=counts.get(act, 0)) for act in PLACES),
            Choice("lock", Weight.BACK),
        ),
    )


def _place(session: Session, touch: Touch) -> Turn:
    forget(session)
    session.draft.clear()
    return go(PLACES[touch.act])


FORMS = (
    Form(
        "manager.home",
        Ground.MANAGER,
        _home,
        {"lock": leave, **{act: _place for act, _page in PLACES.items()}},
        rows=("last-backup",),
        words=("none",),
    ),
)
