"""A browser's manners at the screen's room: its page, its stream and its line of the picture."""

from __future__ import annotations

import http.client
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 15.0
"""For what must come; a slow machine is no fault."""
FAREWELL_S = 0.2


def read_launch(launch_file: Path) -> tuple[int, str]:
    """Return port and token of the next browser.

    Raises:
        OSError: nobody has written the file.
        ValueError: it is half written.

    """
    address, _, token = launch_file.read_text("ascii").strip().partition("#")
    return int(address.rsplit(":")[-1].strip("/")), token


class Browser:
    """Sends exactly what our page in our browser sends, unless told otherwise."""

    def __init__(self, port: int, cookie: str = "", tab: int | None = None) -> None:
        self.port = port
        self.cookie = cookie
        self.number = time.monotonic_ns() if tab is None else tab
        self.csrf = ""

    @classmethod
    def launched(cls, launch_file: Path) -> Self:
        """Return a browser that was started with the launch token, its page loaded."""
        port, token = read_launch(launch_file)
        new = cls(port)
        status, headers, _ = new.post("/launch", {"token": token})
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

    def preview(self, **other: str | None) -> ClientConnection:
        """Open this tab's line of the picture, as our page does.

        Raises:
            InvalidStatus: the room refused.

        """
        headers = self.headers(**other)
        origin = headers.pop("Origin", None)
        return connect(
            f"ws://127.0.0.1:{self.port}/preview?tab={self.number}",
            additional_headers=headers,
            origin=origin,  # type: ignore[arg-type]
            compression=None,
            proxy=None,
            open_timeout=PATIENCE_S,
            close_timeout=FAREWELL_S,
        )

    @contextmanager
    def glimpse(self) -> Iterator[ClientConnection]:
        """Open the line of the picture; cut it at the end without a farewell."""
        with self.preview() as line:
            try:
                yield line
            finally:
                line.socket.close()


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
