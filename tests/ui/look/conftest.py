"""The screens served on this machine as the ui's server would, and Chromium that looks at them."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance.ui import pages
from appliance.ui.model import Tab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.ui.model import Screen

STATIC = Path(pages.__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-N'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
)


class Shown:
    """What the server shows now, and what came back.

    Attributes:
        url: of the document.
        screen: to be shown.
        later: screens sent as events after the document.
        touched: bodies of touches.
        beating: the stream says each moment that it lives.
        streams: the newest page hears events.
        asked: paths asked for.

    """

    def __init__(self) -> None:
        self.url = ""
        self.screen: Screen
        self.later: list[Screen] = []
        self.send = threading.Event()
        self.over = threading.Event()
        self.beating = True
        self.newest = object()
        self.streams = threading.Event()
        self.touched: list[str] = []
        self.asked: list[str] = []


class Host(SimpleHTTPRequestHandler):
    """Serves one screen, its stream and the static files, under the product's policy."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, shown: Shown, **options: object) -> None:
        self._shown = shown
        super().__init__(*args, directory=str(STATIC.parent), **options)

    def do_GET(self) -> None:
        self._shown.asked.append(self.path)
        if self.path == "/":
            html = pages.shell(self._shown.screen, Tab("N", "csrf", "t1")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(html)))
            self.end_headers()
            self.wfile.write(html)
        elif self.path.startswith("/stream"):
            self._stream()
        elif self.path.startswith("/static/"):
            super().do_GET()
        else:
            self.send_error(404)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        mine = self._shown.newest = object()  # a page that has gone takes no screen away
        self._shown.streams.set()
        try:
            while not self._shown.over.is_set() and self._shown.newest is mine:
                if self._shown.beating:
                    self._say("event: beat\ndata: 1\n\n")
                if self._shown.send.wait(0.05):
                    self._shown.send.clear()
                    while self._shown.later and self._shown.newest is mine:
                        html = pages.render(self._shown.later.pop(0))
                        self._say("".join(f"data: {one}\n" for one in html.splitlines()) + "\n")
        except OSError:
            pass  # the browser has gone
        self.close_connection = True

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._shown.touched.append(f"{self.path} {self.rfile.read(length).decode()}")
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    shown = Shown()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, shown=shown)) as server:
        server.daemon_threads = False
        shown.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield shown
        shown.over.set()
        server.shutdown()
        thread.join()
