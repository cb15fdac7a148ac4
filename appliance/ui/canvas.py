"""Draws the newest the hub knows, for this moment and this site."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.messages import Hint
from appliance.ui import pages, screens
from appliance.ui.hours import is_night
from appliance.ui.model import Language, Light, View
from appliance.ui.steady import Steady

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.clock import Clock
    from appliance.sections import Config
    from appliance.ui.hub import Hub
    from appliance.ui.model import Screen, Tab


class Canvas:
    """Turns what is known into HTML.

    Args:
        hub: what is known.
        clock: the time of day, and of locks.
        config: site and [ui].

    """

    def __init__(self, hub: Hub, clock: Clock, config: Config) -> None:
        self._hub = hub
        self._clock = clock
        self._site = config.site
        self._ui = config.ui
        self._zone = ZoneInfo(config.site.timezone)
        self._steady = Steady()

    def local(self) -> datetime:
        """Return the time of day at the site."""
        return self._clock.wall().astimezone(self._zone)

    def document(self, tab: Tab) -> str:
        """Return a whole document for a tab."""
        return pages.shell(self._screen(), tab)

    def snapshot(self) -> str:
        """Return the inside of the screen, as it is now."""
        return pages.render(self._screen())

    @property
    def due_ns(self) -> int | None:
        """When the held instruction changes though gate says nothing new; None = not by itself."""
        return self._steady.due_ns

    def _screen(self) -> Screen:
        hub, now_ns = self._hub, self._clock.now_ns()
        now = self.local()
        hint = hub.terminal.hint if hub.terminal else Hint.NONE
        self._steady = self._steady.after(hint, now_ns)
        view = View(
            now=now,
            now_ns=now_ns,
            place=f"{self._site.name} {self._site.portal}",
            operator=self._site.operator,
            contact=self._site.contact,
            language=Language(hub.language),
            large=hub.large,
            light=Light.NIGHT if is_night(now.time(), self._ui) else Light.DAY,
            hint=self._steady.shown,
        )
        return screens.draw(hub.terminal, hub.page, view)
