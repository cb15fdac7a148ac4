"""What is heard: a sound that gate asks for is played once, and not again after gate was lost."""

from __future__ import annotations

from appliance.clock import SystemClock
from appliance.light import PlaySound
from appliance.terminal import NoPage
from appliance.ui.feel import Feel
from appliance.ui.hub import Hub


class Ear:
    """A loudspeaker that remembers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def play(self, name: str, volume: float) -> None:
        self.heard.append((name, volume))

    def close(self) -> None:
        pass


def test_a_sound_that_gate_asks_for_is_heard_once_each_time() -> None:
    hub, ear = Hub("zh", 60_000_000_000), Ear()
    hub.call(Feel(hub, (ear, None), lambda: 0.5, SystemClock()).heed)
    hub.hear(PlaySound("help"))
    hub.hear(NoPage())
    assert ear.heard == [("help", 0.5)]
    hub.hear(PlaySound("help"))
    assert ear.heard == [("help", 0.5)] * 2
    hub.lose()
    hub.hear(NoPage())
    assert len(ear.heard) == 2
