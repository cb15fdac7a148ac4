"""The room that shows: link to gate, preview, devices -> server; the only builder in this room."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Final

import uvicorn

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import SanmenError
from appliance.hardening import complain, lock_down
from appliance.ui.canvas import Canvas
from appliance.ui.connections import Patient
from appliance.ui.feel import Feel
from appliance.ui.gate_line import GateLine
from appliance.ui.hours import volume
from appliance.ui.hub import Hub
from appliance.ui.preview import Preview
from appliance.ui.quiet import silence, where
from appliance.ui.server import Desk, build
from appliance.ui.sessions import Sessions
from appliance.watchdog import Watchdog
from hardware import board
from hardware.errors import DeviceError
from hardware.ports import IndicatorOptions, SoundOptions

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from starlette.types import ASGIApp

    from appliance.clock import Clock
    from appliance.sections import Config
    from hardware.ports import Indicator, Sound

GATE: Final = "ui.socket"
"""Gate listens, this room connects."""
PREVIEW: Final = "preview.socket"
"""This room listens, vision connects."""
BEAT_S: Final = 0.1
"""Between two looks at gate, sounds and the watchdog, seconds."""
UNSEEN: Final = "no browser has the page open"
"""Said to systemd; an update on trial is not kept while a screen shows nothing."""
QUEUE: Final = 16
"""Connections that wait to be taken."""
FAREWELL_S: Final = 1
"""Streams that have not ended by then are cut."""
LONGEST_WORD: Final = 64
"""Bytes a page may say over its WebSocket."""


class Server(uvicorn.Server):
    """Uvicorn without a hand on the process: signals are the room's."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave them alone."""
        return nullcontext()

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self.servers[0].sockets[0].getsockname()[1])


class UiRoom:
    """The screen of one gate.

    Args:
        config: of the gate.
        folder: of the rooms' sockets.
        clock: shared with the other rooms.
        devices: sound and light, None where there is none.

    Raises:
        LinkError: the preview's socket cannot be made.
        OSError: the folder cannot be used.

    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        clock: Clock,
        devices: tuple[Sound | None, Indicator | None] = (None, None),
    ) -> None:
        self.hub = Hub(config.ui.language, round(config.ui.idle_s * 1e9))
        self.sessions = Sessions(folder)
        self._clock = clock
        self._canvas = Canvas(self.hub, clock, config)
        self._line = GateLine(folder / GATE, self.hub, clock)
        self._feel = Feel(
            self.hub, devices, lambda: volume(self._canvas.local().time(), config.ui), clock
        )
        self._preview = Preview(folder / PREVIEW, self.hub, clock)
        self.hub.call(self._preview.heed)
        self.hub.call(self._feel.heed)
        desk = Desk(
            self.hub, self._canvas, self._line, self._preview, self._feel, self.sessions, clock
        )
        self._server = serve(build(desk), config.ui.port)

    async def run(self, watchdog: Watchdog) -> None:
        """Serve until `stop`.

        Raises:
            SystemExit: the port cannot be had; uvicorn's way to say so.

        """
        serving = asyncio.create_task(self._server.serve())
        try:
            self._preview.start()
            announced = False
            while not serving.done():
                if self._server.started and not announced:
                    announced = True
                    self.sessions.announce(self._server.port)
                    watchdog.ready()
                self._line.tend()
                self._feel.tend()
                now_ns = self._clock.now_ns()
                self.hub.settle(now_ns)
                watchdog.alive("" if self.hub.watched(now_ns) else UNSEEN)
                await asyncio.sleep(BEAT_S)
            serving.result()
        finally:
            self._line.close()
            self._preview.close()

    def stop(self) -> None:
        """End `run`, from within its event loop."""
        self.hub.stop()
        self._server.should_exit = True


def serve(app: ASGIApp, port: int) -> Server:
    """Return the server of an application: this machine alone reaches it."""
    return Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            loop="asyncio",
            http=Patient,
            ws="wsproto",
            ws_max_size=LONGEST_WORD,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=QUEUE,
            timeout_graceful_shutdown=FAREWELL_S,
        )
    )


def main(config_path: Path, folder: Path) -> int:
    """Run the room until SIGTERM; return the exit code."""
    complain("ui", lock_down())
    silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watchdog = Watchdog()
    try:
        config = load(config_path)
        asyncio.run(_run(config, folder, watchdog))
    except (SanmenError, OSError) as fault:
        sys.stderr.write(f"ui: {fault}\n")
        return 3
    except SystemExit:
        sys.stderr.write(f"ui: ui.port: {config.ui.port} is taken; expected a free port\n")
        return 3
    except Exception as fault:  # noqa: BLE001 - its text may hold what somebody typed
        sys.stderr.write(f"ui: {where(fault)}\n")
        return 1
    return 0


async def _run(config: Config, folder: Path, watchdog: Watchdog) -> None:
    clock = SystemClock()
    with ExitStack() as ending:
        room = UiRoom(config, folder, clock, open_devices(config, clock, ending))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, room.stop)
        await room.run(watchdog)


def open_devices(
    config: Config, clock: Clock, ending: ExitStack
) -> tuple[Sound | None, Indicator | None]:
    """Return the configured sound and light, to be closed with `ending`.

    One that cannot be opened is told and left out: the screen says the same in picture and words.
    """
    sound: Sound | None = None
    light: Indicator | None = None
    try:
        sound = board.open_sound(SoundOptions(config.sound.driver, config.sound.device), clock)
        ending.callback(sound.close)
    except DeviceError as fault:
        sys.stderr.write(f"ui: sound: {fault}\n")
    try:
        light = board.open_indicator(IndicatorOptions(config.indicator.driver), clock)
        ending.callback(light.close)
    except DeviceError as fault:
        sys.stderr.write(f"ui: indicator: {fault}\n")
    return sound, light
