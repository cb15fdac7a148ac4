"""The controller's side of screen and counter: passes on, never waits, survives both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.errors import LinkError
from appliance.gate.counter.vocabulary import PUBLIC_ACTS
from appliance.gate.counter.wants import Given, Passing, Wanted
from appliance.gate.terminal_state import TerminalState
from appliance.light import LightAnswered, PlaySound
from appliance.terminal import NoPage, Page, Standing, Touched

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.gate.counter.clerk import Clerk
    from appliance.gate.counter.counter import In
    from appliance.gate.counter.wants import Event, Want
    from appliance.gate.notices import Notice
    from appliance.light import ShowLight
    from appliance.link import Link
    from appliance.terminal import ScreenMessage, Terminal

SECOND = 1_000_000_000
FIRST_PAUSE_NS, LONGEST_PAUSE_NS = SECOND, 60 * SECOND
"""Before a new clerk takes the place of one that was lost."""
NOTHING = Wanted(0, frozenset(), 0)
CONTROLLER_ACTS = ("face", "code", "stop")
"""Acts of the public screen that are no page."""


class Front:
    """One screen at most, one clerk at most, and the page that is open.

    Args:
        clock: shared with screen and clerk.
        hire: starts a clerk; None = there is no counter, only the public screen.
        act: is told what was touched on the public screen: face, code or stop.

    Attributes:
        wanted: what the open page waits for; give it with `give`.
        answered: is told when the screen showed a step of light.

    """

    def __init__(
        self, clock: Clock, hire: Callable[[], Clerk] | None, act: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._hire = hire
        self._act = act
        self._link: Link | None = None
        self._clerk: Clerk | None = None
        self._hire_at_ns = 0
        self._pause_ns = FIRST_PAUSE_NS
        self._state = TerminalState()
        self._shown: Terminal | None = None
        self._page: Page | None = None
        self.wanted = NOTHING
        self.answered: Callable[[LightAnswered], None] = lambda _: None

    @property
    def link(self) -> Link | None:
        """The connection to the screen, or None while there is none."""
        return self._link

    @property
    def page(self) -> Page | None:
        """The page that is open, or None."""
        return self._page

    @property
    def preview(self) -> bool:
        """Whether the screen may show the camera's picture now."""
        return self._link is not None and self._terminal().preview

    @property
    def takes_codes(self) -> bool:
        """Whether a code can be shown now."""
        return self._state.doors.code is Standing.OPEN

    @property
    def attends(self) -> bool:
        """Whether somebody reads a page or an outcome: standing there is no wish to enter."""
        held = self._state.holds(self._clock.now_ns())
        return self._link is not None and (held or self._page is not None)

    def meet(self, link: Link) -> None:
        """Take a new screen as the one; it is told everything at once."""
        self._lose()
        self._link = link
        self._shown = None
        self._send(self._page or NoPage())
        self._show()

    def note(self, notice: Notice) -> None:
        """Take in what the gate tells."""
        self._state = self._state.after(notice, self._clock.now_ns())

    def step(self) -> None:
        """Hear screen and clerk, and show what has changed."""
        self._keep_clerk()
        self._hear_screen()
        self._hear_clerk()
        self._show()

    def wants(self, kind: Want) -> bool:
        """Say whether the open page waits for this now."""
        return kind in self.wanted.kinds and self._clock.now_ns() < self.wanted.until_ns

    def give(self, event: Event) -> None:
        """Hand the open page what it waits for, or something about it."""
        self._hand(Given(self.wanted.number, event))

    def passing(self, holder: str | None) -> None:
        """Tell that somebody's card or code was shown to the door while a page was open."""
        if holder and self._page is not None:
            self._hand(Passing(holder))

    def show_light(self, step: ShowLight) -> None:
        """Show one step of a light sequence."""
        self._send(step)

    def play(self, sound: str) -> None:
        """Have the screen play a sound."""
        self._send(PlaySound(sound))

    def close(self) -> None:
        """Let go of screen and clerk."""
        self._lose()
        if self._clerk is not None:
            self._clerk.stop(patience_s=1.0)
            self._clerk = None

    def _hear_screen(self) -> None:
        if self._link is None:
            return
        try:
            for message in self._link.receive():
                if isinstance(message, Touched):
                    self._touched(message)
                elif isinstance(message, LightAnswered):  # the link lets nothing else through
                    self.answered(message)
        except LinkError:
            self._lose()

    def _touched(self, touched: Touched) -> None:
        public = not touched.page and touched.act in PUBLIC_ACTS
        if self._page is None and public and touched.act in CONTROLLER_ACTS:
            self._act(touched.act)
        elif not self._hand(touched):
            self._send(self._page or NoPage())

    def _hand(self, message: In) -> bool:
        return self._clerk is not None and self._clerk.hand(message)

    def _keep_clerk(self) -> None:
        """Have a clerk while there is a screen; one that is lost is replaced after a pause."""
        now_ns = self._clock.now_ns()
        if self._clerk is not None and self._clerk.lost:
            self._clerk.stop()
            self._clerk = None
            self._hire_at_ns = now_ns + self._pause_ns
            self._pause_ns = min(2 * self._pause_ns, LONGEST_PAUSE_NS)
            self._close_page()
        due = self._link is not None and now_ns >= self._hire_at_ns
        if self._clerk is None and self._hire is not None and due:
            self._clerk = self._hire()

    def _hear_clerk(self) -> None:
        for message in self._clerk.said() if self._clerk is not None else ():
            match message:
                case Wanted():
                    self.wanted = message
                case NoPage():
                    self._close_page()
                case Page():
                    self._page = message
                    self._pause_ns = FIRST_PAUSE_NS
                    self._send(message)

    def _close_page(self) -> None:
        self._page = None
        self.wanted = NOTHING
        self._send(NoPage())

    def _terminal(self) -> Terminal:
        preview = self._page is not None and self._page.preview
        return self._state.terminal(self._clock.now_ns(), page_preview=preview)

    def _show(self) -> None:
        """Send the state when it has changed, and once a second."""
        if self._link is None:
            return
        now, last = self._terminal(), self._shown
        if (
            last is None
            or now.at_ns - last.at_ns >= SECOND
            or now != replace(last, at_ns=now.at_ns)
        ):
            self._shown = now
            self._send(now)

    def _send(self, message: ScreenMessage) -> None:
        if self._link is None:
            return
        try:
            self._link.send(message)
        except LinkError:
            self._lose()

    def _lose(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
