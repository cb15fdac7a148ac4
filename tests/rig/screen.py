"""The screen's room on a real loopback port, and a gate that speaks to it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING

from appliance.clock import SystemClock
from appliance.config import parse
from appliance.errors import LinkError
from appliance.link import Door, Link
from appliance.messages import Hint
from appliance.terminal import FROM_SCREEN, Doors, Phase, Portal, Standing, Terminal, Touched
from appliance.ui.process import UiRoom
from tests.rig.wire_browser import PATIENCE_S, read_launch

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.terminal import ScreenMessage
    from hardware.ports import Indicator, Sound

CONFIG = '[site]\nname = "里弄"\nsimulation = true\n[ui]\nport = 0\n'
OPEN = Doors(Standing.OPEN, Standing.OPEN, Standing.OPEN)


def terminal(phase: Phase = Phase.IDLE, **other: object) -> Terminal:
    """Return a state with everything in order but what is given."""
    state = Terminal(time.monotonic_ns(), phase, Hint.NONE, OPEN, Portal.SHUT)
    for name, value in other.items():
        object.__setattr__(state, name, value)
    return state


def until(condition: object, what: str) -> None:
    """Wait for a condition, which is a function."""
    assert callable(condition)
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


class Gate:
    """Gate's end of the line: says the newest state twice a second, and hears touches."""

    def __init__(self, path: Path) -> None:
        self.touches: list[Touched] = []
        self.met = 0
        self._path = path
        self._state = terminal()
        self._words: deque[ScreenMessage | bytes] = deque()
        self._wake = Condition()
        self._over = False
        self._link: Link | None = None
        self._door = Door(path)
        self._thread = Thread(target=self._run, name="gate")
        self._thread.start()

    def say(self, *messages: ScreenMessage | bytes) -> None:
        """Say messages in this order; bytes go out as they are."""
        with self._wake:
            for one in messages:
                if isinstance(one, Terminal):
                    self._state = one
                self._words.append(one)
            self._wake.notify()

    def heard(self, count: int) -> list[Touched]:
        """Wait for so many touches."""
        until(lambda: len(self.touches) >= count, f"{count} touches")
        return self.touches

    def close(self) -> None:
        """Go, as a gate that crashed."""
        with self._wake:
            self._over = True
            self._wake.notify()
        self._thread.join()
        self._door.close()
        if self._link is not None:
            self._link.close()

    def _run(self) -> None:
        said = 0.0
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._words or self._over, 0.02)
                if self._over:
                    return
            self._meet()
            if self._link is None:
                continue
            try:
                if time.monotonic() - said > 0.5:
                    said = time.monotonic()
                    self._link.send(self._state)
                while self._words:
                    word = self._words.popleft()
                    if isinstance(word, bytes):
                        self._link._connection.send(word)
                    else:
                        self._link.send(word)
                for heard in self._link.receive():
                    assert isinstance(heard, Touched)
                    self.touches.append(heard)
            except (LinkError, OSError):
                self._link.close()
                self._link = None

    def _meet(self) -> None:
        connection = self._door.accept()
        if connection is not None:
            if self._link is not None:
                self._link.close()
            self._link = Link(connection, FROM_SCREEN, SystemClock())
            self._link.send(self._state)
            self.met += 1


class Heard:
    """A watchdog that only remembers.

    Attributes:
        trouble: what the room said last.

    """

    def __init__(self) -> None:
        self.trouble: str | None = None

    def ready(self) -> None:
        """Say nothing."""

    def alive(self, trouble: str | None = None) -> None:
        """Remember it."""
        self.trouble = trouble


class Shown:
    """The room that shows, in a thread with an event loop of its own.

    Attributes:
        room: itself.
        port: it listens on.
        folder: of the sockets.
        watchdog: what it tells systemd.

    """

    def __init__(
        self,
        folder: Path,
        text: str = CONFIG,
        devices: tuple[Sound | None, Indicator | None] = (None, None),
    ) -> None:
        self.folder = folder
        self.port = 0
        self.watchdog = Heard()
        self._text = text
        self._devices = devices
        self._fault: BaseException | None = None
        self._thread = Thread(target=self._run, name="ui")
        (folder / "ui.launch").unlink(missing_ok=True)
        self._thread.start()
        until(lambda: self.launch_file.exists() or self._fault, "the launch file")
        if self._fault is not None:
            raise self._fault
        self.port = read_launch(self.launch_file)[0]

    @property
    def launch_file(self) -> Path:
        """Where the next browser's address is."""
        return self.folder / "ui.launch"

    def token(self) -> str:
        """Return the launch token that is good now."""
        return read_launch(self.launch_file)[1]

    def close(self) -> None:
        """Stop the room and wait for its end."""
        if self._thread.is_alive():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.room.stop)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:  # noqa: BLE001 - told to the test
            self._fault = fault

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.room = UiRoom(parse(self._text), self.folder, SystemClock(), self._devices)
        await self.room.run(self.watchdog)  # type: ignore[arg-type]
