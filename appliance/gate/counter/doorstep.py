"""Pages before anybody has proven who they are: help, and the way to one's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.gate.counter.form import BACK, Form, View, go, leave, text
from appliance.gate.counter.wants import CardShown, CodeShown, Want
from appliance.terminal import Ground, Row

if TYPE_CHECKING:
    from appliance.gate.counter.form import Turn
    from appliance.gate.counter.session import Session


def _help(session: Session) -> View:
    """Show who runs this gate and how to reach them (S145, S151)."""
    site = session.tools.config.site
    rows = (Row("operator", (text(site.operator),)), Row("contact", (text(site.contact),)))
    return View(rows=rows, choices=(BACK,))


def _open(_session: Session) -> View:
    return View(choices=(BACK,), wants=frozenset({Want.CARD, Want.CODE}), preview=True)


def _opened(session: Session, shown: CardShown | CodeShown) -> Turn:
    """Let the holder of a card or a live code to their own data (S99, S105)."""
    session.resident = shown.holder
    session.tools.archive.journal.happened("data.opened", shown.holder)
    return go("my.home")


FORMS = (
    Form("help", Ground.DOORSTEP, _help, {"back": leave}, rows=("operator", "contact")),
    Form(
        "my.open",
        Ground.DOORSTEP,
        _open,
        {"back": leave},
        {CardShown: _opened, CodeShown: _opened},
    ),
)
