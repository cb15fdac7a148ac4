"""The screen as server-sent events: whole snapshots, newest only, and a beat every second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from appliance.ui.hub import changed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from appliance.clock import Clock
    from appliance.light import ShowLight
    from appliance.ui.canvas import Canvas
    from appliance.ui.hub import Hub

BEAT_NS: Final = 1_000_000_000
BEAT: Final = "event: beat\ndata: 1\n\n"
"""A page that misses three of them knows that it shows the past."""
REPLACED: Final = "event: replaced\ndata: 1\n\n"
"""A newer tab or browser took over; the page is not to come back."""


def light(step: ShowLight, now_ns: int) -> str:
    """Return a step of light as an event: tint, percent of brightness, milliseconds it holds."""
    held_ms = max(0, step.until_ns - now_ns) // 1_000_000
    return f"event: light\ndata: {step.tint.value} {step.brightness * 100:.0f} {held_ms}\n\n"


def message(html: str) -> str:
    """Return one snapshot as an event; a line break of any kind begins a new line of data."""
    return "".join(f"data: {line}\n" for line in html.splitlines() or [""]) + "\n"


async def snapshots(
    hub: Hub, canvas: Canvas, clock: Clock, valid: Callable[[], bool]
) -> AsyncIterator[str]:
    """Give the current screen, and each that differs from the one before, until it is over.

    A browser that reads slowly gets the newest when it is ready again; nothing queues up.
    """
    sent, beat_ns, lit = None, 0, hub.light
    while not hub.over:
        mark = hub.mark()
        if not valid():
            yield REPLACED
            return
        html = canvas.snapshot()
        if html != sent:
            sent = html
            yield message(html)
        now_ns = clock.now_ns()
        if hub.light is not lit:
            lit = hub.light
            if lit is not None:
                yield light(lit, now_ns)
        if now_ns >= beat_ns:
            beat_ns = now_ns + BEAT_NS
            yield BEAT
            hub.beat(now_ns)
        wake_ns = min(beat_ns, canvas.due_ns or beat_ns)
        await changed(mark, max(0, wake_ns - now_ns) / 1e9)
