"""The newest the screen knows: gate's state and page, and the few things that are its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from appliance.light import PlaySound, ShowLight
from appliance.terminal import NoPage, Page, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.link import Said

Language = Literal["zh", "en"]
WATCHED_NS: Final = 3_000_000_000
"""A page takes a beat every second; one that misses three tells its reader so, and is none."""


class Hub:
    """One terminal's state, and who waits for its next change; used from the event loop only.

    Args:
        language: the screen's, when nobody has chosen.
        idle_ns: so long after the last touch the next person finds the screen as it was.

    Attributes:
        terminal: the newest state, None while gate is gone.
        page: the counter's page, None while the public screen is shown.
        light: the newest step of a light sequence, None until there was one.
        sound: the newest that gate wants to be heard, None until there was one.
        language: chosen by whoever stands here.
        large: large text was chosen.
        over: the room is stopping.

    """

    def __init__(self, language: Language, idle_ns: int) -> None:
        self._usual = language
        self._idle_ns = idle_ns
        self._touched_ns = 0
        self._beat_ns: int | None = None
        self._change = asyncio.Event()
        self._heeds: list[Callable[[], None]] = []
        self.terminal: Terminal | None = None
        self.page: Page | None = None
        self.light: ShowLight | None = None
        self.sound: PlaySound | None = None
        self.language: Language = language
        self.large = False
        self.over = False

    @property
    def preview(self) -> bool:
        """Whether gate allows the camera's picture now."""
        return bool((self.terminal and self.terminal.preview) or (self.page and self.page.preview))

    def hear(self, message: Said) -> None:
        """Take one message of gate."""
        match message:
            case Terminal():
                self.terminal = message
            case Page():
                self.page = message
            case NoPage():
                self.page = None
            case ShowLight():
                self.light = message
            case PlaySound():
                self.sound = message
            case _:
                return
        self.tell()

    def lose(self) -> None:
        """Forget everything of gate: what is not known now is not shown."""
        self.terminal = self.page = self.light = None
        self.tell()

    def see(self, language: Language | None, large: bool | None, now_ns: int) -> None:  # noqa: FBT001
        """Change language or size of text; None leaves one as it is."""
        self.language = language or self.language
        self.large = self.large if large is None else large
        self.touch(now_ns)
        self.tell()

    def touch(self, now_ns: int) -> None:
        """Note that somebody is here."""
        self._touched_ns = now_ns

    def beat(self, now_ns: int) -> None:
        """Note that a page has taken a beat."""
        self._beat_ns = now_ns

    def watched(self, now_ns: int) -> bool:
        """Whether a browser has the page open."""
        return self._beat_ns is not None and now_ns - self._beat_ns < WATCHED_NS

    def settle(self, now_ns: int) -> None:
        """Go back to the usual language and size once nobody has been here for a while."""
        alone = self.page is None and now_ns - self._touched_ns >= self._idle_ns
        if alone and (self.language, self.large) != (self._usual, False):
            self.language, self.large = self._usual, False
            self.tell()

    def mark(self) -> asyncio.Event:
        """Return what will be set at the next change; to be taken before looking."""
        return self._change

    def call(self, heed: Callable[[], None]) -> None:
        """Have something called at every change, before anybody is woken."""
        self._heeds.append(heed)

    def tell(self) -> None:
        """Wake everybody who waits."""
        for heed in self._heeds:
            heed()
        change, self._change = self._change, asyncio.Event()
        change.set()

    def stop(self) -> None:
        """End every stream."""
        self.over = True
        self.tell()


async def changed(mark: asyncio.Event, seconds: float) -> bool:
    """Wait for the change after `mark`, at most so long; return whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await mark.wait()
    return mark.is_set()
