"""Every screen, in both languages, sizes and orientations, seen by a real browser.

The pictures are written to the folder that SANMEN_SHOTS names, if it does.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import cv2
import numpy as np
import pytest

from appliance.terminal import Choice, Weight
from appliance.ui import pages, screens
from appliance.ui.model import Language, Light, View
from appliance.vision import qr_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

    from appliance.ui.model import Screen

HERE = Path(__file__).parent
AXE = HERE.parents[1] / "deploy" / "vendor" / "axe.min.js"
PROBE = (HERE / "probe.js").read_text("utf-8")
SIZES = ((800, 480), (1024, 600), (480, 800), (600, 1024))
HELD = """() => {
  const real = window.setTimeout;
  window.setTimeout = (ring, ms) => ms === 1500 ? (window.ring = ring) && 0 : real(ring, ms);
}"""
READY = "() => document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => 1)"


def _gallery() -> ModuleType:
    spec = spec_from_file_location("gallery", HERE / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GALLERY = _gallery()
VIEWS = {
    f"{language.value}-{width}x{height}": (
        width,
        height,
        replace(GALLERY.VIEW, language=language),
    )
    for language in Language
    for width, height in SIZES
}
VIEWS["zh-large"] = (800, 480, replace(GALLERY.VIEW, large=True))
VIEWS["zh-large-upright"] = (480, 800, replace(GALLERY.VIEW, large=True))


def every(view: View) -> Iterator[tuple[str, Screen]]:
    for name, state in GALLERY.PUBLIC.items():
        yield name, screens.draw(state, None, view)
    for name, page in GALLERY.PAGES.items():
        state = GALLERY.terminal(preview=page.preview)
        yield name, screens.draw(state, page, view)


class Panel:
    """One browser window before the terminal."""

    def __init__(self, browser: Browser, shown: Any, width: int, height: int) -> None:  # noqa: ANN401 - of conftest
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=True
        )
        self.context.set_default_timeout(15_000)
        self.shown = shown
        self.requests: list[str] = []
        self.said: list[str] = []
        self.context.on("request", lambda one: self.requests.append(one.url))
        self.context.on("console", lambda line: self.said.append(line.text))
        self.context.on("weberror", lambda error: self.said.append(str(error.error)))
        self.page: Tab = self.context.new_page()

    def show(self, screen: Screen) -> Tab:
        self.shown.screen = screen
        self.shown.newest = object()
        self.shown.streams.clear()
        self.page.goto(self.shown.url)
        assert self.shown.streams.wait(15), "the page asks for no stream"
        self.page.evaluate(READY)
        return self.page

    def next(self, screen: Screen) -> None:
        """Send a screen as an event, as the server does."""
        self.shown.later.append(screen)
        self.shown.send.set()
        self.page.wait_for_selector(f"#s-{screen.key.replace(' ', '-')}")

    def faults(self) -> list[str]:
        """Return what the browser complained of; the test's host has no preview socket."""
        return [one for one in self.said if "/preview" not in one]


@pytest.fixture
def panels(chromium: Browser, shown: Any) -> Iterator[Any]:  # noqa: ANN401 - of conftest
    made: list[Panel] = []

    def make(width: int = 800, height: int = 480) -> Panel:
        made.append(Panel(chromium, shown, width, height))
        return made[-1]

    yield make
    for panel in made:
        panel.page.goto("about:blank")
        panel.context.close()


