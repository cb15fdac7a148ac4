"""Every answer of the screen's server; each way is named here, and there is no other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route, Router, WebSocketRoute

from appliance.ui import forms, launch
from appliance.ui.guard import Guard
from appliance.ui.preview import show
from appliance.ui.security import FORBIDDEN, Way, cookie_line, policy
from appliance.ui.stream import snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from appliance.clock import Clock
    from appliance.ui.canvas import Canvas
    from appliance.ui.feel import Feel
    from appliance.ui.gate_line import GateLine
    from appliance.ui.hub import Hub, Language
    from appliance.ui.preview import Preview
    from appliance.ui.sessions import Sessions

    Ask = Request | WebSocket

STATIC: Final = Path(__file__).parent / "static"
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Files of other kinds are not served."""
NO_CONTENT: Final = 204
BAD_FORM: Final = 400
OTHER_TAB: Final = 409
NO_GATE: Final = 503
WAYS: Final = {
    b"/": Way("GET", open=True),
    b"/launch": Way("POST", open=True),
    b"/stream": Way("GET", query=True),
    b"/touch": Way("POST"),
    b"/view": Way("POST"),
    b"/light": Way("POST"),
    b"/preview": Way("WEBSOCKET", query=True),
}
LANGUAGES: Final[dict[str | None, Language | None]] = {None: None, "zh": "zh", "en": "en"}
SIZES: Final = {None: None, "0": False, "1": True}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the answers are made of."""

    hub: Hub
    canvas: Canvas
    line: GateLine
    preview: Preview
    feel: Feel
    sessions: Sessions
    clock: Clock


class Answers:
    """One method for each way.

    Args:
        desk: what they are made of.
        files: path and content of each static file.

    """

    def __init__(self, desk: Desk, files: dict[str, tuple[str, bytes]]) -> None:
        self._desk = desk
        self._files = files

    async def page(self, request: Request) -> Response:
        """Give the whole document to our browser, and the launch page to one without a session."""
        desk, cookie = self._desk, request.scope["cookie"]
        tab = desk.sessions.tab(cookie, str(desk.clock.now_ns()), desk.clock.now_ns())
        if not cookie or tab is None:
            nonce = os.urandom(16).hex()
            return HTMLResponse(launch.page(nonce), headers=_policed(nonce))
        return HTMLResponse(desk.canvas.document(tab), headers=_policed(tab.nonce))

    async def launch(self, request: Request) -> Response:
        """Swap the launch token for a session; every other browser's ends."""
        values = forms.parse(request.scope["form"]) or {}
        cookie = self._desk.sessions.redeem(values.get("token", ""))
        if cookie is None:
            return Response(status_code=FORBIDDEN)
        self._desk.hub.tell()
        return Response(status_code=NO_CONTENT, headers={"set-cookie": cookie_line(cookie)})

    async def stream(self, request: Request) -> Response:
        """Stream the screen to the newest tab."""
        desk, valid = self._desk, self._watcher(request)
        if not valid():
            return Response(status_code=OTHER_TAB)
        events = snapshots(desk.hub, desk.canvas, desk.clock, valid)
        return StreamingResponse(events, media_type="text/event-stream")

    async def touch(self, request: Request) -> Response:
        """Tell gate of a touch; what comes of it is in the stream."""
        values = forms.parse(request.scope["form"])
        status = self._posted(request, values)
        if status or values is None:
            return Response(status_code=status)
        desk = self._desk
        touched = forms.touch(values, desk.clock.now_ns())
        if touched is None:
            return Response(status_code=BAD_FORM)
        desk.hub.touch(touched.at_ns)
        desk.feel.touched(touched.act)
        return Response(status_code=NO_CONTENT if desk.line.say(touched) else NO_GATE)

    async def view(self, request: Request) -> Response:
        """Change language or size of text."""
        values = forms.parse(request.scope["form"])
        status = self._posted(request, values)
        if status or values is None:
            return Response(status_code=status)
        language, large = values.get("language"), values.get("large")
        if language not in LANGUAGES or large not in SIZES:
            return Response(status_code=BAD_FORM)
        desk = self._desk
        desk.hub.see(LANGUAGES[language], SIZES[large], desk.clock.now_ns())
        return Response(status_code=NO_CONTENT)

    async def light(self, request: Request) -> Response:
        """Tell gate that a step of light is shown since now."""
        values = forms.parse(request.scope["form"])
        status = self._posted(request, values)
        if status or values is None:
            return Response(status_code=status)
        shown = forms.answer(values, self._desk.clock.now_ns())
        if shown is None:
            return Response(status_code=BAD_FORM)
        return Response(status_code=NO_CONTENT if self._desk.line.say(shown) else NO_GATE)

    async def preview(self, socket: WebSocket) -> None:
        """Show the camera's picture while gate allows it."""
        watching = self._watcher(socket)
        hub = self._desk.hub
        if not watching():
            await socket.close()
            return
        await show(socket, self._desk.preview, lambda: watching() and hub.preview and not hub.over)

    async def file(self, request: Request) -> Response:
        """Give one of the files that were there at the start."""
        kind, content = self._files[request.url.path]
        return Response(content, media_type=kind)

    def _watcher(self, ask: Ask) -> Callable[[], bool]:
        """Return what tells, at any moment, whether a tab is still the newest of our browser."""
        sessions, cookie = self._desk.sessions, ask.scope["cookie"]
        number = ask.scope["query_string"].decode("ascii", "replace").removeprefix("tab=")
        tab = sessions.tab(cookie, number, self._desk.clock.now_ns())
        return lambda: tab is not None and sessions.knows(cookie) and sessions.is_newest(tab)

    def _posted(self, request: Request, values: dict[str, str] | None) -> int:
        """Return the status of a form's refusal, or 0."""
        if values is None:
            return BAD_FORM
        sessions, cookie = self._desk.sessions, request.scope["cookie"]
        tab = sessions.posted(cookie, values, self._desk.clock.now_ns())
        if tab is None:
            return FORBIDDEN
        return 0 if sessions.is_newest(tab) else OTHER_TAB


def build(desk: Desk, folder: Path = STATIC) -> Guard:
    """Return the whole application; static files are read now, so that no path reaches a disk.

    Raises:
        OSError: one of them cannot be read.

    """
    files = {
        f"/static/{path.relative_to(folder).as_posix()}": (KINDS[path.suffix], path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.suffix in KINDS
    }
    answers = Answers(desk, files)
    router = Router(
        [
            Route("/", answers.page),
            Route("/launch", answers.launch, methods=["POST"]),
            Route("/stream", answers.stream),
            Route("/touch", answers.touch, methods=["POST"]),
            Route("/view", answers.view, methods=["POST"]),
            Route("/light", answers.light, methods=["POST"]),
            WebSocketRoute("/preview", answers.preview),
            *(Route(path, answers.file) for path in files),
        ],
        redirect_slashes=False,
    )
    static = {path.encode(): Way("GET", open=True) for path in files}
    return Guard(router, {**WAYS, **static}, desk.sessions)


def _policed(nonce: str) -> dict[str, str]:
    return {"content-security-policy": policy(nonce)}
