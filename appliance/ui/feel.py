"""What is heard and what lights up when the screen changes, so that nobody has to read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from appliance.terminal import Phase, Portal
from hardware.errors import DeviceError
from hardware.ports import Colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.clock import Clock
    from appliance.light import PlaySound
    from appliance.terminal import Terminal
    from appliance.ui.hub import Hub
    from hardware.ports import Indicator, Sound

AGAIN_NS: Final = 1_000_000_000
"""Between two ticks of a door that stands open."""
STEPS: Final = (0.4, 0.7, 1.0)
"""Share of the volume of the first tick, the second, and all after."""
COLOURS: Final = {
    Phase.IDLE: Colour.READY,
    Phase.FACE: Colour.CAMERA,
    Phase.CODE: Colour.CAMERA,
    Phase.GRANTED: Colour.GRANTED,
    Phase.REFUSED: Colour.REFUSED,
}
ALARMS: Final = {
    Portal.HELD_OPEN: (Colour.REFUSED, "held"),
    Portal.FORCED_OPEN: (Colour.ALARM, "alarm"),
    Portal.TAMPERED: (Colour.ALARM, "alarm"),
    Portal.FIRE: (Colour.ALARM, ""),
}
"""Colour and sound; the site's own siren speaks of fire."""
RESULTS: Final = {Phase.GRANTED: "granted", Phase.REFUSED: "refused"}


def colour(state: Terminal | None) -> Colour:
    """Return the light of a state."""
    if state is None or state.unwell:
        return Colour.OFF
    return ALARMS[state.portal][0] if state.portal in ALARMS else COLOURS[state.phase]


def sound(state: Terminal | None) -> str:
    """Return what is heard when a state begins; empty = nothing."""
    if state is None:
        return ""
    if state.portal in ALARMS:
        return ALARMS[state.portal][1]
    return RESULTS.get(state.phase, "")


class Feel:
    """Plays and lights what changed; a device that fails is not asked again.

    Args:
        hub: what the screen knows.
        devices: sound and light, None where there is none.
        volume: how loud at this time of day, 0 to 1.
        clock: for what is heard again and again.

    """

    def __init__(
        self,
        hub: Hub,
        devices: tuple[Sound | None, Indicator | None],
        volume: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._sound, self._indicator = devices
        self._volume = volume
        self._clock = clock
        self._shown: Colour | None = None
        self._heard = ""
        self._ticks = self._tick_ns = 0
        self._asked: PlaySound | None = None

    def heed(self) -> None:
        """Follow the newest state; to be called at each change."""
        light, name = colour(self._hub.terminal), sound(self._hub.terminal)
        if light != self._shown:
            self._shown = light
            self._show(light)
        if name != self._heard:
            self._heard, self._ticks = name, 0
            if name == "held":
                self.tend()
            elif name:
                self._play(name, 1.0)
        asked = self._hub.sound
        if asked is not None and asked is not self._asked:
            self._play(asked.name, 1.0)
        self._asked = asked

    def tend(self) -> None:
        """Go on with what is heard again and again; to be called a few times a second."""
        now_ns = self._clock.now_ns()
        if self._heard == "held" and (not self._ticks or now_ns - self._tick_ns >= AGAIN_NS):
            self._play("held", STEPS[min(self._ticks, len(STEPS) - 1)])
            self._tick_ns, self._ticks = now_ns, self._ticks + 1

    def touched(self, act: str) -> None:
        """Answer a touch."""
        self._play("help" if act == "help" else "key", 1.0)

    def _play(self, name: str, share: float) -> None:
        if self._sound is None:
            return
        try:
            self._sound.play(name, share * self._volume())
        except DeviceError as fault:
            self._sound = None
            sys.stderr.write(f"ui: sound: {fault}\n")

    def _show(self, light: Colour) -> None:
        if self._indicator is None:
            return
        try:
            self._indicator.show(light)
        except DeviceError as fault:
            self._indicator = None
            sys.stderr.write(f"ui: indicator: {fault}\n")
