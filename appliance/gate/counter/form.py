"""What a page of the counter is made of: its view, its turns, and its form with every act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.errors import LinkError
from appliance.link import LARGEST
from appliance.terminal import Cell, Choice, Entry, Row, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from appliance.gate.counter.session import Session
    from appliance.gate.counter.wants import Want
    from appliance.terminal import Ground, Page

LEAF_ROWS = 8
"""Rows of a list on one leaf."""
LONGEST_TEXT = 600
CUT_TEXT = 60
LARGEST_PAGE = LARGEST - 384
"""Bytes, so that its envelope fits as well."""
BACK = Choice("back", Weight.BACK)
NEXT = Choice("next", Weight.NEXT)
LEAF_ACTS = ("prev", "next")
"""Leaves of a list are turned by the counter itself, on every form with `leaves`."""


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows; fields as in `terminal.Page`, which the counter makes of it.

    Attributes:
        idle_ns: how long it may be left alone; 0 = as its ground.
        wants: what the page waits for.
        detail: for whoever gives that.
        listed: rows of a list, of which only the leaf that is open is shown, after `rows`.
        total: length of the list, if `listed` holds its present leaf alone; None = all are there.

    """

    rows: tuple[Row, ...] = ()
    choices: tuple[Choice, ...] = ()
    entry: Entry | None = None
    code: str = ""
    step: int = 0
    steps: int = 0
    preview: bool = False
    idle_ns: int = 0
    wants: frozenset[Want] = frozenset()
    detail: Any = field(default=None, repr=False)
    listed: Sequence[Row] | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens next; see `go`, `stay` and `close`."""

    page: str = ""
    fault: str = ""
    fault_text: str = ""
    closed: bool = False


def go(page: str, fault: str = "", fault_text: str = "") -> Turn:
    """Show another page."""
    return Turn(page, fault, fault_text)


def stay(fault: str = "", fault_text: str = "") -> Turn:
    """Show the same page again, perhaps with a fault."""
    return Turn("", fault, fault_text)


def close() -> Turn:
    """Close the counter: the public screen comes back."""
    return Turn(closed=True)


@dataclass(frozen=True, slots=True)
class Touch:
    """An act that was offered on the page and touched.

    Attributes:
        act: which.
        value: of the choice or row, exactly as it was offered.
        text: what was entered; fits the page's entry.

    """

    act: str
    value: str = ""
    text: str = field(default="", repr=False)


Draw = Callable[["Session"], View]
Handler = Callable[["Session", Touch], Turn]
Taker = Callable[["Session", Any], Turn]


@dataclass(frozen=True, slots=True)
class Form:
    """One page of the counter, with all that can be done on it.

    Attributes:
        name: a key of the screen's words.
        ground: whose.
        draw: gives its view.
        acts: what each act does; an act that the view does not offer now is refused all the same.
        takes: what each kind of event does that the view wants; `NotGiven` is shown as a fault
            unless it stands here.
        leaves: it has a list: acts prev and next.
        rows: all keys its rows may have.
        words: all words its rows and choices may show.
        faults: all faults it may show, beside those of `COMMON_FAULTS`.

    """

    name: str
    ground: Ground
    draw: Draw
    acts: Mapping[str, Handler] = field(default_factory=dict)
    takes: Mapping[type, Taker] = field(default_factory=dict)
    leaves: bool = False
    rows: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


COMMON_FAULTS = ("store-failed", "not-allowed", "too-late", "too-long", "log-failed")
"""Any page may show these: the counter itself says them."""
GIVEN_FAULTS = (
    *("not-yours", "unknown-card", "reader-fault", "two-cards", "pulled-away"),
    *("unknown-code", "clock-unsure"),
)
"""Any page that wants something may show these."""


def offered(page: Page) -> frozenset[tuple[str, str]]:
    """Return each act that can be touched on a page, with its value."""
    chosen = {(one.act, one.value) for one in page.choices}
    return frozenset(chosen | {(row.act, row.value) for row in page.rows if row.act})


def to(page: str) -> Handler:
    """Return a handler that only goes to a page."""
    return lambda _session, _touch: Turn(page)


def leave(_session: Session, _touch: Touch) -> Turn:
    """Close the counter; a handler."""
    return close()


def text(shown: str) -> Cell:
    """Return a cell with something typed or counted; too long a text is cut."""
    # Half a surrogate pair, pasted into a name long ago, is no text that can be sent.
    whole = shown.encode(errors="replace").decode()
    return Cell(text=whole if len(whole) <= LONGEST_TEXT else f"{whole[: LONGEST_TEXT - 1]}…")


def sendable(page: Page) -> Page:
    """Return a page as it can be sent: one that is too large has its longer texts cut.

    Raises:
        LinkError: it breaks the form of pages, so that no screen would take it.

    """
    try:
        content = msgspec.msgpack.encode(page)
        if len(content) > LARGEST_PAGE:
            page = replace(page, rows=tuple(map(_cut, page.rows)))
            content = msgspec.msgpack.encode(page)
        msgspec.msgpack.decode(content, type=type(page))
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise LinkError(f"page {page.name}", error, "the form of pages") from error
    if len(content) > LARGEST_PAGE:
        raise LinkError(f"page {page.name}", f"{len(content)} bytes", f"at most {LARGEST_PAGE}")
    return page


def _cut(row: Row) -> Row:
    cells = tuple(
        replace(cell, text=f"{cell.text[:CUT_TEXT]}…") if len(cell.text) > CUT_TEXT else cell
        for cell in row.cells
    )
    return replace(row, cells=cells)


def word(key: str) -> Cell:
    """Return a cell with one of the screen's words."""
    return Cell(word=key)


def at(seconds: float) -> Cell:
    """Return a cell with a time, seconds since 1970."""
    return Cell(at=max(0, int(seconds)))


def tiles(*acts: str) -> tuple[Choice, ...]:
    """Return tiles of these acts."""
    return tuple(Choice(act, Weight.TILE) for act in acts)


def twins(*acts: str) -> tuple[Choice, ...]:
    """Return choices that must look alike."""
    return tuple(Choice(act, Weight.TWIN) for act in acts)
