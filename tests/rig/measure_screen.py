"""Measures a change of gate's state on its way to the screen: `python -m tests.rig.measure_screen`.

Once with the time at which the event has come out of the loopback socket, and, where Chromium is,
once with the time at which its page has changed and two pictures later.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from appliance.terminal import Phase
from tests.rig.browser import CHROMIUM, launched
from tests.rig.screen import Gate, Shown, terminal, until
from tests.rig.wire_browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 100
PAUSE_S = 0.05
WATCH = """() => {
  window.changes = [];
  new MutationObserver(() => {
    const shown = document.querySelector("#screen > .stage")?.id;
    if (shown === window.last) return;
    window.last = shown;
    const at = performance.timeOrigin + performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => window.changes.push(
      [at, performance.timeOrigin + performance.now()])));
  }).observe(document.getElementById("screen"), { subtree: true, childList: true,
    attributes: true });
}"""


def main() -> None:
    """Print median and 95th percentile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gate = Gate(folder / "ui.socket")
        shown = Shown(folder)
        try:
            until(lambda: shown.room.hub.terminal, "gate")
            _tell("state to event read from the socket", to_event(gate, shown))
            if Path(CHROMIUM).exists():
                to_page(gate, shown)
        finally:
            shown.close()
            gate.close()


def to_event(gate: Gate, shown: Shown) -> list[float]:
    """Return milliseconds from gate's word to its event."""
    spans: list[float] = []
    read = Event()
    arrived = [0.0]
    with Browser.launched(shown.launch_file).stream() as stream:
        stream.named("message")

        def listen() -> None:
            for _ in range(TIMES):
                stream.named("message")
                arrived[0] = time.monotonic()
                read.set()

        thread = Thread(target=listen)
        thread.start()
        for number in range(TIMES):
            said = _change(gate, number, time.monotonic)
            read.wait()
            read.clear()
            spans.append((arrived[0] - said) * 1e3)
            time.sleep(PAUSE_S)
        thread.join()
    return spans


def to_page(gate: Gate, shown: Shown) -> None:
    """Measure the same in a real browser, headless with software drawing."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": 800, "height": 480})
        with page.expect_response(lambda answer: "/stream" in answer.url):
            page.goto(shown.launch_file.read_text().strip())
        page.wait_for_timeout(1000)
        page.evaluate(WATCH)
        said = []
        for number in range(TIMES):
            said.append(_change(gate, number, time.time))
            page.wait_for_timeout(150)
        seen = page.evaluate("window.changes")
    if len(seen) != len(said):
        sys.exit(f"{len(seen)} changes seen of {len(said)} said")
    pairs = list(zip(said, seen, strict=True))
    _tell("state to page changed", [one[0] - at * 1e3 for at, one in pairs])
    _tell("state to two pictures later", [one[1] - at * 1e3 for at, one in pairs])


def _change(gate: Gate, number: int, now: Callable[[], float]) -> float:
    at = now()
    gate.say(terminal(Phase.IDLE if number % 2 else Phase.FACE))
    return at


def _tell(what: str, spans: list[float]) -> None:
    ordered = sorted(spans)
    sys.stdout.write(
        f"{what}: p50 {statistics.median(ordered):.1f} ms, "
        f"p95 {ordered[int(0.95 * len(ordered))]:.1f} ms, most {ordered[-1]:.1f} ms, "
        f"n = {len(ordered)}\n"
    )


if __name__ == "__main__":
    main()
