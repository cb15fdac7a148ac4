"""Reports: numbers only, no names; how people entered, what was refused, what was asked for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appliance.gate.access.reasons import Method, Reason
from appliance.gate.counter.form import BACK, Form, View, at, stay, text, to, word
from appliance.terminal import Choice, Ground, Row, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from appliance.gate.counter.form import Touch, Turn
    from appliance.gate.counter.session import Session
    from appliance.gate.store.audit_event import AuditEvent

SPANS: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
CHOSEN: Final = "span"
CHUNK: Final = 500
MOST: Final = 20_000
"""Events counted at most; the page says from when on."""
MOST_REASONS: Final = 6
METHODS: Final = tuple(one.value for one in Method)
REASONS: Final = tuple(one.value for one in Reason)


def _events(session: Session, since: datetime) -> Iterator[AuditEvent]:
    """Give the events of a span, newest first, a chunk at a time.

    Raises:
        AuditError: one of them is not as it was written.

    """
    log = session.tools.archive.log
    first, last = log.span
    end, least = last, max(first, last - MOST + 1)
    while end >= least:
        begin = max(least, end - CHUNK + 1)
        for entry in reversed(tuple(log.entries(begin, end))):
            if entry.event.at < since:
                return
            yield entry.event
        end = begin - 1


def _show(session: Session) -> View:
    span = str(session.draft.get(CHOSEN, "day"))
    since = session.tools.clock.wall() - SPANS[span]
    entries: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    oldest = session.tools.clock.wall()
    for event in _events(session, since):
        oldest = min(oldest, event.at)
        kinds[event.kind] += 1
        if event.kind == "entry.granted":
            entries[event.method] += 1
        elif event.kind == "entry.refused":
            refused[event.reason] += 1
        elif event.kind == "enrolment.committed" and event.detail.get("face") == "yes":
            kinds["consents"] += 1
    whole = sum(entries.values())
    share = f"{100 * entries[Method.FACE.value] // whole} %" if whole else "0 %"
    by_method = tuple(cell for one in METHODS for cell in (word(one), text(str(entries[one]))))
    reasons = [
        Row("refusals", (word(reason), text(str(count))))
        for reason, count in refused.most_common(MOST_REASONS)
        if reason in REASONS
    ]
    erased = kinds["person.erased"] + kinds["face.erased"]
    return View(
        rows=(
            Row("since", (at(oldest.timestamp()),)),
            Row("entries", by_method),
            Row("share-face", (text(share),)),
            *reasons,
            Row("consents", (text(str(kinds["consents"])),)),
            Row("erasures", (text(str(erased)),)),
            Row("tickets", (text(str(kinds["ticket.opened"])),)),
        ),
        choices=(BACK, *(Choice(one, Weight.PART) for one in SPANS if one != span)),
    )


def _span(session: Session, touch: Touch) -> Turn:
    session.draft[CHOSEN] = touch.act
    return stay()


FORMS = (
    Form(
        "reports.show",
        Ground.MANAGER,
        _show,
        {"back": to("manager.home"), "day": _span, "week": _span, "month": _span},
        rows=("since", "entries", "share-face", "refusals", "consents", "erasures", "tickets"),
        words=(*METHODS, *REASONS),
    ),
)
