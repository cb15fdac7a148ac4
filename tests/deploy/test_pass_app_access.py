"""Whether everybody can use the pass app: contrast, names, sizes, large text, both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from appliance.vision import qr_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.deploy.conftest import Phone

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SMALLEST_TARGET = 48
"""CSS pixels; EN 301 549 and WCAG ask for 24."""
PLACES = {
    "zh-CN": "0 东门\n1 地下车库北出入口\noffice 0571-8888 6666",
    "en-GB": "0 East gate\n1 Underground garage, north\noffice 0571-8888 6666",
}
WORDS = {
    "zh-CN": {
        "make": "做我的钥匙",
        "registered": "登记好了",
        "more": "更多",
        "places": "小区的门",
        "save": "保存",
        "plan": "约别的时间",
        "go": "做访客码",
        "done": "完成",
        "pass": "王阿姨",
        "withdraw": "撤回这个码",
        "lost": "手机丢了怎么办",
        "clock": "时间和常见问题",
        "check": "查一查",
        "install": "放到手机桌面",
        "forget": "删除这部手机的钥匙",
        "back": "返回",
    },
    "en-GB": {
        "make": "Make my key",
        "registered": "I am registered",
        "more": "More",
        "places": "Gates of",
        "save": "Save",
        "plan": "Plan a visit",
        "go": "Make the pass",
        "done": "Done",
        "pass": "Aunt Wang",
        "withdraw": "Withdraw this pass",
        "lost": "If the phone is lost",
        "clock": "Clock and",
        "check": "Check the",
        "install": "Put on the",
        "forget": "Delete the key",
        "back": "Back",
    },
}
WAYS = {
    "Chinese by day": ("zh-CN", "light", 1.0),
    "Chinese by night": ("zh-CN", "dark", 1.0),
    "English by day": ("en-GB", "light", 1.0),
    "English by night": ("en-GB", "dark", 1.0),
    "Chinese, text doubled": ("zh-CN", "light", 2.0),
    "English, text doubled": ("en-GB", "dark", 2.0),
}
HAN = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
KEY_NUMBER = re.compile(r"([0-9A-F]{4}\s?){4}")
LATIN = re.compile(r"[A-Za-z]{2,}")
FOREIGN = {"English", "iPhone", "Safari", "hours", "uses", "office", "http", "localhost"}
PROBE = """() => {
  const root = document.scrollingElement;
  const box = (e) => e.getBoundingClientRect();
  const all = [...document.querySelectorAll("button, a, input:not([type=hidden]), textarea")]
    .filter((e) => box(e).width > 0);
  const small = all.filter((e) => Math.min(box(e).width, box(e).height) < SMALLEST)
    .map((e) => e.outerHTML.slice(0, 80));
  const cut = [...document.querySelectorAll("body *")].filter((e) =>
    !["INPUT", "TEXTAREA"].includes(e.tagName) && e.scrollWidth > e.clientWidth + 1
    && e.clientWidth > 0 && !e.closest("svg")).map((e) => e.outerHTML.slice(0, 80));
  const code = document.querySelector(".qr");
  return {
    small, cut, wide: root.scrollWidth > root.clientWidth,
    below: code ? box(code).bottom - innerHeight : -1,
  };
}""".replace("SMALLEST", str(SMALLEST_TARGET))


def tour(phone: Phone, guest: Phone, locale: str) -> Iterator[tuple[str, Phone]]:
    """Go through every screen there is, as a resident and a guest would."""
    say, page = WORDS[locale], phone.page
    phone.open()
    yield at("start", phone)
    for touched, shown in (("make", "enrol"), ("registered", "code"), ("more", "more")):
        phone.touch(say[touched])
        yield at(shown, phone)
    phone.touch(say["places"])
    at("places", phone)
    page.fill("textarea", PLACES[locale])
    yield at("places", phone)
    phone.touch(say["save"])
    yield at("guests", phone)
    phone.touch(say["plan"])
    at("plan", phone)
    page.fill("input[name=who]", say["pass"])
    yield at("plan", phone)
    phone.touch(say["go"])
    yield at("share", phone)
    link = page.locator(".link").input_value()
    for touched, shown in (("done", "guests"), ("pass", "pass"), ("withdraw", "withdraw")):
        phone.touch(say[touched])
        yield at(shown, phone)
    page.locator("footer .stop").click()
    page.wait_for_selector(".qr")
    yield at("withdraw", phone)
    phone.touch(say["done"])
    yield at("guests", phone)
    yield from advice(phone, say)
    guest.open(link)
    yield at("visitor", guest)
    guest.page.goto("about:blank")
    guest.open(f"{guest.site.url}#1.AAAA")
    yield at("broken", guest)


def advice(phone: Phone, say: dict[str, str]) -> Iterator[tuple[str, Phone]]:
    for touched, shown in (("lost", "lost"), ("clock", "help"), ("install", "install")):
        phone.touch(say["more"], say[touched])
        at(shown, phone)
        if shown == "help":
            phone.touch(say["check"])
            phone.page.wait_for_selector(".note")
        yield at(shown, phone)
        phone.touch(say["back"])
        at("more", phone)
    phone.touch(say["forget"])
    yield at("forget", phone)


def at(name: str, phone: Phone) -> tuple[str, Phone]:
    phone.page.wait_for_selector(f"main.{name}")
    return name, phone


def grown(phone: Phone, factor: float) -> None:
    """Let the browser write larger, as its own text size setting does."""
    phone.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        f" document.documentElement.style.fontSize = '{125 * factor}%'; }})"
    )


def faults(phone: Phone) -> list[str]:
    """Return what axe-core finds, as rule: first element."""
    phone.page.evaluate(AXE.read_text("utf-8"))
    report: dict[str, Any] = phone.page.evaluate("() => axe.run()")
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in report["violations"]]


@pytest.mark.parametrize("way", WAYS)
def test_every_screen_is_usable(make_phone: Callable[..., Phone], way: str) -> None:
    locale, scheme, factor = WAYS[way]
    phone, guest = (make_phone(locale=locale, color_scheme=scheme) for _ in range(2))
    if factor > 1:
        grown(phone, factor)
        grown(guest, factor)
    seen = set()
    for name, one in tour(phone, guest, locale):
        seen.add(name)
        found = one.page.evaluate(PROBE)
        assert found["cut"] == [], name
        assert found["small"] == [], name
        assert not found["wide"], name
        if factor == 1:
            assert found["below"] <= 0, f"{name}: the code is not whole on the screen"
        assert faults(one) == [], name
        words = "\n".join(one.page.locator("h1, main, footer, nav").all_inner_texts())
        if locale == "en-GB":
            assert HAN.findall(words) == [], name
        elif name != "share":
            assert set(LATIN.findall(KEY_NUMBER.sub("", words))) - FOREIGN == set(), name
    assert len(seen) == 16


def test_the_code_is_dark_on_white_by_night_too(make_phone: Callable[..., Phone]) -> None:
    phone = make_phone(color_scheme="dark").with_key()
    assert phone.code()
    box = phone.page.locator(".qr").bounding_box()
    assert box is not None
    picture = phone.photograph()
    left, top = round(box["x"] * 2) + 2, round(box["y"] * 2) + 2
    assert picture[top, left].tolist() == [255, 255, 255]
    assert picture[2, 2].max() < 32


@pytest.mark.parametrize("dots", [1, 1.5, 2, 2.625, 3])
def test_the_code_is_read_from_screens_of_every_density(
    make_phone: Callable[..., Phone], dots: float
) -> None:
    phone = make_phone(device_scale_factor=dots).with_key()
    assert phone.code()
    assert qr_image.decode(phone.photograph()[::-1, ::-1].copy())


def test_the_language_chosen_is_remembered(phone: Phone) -> None:
    phone.open().touch("English").page.get_by_text("Make my key").wait_for()
    phone.page.reload()
    phone.page.get_by_text("Make my key").wait_for()
    phone.touch("中文").page.get_by_text("做我的钥匙").wait_for()
    assert phone.page.get_attribute("html", "lang") == "zh-CN"


def test_large_text_is_remembered(phone: Phone) -> None:
    size = "() => parseFloat(getComputedStyle(document.documentElement).fontSize)"
    phone.with_key().touch("登记好了", "更多", "大字")
    phone.page.get_by_text("大字 · 开").wait_for()
    assert phone.run(size) == pytest.approx(25.6)
    phone.page.reload()
    phone.page.wait_for_selector("h1")
    assert phone.run(size) == pytest.approx(25.6)


def test_it_can_be_put_on_the_home_screen(phone: Phone) -> None:
    phone.open()
    session = phone.context.new_cdp_session(phone.page)
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in found if one["errorId"] != "in-incognito"] == []