def keep(page: Tab, name: str) -> None:
    """Write a picture for people to look at, if they asked for it."""
    if folder := os.environ.get("SANMEN_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.parametrize("way", VIEWS)
def test_no_text_is_cut_no_target_small_and_nothing_lies_outside_or_over(
    panels: Any,  # noqa: ANN401 - a fixture's maker
    way: str,
) -> None:
    width, height, view = VIEWS[way]
    panel, wrong = panels(width, height), {}
    for name, screen in every(view):
        page = panel.show(screen)
        found = {kind: some for kind, some in page.evaluate(PROBE).items() if some}
        if found:
            wrong[name] = found
        keep(page, f"{name}-{way}")
    assert wrong == {}
    assert panel.faults() == []
    host = panel.shown.url
    assert {one for one in panel.requests if not one.startswith((host, "ws://127.0.0.1"))} == set()


COLOURED = {*GALLERY.PUBLIC, "my.home", "enrol.capture", "enrol.trial", "person.show", "tech.list"}
"""Between them they use every token of colour; words and boxes are the same in every light."""
MODES = {
    "zh": replace(GALLERY.VIEW),
    "en": replace(GALLERY.VIEW, language=Language.ENGLISH),
    "night": replace(GALLERY.VIEW, light=Light.NIGHT),
    "sun": replace(GALLERY.VIEW, light=Light.SUN),
}


@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_that_keeps_people_out(panels: Any, mode: str) -> None:  # noqa: ANN401
    panel, wrong = panels(), {}
    for name, screen in every(MODES[mode]):
        if mode not in {"zh", "en"} and name not in COLOURED:
            continue
        page = panel.show(screen)
        if mode not in {"zh", "en"}:
            keep(page, f"{name}-{mode}")
        page.evaluate(AXE.read_text("utf-8"))
        report: dict[str, Any] = page.evaluate("() => axe.run()")
        found = [
            f"{one['id']}: {one['nodes'][0]['html'][:120]}"
            for one in report["violations"]
            if one["impact"] in {"serious", "critical", "moderate"}
        ]
        if found:
            wrong[name] = found
    assert wrong == {}


def grey(page: Tab) -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(picture, np.uint8)


def test_open_refused_and_alarm_differ_without_colour(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    drawn = dict(every(GALLERY.VIEW))
    seen = {one: grey(panel.show(drawn[one])) for one in ("granted", "refused-face", "fire")}
    for one, other in (("granted", "refused-face"), ("granted", "fire"), ("refused-face", "fire")):
        body = np.abs(seen[one][80:400].astype(int) - seen[other][80:400].astype(int))
        assert (body > 60).mean() > 0.05, (one, other)


@pytest.mark.parametrize("name", ["my.receipt", "my.copy", "enrol.done"])
def test_a_receipt_on_the_screen_can_be_scanned(panels: Any, name: str) -> None:  # noqa: ANN401
    panel = panels()
    screen = dict(every(GALLERY.VIEW))[name]
    page = panel.show(screen)
    png = np.frombuffer(page.locator(".qr").screenshot(), np.uint8)
    picture = np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)
    larger = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert qr_image.decode(np.asarray(larger, np.uint8)) == screen.qr


def page_of(name: str, **more: object) -> Screen:
    return screens.draw(GALLERY.terminal(), replace(GALLERY.PAGES[name], **more), GALLERY.VIEW)


def touches(panel: Panel) -> list[dict[str, list[str]]]:
    panel.page.wait_for_timeout(150)
    return [parse_qs(one.partition(" ")[2]) for one in panel.shown.touched]


def test_a_double_touch_is_one_touch_and_says_which_page_act_and_value(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    panel.shown.touched.clear()
    page = panel.show(page_of("find.list"))
    # The page's own timer rings when the test says so: no stall of the machine frees the button.
    page.evaluate(HELD)
    page.locator("button.line").first.dblclick()
    touches(panel)
    page.locator("button.line").first.click()  # and once more, when the first was answered
    (sent,) = touches(panel)
    assert sent["act"] == ["open"]
    assert sent["value"] == ["r1"]
    assert sent["page"] == [GALLERY.PAGES["find.list"].number.hex()]
    assert sent["csrf"] == ["csrf"]
    page.evaluate("() => window.ring()")
    page.locator("button.line").first.click()
    assert len(touches(panel)) == 2  # nothing changed, so the person may ask again


def fingers(*at: tuple[float, float]) -> list[dict[str, float]]:
    return [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(at)]


def test_a_second_finger_touches_nothing_and_zooms_nothing(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    page = panel.show(page_of("find.list"))
    panel.shown.touched.clear()
    boxes = [one.bounding_box() for one in page.locator("button.line").all()[:2]]
    (one, other) = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes)
    glass = panel.context.new_cdp_session(page)

    def now(kind: str, *at: tuple[float, float]) -> None:
        glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers(*at)})

    now("touchStart", one)
    now("touchStart", one, other)
    now("touchEnd", one)
    now("touchEnd")
    assert touches(panel) == []
    now("touchStart", one, other)
    for step in range(1, 8):  # apart, as one enlarges a picture
        now("touchMove", (one[0] - 20 * step, one[1]), (other[0] + 20 * step, other[1] + 10 * step))
    now("touchEnd")
    assert page.evaluate("() => visualViewport.scale") == 1
    assert touches(panel) == []
    now("touchStart", other)
    now("touchEnd")
    assert [sent["value"] for sent in touches(panel)] == [["r2"]]


