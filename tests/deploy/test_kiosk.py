"""The kiosk in the real Chromium: no way out by address, download or debugger; it comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.rig.browser import CHROMIUM, driver, need_chromium
from tests.rig.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KIOSK = Path(__file__).parents[2] / "deploy" / "kiosk"
PATIENCE_S = 60.0
HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu")
IN_A_ROOM = """#!/bin/sh
exec unshare -m sh -c '
mount -t tmpfs none /etc/chromium
mkdir -p /etc/chromium/policies/managed
cp "$0" /etc/chromium/policies/managed/sanmen.json
exec "{chromium}" "$@"' "{policies}" "$@"
"""
"""Chromium with these policies, in a mount namespace of its own: the machine's stay as they are."""


LEADS = b"""<script>
location.href = "/download"; setTimeout(() => fetch("/after"), 1500);
</script>"""
"""Begins a download, and says later that it did."""


class Web:
    """A web server on a free port of this machine that counts who asks."""

    def __init__(self) -> None:
        web = self
        self.asked: list[str] = []

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                self.send_response(200)
                if self.path == "/download":
                    self.send_header("Content-Disposition", "attachment; filename=a.bin")
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(LEADS if self.path == "/leads" else b"<h1>reached</h1>")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


@pytest.fixture(scope="module")
def home() -> Iterator[Web]:
    """The one address that the driven browser may open."""
    made = Web()
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


def policies() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((KIOSK / "policies.json").read_text())
    return read


@pytest.fixture(scope="module")
def with_policies(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[dict[str, Any]], str]:
    """Return the path of a Chromium that is held to these policies."""
    need_chromium()
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/etc/chromium"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if tried.returncode != 0:
        pytest.skip("policies can be tried only where a mount namespace can be made: as root")

    def write(kept: dict[str, Any]) -> str:
        folder = tmp_path_factory.mktemp("kiosk")
        file, command = folder / "policies.json", folder / "chromium"
        file.write_text(json.dumps(kept))
        command.write_text(IN_A_ROOM.format(chromium=CHROMIUM, policies=file))
        command.chmod(0o700)
        return str(command)

    return write


@pytest.fixture(scope="module")
def browser(
    with_policies: Callable[[dict[str, Any]], str],
    home: Web,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """The kiosk's browser; it is driven, so the two keys against that are left out."""
    kept = policies() | {"URLAllowlist": [f"http://127.0.0.1:{home.port}"]}
    del kept["DeveloperToolsAvailability"], kept["RemoteDebuggingAllowed"]
    with driver() as one:
        made = one.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=with_policies(kept),
            args=list(HEADLESS),
        )
        made.set_default_timeout(30_000)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any, home: Web) -> Iterator[Any]:  # noqa: ANN401 - playwright's
    made = browser.new_page()
    made.goto(f"http://127.0.0.1:{home.port}/")
    yield made
    made.close()


OUT = (
    *("http://127.0.0.1:{other}/", "http://127.0.0.1/", "http://localhost:{port}/"),
    *("https://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://0.0.0.0:{port}/"),
    *("http://x@127.0.0.1:{other}/", "http://example.org/", "ftp://127.0.0.1/", "ws://a/"),
    *("file:///etc/passwd", "file:///", "data:text/html,x", "view-source:http://127.0.0.1:{port}/"),
    *("chrome://flags", "chrome://inspect", "chrome://downloads", "chrome://policy"),
    *("chrome://version", "chrome://settings", "chrome://history", "chrome://network-error/-2"),
    *("chrome://crash", "chrome://kill", "chrome://quit", "chrome://restart", "chrome://dino"),
    *("chrome-untrusted://terminal", "devtools://devtools/bundled/inspector.html"),
)


@pytest.mark.parametrize("address", OUT)
def test_no_other_address_opens(
    page: Any,  # noqa: ANN401 - playwright's
    home: Web,
    other: Web,
    address: str,
) -> None:
    with pytest.raises(Exception, match=r"ERR_BLOCKED_BY_ADMINISTRATOR|ERR_ABORTED"):
        page.goto(address.format(port=home.port, other=other.port))
    assert other.asked == []


def test_the_one_address_opens(page: Any) -> None:  # noqa: ANN401 - playwright's
    assert page.inner_text("h1") == "reached"


def test_what_a_page_opens_is_held_to_the_same_list(page: Any, other: Web) -> None:  # noqa: ANN401
    before = len(page.context.pages)
    page.evaluate(f"window.open('http://127.0.0.1:{other.port}/')")
    page.evaluate(f"location.href = 'http://127.0.0.1:{other.port}/'")
    page.wait_for_timeout(500)
    assert other.asked == []
    assert len(page.context.pages) <= before + 1


