"""How words, times and choices look: language order, formats, which drawing goes with what."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from appliance.ui.model import NOTHING, Button, Label, Language
from appliance.ui.table import told
from appliance.ui.words import REASONS

if TYPE_CHECKING:
    from appliance.terminal import Cell
    from appliance.ui.model import View
    from appliance.ui.words import Words

ICONS: Final = MappingProxyType(
    {
        "face": "face",
        "card": "card",
        "code": "code",
        "qr": "code",
        "phone": "phone",
        "my-data": "person",
        "staff": "key",
        "help": "help",
        "stop": "back",
        "kept": "list",
        "viewers": "eye",
        "entries": "door",
        "consents": "receipt",
        "freeze": "pause",
        "freeze-face": "pause",
        "thaw": "face",
        "thaw-face": "face",
        "withdraw": "bin",
        "erase": "bin",
        "erase-face": "bin",
        "erase-all": "bin",
        "correct": "pen",
        "change": "pen",
        "complain": "talk",
        "tickets": "talk",
        "copy": "copy",
        "leave": "leave",
        "lock": "lock",
        "enrol": "add-person",
        "find": "find",
        "visitors": "people",
        "reissue": "card",
        "alarms": "bell",
        "hours": "clock",
        "reports": "chart",
        "operators": "key",
        "update": "again",
        "backup": "copy",
        "household": "house",
        "label": "person",
        "methods": "door",
        "validity": "calendar",
        "door": "door",
        "refused": "refused",
        "refusal": "refused",
        "privacy": "eye",
        "guest": "person",
        "works": "tools",
        "courier": "box",
        "carer": "house",
        "today": "calendar",
        "days3": "calendar",
        "week1": "calendar",
        "date": "calendar",
        "complaint": "talk",
        "incident": "bell",
        "inspection": "find",
        "request": "person",
        "other": "dots",
        "adult": "person",
        "child": "child",
        "identity": "tick",
        "mother": "person",
        "father": "person",
        "grandparent": "person",
        "guardian": "people",
        "glasses-yes": "glasses",
        "glasses-no": "face",
        "card-and-face": "card",
        "without-face": "code",
        "manager": "key",
        "auditor": "eye",
        "technician": "tools",
        "add-face": "face",
        "verify": "tick",
        "block-card": "pause",
        "unblock-card": "card",
        "block-phone": "pause",
        "unblock-phone": "phone",
        "add-card": "card",
        "add-phone": "phone",
        "always": "calendar",
        "forever": "calendar",
        "first": "key",
        "receipt": "receipt",
    }
)
"""Drawing by act or word; a choice without one has its words alone."""
STATES: Final = MappingProxyType(
    {
        "done": "ok",
        "passed": "ok",
        "granted": "ok",
        "taken": "ok",
        "answered": "ok",
        "nothing-left": "ok",
        "failed": "no",
        "refused": "no",
        "blocked": "no",
        "overdue": "no",
        "found": "no",
        "waiting": "wait",
        "open": "wait",
        "running": "wait",
    }
)
"""Shape beside a value, by its word."""
_DAYS: Final = ("周一 Mon", "周二 Tue", "周三 Wed", "周四 Thu", "周五 Fri", "周六 Sat", "周日 Sun")
SECOND_NS: Final = 1_000_000_000
WARN_NS: Final = 20 * SECOND_NS
"""Before a page locks, people are told so long ahead (WCAG 2.2.1)."""


def label(words: Words, view: View) -> Label:
    """Put the two languages in order."""
    if view.language is Language.CHINESE:
        return Label(words.chinese, words.english)
    return Label(words.english, words.chinese)


def said(view: View, word: str, *kinds: str) -> Label:
    """Return the words for a key, in order; nothing for an empty key."""
    return label(told(word, *kinds), view) if word else NOTHING


def button(view: View, act: str, *, word: str = "", value: str = "", count: int = 0) -> Button:
    """Return a button for an act, named by the act or by another word."""
    named = said(view, word or act, "act", "word", "public", "row")
    key = (word or act).rpartition(".")[2]
    for group in ("topic-", "reason-", "kind-"):
        key = key.removeprefix(group)
    icon = ICONS.get(key, ICONS.get(value, ICONS.get(act, "")))
    return Button(act, named, value=value, icon=icon, count=count)


def value_of(cell: Cell, view: View) -> str:
    """Return one value as text in the language that stands first.

    Of a reason only its first sentence, which says what the matter was.
    """
    if cell.word:
        text = said(view, cell.word, "word", "hint", "row", "act", "page").first
        return text.partition("。")[0].partition(".")[0] if cell.word in REASONS else text
    if cell.at:
        return moment(cell.at, view)
    return cell.text


def moment(at: int, view: View) -> str:
    """Return a time of day in the site's zone; the year only if it is another."""
    then = datetime.fromtimestamp(at, UTC).astimezone(view.now.tzinfo)
    shape = "%m-%d %H:%M" if then.year == view.now.year else "%Y-%m-%d"
    return then.strftime(shape)


def clock(view: View) -> tuple[str, str]:
    """Return hour and minute, and the day."""
    day = _DAYS[view.now.weekday()].split()[0 if view.language is Language.CHINESE else 1]
    return view.now.strftime("%H:%M"), f"{day} {view.now.month}/{view.now.day}"
