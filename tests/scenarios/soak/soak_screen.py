"""A screen client of a soak: looks, touches, watches the preview, drops and comes back."""

from __future__ import annotations

import http.client
import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from websockets.exceptions import WebSocketException

from tests.rig.wire_browser import Browser

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = (OSError, http.client.HTTPException, AssertionError, ValueError, WebSocketException)
"""How a talk with a room ends that is being started anew."""
PICTURES = 5
LOOK_S = 3.0


class Client:
    """One browser: its stream read in a thread of its own, as an EventSource does.

    Args:
        launch_file: where its address is.

    Attributes:
        events: read off the streams so far.
        pictures: of the preview.
        connections: opened so far.
        refused: asked in vain, of a room that was not there.

    """

    def __init__(self, launch_file: Path) -> None:
        self.events = self.pictures = self.connections = self.refused = 0
        self._launch_file = launch_file
        self._browser: Browser | None = None
        self._over = Event()
        self._thread: Thread | None = None

    def start(self) -> bool:
        """Open the page anew, with a fresh launch token; False if nobody serves."""
        self.drop()
        try:
            browser = Browser.launched(self._launch_file)
            for path in ("/static/sanmen.css", "/nothing", "/static/../x"):
                browser.get(path)
        except BROKEN:
            self.refused += 1
            return False
        self._browser = browser
        self._over = Event()
        self._thread = Thread(target=self._watch, args=(browser, self._over), name="stream")
        self._thread.start()
        self.connections += 1
        return True

    def reload(self) -> None:
        """Open the page once more in the same browser: the tab before is replaced."""
        with suppress(*BROKEN):
            if self._browser is not None:
                self._browser.load()

    def touch(self, act: str) -> int:
        """Touch something; return the status, 0 if nobody answered."""
        if self._browser is None:
            return 0
        try:
            return self._browser.touch(act)
        except BROKEN:
            self.refused += 1
            return 0

    def view(self, language: str) -> None:
        """Choose a language."""
        one = self._browser
        if one is not None:
            with suppress(*BROKEN):
                own = {"csrf": one.csrf, "tab": str(one.number), "language": language}
                one.post("/view", own)

    def nonsense(self) -> None:
        """Post what no page of ours posts."""
        if self._browser is not None:
            with suppress(*BROKEN):
                self._browser.post("/touch", b"\xff" * 300)
                self._browser.post("/touch", {"csrf": "0", "tab": "1", "act": "face"})

    def look(self) -> None:
        """Watch the preview for some pictures, and cut the line without a farewell."""
        one = self._browser
        if one is None:
            return
        end = time.monotonic() + LOOK_S
        with suppress(*BROKEN), one.glimpse() as line:
            for _ in range(PICTURES):
                line.send("k")
                line.recv(timeout=max(0.01, end - time.monotonic()))
                self.pictures += 1

    def drop(self) -> None:
        """Vanish as a browser that crashed."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = self._browser = None

    def _watch(self, browser: Browser, over: Event) -> None:
        """Read the stream; after its end come back as a page does, until told to stop."""
        while not over.is_set():
            with suppress(*BROKEN), browser.stream() as stream:
                while not over.is_set() and stream.event()[0]:
                    self.events += 1
            over.wait(0.5)
