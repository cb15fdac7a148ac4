"""The one way to every answer: head, session and body are checked, and each answer is marked."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from appliance.ui.quiet import where
from appliance.ui.security import FORBIDDEN, LARGEST, STEADY, TOO_LARGE, Head, cookie_of, policy
from appliance.ui.security import refuse as refuse_head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from appliance.ui.security import Way
    from appliance.ui.sessions import Sessions

BODY_S: Final = 3.0
"""A body must be here so soon after its head."""
TIMEOUT: Final = 408
FAILED: Final = 500


class Guard:
    """Stands before the application; what it refuses, no page's code ever sees.

    Args:
        app: what answers. It finds in its scope "cookie", and "form" with the bytes of a body.
        ways: every path there is; everything else is not found.
        sessions: who the browser is.

    """

    def __init__(self, app: ASGIApp, ways: Mapping[bytes, Way], sessions: Sessions) -> None:
        self._app = app
        self._ways = ways
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head = _head(scope)
        status = refuse_head(head, self._ways)
        cookie = "" if status else cookie_of(head)
        known = self._sessions.knows(cookie)
        if not status and not known and not self._ways[head.path].open:
            status = FORBIDDEN
        started = False

        async def marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _mark(message["headers"], whole=not status)
            await send(message)

        form = b""
        if not status and head.method == "POST":
            status, form = await _body(receive)
        try:
            if status:
                await _answer(scope, marked, status)
                return
            inner = {**scope, "cookie": cookie if known else "", "form": form}
            await self._app(inner, receive, marked)
        except Exception as fault:
            sys.stderr.write(f"ui: {where(fault)}\n")
            if started or scope["type"] == "websocket":
                raise  # the server ends the connection; its log is as quiet as ours
            status = FAILED
            await _answer(scope, marked, status)


def _head(scope: Scope) -> Head:
    host, port = scope["server"]
    return Head(
        scope["method"] if scope["type"] == "http" else "WEBSOCKET",
        scope["raw_path"],
        scope["query_string"],
        tuple(scope["headers"]),
        f"{host}:{port}".encode(),
    )


def _mark(headers: list[tuple[bytes, bytes]], *, whole: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that all have; a refusal ends its connection."""
    there = {name for name, _ in headers}
    marks = [*STEADY, ("content-security-policy", policy(""))]
    if not whole:
        marks.append(("connection", "close"))
    pairs = [(name.encode(), value.encode()) for name, value in marks]
    return [*headers, *(pair for pair in pairs if pair[0] not in there)]


async def _body(receive: Receive) -> tuple[int, bytes]:
    """Return a body of the allowed size, or the status of its refusal."""
    content = b""
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return TIMEOUT, b""
                content += message.get("body", b"")
                if len(content) > LARGEST:
                    return TOO_LARGE, b""
                if not message.get("more_body", False):
                    return 0, content
    except TimeoutError:
        return TIMEOUT, b""


async def _answer(scope: Scope, send: Send, status: int) -> None:
    """Send a refusal: a status, and nothing to read."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
