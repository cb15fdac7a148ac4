"""An update from a stick, for the manager: choose, agree to a minute without cards, see its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.gate.counter.form import BACK, Form, Turn, View, go, stay, text, to, twins, word
from appliance.gate.counter.wants import Want
from appliance.gate.update_seen import Updates, UpdateSeen
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from appliance.gate.counter.form import Touch
    from appliance.gate.counter.session import Session

SEEN: Final = "update-seen"
BUNDLE: Final = "update-bundle"
ASK: Final = "update-ask"
PATIENCE_NS: Final = 45 * 60 * 1_000_000_000
"""Copying, checking and writing a bundle takes minutes on a card; nobody need touch meanwhile."""
STATES: Final = ("waiting", "running", "refused-update", "written-update")
WANTS: Final = frozenset({Want.UPDATE})


def _seen(session: Session) -> UpdateSeen:
    seen = session.draft.get(SEEN)
    return seen if isinstance(seen, UpdateSeen) else UpdateSeen()


def _take(session: Session, event: UpdateSeen) -> Turn:
    session.draft[SEEN] = event
    return stay()


def _list(session: Session) -> View:
    seen = _seen(session)
    bundles = tuple(Row("bundle", (text(name),), "choose", name) for name in seen.bundles)
    return View(
        rows=(
            Row("version", (text(seen.running) if seen.running else word("unknown"),)),
            *(bundles or (Row("stick", (word("no-bundle"),)),)),
        ),
        choices=(BACK,),
        wants=WANTS,
    )


def _choose(session: Session, touch: Touch) -> Turn:
    session.draft[BUNDLE] = touch.value
    return go("update.confirm")


def _confirm(session: Session) -> View:
    name = str(session.draft.get(BUNDLE, ""))
    return View(
        rows=(Row("bundle", (text(name),)), Row("closed-for", (word("one-minute"),))),
        choices=twins("back", "install"),
    )


def _install(session: Session, _touch: Touch) -> Turn:
    """Ask for it; in the log before it is (law 5)."""
    bundle = str(session.draft.get(BUNDLE, ""))
    by = session.manager.pseudonym
    session.tools.archive.journal.happened("update.asked", by=by, bundle=bundle)
    store = Path(session.tools.config.store.folder)
    session.draft[ASK] = Updates().ask(bundle, store)
    session.draft.pop(SEEN, None)
    return go("update.running")


def _running(session: Session) -> View:
    """Show how far it is; what an earlier request came to is not shown for this one's."""
    seen = _seen(session)
    state = seen.state if seen.ask == session.draft.get(ASK) else ""
    shown = {"": "waiting", "running": "running", "refused": "refused-update"}
    why = (Row("why", (text(seen.chinese),)), Row("", (text(seen.english),)))
    return View(
        rows=(
            Row("bundle", (text(str(session.draft.get(BUNDLE, ""))),)),
            Row("state", (word(shown.get(state, "written-update")),)),
            *(why if state == "refused" else ()),
        ),
        choices=() if state in {"running", "written"} else (Choice("done", Weight.NEXT),),
        idle_ns=PATIENCE_NS,
        wants=WANTS,
    )


def _done(session: Session, _touch: Touch) -> Turn:
    session.draft.clear()
    return go("manager.home")


FORMS: Final = (
    Form(
        "update.list",
        Ground.MANAGER,
        _list,
        {"back": to("manager.home"), "choose": _choose},
        {UpdateSeen: _take},
        rows=("version", "bundle", "stick"),
        words=("no-bundle", "unknown"),
    ),
    Form(
        "update.confirm",
        Ground.MANAGER,
        _confirm,
        {"back": to("update.list"), "install": _install},
        rows=("bundle", "closed-for"),
        words=("one-minute",),
    ),
    Form(
        "update.running",
        Ground.MANAGER,
        _running,
        {"done": _done},
        {UpdateSeen: _take},
        rows=("bundle", "state", "why"),
        words=STATES,
    ),
)
