"""The line to gate: found again whenever it is lost, and never waited for."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from appliance.errors import LinkClosedError, LinkError
from appliance.link import Link, connect
from appliance.terminal import TO_SCREEN

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.clock import Clock
    from appliance.light import LightAnswered
    from appliance.terminal import Touched
    from appliance.ui.hub import Hub

SILENCE_NS: Final = 3_000_000_000
"""Gate speaks at least once a second; one that has not for so long is gone."""
PAUSE_NS: Final = 250_000_000
"""Between two tries to find gate."""


class GateLine:
    """Hears gate for the hub, and tells it of touches.

    Args:
        path: of gate's socket.
        hub: is told.
        clock: shared with gate.

    """

    def __init__(self, path: Path, hub: Hub, clock: Clock) -> None:
        self._path = path
        self._hub = hub
        self._clock = clock
        self._link: Link | None = None
        self._heard_ns = 0
        self._try_ns = 0

    def tend(self) -> None:
        """Find gate if it is lost, lose it if it is silent; to be called a few times a second."""
        now_ns = self._clock.now_ns()
        if self._link is None:
            if now_ns >= self._try_ns:
                self._try_ns = now_ns + PAUSE_NS
                self._find(now_ns)
        elif now_ns - self._heard_ns > SILENCE_NS:
            self._lose("silent")

    def say(self, told: Touched | LightAnswered) -> bool:
        """Tell gate of a touch or a light; return whether it can have heard."""
        if self._link is None:
            return False
        try:
            self._link.send(told)
        except LinkClosedError:
            self._lose("gone")
            return False
        return True

    def close(self) -> None:
        """Let go of gate; closing twice is allowed."""
        if self._link is not None:
            asyncio.get_running_loop().remove_reader(self._link.fileno())
            self._link.close()
            self._link = None

    def _find(self, now_ns: int) -> None:
        try:
            self._link = Link(connect(self._path), TO_SCREEN, self._clock)
        except LinkClosedError:
            return
        self._heard_ns = now_ns
        asyncio.get_running_loop().add_reader(self._link.fileno(), self._hear)

    def _hear(self) -> None:
        if self._link is None:
            return
        try:
            messages = self._link.receive()
        except LinkClosedError:
            self._lose("gone")
            return
        except LinkError as fault:
            self._lose(f"{fault.thing} refused")  # what was wrong with it may be of a person
            return
        self._heard_ns = self._clock.now_ns()
        for message in messages:
            self._hub.hear(message)

    def _lose(self, why: str) -> None:
        sys.stderr.write(f"ui: gate: {why}\n")
        self.close()
        self._hub.lose()
