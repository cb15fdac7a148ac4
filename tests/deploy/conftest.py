"""The pass app served on this machine, and phones (headless Chromium) that open it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from appliance.gate.access.reasons import Reason
from appliance.gate.credential.findings import Refused, Withdrawal
from appliance.gate.credential.grant import VisitorRules
from appliance.gate.credential.pass_token import PassVerifier, enrolled_key, key_id
from appliance.gate.credential.replay import Ledger
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.schema import create_store, open_store
from appliance.vision import qr_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from appliance.gate.store.schema import Store

APP = Path(__file__).parents[2] / "deploy" / "pass-app"
PHONE = {"width": 360, "height": 740}


@dataclass
class Site:
    """The app's web host, and what was asked of it.

    Attributes:
        url: where the app is.
        asked: method and path of each request.
        ahead: seconds its clock is ahead of this machine's.

    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    ahead: int = 0


class Host(SimpleHTTPRequestHandler):
    """A plain static host, as quiet as a test wants it."""

    extensions_map = {  # noqa: RUF012 - as the base class has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".webmanifest": "application/manifest+json",
    }

    def __init__(self, *args: object, site: Site, **options: object) -> None:
        self._site = site
        super().__init__(*args, directory=str(APP), **options)

    def date_time_string(self, timestamp: float | None = None) -> str:
        if timestamp is None:
            timestamp = time.time() + self._site.ahead
        return formatdate(timestamp, usegmt=True)

    def log_message(self, *_: object) -> None:
        self._site.asked.append(f"{self.command} {self.path}")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, site=site)) as server:
        site.url = f"http://localhost:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


class Phone:
    """One phone with a storage of its own, looking at the app."""

    def __init__(self, browser: Browser, site: Site, **options: object) -> None:
        settings: dict[str, Any] = {
            "viewport": PHONE,
            "device_scale_factor": 2,
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "has_touch": True,
        }
        self.site = site
        self.context: BrowserContext = browser.new_context(**(settings | options))
        self.context.set_default_timeout(15_000)
        self.requests: list[str] = []
        self.arrived: list[str] = []
        self.said: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("response", lambda response: self.arrived.append(response.url))
        self.context.on("console", lambda line: self.said.append(line.text))
        self.context.on("weberror", lambda error: self.said.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def open(self, link: str = "") -> Phone:
        """Open the app, or the link somebody sent."""
        self.page.goto(link or self.site.url)
        self.page.wait_for_selector("h1")
        return self

    def touch(self, *words: str) -> Phone:
        """Touch the buttons with these words, one after the other."""
        for word in words:
            self.page.get_by_role("button", name=word).first.click()
        return self

    def with_key(self) -> Phone:
        """Open the app and make a key; the code for the desk is then shown."""
        self.open().touch("做我的钥匙")
        self.page.wait_for_selector(".enrol .qr")
        return self

    def photograph(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return the screen's pixels, BGR, as they stand now."""
        png = np.frombuffer(self.page.screenshot(), np.uint8)
        return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)

    def code(self, unlike: str = "") -> str:
        """Return what the gate's decoder reads from the screen, waiting for one not `unlike`."""
        self.page.wait_for_selector(".qr")
        for _ in range(80):
            text = qr_image.decode(self.photograph())
            if text and text != unlike:
                return text
            self.page.wait_for_timeout(100)
        raise AssertionError("no new code on the screen")

    def run(self, script: str, argument: object = None) -> Any:  # noqa: ANN401 - what the script gives
        """Run a script with the page's own modules, as an attacker in the page would."""
        return self.page.evaluate(script, argument)

    def text(self) -> str:
        return self.page.inner_text("body")


@pytest.fixture
def make_phone(chromium: Browser, site: Site) -> Iterator[Callable[..., Phone]]:
    phones: list[Phone] = []

    def make(**options: object) -> Phone:
        phones.append(Phone(chromium, site, **options))
        return phones[-1]

    yield make
    for phone in phones:
        phone.context.close()


@pytest.fixture
def phone(make_phone: Callable[..., Phone]) -> Phone:
    return make_phone()


@pytest.fixture
def guest_phone(make_phone: Callable[..., Phone]) -> Phone:
    return make_phone()


class Gate:
    """One gate's real check of codes: verifier, ledger and store, with keys enrolled by hand."""

    def __init__(self, store: Store, number: int = 0) -> None:
        self._keys: dict[bytes, bytes] = {}
        self._verifier = PassVerifier(self._keys.get, VisitorRules(gate=number))
        self._ledger = Ledger(store)

    def enrol(self, text: str) -> None:
        """Take the key of the phone that shows this at the desk."""
        point = enrolled_key(text)
        self._keys[key_id(point)] = point

    def shown(self, text: str, now: datetime | None = None) -> Reason | None:
        """Return why this code opens nothing, or None if the door opens."""
        now = now or datetime.now(UTC)
        found = self._verifier.verify(text, now)
        if isinstance(found, Refused):
            return found.reason
        if isinstance(found, Withdrawal):
            self._ledger.withdraw(found)
            return Reason.VISIT_WITHDRAWN
        return self._ledger.spend(found, int(now.timestamp()))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    root = FileKey.create(tmp_path / "root.key")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    create_store(folder / "store.db", root)
    with open_store(folder / "store.db", root) as store:
        yield Gate(store)
