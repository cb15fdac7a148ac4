"""Serves one person at a time: draws pages, takes each touch once, and locks by itself."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from appliance.errors import AuditError, SanmenError, StoreError
from appliance.gate.counter.form import (
    LEAF_ACTS,
    LEAF_ROWS,
    Touch,
    Turn,
    View,
    close,
    offered,
    stay,
)
from appliance.gate.counter.session import Session
from appliance.gate.counter.vocabulary import MORE_TIME
from appliance.gate.counter.wants import CardShown, Given, NotGiven, Passing, Wanted
from appliance.terminal import Choice, Ground, NoPage, Pad, Page, Touched, Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.gate.counter.form import Form, Handler
    from appliance.gate.counter.session import Tools
    from appliance.gate.counter.wants import Want
    from appliance.terminal import Entry

SECOND = 1_000_000_000
IDLE_NS = {Ground.DOORSTEP: 60 * SECOND, Ground.RESIDENT: 60 * SECOND}
STAFF_IDLE_NS = 90 * SECOND
PUBLIC = {"help": "help", "my-data": "my.open", "staff": "staff.card"}
"""Pages that acts of the public screen open."""
NUMBER_BYTES = 16
NOTHING: frozenset[Want] = frozenset()

Out = Page | NoPage | Wanted
In = Touched | Given | Passing


class Counter:
    """The one page that is open, and whose it is.

    Args:
        tools: what the pages work with.
        forms: all pages, by name.
        out: takes pages for the screen and what is wanted of the controller.

    """

    def __init__(self, tools: Tools, forms: Mapping[str, Form], out: Callable[[Out], None]) -> None:
        self._tools = tools
        self._forms = forms
        self._out = out
        self._session = Session(tools, self._show_meanwhile)
        self._page: Page | None = None
        self._wanted = Wanted(0, NOTHING, 0)

    @property
    def page(self) -> Page | None:
        """The page that is open, or None."""
        return self._page

    def take(self, message: In) -> None:
        """Take a touch, something given, or somebody passing; never raises what a page refuses."""
        match message:
            case Touched():
                self._touch(message)
            case Given():
                self._give(message)
            case Passing(holder) if self._is_operator(holder):
                self.close()  # whoever has logged in holds the card again: they go
            case Passing():
                pass

    def tick(self) -> None:
        """Lock if nobody has touched anything for long."""
        if self._page is not None and self._tools.clock.now_ns() >= self._page.locks_ns:
            self.close()

    def close(self) -> None:
        """Forget whoever was served, and show the public screen."""
        self._session.wipe()
        # A new one: what still works for the old, works for nobody.
        self._session = Session(self._tools, self._show_meanwhile)
        self._page = None
        self._want(View())
        self._out(NoPage())

    def _is_operator(self, holder: str) -> bool:
        return bool(holder) and holder == self._session.person

    def _touch(self, touched: Touched) -> None:
        if self._page is None:
            self._open(touched)
        elif not secrets.compare_digest(touched.page, self._page.number):
            self._out(self._page)  # stale, doubled or forged: nothing but the page as it is
        else:
            self._turn(self._acted(self._page, touched))

    def _open(self, touched: Touched) -> None:
        name = PUBLIC.get(touched.act) if not touched.page else None
        if name is None:
            self._out(NoPage())
            return
        self._turn(Turn(name))

    def _acted(self, page: Page, touched: Touched) -> Turn:
        form, session = self._forms[page.name], self._session
        if touched.act == MORE_TIME:
            return stay()
        if (touched.act, touched.value) not in offered(page):
            return stay("not-allowed")
        if form.leaves and touched.act in LEAF_ACTS:
            session.leaf += 1 if touched.act == "next" else -1
            return stay()
        entered = {one.name: one.value for one in touched.fields}
        if len(entered) != len(touched.fields) or not set(entered) <= {"entry"}:
            return stay("not-allowed")
        text = entered.get("entry", "")
        wrong = unfit(page.entry, text)
        if wrong:
            return stay(wrong)
        return self._done(form, form.acts[touched.act], Touch(touched.act, touched.value, text))

    def _done(self, form: Form, handler: Handler, touch: Touch) -> Turn:
        try:
            if not self._session.may_enter(form.ground):
                return close()
            return handler(self._session, touch)
        except SanmenError as error:
            return stay(fault_of(error))

    def _give(self, given: Given) -> None:
        page = self._page
        if page is None or given.number != self._wanted.number or not self._wanted.kinds:
            return
        form, event = self._forms[page.name], given.event
        if isinstance(event, CardShown) and self._is_operator(event.holder):
            self.close()  # whoever has logged in holds the card again: they go
            return
        taker = form.takes.get(type(event))
        if taker is None:
            if isinstance(event, NotGiven):
                self._turn(stay(event.fault), touched=False)
            return
        try:
            turn = taker(self._session, event) if self._session.may_enter(form.ground) else close()
        except SanmenError as error:
            turn = stay(fault_of(error))
        self._turn(turn, touched=False)

    def _turn(self, turn: Turn, *, touched: bool = True) -> None:
        if turn.closed:
            self.close()
            return
        name = turn.page or (self._page.name if self._page else "")
        if self._page is None or name != self._page.name:
            self._session.leaf = 1
        try:
            if not self._session.may_enter(self._forms[name].ground):
                self.close()
                return
            self._show(name, turn, touched=touched)
        except SanmenError:
            # A page that cannot be drawn is of no use to anybody; the journal has said why.
            self.close()

    def _show_meanwhile(self, name: str) -> None:
        self._show(name, Turn(name))

    def _show(self, name: str, turn: Turn, *, touched: bool = True) -> None:
        form = self._forms[name]
        view = form.draw(self._session)
        rows, leaf, leaves = view.rows, 0, 0
        turning: tuple[Choice, ...] = ()
        if view.listed is not None:
            total = len(view.listed) if view.total is None else view.total
            leaves = max(1, -(-total // LEAF_ROWS))
            leaf = self._session.leaf = min(max(1, self._session.leaf), leaves)
            start = (leaf - 1) * LEAF_ROWS if view.total is None else 0
            rows = (*rows, *view.listed[start : start + LEAF_ROWS])
            turning = (
                *((Choice("prev", Weight.PART),) if leaf > 1 else ()),
                *((Choice("next", Weight.PART),) if leaf < leaves else ()),
            )
        now = self._tools.clock.now_ns()
        page = Page(
            number=secrets.token_bytes(NUMBER_BYTES),
            name=name,
            ground=form.ground,
            rows=rows,
            choices=(*view.choices, *turning),
            entry=view.entry,
            fault=turn.fault,
            fault_text=turn.fault_text,
            code=view.code,
            step=view.step,
            steps=view.steps,
            leaf=leaf,
            leaves=leaves,
            locks_ns=now + (view.idle_ns or IDLE_NS.get(form.ground, STAFF_IDLE_NS)),
            preview=view.preview,
        )
        before = self._page
        if not touched and before is not None and _means_the_same(page, before):
            # It changed by itself: a finger on its way must not miss.
            page = replace(page, number=before.number)
        self._page = page
        self._want(view)
        self._out(page)

    def _want(self, view: View) -> None:
        """Tell what is looked for now; the same want of the same page goes on under its number."""
        until_ns = self._page.locks_ns if self._page else 0
        before = self._wanted
        same = (view.wants, view.detail) == (before.kinds, before.detail)
        if same and not view.wants:
            return
        number = before.number if same else before.number + 1
        self._wanted = Wanted(number, view.wants, until_ns, view.detail)
        self._out(self._wanted)


def _means_the_same(page: Page, before: Page) -> bool:
    """Say whether every touch does the same on both."""
    now = (page.name, offered(page), page.entry)
    return now == (before.name, offered(before), before.entry)


def fault_of(error: SanmenError) -> str:
    """Return what the screen says of an error that a page did not see coming."""
    if isinstance(error, AuditError):
        return "log-failed"
    return "store-failed" if isinstance(error, StoreError) else "not-allowed"


def unfit(entry: Entry | None, text: str) -> str:
    """Return the fault of what was entered, or nothing if it fits its entry."""
    if entry is None:
        return "not-allowed" if text else ""
    if len(text) > entry.longest:
        return "too-long"
    match entry.pad:
        case Pad.DIGITS | Pad.PIN:
            fits = not text or (text.isascii() and text.isdigit())
        case Pad.HOUSEHOLD:
            fits = all(one.isascii() and one.isdigit() for one in text.replace("-", ""))
        case Pad.DATE:
            fits = not text or _is_date(text)
        case Pad.TEXT:
            fits = text.isprintable()
    return "" if fits else "not-allowed"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
