"""A resident's own data: what is held, and where everything else about it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter.form import Form, View, leave, text, word
from appliance.gate.store.records import CredentialKind
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.session import Session


def _home(session: Session) -> View:
    roster = session.tools.archive.roster
    held = roster.credentials(session.resident)
    cards = sum(one.kind is CredentialKind.CARD for one in held)
    rows = (
        Row("no-picture"),
        Row("face", (word("no"),)),
        Row("cards", (text(str(cards)),)),
        Row("phones", (text(str(len(held) - cards)),)),
    )
    return View(rows=rows, choices=(Choice("leave", Weight.BACK),))


FORMS = (
    Form(
        "my.home",
        Ground.RESIDENT,
        _home,
        {"leave": leave},
        rows=("no-picture", "face", "cards", "phones"),
        words=("no",),
    ),
)
