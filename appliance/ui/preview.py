"""The camera's picture on its way from vision to the browser, while gate allows it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from appliance.errors import LinkError
from appliance.link import Door
from appliance.ui.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.ui.hub import Hub

CREDIT: Final = "k"
"""The page has drawn the last frame and takes one more."""
OFF: Final = "off"
"""Nothing more comes: blank the canvas."""
RUDE: Final = 1008
"""Close code of a page that says something else (RFC 6455, policy violation)."""


class Preview:
    """Receives frames from vision, one connection at a time, and lends the newest.

    Args:
        path: of the socket; 0600, and only this user's processes are let in.
        hub: says whether gate allows the picture.
        clock: shared with vision.

    Raises:
        LinkError: the socket cannot be made.

    """

    def __init__(self, path: Path, hub: Hub, clock: Clock) -> None:
        self._door = Door(path)
        self._hub = hub
        self._clock = clock
        self._vision: Any = None
        self._fresh = asyncio.Event()
        self.frames = Frames()

    def start(self) -> None:
        """Wait for vision in the running event loop."""
        asyncio.get_running_loop().add_reader(self._door.fileno(), self._meet)

    def heed(self) -> None:
        """Overwrite the picture if it is not allowed any more; to be called at each change."""
        if not self._hub.preview:
            self.frames.wipe()
        self.ring()

    def ring(self) -> None:
        """Wake whoever waits for a frame."""
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()

    def close(self) -> None:
        """Let go of vision and overwrite the picture; closing twice is allowed."""
        if self._door.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._door.fileno())
        self._part()
        self._door.close()

    def mark(self) -> asyncio.Event:
        """Return what will be set at the next frame or change; to be taken before looking."""
        return self._fresh

    def _meet(self) -> None:
        try:
            connection = self._door.accept()
        except LinkError as fault:
            sys.stderr.write(f"ui: preview: {fault}\n")
            return
        if connection is None:
            return
        self._part()  # vision was started anew; there is one camera
        connection.setblocking(False)  # noqa: FBT003
        self._vision = connection
        asyncio.get_running_loop().add_reader(connection.fileno(), self._receive)

    def _receive(self) -> None:
        try:
            size = self._vision.recv_into(self.frames.buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if size == 0:
            self._part()
        elif not self.frames.take(size, self._clock.now_ns()):
            sys.stderr.write("ui: preview: what came was no frame of this moment\n")
            self._part()
        elif self._hub.preview:
            self.ring()
        else:
            self.frames.wipe()  # vision has not heard yet that it is over

    def _part(self) -> None:
        if self._vision is not None:
            asyncio.get_running_loop().remove_reader(self._vision.fileno())
            self._vision.close()
            self._vision = None
        self.frames.wipe()


@dataclass(slots=True)
class _Page:
    """What a page has said: it takes one frame more, it has gone, or it said something else."""

    ready: bool = False
    gone: bool = False
    rude: bool = False


async def show(socket: WebSocket, preview: Preview, valid: Callable[[], bool]) -> None:
    """Send frames to a page, the newest for each credit, until it is over.

    Args:
        socket: of the page, not accepted yet.
        preview: lends the frames.
        valid: whether the page may see them, at this moment.

    """
    await socket.accept()
    page, shown = _Page(), 0
    listening = asyncio.create_task(_listen(socket, page, preview.ring))
    try:
        while not page.gone:
            mark = preview.mark()
            if not valid():
                await socket.send_text(OFF)
                await socket.close()
                return
            if page.ready and preview.frames.sequence not in {0, shown}:
                page.ready, shown = False, preview.frames.sequence
                await socket.send_bytes(bytes(preview.frames.picture))
            else:
                await mark.wait()
        if page.rude:
            await socket.close(RUDE)
    except (WebSocketDisconnect, RuntimeError, OSError):
        return  # it went while we spoke
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(socket: WebSocket, page: _Page, ring: Callable[[], None]) -> None:
    while not page.gone:
        said = await socket.receive()
        page.gone = said["type"] != "websocket.receive"
        if not page.gone:
            page.rude = page.gone = said.get("text") != CREDIT
            page.ready = not page.rude
        ring()