def test_a_household_is_typed_field_by_field_and_comes_back_whole(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    panel.shown.touched.clear()
    page = panel.show(page_of("find.household", fault=""))
    for key in ("3", "field", "2", "field", "1", "5", "0", "9", "delete", "2"):
        page.locator(f"[data-key='{key}']").click()
    page.locator("button.onward").click()
    assert touches(panel)[0]["entry"] == ["3-2-1502"]


def test_a_pin_is_dots_and_never_text(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    panel.shown.touched.clear()
    page = panel.show(page_of("staff.pin"))
    for key in "246810":
        page.locator(f"[data-key='{key}']").click()
    assert page.locator(".field output").inner_text() == "●" * 6
    page.locator("button.onward").click()
    assert touches(panel)[0]["entry"] == ["246810"]


def test_a_chinese_name_is_typed_in_pinyin_and_a_latin_one_in_letters(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    panel.shown.touched.clear()
    page = panel.show(page_of("first.name"))
    page.wait_for_timeout(300)
    for key in "wang":
        page.locator(f"[data-key='{key}']").click()
    page.locator("[data-pick='王']").click()
    for key in "yue":
        page.locator(f"[data-key='{key}']").click()
    while page.locator("[data-pick='玥']").count() == 0:
        page.locator("[data-key='more']").click()
    page.locator("[data-pick='玥']").click()
    page.locator("[data-key='mode']").click()
    for key in "li":
        page.locator(f"[data-key='{key}']").click()
    page.locator("button.onward").click()
    assert touches(panel)[0]["entry"] == ["王玥li"]


def test_half_an_entry_outlives_the_warning_and_not_the_page(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    number = GALLERY.PAGES["staff.pin"].number
    page = panel.show(page_of("staff.pin"))
    page.locator("[data-key='7']").click()
    panel.next(page_of("staff.pin", locks_ns=GALLERY.VIEW.now_ns + 1))
    page.wait_for_selector(".warning")
    assert page.locator("[name=entry]").input_value() == "7"
    panel.next(page_of("staff.pin", number=bytes(16)))
    assert page.locator("[name=entry]").input_value() == ""
    assert number != bytes(16)
    assert panel.faults() == []


def test_a_long_list_is_turned_leaf_by_leaf_and_nothing_is_lost(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    page = panel.show(page_of("find.list"))
    panel.shown.touched.clear()
    seen = []
    for _ in range(2):
        seen += page.locator("li.row:visible .cell:first-of-type").all_inner_texts()
        page.locator("[data-after]").click()
    assert [one for one in seen if one[0].isdigit()] == [f"{n}-1-{n}01" for n in range(1, 9)]
    assert [one["act"] for one in touches(panel)] == [["next"]]


def test_nobody_goes_on_past_a_notice_that_was_not_shown_whole(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    choices = (Choice("back", Weight.BACK), Choice("read", Weight.NEXT))
    page = panel.show(page_of("enrol.notice", choices=choices, leaf=0, leaves=0))
    assert page.locator("button.onward").is_disabled()
    while page.locator("[data-after]:enabled").count():
        page.locator("[data-after]").click()
    assert page.locator("button.onward").is_enabled()


def test_a_long_press_a_drag_and_a_selection_do_nothing(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    page = panel.show(dict(every(GALLERY.VIEW))["idle"])
    for event in ("contextmenu", "selectstart", "dragstart"):
        assert page.evaluate(
            f"() => !document.querySelector('.door').dispatchEvent("
            f"new Event('{event}', {{bubbles: true, cancelable: true}}))"
        )


def test_a_silent_terminal_is_told_to_people(panels: Any) -> None:  # noqa: ANN401
    panel = panels()
    page = panel.show(dict(every(GALLERY.VIEW))["idle"])
    assert page.locator("#away").is_hidden()
    panel.shown.beating = False
    page.wait_for_selector("#away", state="visible", timeout=8000)
    panel.shown.beating = True
    page.wait_for_selector("#away", state="hidden", timeout=8000)


def test_tokens_have_contrast_enough_in_every_light() -> None:
    css = (Path(pages.__file__).parent / "static" / "screen.css").read_text("utf-8")
    blocks = re.findall(r"--bg: (#\w+);([^}]*)\}", css)
    assert len(blocks) == 3
    token: dict[str, str] = {}
    for bg, rest in blocks:  # the first is by day; the others change some of it
        token |= {"bg": bg, **dict(re.findall(r"--(\w+): (#\w+)", rest))}
        for ink, ground, least in (
            *(("ink", one, 7.0) for one in ("bg", "surface", "soft")),
            *(("ink2", one, 4.5) for one in ("bg", "surface")),
            *(("on", one, 4.5) for one in ("act", "ok", "no", "alarm")),
            *((one, "bg", 4.5) for one in ("act", "ok", "no", "alarm", "cam")),
            ("line", "bg", 3.0),
            ("line", "surface", 3.0),
        ):
            assert ratio(token[ink], token[ground]) >= least, (bg, ink, ground)


def ratio(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance."""
    light = sorted(luminance(each) for each in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
