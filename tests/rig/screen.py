"""The screen's room on a real loopback port, a gate that speaks to it, and a browser's manners."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections import deque
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from appliance.clock import SystemClock
from appliance.config import parse
from appliance.errors import LinkError
from appliance.link import Door, Link
from appliance.messages import Hint
from appliance.terminal import FROM_SCREEN, Doors, Phase, Portal, Standing, Terminal, Touched
from appliance.ui.process import UiRoom

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.terminal import ScreenMessage
    from hardware.ports import Indicator, Sound

CONFIG = '[site]\nname = "里弄"\nsimulation = true\n[ui]\nport = 0\n'
PATIENCE_S = 15.0
"""For what must come; a slow machine is no fault."""
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


class Silent:
    """A watchdog that nobody listens to."""

    def ready(self) -> None:
        """Say nothing."""

    def alive(self) -> None:
        """Say nothing."""


class Shown:
    """The room that shows, in a thread with an event loop of its own.

    Attributes:
        room: itself.
        port: it listens on.
        folder: of the sockets.

    """

    def __init__(
        self,
        folder: Path,
        text: str = CONFIG,
        devices: tuple[Sound | None, Indicator | None] = (None, None),
    ) -> None:
        self.folder = folder
        self.port = 0
        self._text = text
        self._devices = devices
        self._fault: BaseException | None = None
        self._thread = Thread(target=self._run, name="ui")
        (folder / "ui.launch").unlink(missing_ok=True)
        self._thread.start()
        until(lambda: self.launch_file.exists() or self._fault, "the launch file")
        if self._fault is not None:
            raise self._fault
        self.port = int(self.launch_file.read_text().partition("#")[0].rsplit(":")[-1].strip("/"))

    @property
    def launch_file(self) -> Path:
        """Where the next browser's address is."""
        return self.folder / "ui.launch"

    def token(self) -> str:
        """Return the launch token that is good now."""
        return self.launch_file.read_text().strip().partition("#")[2]

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
        await self.room.run(Silent())  # type: ignore[arg-type]


class Browser:
    """Sends exactly what our page in our browser sends, unless told otherwise."""

    def __init__(self, port: int, cookie: str = "", tab: int | None = None) -> None:
        self.port = port
        self.cookie = cookie
        self.number = time.monotonic_ns() if tab is None else tab
        self.csrf = ""

    @classmethod
    def launched(cls, shown: Shown) -> Self:
        """Return a browser that was started with the launch token, its page loaded."""
        new = cls(shown.port)
        status, headers, _ = new.post("/launch", {"token": shown.token()})
        assert status == 204
        new.cookie = headers["set-cookie"].partition(";")[0]
        return new.load()

    def load(self) -> Self:
        """Load the page, as a new tab."""
        status, _, page = self.get("/")
        assert status == 200
        self.number = int(_between(page, 'name="tab" value="'))
        self.csrf = _between(page, 'name="csrf" value="')
        return self

    @property
    def origin(self) -> str:
        """The page's own."""
        return f"http://127.0.0.1:{self.port}"

    def headers(self, **other: str | None) -> dict[str, str]:
        """Return the headers of our page; None leaves one out."""
        usual = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie}
        named = {name.replace("_", "-"): value for name, value in other.items()}
        return {name: value for name, value in {**usual, **named}.items() if value}

    def get(self, path: str, **other: str | None) -> tuple[int, dict[str, str], str]:
        """Ask for a path; return status, headers and text."""
        return self.ask("GET", path, None, self.headers(**{"Origin": None, **other}))

    def post(
        self, path: str, values: dict[str, str] | bytes, **other: str | None
    ) -> tuple[int, dict[str, str], str]:
        """Post a form."""
        body = values if isinstance(values, bytes) else urlencode(values).encode()
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, self.headers(**{**kind, **other}))

    def touch(self, act: str, page: str = "", value: str = "", **fields: str) -> int:
        """Touch something; return the status."""
        own = {"csrf": self.csrf, "tab": str(self.number)}
        return self.post("/touch", {**own, "act": act, "page": page, "value": value, **fields})[0]

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        """Send one request on a connection of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            line.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                line.putheader(name, value)
            if body is not None and "Content-Length" not in headers:
                line.putheader("Content-Length", str(len(body)))
            line.endheaders(body)
            answer = line.getresponse()
            text = answer.read().decode()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text
        finally:
            line.close()

    def stream(self) -> Stream:
        """Open the stream of this tab."""
        return Stream(self)


class Stream:
    """Server-sent events, read one by one."""

    def __init__(self, browser: Browser) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=PATIENCE_S)
        headers = browser.headers(Origin=None)
        self._line.request("GET", f"/stream?tab={browser.number}", headers=headers)
        self.answer = self._line.getresponse()
        self.status = self.answer.status

    def event(self) -> tuple[str, str]:
        """Return name and data of the next event; ("", "") at the end."""
        name, data = "", []
        for raw in iter(self.answer.readline, b""):
            line = raw.decode().rstrip("\n")
            if not line:
                return name or "message", "\n".join(data)
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                data.append(value)
        return "", ""

    def named(self, wanted: str) -> str:
        """Return the data of the next event of a name."""
        while True:
            name, data = self.event()
            assert name, f"the stream ended before {wanted}"
            if name == wanted:
                return data

    def shows(self, part: str) -> str:
        """Wait for a screen with this in it."""
        end = time.monotonic() + PATIENCE_S
        while part not in (html := self.named("message")):
            assert time.monotonic() < end, f"waited in vain for {part}"
        return html

    def close(self) -> None:
        """Leave."""
        self.answer.close()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _between(text: str, mark: str) -> str:
    return text.partition(mark)[2].partition('"')[0]
