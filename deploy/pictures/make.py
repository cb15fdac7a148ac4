"""Makes the README's pictures of the screen anew from `sanmen demo --screen` in real Chromium.

Run it in the repository where playwright and Debian's chromium are installed:
`python deploy/pictures/make.py`. What is seen is what the program shows; only who comes to the gate
is simulated.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Final

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE: Final = Path(__file__).parent
LARGEST: Final = 120_000
"""Bytes of a picture."""
PATIENCE_MS: Final = 60_000
SETTLED_MS: Final = 900
"""Until the camera's picture is drawn and drawings have come to rest."""
FACING_MS: Final = 350
"""The same in a visit, which may be over sooner."""
DEMONSTRATION: Final = """
from rich.console import Console
from appliance.cli.demo_screen import demo_screen
demo_screen(Console(width=300), lambda address: True)
"""
SWITCHES: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Demonstration:
    """The running program: keys are typed to it, its screen is touched and photographed."""

    def __init__(self, program: subprocess.Popen[str], page: Page) -> None:
        self._program = program
        self._page = page
        page.set_default_timeout(PATIENCE_MS)

    def key(self, key: str) -> None:
        """Let come who or what a key stands for."""
        typed(self._program).write(f"{key}\n")
        typed(self._program).flush()

    def sees(self, *names: str) -> None:
        """Wait for one of these screens."""
        self._page.locator(", ".join(f".n-{one.replace('.', '-')}" for one in names)).wait_for()

    def touch(self, act: str, then: str) -> None:
        """Touch an act, and wait for the screen after it."""
        stage = self._page.locator(".stage").get_attribute("id")
        self._page.locator(f'#screen button[name=act][value="{act}"]:not([disabled])').first.click()
        self._page.locator(f".stage:not(#{stage})").wait_for()
        self.sees(then)

    def keys(self, typed: str) -> None:
        """Type on the pad or keyboard of the screen."""
        for key in typed:
            self._page.locator(f'[data-key="{"field" if key == "-" else key}"]').click()

    def chooses(self, character: str) -> None:
        """Take a character that is offered."""
        self._page.locator(f'[data-pick="{character}"]').click()

    def reads_all(self) -> None:
        """Turn the notice's leaves up to the last."""
        while not self._page.locator('footer button[value="read"]:not([disabled])').count():
            self._page.locator("[data-after]").click()
            self._page.wait_for_timeout(SETTLED_MS)

    def picture(self, name: str) -> None:
        """Keep what the screen shows now."""
        path = HERE / f"screen-{name}.png"
        seen = cv2.imdecode(np.frombuffer(self._page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        if seen is None:
            raise SystemExit(f"{path.name}: no picture")
        # A browser packs for speed; this halves it.
        cv2.imwrite(str(path), seen, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        size = path.stat().st_size
        if size > LARGEST:
            raise SystemExit(f"{path.name}: {size} bytes; expected at most {LARGEST}")
        sys.stdout.write(f"{path.name}: {size} bytes\n")

    def settle(self, span_ms: int = SETTLED_MS) -> None:
        """Give the camera's picture the time to be drawn."""
        self._page.wait_for_timeout(span_ms)


def typed(program: subprocess.Popen[str]) -> IO[str]:
    """Return what types to a program."""
    if program.stdin is None:
        raise SystemExit("the demonstration has no input")
    return program.stdin


def visits(show: Demonstration) -> None:
    """Photograph what everybody may see at the gate."""
    show.sees("idle")
    show.settle()
    show.picture("idle")
    show.key("c")
    show.sees("granted")
    show.picture("granted")
    show.sees("idle")
    show.key("k")
    show.sees("refused")
    show.picture("refused")
    show.sees("idle")
    show.key("f")
    show.sees("face")
    show.settle(FACING_MS)
    show.picture("face")
    show.sees("granted", "refused", "idle")
    show.key("n")
    show.sees("idle")


def enrolment(show: Demonstration) -> None:
    """Photograph how a manager enrols a resident with a face."""
    show.touch("staff", "staff.card")
    show.touch("first", "first.name")
    show.keys("wang")
    show.chooses("王")
    show.touch("next", "first.card")
    show.key("b")
    show.sees("first.pin")
    show.key("t")
    show.keys("482915")
    show.touch("next", "first.pin-again")
    show.keys("482915")
    show.touch("next", "manager.home")
    show.touch("enrol", "enrol.household")
    show.keys("2-1-501")
    show.touch("next", "enrol.person")
    show.touch("identity", "enrol.person")
    show.touch("adult", "enrol.person")
    show.touch("next", "enrol.methods")
    show.touch("next", "enrol.card")
    show.key("b")
    show.sees("enrol.saved")
    show.touch("tell-more", "enrol.notice")
    show.reads_all()
    show.touch("read", "enrol.consent")
    show.touch("consent-yes", "enrol.confirm")
    show.key("t")
    show.key("a")
    show.sees("enrol.glasses")
    show.key("f")
    show.touch("glasses-no", "enrol.capture")
    show.settle()
    show.picture("capture")
    show.touch("back", "enrol.done")


def main() -> None:
    """Make all pictures."""
    with (
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-u", "-c", DEMONSTRATION],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as program,
        sync_playwright() as driver,
    ):
        said: list[str] = []
        for line in program.stdout or ():
            said.append(line)
            if "vision: ready" in line:
                break
        address = re.findall(r"screen: (http\S+)", "".join(said))[0]
        # What it says from now on is read, so that it never waits for a reader.
        Thread(target=(program.stdout or sys.stdin).read, daemon=True).start()
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(SWITCHES))
        try:
            page = browser.new_page(viewport={"width": 800, "height": 480})
            with page.expect_response(lambda answer: "/stream" in answer.url):
                page.goto(address)
            show = Demonstration(program, page)
            visits(show)
            enrolment(show)
        finally:
            browser.close()
            typed(program).write("x\n")
            typed(program).flush()


if __name__ == "__main__":
    main()
