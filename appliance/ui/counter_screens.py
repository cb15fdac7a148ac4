"""A page of the counter becomes one screen: which layout, what is touched where."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from appliance.terminal import Pad as Way
from appliance.terminal import Phase, Portal, Weight
from appliance.ui.look import ICONS, STATES, WARN_NS, button, said, value_of
from appliance.ui.model import NOTHING, Button, Label, Language, Line, Pad, Screen

if TYPE_CHECKING:
    from appliance.terminal import Choice, Page, Row, Terminal
    from appliance.ui.model import View

WAITING: Final = frozenset(
    {
        *("my.open", "staff.card", "first.card", "enrol.card", "enrol.phone", "enrol.confirm"),
        *("reissue.card", "visitors.card", "visitors.phone", "operators.card", "audit.second"),
        "tech.sign",
    }
)
"""Pages that wait for a card, or a phone, and show where to hold it."""
NOTICES: Final = frozenset({"enrol.notice"})
"""Pages of long text, to be read by residents: both languages in their cells."""
TELLS_MUCH: Final = 3
_CAPTURE: Final = frozenset({"enrol.capture", "enrol.trial"})
_PARTS: Final = frozenset({"front", "left", "right"})
_UNNAMED: Final = frozenset({"resident", "visitor", "alarm", "event", "entry", "view"})
"""Rows whose values say what they are."""
_TICKED: Final = MappingProxyType({"yes": "on", "no": "off", "on": "on", "off": "off"})
"""A line that can be touched and says yes or no is drawn as a box with a tick, or without."""
_DRAWN: Final = frozenset({"hint", "share"})
"""Rows that are a picture or the instruction, and no line."""
_OFFERS: Final = "more-time"


def counter(state: Terminal, page: Page, view: View) -> Screen:
    """Return the screen of an open page; the door's news stand in a strip above it."""
    choices = [one for one in page.choices if one.act != _OFFERS]
    turns = {one.act: one for one in choices if _turns(one)}
    choices = [one for one in choices if not _turns(one)]
    back = [_button(view, one) for one in choices if one.weight is Weight.BACK]
    onward = [_button(view, one) for one in choices if one.weight is Weight.NEXT]
    parts = [_button(view, one) for one in choices if one.weight is Weight.PART]
    fault = said(view, page.fault, "fault")
    if page.fault and page.fault_text:
        fault = Label(f"{fault.first} {page.fault_text}", fault.second)
    return Screen(
        layout=layout_of(page),
        key=page.number.hex(),
        view=view,
        page=page.number.hex(),
        name=page.name,
        title=said(view, page.name, "page"),
        say=_say(page, view),
        icon=_icon(page),
        preview=page.preview and state.preview,
        lines=tuple(_line(view, row) for row in page.rows if row.key not in _DRAWN),
        share=_share(page),
        tiles=tuple(_button(view, one) for one in choices if one.weight is Weight.TILE),
        twins=tuple(_button(view, one) for one in choices if one.weight is Weight.TWIN),
        parts=(*back[1:], *parts, *onward[1:]),
        back=back[0] if back else None,
        onward=onward[0] if onward else None,
        before=_button(view, turns["prev"]) if "prev" in turns else None,
        after=_button(view, turns["next"]) if "next" in turns else None,
        leaf=page.leaf,
        leaves=page.leaves,
        pad=_pad(page),
        fault=fault,
        qr=page.code,
        step=page.step,
        steps=page.steps,
        strip=_strip(state, view),
        warning=button(view, _OFFERS) if _locks_soon(page, view) else None,
    )


def layout_of(page: Page) -> str:
    """Choose how a page is laid out, by what it holds; the first that fits."""
    weights = {one.weight for one in page.choices}
    fits = {
        "receipt": bool(page.code),
        "keyboard": page.entry is not None and page.entry.pad is Way.TEXT,
        "pad": page.entry is not None,
        "capture": page.name in _CAPTURE or (page.preview and page.name not in WAITING),
        "card": page.name in WAITING,
        "notice": page.name in NOTICES,
        "desk": bool(weights & {Weight.TILE, Weight.TWIN})
        and (len(page.rows) > TELLS_MUCH or any(_acts(page))),
        "tiles": Weight.TILE in weights,
        "twins": Weight.TWIN in weights,
        "list": True,
    }
    return next(layout for layout, right in fits.items() if right)


def _acts(page: Page) -> tuple[str, ...]:
    return tuple(row.act for row in page.rows if row.act)


def _turns(choice: Choice) -> bool:
    """Tell whether it turns the leaves of a list."""
    return choice.weight is Weight.PART and choice.act in {"prev", "next"}


def _button(view: View, choice: Choice) -> Button:
    return button(view, choice.act, word=choice.word, value=choice.value, count=choice.count)


def _say(page: Page, view: View) -> Label:
    """Return the instruction: of the camera if there is one, else what the page is for."""
    for row in page.rows:
        if _hint(row):
            return said(view, row.cells[0].word, "hint")
    return said(view, f"say.{page.name}")


def _share(page: Page) -> int:
    """Return the percentage of the part that is being taken."""
    for row in page.rows:
        if row.key == "share" and row.cells and row.cells[0].text.isdecimal():
            return min(100, int(row.cells[0].text))
    return 0


def _hint(row: Row) -> bool:
    return row.key == "hint" and bool(row.cells) and bool(row.cells[0].word)


def _icon(page: Page) -> str:
    if page.name.endswith("phone"):
        return "phone"
    if page.name in WAITING:
        return "card"
    for row in page.rows:
        if _hint(row):
            return row.cells[0].word
    return ICONS.get(page.name.rpartition(".")[2], "")


def _line(view: View, row: Row) -> Line:
    if len(row.cells) == 4 and row.key == "notice":  # noqa: PLR2004 - head and text, twice
        head_zh, head_en, zh, en = (cell.text for cell in row.cells)
        chinese = view.language is Language.CHINESE
        return Line(Label(head_zh if chinese else head_en), (zh if chinese else en,))
    words = [cell.word for cell in row.cells if cell.word]
    state = next((STATES[word] for word in words if word in STATES), "")
    if row.act and words and words[0] in _TICKED:
        state = _TICKED[words[0]]
    touch = None
    if row.act:
        touch = button(view, row.act, value=row.value)
    named = row.key not in _UNNAMED
    head = said(view, row.key, "row", "word", "act", "page") if named else NOTHING
    cells = tuple(value_of(cell, view) for cell in row.cells)
    return Line(head, cells, state, touch, row.key if row.key in _PARTS else "", "running" in words)


def _pad(page: Page) -> Pad | None:
    if page.entry is None:
        return None
    return Pad(page.entry.pad.value, page.entry.longest, page.entry.filled)


def _strip(state: Terminal, view: View) -> Label:
    if state.unwell:
        return said(view, "public.unwell")
    if state.phase is Phase.GRANTED or state.portal in {Portal.RELEASED, Portal.OPEN}:
        return said(view, "public.granted")
    if state.portal is Portal.HELD_OPEN:
        return said(view, "public.held-say")
    return NOTHING


def _locks_soon(page: Page, view: View) -> bool:
    return page.locks_ns > 0 and page.locks_ns - view.now_ns <= WARN_NS
