"""A gate as `sanmen run` starts it, the street before it, and a finger on its screen."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

import cv2
import numpy as np
import zxingcpp
from playwright.sync_api import Error as PlaywrightError

from hardware.sim.card import SoftCard
from tests.rig.gate_file import gate_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playwright.sync_api import Browser, Locator, Page

PATIENCE_S = 45.0
"""For what must come; a machine with other work is no fault."""
WITH_US = ["setpriv", "--pdeathsig", "TERM"]
"""Debian's util-linux: a gate in a session of its own does not outlive a test that is killed."""
SANMEN = [sys.executable, "-u", "-c", "from appliance.cli import main; main()"]
CLIP = "WolfgangLanger_Pexels.mp4"
CENTRE = 0.70
"""Where in the clip's width her face is."""
SITE: dict[str, object] = {
    "name": "翠湖花园",
    "portal": "3号门",
    "operator": "翠湖物业",
    "contact": "0571-8888 0000",
}


class Gate:
    """The program with its three rooms as processes of their own.

    Attributes:
        folder: with its configuration and the pipes of its simulated devices.
        lines: what it said.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._config = folder / "gate.toml"
        self._config.write_text(gate_file(site=SITE), "utf-8")
        self._fresh: Queue[str] = Queue()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*WITH_US, *SANMEN, "run", "--config", str(self._config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
            start_new_session=True,  # so that its rooms can be ended with it
        )
        _let_go_first(self._process.pid)
        self._reader = Thread(target=self._read, name="gate's words")
        self._reader.start()

    def until(self, *words: str) -> str:
        """Wait for a line, not read so far, that holds all words."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                line = self._fresh.get(timeout=max(0.01, end - time.monotonic()))
            except Empty:
                message = f"never said {words}: {''.join(self.lines[-20:])}"
                raise AssertionError(message) from None
            if all(word in line for word in words):
                return line

    def stop(self) -> int:
        """End it as a technician would; return its status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def say(self, *arguments: str) -> str:
        """Return what another command says of this gate."""
        return subprocess.run(  # noqa: S603 - our own command
            [*SANMEN, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        ).stdout

    def public_key(self) -> str:
        """Return the key with which its receipts are checked, as hex digits."""
        return self.say("receipt", "key", "--config", str(self._config)).strip()

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.lines.append(line)
            self._fresh.put(line)


def _let_go_first(pid: int) -> None:
    """Let a session go before others where that is allowed: a real gate has its machine alone."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, -10)  # before it has children: they inherit it
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("-10", "ascii")


class Street:
    """Who and what is before the terminal, told to its simulated reader and camera."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def blank(self, name: str) -> None:
        """Lay a blank card ready."""
        uid = b"\x04" + secrets.token_bytes(6)
        SoftCard.blank(uid, kept=self._folder / f"{name}.card")

    def hold(self, card: str) -> None:
        """Hold a card to the reader."""
        self._tell("reader", f"hold {card}")

    def take(self) -> None:
        """Take the card away."""
        self._tell("reader", "take")

    def stand(self, second: float) -> None:
        """Let her stand before the camera as she did in that second of the clip."""
        self._tell("camera", f"film {CLIP} {second:.1f} {CENTRE:.2f}")

    def show(self, code: str) -> None:
        """Hold a phone with a code before the camera."""
        self._tell("camera", f"code {code}")

    def nobody(self) -> None:
        """Let nobody stand there."""
        self._tell("camera", "nobody")

    def _tell(self, device: str, line: str) -> None:
        pipe = os.open(self._folder / device, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, f"{line}\n".encode())
        finally:
            os.close(pipe)


class Finger:
    """Touches the screen, and looks at it; one wait for each, never a sleep.

    Attributes:
        page: of the browser.
        touches: so far.

    """

    def __init__(self, chromium: Browser, address: str) -> None:
        self._context = chromium.new_context(
            viewport={"width": 1024, "height": 600}, has_touch=True
        )
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_S * 1000)
        with self.page.expect_response(lambda answer: "/stream" in answer.url):
            self.page.goto(address)
        self.touches = 0

    def sees(self, name: str) -> Locator:
        """Wait for a screen and return it; no word of it is missing."""
        stage = self.page.locator(f".n-{name.replace('.', '-')}")
        try:
            stage.wait_for()
        except PlaywrightError as error:
            shown = self.page.locator("body").inner_html()[:2000]
            raise AssertionError(f"waited for {name} at {self.page.url}, saw {shown}") from error
        return stage

    def touch(self, act: str, value: str = "") -> None:
        """Touch what stands for an act, and wait for the screen that comes of it."""
        more = f'[data-value="{value}"]' if value else ""
        before = self.page.locator(".stage").get_attribute("id")
        self.tap(f'#screen button[name=act][value="{act}"]{more}')
        self.page.locator(f".stage:not(#{before})").wait_for()

    def keys(self, typed: Iterable[str]) -> None:
        """Type on the keypad; `-` goes to the next field."""
        for key in typed:
            self.tap(f'button[data-key="{"field" if key == "-" else key}"]')

    def spell(self, syllable: str, character: str) -> None:
        """Type a character as it sounds, and choose it."""
        for key in syllable:
            self.tap(f'button[data-key="{key}"]')
        self.tap(f'button[data-pick="{character}"]')

    def tells(self, name: str, *words: str) -> None:
        """Wait until a screen shows all these words."""
        stage = self.sees(name)
        for word in words:
            stage.get_by_text(word).first.wait_for()

    def code(self) -> str:
        """Return what a phone reads off the code on the screen."""
        picture = np.frombuffer(self.page.locator(".qr svg").screenshot(), np.uint8)
        grey = cv2.imdecode(picture, cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        found = zxingcpp.read_barcodes(np.pad(grey, 40, constant_values=255))
        assert [one.format for one in found] == [zxingcpp.BarcodeFormat.QRCode]
        return found[0].text

    def first_of(self, *names: str) -> str:
        """Wait for one of several screens, and return which."""
        marks = {f"n-{name.replace('.', '-')}": name for name in names}
        seen: set[str] = set()

        def found() -> bool:
            # In one look: from one question to the next the screen may change.
            shown = self.page.evaluate("document.querySelector('.stage').className")
            seen.update(set(shown.split()) & set(marks))
            return bool(seen)

        self.when(found, f"one of {names}")
        return marks[seen.pop()]

    def when(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what can be read off the screen."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.page.wait_for_timeout(20)

    def close(self) -> None:
        """Leave the screen."""
        self._context.close()

    def tap(self, button: str) -> None:
        """Touch a button."""
        self.touches += 1
        self.page.locator(f"{button}:not([disabled])").first.tap()