@pytest.mark.parametrize(
    "asked",
    [
        "navigator.mediaDevices.getUserMedia({video: true})",
        "navigator.mediaDevices.getUserMedia({audio: true})",
        "navigator.mediaDevices.getDisplayMedia()",
        "navigator.clipboard.readText()",
        "window.showOpenFilePicker()",
        "new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no))",
        "Notification.requestPermission().then((said) => { if (said !== 'granted') throw said; })",
    ],
)
def test_a_page_gets_no_device(page: Any, asked: str) -> None:  # noqa: ANN401
    got = page.evaluate(f"() => Promise.race([{asked}.then(() => 'got', () => 'refused')])")
    assert got == "refused"


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_the_shipped_policies_refuse_the_debugger(
    with_policies: Callable[[dict[str, Any]], str], web: Web, tmp_path: Path
) -> None:
    way = "--remote-debugging-port=0"
    kept = policies() | {"URLAllowlist": [f"http://127.0.0.1:{web.port}"]}
    profile = tmp_path / "profile"
    command = [with_policies(kept), *HEADLESS, way, f"--user-data-dir={profile}"]
    with (tmp_path / "said").open("w") as said:
        browser = subprocess.Popen(  # noqa: S603 - the browser under test
            [*command, f"http://127.0.0.1:{web.port}/kiosk"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        until(lambda: "disallowed by the system admin" in (tmp_path / "said").read_text())
        assert not (profile / "DevToolsActivePort").exists()
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


@pytest.mark.parametrize(("restricted", "files"), [(0, 1), (3, 0)], ids=["without", "shipped"])
def test_a_download_leaves_no_file(
    with_policies: Callable[[dict[str, Any]], str],
    web: Web,
    tmp_path: Path,
    restricted: int,
    files: int,
) -> None:
    assert policies()["DownloadRestrictions"] == 3
    kept = policies() | {"URLAllowlist": [f"http://127.0.0.1:{web.port}"]}
    command = with_policies(kept | {"DownloadRestrictions": restricted})
    browser = subprocess.Popen(  # noqa: S603 - the browser under test
        [
            command,
            *HEADLESS,
            f"--user-data-dir={tmp_path / 'p'}",
            f"http://127.0.0.1:{web.port}/leads",
        ],
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: "/after" in web.asked)
        assert "/download" in web.asked
        assert len([one for one in tmp_path.rglob("*") if one.name.startswith("a.bin")]) == files
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


def test_the_policies_name_every_scheme_that_a_star_leaves_open() -> None:
    kept = policies()
    blocked = set(kept["URLBlocklist"])
    assert blocked >= {"*", "chrome://*", "chrome-untrusted://*", "devtools://*", "about:*"}
    assert kept["URLAllowlist"] == ["http://127.0.0.1:8460"]
    assert (kept["DeveloperToolsAvailability"], kept["RemoteDebuggingAllowed"]) == (2, False)


class Screen:
    """The kiosk's script with a headless browser, and the launch file it reads."""

    def __init__(self, folder: Path, web: Web) -> None:
        self.launch, self.profile = folder / "ui.launch", folder / "profile"
        self._web = web
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            ["/bin/sh", str(KIOSK / "kiosk.sh"), str(self.launch), str(self.profile), *HEADLESS],
            env=os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def announce(self, token: str) -> None:
        fresh = self.launch.with_suffix(".new")
        fresh.write_text(f"http://127.0.0.1:{self._web.port}/{token}\n")
        fresh.replace(self.launch)

    def browser(self) -> list[int]:
        """Return the pids of the browser's processes, by its profile."""
        found = running(f"--user-data-dir={self.profile}")
        return sorted(pid for pid, words in found.items() if "kiosk.sh" not in " ".join(words))

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def screen(tmp_path: Path, web: Web) -> Iterator[Screen]:
    need_chromium()
    made = Screen(tmp_path, web)
    yield made
    made.close()


def test_a_killed_browser_comes_back_with_the_newest_token_and_an_empty_profile(
    screen: Screen, web: Web
) -> None:
    screen.announce("first")
    until(lambda: "/first" in web.asked)
    (screen.profile / "left").touch()
    screen.announce("second")
    os.kill(screen.browser()[0], signal.SIGKILL)
    until(lambda: "/second" in web.asked)
    assert not (screen.profile / "left").exists()


def test_it_waits_for_the_ui_room_and_ends_with_its_browser_and_profile_gone(
    screen: Screen, web: Web
) -> None:
    time.sleep(0.7)
    assert screen.browser() == []
    screen.announce("first")
    until(lambda: "/first" in web.asked)
    assert screen.stop() == 0
    until(lambda: screen.browser() == [])
    assert not screen.profile.exists()
