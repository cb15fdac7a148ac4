"""The screen's room as a whole: what gate says is shown, what is touched is told, faults heal."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from appliance.link import Door
from appliance.sections import UiSection
from appliance.terminal import (
    Cell,
    Field,
    Ground,
    NoPage,
    Outcome,
    Page,
    Phase,
    Portal,
    Row,
    Terminal,
    Touched,
)
from appliance.ui import gate_line, pages
from appliance.ui.hours import is_night, volume
from appliance.ui.process import UNSEEN
from hardware.errors import DeviceError
from tests.rig.screen import CONFIG, Gate, Shown, terminal, until
from tests.rig.wire_browser import PATIENCE_S, Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Route

    from hardware.ports import Colour

NUMBER = bytes(range(16))
PAGE = Page(NUMBER, "my.home", Ground.RESIDENT)
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(tmp_path / "ui.socket")
    yield one
    one.close()


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    rooms: list[Shown] = []

    def start(text: str = CONFIG, devices: tuple[Any, Any] = (None, None)) -> Shown:
        rooms.append(Shown(tmp_path, text, devices))
        return rooms[-1]

    yield start
    for room in rooms:
        room.close()


@pytest.fixture
def shown(show: Callable[..., Shown]) -> Shown:
    return show()


@pytest.fixture
def browser(gate: Gate, shown: Shown) -> Browser:
    until(lambda: gate.met, "the screen")
    until(lambda: shown.room.hub.terminal, "gate")
    return Browser.launched(shown.launch_file)


def test_without_gate_the_screen_says_so_and_a_touch_goes_nowhere(shown: Shown) -> None:
    browser = Browser.launched(shown.launch_file)
    with browser.stream() as stream:
        assert 'id="s-away"' in stream.named("message")
        assert browser.touch("help") == 503


def test_a_gate_that_comes_later_is_found(shown: Shown, tmp_path: Path) -> None:
    browser = Browser.launched(shown.launch_file)
    with browser.stream() as stream:
        stream.shows('id="s-away"')
        gate = Gate(tmp_path / "ui.socket")
        stream.shows('id="s-idle"')
        gate.close()


def test_a_gate_that_goes_takes_its_pages_with_it_and_is_found_again(
    gate: Gate, browser: Browser, tmp_path: Path
) -> None:
    gate.say(PAGE)
    with browser.stream() as stream:
        stream.shows(NUMBER.hex())
        gate.close()
        assert NUMBER.hex() not in stream.shows('id="s-away"')
        again = Gate(tmp_path / "ui.socket")
        assert NUMBER.hex() not in stream.shows('id="s-idle"')
        assert browser.touch("help") == 204
        assert [one.act for one in again.heard(1)] == ["help"]
        again.close()


GARBAGE = {
    "no message": b"\xc1",
    "a message of another link": b"\x95\x01\x02\xcf" + b"\0" * 8 + b"\xa5Ready\x80",
    "too large": b"\0" * 20_000,
    "nested without end": b"\x91" * 16_000,
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_nonsense_from_gate_ends_the_line_and_a_new_one_begins(
    gate: Gate, browser: Browser, content: bytes
) -> None:
    gate.say(PAGE)
    with browser.stream() as stream:
        stream.shows(NUMBER.hex())
        met = gate.met
        gate.say(content)
        stream.shows('id="s-away"')
        stream.shows('id="s-idle"')
        assert gate.met == met + 1


def test_what_was_wrong_with_a_message_is_not_written_down(
    gate: Gate, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    row = Row("label", (Cell(text="王小明"),))
    number = object.__new__(Page)
    for name in Page.__slots__:  # type: ignore[attr-defined]
        object.__setattr__(number, name, getattr(PAGE, name))
    object.__setattr__(number, "rows", (row,) * 17)
    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        gate.say(number)
        stream.shows('id="s-away"')
    said = capfd.readouterr().err
    assert "ui: gate: message Page refused" in said
    assert "王" not in said


def test_a_gate_that_hangs_is_given_up_and_not_waited_for(
    show: Callable[..., Shown], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_line, "SILENCE_NS", 200_000_000)
    monkeypatch.setattr(gate_line, "PAUSE_NS", 10_000_000)
    door = Door(tmp_path / "ui.socket")  # nobody ever accepts; its queue is soon full
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as first:
        first.connect(str(tmp_path / "ui.socket"))
        browser = Browser.launched(show().launch_file)
        with browser.stream() as stream:
            stream.shows('id="s-away"')
            for _ in range(3):
                stream.named("beat")
            assert browser.get("/")[0] == 200
    door.close()


def test_the_stream_begins_with_the_screen_as_it_is(gate: Gate, browser: Browser) -> None:
    gate.say(PAGE)
    with browser.stream() as first:
        first.shows(NUMBER.hex())
    with browser.stream() as again:
        assert again.event()[0] == "message"
        assert again.answer.headers["content-type"].startswith("text/event-stream")
    with browser.stream() as again:
        assert NUMBER.hex() in again.event()[1]


def test_every_state_is_shown_whole_and_the_same_only_once(gate: Gate, browser: Browser) -> None:
    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        stream.named("beat")
        gate.say(*[terminal()] * 20)
        gate.say(terminal(Phase.FACE))
        assert 'id="s-face"' in stream.named("message")
        gate.say(PAGE, terminal(Phase.IDLE), NoPage())
        assert 'id="s-idle"' in stream.shows('id="s-idle"')


def test_a_beat_comes_every_second_though_nothing_changes(browser: Browser) -> None:
    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        stream.named("beat")
        begun = time.monotonic()
        for _ in range(2):
            stream.named("beat")
        assert time.monotonic() - begun > 1.5


def test_a_touch_is_told_to_gate_with_all_that_was_entered(gate: Gate, browser: Browser) -> None:
    gate.say(PAGE)
    assert browser.touch("next", NUMBER.hex(), "a/b", entry="3-2-1502", other="文字 &=") == 204
    touched = gate.heard(1)[0]
    assert touched == Touched(
        touched.at_ns,
        "next",
        NUMBER,
        "a/b",
        (Field("entry", "3-2-1502"), Field("other", "文字 &=")),
    )


def test_two_fast_touches_reach_gate_in_order_and_gate_decides(
    gate: Gate, browser: Browser
) -> None:
    for act in ("next", "next", "back"):
        assert browser.touch(act, NUMBER.hex()) == 204
    assert [(one.act, one.page) for one in gate.heard(3)] == [
        ("next", NUMBER),
        ("next", NUMBER),
        ("back", NUMBER),
    ]


def test_language_and_size_are_the_screens_own(gate: Gate, browser: Browser, shown: Shown) -> None:
    own = {"csrf": browser.csrf, "tab": str(browser.number)}
    assert browser.post("/view", {**own, "language": "en"})[0] == 204
    assert (shown.room.hub.language, shown.room.hub.large) == ("en", False)
    assert browser.post("/view", {**own, "large": "1"})[0] == 204
    assert (shown.room.hub.language, shown.room.hub.large) == ("en", True)
    assert browser.post("/view", {**own, "language": "zh", "large": "0"})[0] == 204
    assert (shown.room.hub.language, shown.room.hub.large) == ("zh", False)
    assert gate.touches == []


def test_the_next_person_finds_the_usual_language(shown: Shown) -> None:
    hub = shown.room.hub
    hub.see("en", True, 0)  # noqa: FBT003
    hub.settle(59_999_999_999)
    assert (hub.language, hub.large) == ("en", True)
    hub.page = PAGE
    hub.settle(90_000_000_000)
    assert (hub.language, hub.large) == ("en", True)
    hub.page = None
    hub.settle(60_000_000_000)
    assert (hub.language, hub.large) == ("zh", False)


def test_of_two_tabs_the_newer_is_served_and_the_older_is_told(browser: Browser) -> None:
    with browser.stream() as old:
        old.shows('id="s-idle"')
        newer = Browser(browser.port, browser.cookie).load()
        with newer.stream() as new:
            new.shows('id="s-idle"')
            assert old.named("replaced") == "1"
            assert old.event() == ("", "")
            assert browser.touch("help") == 409
            assert newer.touch("help") == 204
        with browser.stream() as again:
            assert again.status == 409


def test_of_two_browsers_the_newer_is_served_and_the_older_knows_nothing_more(
    browser: Browser, shown: Shown
) -> None:
    with browser.stream() as old:
        old.shows('id="s-idle"')
        newer = Browser.launched(shown.launch_file)
        assert old.named("replaced") == "1"
        assert browser.touch("help") == 403
        assert newer.touch("help") == 204
        with newer.stream() as stream:
            stream.shows('id="s-idle"')


def test_a_screen_that_was_started_anew_knows_its_browser(
    browser: Browser, shown: Shown, show: Callable[..., Shown]
) -> None:
    shown.close()
    again = show()
    until(lambda: again.room.hub.terminal, "gate")
    browser.port = again.port
    assert browser.touch("help") == 204
    with browser.stream() as stream:
        stream.shows('id="s-idle"')


def test_a_stopping_screen_ends_its_streams(browser: Browser, shown: Shown) -> None:
    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        shown.close()
        while stream.event() != ("", ""):
            pass


def test_a_screen_that_cannot_be_drawn_is_told_without_what_stands_on_it(
    gate: Gate,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(_: object) -> str:
        raise ValueError("王小明 3-2-1502")

    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        with monkeypatch.context() as patch:
            patch.setattr(pages, "render", broken)
            assert browser.get("/")[0] == 500
            gate.say(PAGE)
            while stream.event() != ("", ""):
                pass
    assert browser.get("/")[0] == 200
    said = capfd.readouterr().err
    assert "ui: ValueError at test_server.py:" in said
    assert "1502" not in said


class Speaker:
    """A loudspeaker and a light that write down what they are asked for."""

    def __init__(self, *, broken: bool = False) -> None:
        self.played: list[tuple[str, float]] = []
        self.shown: list[str] = []
        self._broken = broken

    def play(self, name: str, volume: float) -> None:
        self.played.append((name, round(volume, 2)))
        if self._broken:
            raise DeviceError("sound", "no card", "one")

    def show(self, colour: Colour) -> None:
        self.shown.append(colour.value)


ALWAYS_DAY = CONFIG + 'night = ["00:00", "00:00"]\nvolume = [0.5, 0.1]\n'
ALWAYS_NIGHT = CONFIG + 'night = ["00:00", "24:00"]\nvolume = [0.5, 0.1]\n'


@pytest.mark.parametrize(("text", "volume"), [(ALWAYS_DAY, 0.5), (ALWAYS_NIGHT, 0.1)])
def test_a_result_is_heard_and_lights_up_once(
    gate: Gate, show: Callable[..., Shown], text: str, volume: float
) -> None:
    device = Speaker()
    room = show(text, (device, device)).room
    until(lambda: room.hub.terminal, "gate")
    granted = Outcome(granted=True, method="card", reason="granted", until_ns=1)
    for phase in (Phase.FACE, Phase.GRANTED, Phase.GRANTED, Phase.IDLE, Phase.REFUSED):
        gate.say(terminal(phase, outcome=granted))
    until(lambda: len(device.shown) == 5, "five colours")
    assert device.shown == ["ready", "camera", "granted", "ready", "refused"]
    assert device.played == [("granted", volume), ("refused", volume)]


@pytest.mark.parametrize(
    ("now", "night"),
    [((21, 59), False), ((22, 0), True), ((5, 59), True), ((6, 0), False), ((12, 0), False)],
)
def test_the_night_goes_over_midnight(now: tuple[int, int], night: bool) -> None:  # noqa: FBT001
    assert is_night(dt.time(*now), UiSection()) is night
    assert volume(dt.time(*now), UiSection()) == (0.3 if night else 0.8)


@pytest.mark.usefixtures("gate")
def test_a_touch_is_heard(show: Callable[..., Shown]) -> None:
    device = Speaker()
    shown = show(ALWAYS_DAY, (device, None))
    until(lambda: shown.room.hub.terminal, "gate")
    browser = Browser.launched(shown.launch_file)
    assert browser.touch("stop") == 204
    assert browser.touch("help") == 204
    assert device.played == [("key", 0.5), ("help", 0.5)]


def test_a_door_that_stands_open_ticks_louder_until_it_is_shut(
    gate: Gate, show: Callable[..., Shown]
) -> None:
    device = Speaker()
    shown = show(ALWAYS_DAY, (device, device))
    gate.say(terminal(portal=Portal.HELD_OPEN))
    until(lambda: len(device.played) == 4, "four ticks")
    gate.say(terminal(portal=Portal.FIRE))
    until(lambda: device.shown[-1] == "alarm", "the alarm's colour")
    assert device.played[:4] == [("held", 0.2), ("held", 0.35), ("held", 0.5), ("held", 0.5)]
    assert shown.room.hub.terminal is not None


@pytest.mark.usefixtures("gate")
def test_a_device_that_fails_is_not_asked_again(
    show: Callable[..., Shown], capfd: pytest.CaptureFixture[str]
) -> None:
    device = Speaker(broken=True)
    shown = show(ALWAYS_DAY, (device, device))
    until(lambda: shown.room.hub.terminal, "gate")
    browser = Browser.launched(shown.launch_file)
    assert [browser.touch("help"), browser.touch("help")] == [204, 204]
    assert len(device.played) == 1
    assert capfd.readouterr().err.count("ui: sound: ") == 1


class Process:
    """The room as a process of its own, and what it wrote to standard error."""

    def __init__(self, folder: Path, text: str) -> None:
        (folder / "gate.toml").write_text(text, encoding="utf-8")
        self._said = folder / "said"
        own = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        own.pop("NOTIFY_SOCKET", None)
        with self._said.open("wb") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own room
                [sys.executable, "-m", "appliance.ui", str(folder / "gate.toml"), str(folder)],
                env=own,
                stderr=file,
            )

    def ended(self) -> tuple[int, str]:
        """Wait for its end; return exit code and words."""
        return self.process.wait(PATIENCE_S), self._said.read_text("utf-8")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    running: list[Process] = []

    def run(text: str = CONFIG) -> Process:
        running.append(Process(tmp_path, text))
        return running[-1]

    yield run
    for one in running:
        one.kill()


def test_a_screen_that_is_killed_leaves_gate_alone_and_comes_back(
    gate: Gate, start: Callable[..., Process], tmp_path: Path
) -> None:
    first = start()
    until(lambda: gate.met == 1, "the first screen")
    first.kill()
    gate.say(terminal(Phase.GRANTED))
    start()
    until(lambda: gate.met == 2, "the second screen")
    until((tmp_path / "ui.launch").exists, "the launch file")


def test_a_screen_stops_when_told(
    gate: Gate, start: Callable[..., Process], tmp_path: Path
) -> None:
    room = start()
    until(lambda: (tmp_path / "ui.launch").exists() and gate.met, "the screen")
    room.process.send_signal(signal.SIGINT)  # for the whole terminal, not for one room
    room.process.send_signal(signal.SIGTERM)
    code, said = room.ended()
    assert code == 0
    assert [line for line in said.splitlines() if "memory" not in line] == []


def test_a_port_that_is_taken_is_named(start: Callable[..., Process]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = start(CONFIG.replace("port = 0", f"port = {port}")).ended()
    assert code == 3
    assert f"ui: ui.port: {port} is taken; expected a free port" in said


@pytest.mark.parametrize("text", ["[ui]\nport = 70000\n", "[ui]\nhost = '0.0.0.0'\n", "[ui\n"])
def test_a_wrong_configuration_is_named(start: Callable[..., Process], text: str) -> None:
    code, said = start(text).ended()
    assert code == 3
    assert "ui: " in said


class Kiosk:
    """A browser as the kiosk starts it, and what its console said."""

    def __init__(self, chromium: Chromium, shown: Shown) -> None:
        self.context = chromium.new_context(viewport={"width": 800, "height": 480})
        self.context.set_default_timeout(15_000)
        self.said: list[str] = []
        self.requests: list[str] = []
        self.context.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        self.context.on("weberror", lambda error: self.said.append(f"error: {error.error}"))
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page = self.context.new_page()
        self.page.goto(shown.launch_file.read_text().strip())

    def sees(self, selector: str) -> None:
        self.page.wait_for_selector(selector, state="attached")


@pytest.fixture
def kiosk(chromium: Chromium, shown: Shown, gate: Gate) -> Iterator[Kiosk]:
    until(lambda: gate.met, "the screen")
    until(lambda: shown.room.hub.terminal, "gate")
    one = Kiosk(chromium, shown)
    yield one
    one.context.close()


OPEN_PAGE = f"input[name=page][value='{NUMBER.hex()}']"
PUBLIC = "input[name=page][value='']"


def test_a_real_browser_is_let_in_and_follows_gate(kiosk: Kiosk, gate: Gate) -> None:
    kiosk.sees(PUBLIC)
    assert kiosk.page.url.rstrip("/").count("/") == 2
    gate.say(PAGE)
    kiosk.sees(OPEN_PAGE)
    gate.say(NoPage())
    kiosk.sees(PUBLIC)
    assert "#" not in "".join(kiosk.requests)
    assert not [one for one in kiosk.said if "Content Security Policy" in one]


def test_a_browser_that_gets_the_scripts_one_by_one_follows_gate_all_the_same(
    kiosk: Kiosk, gate: Gate
) -> None:
    kiosk.sees(PUBLIC)  # or it may be opened again before it was let in
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for name in ("hx-csp", "hx-sse"):
        kiosk.page.route(f"**/{name}.min.js", hold)
    kiosk.page.goto(kiosk.page.url, wait_until="commit")
    # the page's policy lets nobody evaluate later what is not true at once
    until(lambda: kiosk.page.evaluate("() => window.htmx !== undefined"), "htmx")
    until(lambda: kiosk.page.evaluate("() => true") and len(held) == 2, "two scripts asked for")
    kiosk.page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    gate.say(PAGE)
    while held:
        held.pop().continue_()
        kiosk.page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    kiosk.sees(OPEN_PAGE)
    assert kiosk.requests.count(kiosk.page.url) == 3  # launched, let in, and opened once more


def test_systemd_hears_whether_a_browser_has_the_page_open(shown: Shown) -> None:
    until(lambda: shown.watchdog.trouble == UNSEEN, "the room's first word")
    browser = Browser.launched(shown.launch_file)
    time.sleep(0.3)
    assert shown.watchdog.trouble == UNSEEN  # loaded, and nothing shown yet
    with browser.stream() as stream:
        stream.named("beat")
        until(lambda: shown.watchdog.trouble == "", "an open page")
    until(lambda: shown.watchdog.trouble == UNSEEN, "its end")


def test_the_launch_address_opened_again_lets_nobody_in(
    kiosk: Kiosk, chromium: Chromium, shown: Shown
) -> None:
    kiosk.sees(PUBLIC)
    spent = f"http://127.0.0.1:{shown.port}/#" + "A" * 43
    context = chromium.new_context()
    page = context.new_page()
    page.goto(spent)
    assert page.locator("h1").inner_text() == "屏幕重启中\uff0c刷卡照常"
    assert page.locator("form").count() == 0
    context.close()


def test_a_page_of_another_site_can_neither_touch_nor_look(
    kiosk: Kiosk, gate: Gate, shown: Shown
) -> None:
    kiosk.sees(PUBLIC)
    other = kiosk.context.new_page()
    other.goto("data:text/html,<p>evil</p>")
    tried = other.evaluate(
        """async (base) => {
          const answers = [];
          const form = new URLSearchParams({ act: "help", page: "", value: "" });
          for (const [path, how] of [
            ["/touch", { method: "POST", mode: "no-cors", body: form, credentials: "include" }],
            ["/stream?tab=1", { credentials: "include" }],
            ["/", { credentials: "include" }],
          ]) {
            try { answers.push((await fetch(base + path, how)).type); }
            catch (error) { answers.push(error.name); }
          }
          answers.push(await new Promise((done) => {
            const socket = new WebSocket(base.replace("http", "ws") + "/preview?tab=1");
            socket.onopen = () => done("open");
            socket.onerror = () => done("refused");
          }));
          return answers;
        }""",
        f"http://127.0.0.1:{shown.port}",
    )
    assert tried[1:] == ["TypeError", "TypeError", "refused"]
    assert gate.touches == []


def test_a_script_that_found_its_way_into_the_page_does_not_run(kiosk: Kiosk) -> None:
    kiosk.sees(PUBLIC)
    found = kiosk.page.evaluate(
        """() => {
          const script = document.createElement("script");
          window.ran = 0;
          try { script.text = "window.ran = 1"; document.head.append(script); } catch {}
          try { document.body.setAttribute("onclick", "window.ran = 2"); } catch {}
          document.body.click();
          try { document.body.innerHTML = "<img src=x onerror='window.ran = 4'>"; } catch {}
          return window.ran;
        }"""
    )
    assert found == 0


def test_a_real_browser_draws_the_picture_and_asks_for_the_next(
    kiosk: Kiosk, gate: Gate, shown: Shown
) -> None:
    kiosk.sees(PUBLIC)
    asked: list[object] = []

    def note(word: object) -> None:
        asked.append(word)

    kiosk.page.on("websocket", lambda one: one.on("framesent", note))
    picture = cv2.imencode(".jpg", np.full((480, 480, 3), 90, np.uint8))[1].tobytes()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as vision:
        vision.connect(str(shown.folder / "preview.socket"))
        gate.say(terminal(Phase.FACE, preview=True))
        for number in range(1, 200):
            vision.send(struct.pack("!IQ", number, time.monotonic_ns()) + picture)
            kiosk.page.wait_for_timeout(50)
            if len(asked) > 3:
                break
    assert asked[:4] == ["k"] * 4
    gate.say(terminal())
    until(lambda: not any(shown.room._preview.frames.buffer), "the picture overwritten")


EVIL = "<img src=x onerror='window.ran = 1'><script>window.ran = 2</script>"
"""Typed in as a name, and short enough for one."""


def test_what_people_typed_is_text_and_no_markup(kiosk: Kiosk, gate: Gate) -> None:
    rows = (Row("label", (Cell(text=EVIL),)), Row("label", (Cell(text="\u202eevil\r\n\ndata: x"),)))
    gate.say(Page(NUMBER, "my.kept", Ground.RESIDENT, rows))
    kiosk.sees(OPEN_PAGE)
    assert kiosk.page.locator("#screen img, #screen script").count() == 0
    assert kiosk.page.evaluate("window.ran === undefined")
    assert EVIL in kiosk.page.locator("#screen").inner_text()


def test_a_screen_that_was_killed_and_started_again_is_live_in_the_same_browser(
    chromium: Chromium,
    gate: Gate,
    start: Callable[..., Process],
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = CONFIG.replace("port = 0", f"port = {port}")
    first = start(text)
    launch = tmp_path / "ui.launch"
    until(lambda: launch.exists() and gate.met, "the screen")
    context = chromium.new_context()
    page = context.new_page()
    with page.expect_response(lambda answer: "/stream" in answer.url):
        page.goto(launch.read_text().strip())
    page.wait_for_selector(PUBLIC, state="attached")
    first.kill()
    start(text)
    until(lambda: gate.met == 2, "the second screen")
    gate.say(PAGE)
    page.wait_for_selector(OPEN_PAGE, state="attached")
    context.close()


def test_a_terminal_that_is_shown_is_one_gate_may_say() -> None:
    assert isinstance(terminal(Phase.FACE), Terminal)
