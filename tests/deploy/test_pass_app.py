"""The pass app in a real browser, before the real decoder and the real verifier of a gate."""

from __future__ import annotations

import base64
import hashlib
import re
import runpy
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import PassError
from appliance.gate.access.reasons import Reason
from appliance.gate.credential.pass_token import PhoneKey, enrolled_key

if TYPE_CHECKING:
    from tests.deploy.conftest import Gate, Phone, Site

APP = Path(__file__).parents[2] / "deploy" / "pass-app"
PLACES = "0 东门\n1 西门\n3 地下车库\nhours 12\nuses 3\noffice 0571-8888 6666"
VECTOR_NOW = 1_800_000_000
VECTOR_LINK = (
    "1.IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiJQGF6JU3LfYiHqOhN1V-Rz_dtnVfBb1QfDxTP86ckShdKEQ6E"
    "BJqEESCutD9YQ2Z6uWFCmBBprSe4gBRprSdIAB0gREhMUFRYXGAihAaQBAiABIVgg1lqTl3yqPRsIGFL_V6eeRl8WYFdz"
    "BLrq1QXdOkhYnPMi9ToAARFwAzoAARFxAlhAA0YWM18RWm2NjqgbpVga5yn2Fqmx0JeLG_nbD-j1kTfvSko_Cg5cS1r7T"
    "bNqgPYQMyAvglKxPGwQjpZoTiVa8w"
)
"""A grant for gates 0 and 1, twice, by the key 0x11..11 for the key 0x22..22."""
FORBIDDEN = """async (form) => {
  const database = await new Promise((done) => {
    const request = indexedDB.open("sanmen-pass");
    request.onsuccess = () => done(request.result);
  });
  const held = [];
  for (const shelf of ["own", "received"]) {
    held.push(...await new Promise((done) => {
      const request = database.transaction(shelf).objectStore(shelf).getAll();
      request.onsuccess = () => done(request.result);
    }));
  }
  database.close();
  const answers = [];
  for (const { key } of held) {
    try { answers.push(await crypto.subtle.exportKey(form, key)); }
    catch (error) { answers.push(error.name); }
  }
  return answers;
}"""


def enrolled(phone: Phone, gate: Gate) -> Phone:
    """Make a key, show it at the desk, and go on to the live code."""
    gate.enrol(phone.with_key().code())
    return phone.touch("登记好了")


def with_places(phone: Phone, lines: str = PLACES) -> Phone:
    phone.touch("更多", "小区的门")
    phone.page.fill("textarea", lines)
    phone.touch("保存")
    phone.page.wait_for_selector("main.guests")
    return phone


def link_of(phone: Phone) -> str:
    return phone.page.locator(".link").input_value()


def invited(phone: Phone, *choices: str) -> str:
    """Plan a visit with these choices touched; return the link."""
    phone.touch("访客", "约别的时间")
    phone.page.fill("input[name=who]", "王阿姨")
    for choice in choices:
        phone.page.get_by_label(choice, exact=True).click()
    phone.touch("做访客码")
    phone.page.wait_for_selector(".link")
    return link_of(phone)


def test_a_code_nobody_enrolled_opens_nothing(phone: Phone, gate: Gate) -> None:
    phone.with_key().touch("登记好了")
    assert gate.shown(phone.code()) is Reason.PASS_INVALID


def test_the_code_for_the_desk_opens_nothing(phone: Phone, gate: Gate) -> None:
    text = phone.with_key().code()
    gate.enrol(text)
    assert gate.shown(text) is Reason.PASS_INVALID


def test_a_live_code_is_no_key_for_the_desk(phone: Phone, gate: Gate) -> None:
    text = enrolled(phone, gate).code()
    with pytest.raises(PassError):
        enrolled_key(text)


def test_an_enrolled_phone_opens_with_each_new_code_once(phone: Phone, gate: Gate) -> None:
    first = enrolled(phone, gate).code()
    assert gate.shown(first) is None
    assert gate.shown(first) is Reason.PASS_REPLAYED
    second = phone.code(unlike=first)
    assert gate.shown(second) is None


def test_a_photograph_of_the_code_is_stale_after_half_a_minute(phone: Phone, gate: Gate) -> None:
    text = enrolled(phone, gate).code()
    later = datetime.now(UTC) + timedelta(seconds=40)
    assert gate.shown(text, later) is Reason.PASS_EXPIRED


@pytest.mark.parametrize("form", ["pkcs8", "jwk", "raw"])
def test_no_key_can_be_taken_out_of_a_phone(phone: Phone, gate: Gate, form: str) -> None:
    enrolled(phone, gate)
    phone.open(invited(phone))
    phone.page.wait_for_selector("main.visitor")
    answers = phone.run(FORBIDDEN, form)
    assert len(answers) == 2
    assert set(answers) <= {"InvalidAccessError", "NotSupportedError"}


def test_the_key_is_still_there_after_a_reload(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate)
    phone.page.reload()
    assert gate.shown(phone.code()) is None


def test_without_a_network_the_app_starts_and_opens(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate)
    phone.run("() => navigator.serviceWorker.ready.then(() => true)")
    phone.context.set_offline(offline=True)
    phone.page.reload()
    assert gate.shown(phone.code()) is None
    phone.touch("更多", "时间和常见问题", "查一查手机时间")
    phone.page.get_by_text("现在没有网").wait_for()


def test_a_guest_passes_with_the_link_until_it_is_used_up(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    enrolled(phone, gate)
    guest_phone.open(invited(phone))
    text = guest_phone.code()
    assert "1 次" in guest_phone.text()
    assert "王阿姨" not in guest_phone.text()
    assert gate.shown(text) is None
    assert gate.shown(guest_phone.code(unlike=text)) is Reason.PASS_USED_UP


def test_a_withdrawn_pass_opens_nothing_any_more(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    with_places(enrolled(phone, gate))
    phone.touch("约别的时间", "加一次", "做访客码")
    phone.page.wait_for_selector(".link")
    text = guest_phone.open(link_of(phone)).code()
    assert gate.shown(text) is None
    phone.touch("完成").page.locator(".list button").click()
    phone.touch("撤回这个码")
    phone.page.locator("footer .stop").click()
    assert gate.shown(phone.code()) is Reason.VISIT_WITHDRAWN
    assert gate.shown(guest_phone.code(unlike=text)) is Reason.PASS_WITHDRAWN


def test_one_touch_lets_a_guest_in_from_far_away(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    enrolled(phone, gate).touch("访客", "现在就请一位进门")
    phone.page.wait_for_selector(".link")
    assert gate.shown(guest_phone.open(link_of(phone)).code()) is None


def test_a_pass_for_another_gate_opens_nothing_here(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    with_places(enrolled(phone, gate))
    link = invited(phone, "东门", "地下车库")
    assert gate.shown(guest_phone.open(link).code()) is Reason.PASS_NOT_HERE
    assert "地下车库" in guest_phone.text()


def test_a_guest_who_widens_the_pass_opens_nothing(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    enrolled(phone, gate)
    page, fragment = invited(phone).split("#")
    form, body, note = fragment.split(".")
    content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    once, nine = bytes.fromhex("3a0001117101"), bytes.fromhex("3a0001117109")
    assert content.count(once) == 1
    wide = base64.urlsafe_b64encode(content.replace(once, nine)).decode().rstrip("=")
    guest_phone.open(f"{page}#{form}.{wide}.{note}")
    assert "9 次" in guest_phone.text()
    assert gate.shown(guest_phone.code()) is Reason.PASS_INVALID


def test_limits_of_the_site_cannot_be_passed(phone: Phone, gate: Gate) -> None:
    with_places(enrolled(phone, gate)).touch("约别的时间")
    phone.page.wait_for_selector("main.plan")
    hours = phone.page.locator("input[name=hours]").evaluate_all("all => all.map((i) => i.value)")
    assert hours == ["1", "2", "4", "8", "12"]
    phone.touch(*["加一次"] * 5)
    assert phone.page.inner_text("output") == "3 次"
    phone.touch(*["减一次"] * 5)
    assert phone.page.inner_text("output") == "1 次"


def test_a_visit_without_a_gate_or_in_the_past_is_not_made(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate).touch("访客", "约别的时间")
    phone.page.get_by_label("大门", exact=True).click()
    phone.touch("做访客码").page.get_by_text("请至少选一个门").wait_for()
    phone.page.get_by_label("大门", exact=True).click()
    phone.page.get_by_label("别的日子", exact=True).first.click()
    phone.run("() => { document.querySelector('[name=date]').removeAttribute('min'); }")
    phone.page.fill("input[name=date]", "2020-01-01")
    phone.touch("做访客码").page.get_by_text("这个时间已经过去了").wait_for()


def test_a_pass_for_tomorrow_shows_no_code_today(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    enrolled(phone, gate)
    guest_phone.open(invited(phone, "明天"))
    assert "还没到时间" in guest_phone.text()
    assert guest_phone.page.locator(".qr").count() == 0


def test_the_published_link_becomes_a_code_that_opens(phone: Phone, gate: Gate) -> None:
    host = PhoneKey(ec.derive_private_key(int("11" * 32, 16), ec.SECP256R1()))
    moment = datetime.fromtimestamp(VECTOR_NOW, UTC)
    gate.enrol(host.enrolment(moment))
    phone.page.clock.set_fixed_time(moment)
    phone.open(f"{phone.site.url}#{VECTOR_LINK}")
    assert gate.shown(phone.code(), moment) is None
    assert "2 次" in phone.text()


def test_a_pass_that_is_over_shows_no_code(phone: Phone) -> None:
    phone.page.clock.set_fixed_time(datetime.fromtimestamp(VECTOR_NOW + 7200, UTC))
    phone.open(f"{phone.site.url}#{VECTOR_LINK}")
    assert "已经过期" in phone.text()
    assert phone.page.locator(".qr").count() == 0


@pytest.mark.parametrize(
    "fragment",
    [
        "1.",
        "1.AAAA",
        "2." + VECTOR_LINK[2:],
        VECTOR_LINK[:-4],
        VECTOR_LINK + "AAAA",
        VECTOR_LINK + ".a.b",
        VECTOR_LINK + "." + "QUFB" * 80,
        VECTOR_LINK.replace("IiIi", "IiIj", 1),
        VECTOR_LINK.replace("prSe4g", "prSc4g", 1),
        "1." + "A" * 100_000,
        "%3Cscript%3E",
        "g.AAAA",
        "g.MCBB_w",
    ],
    ids=[
        "empty",
        "short",
        "form",
        "cut",
        "longer",
        "more",
        "note",
        "key",
        "pass",
        "huge",
        "markup",
        "gates",
        "encoding",
    ],
)
def test_a_link_that_is_not_whole_is_told_and_kept_nowhere(phone: Phone, fragment: str) -> None:
    phone.open(f"{phone.site.url}#{fragment}")
    phone.page.get_by_text("链接不完整").wait_for()
    phone.page.reload()
    phone.page.get_by_text("用手机开门").wait_for()
    assert phone.page.locator(".qr").count() == 0


def test_the_links_secret_is_neither_in_the_address_nor_in_the_history_nor_sent(
    phone: Phone, guest_phone: Phone, gate: Gate
) -> None:
    link = invited(enrolled(phone, gate))
    secret = link.split("#")[1][2:40]
    guest_phone.open(link)
    page = guest_phone.page
    assert page.url == guest_phone.site.url
    page.get_by_role("button", name="我是住户").click()
    page.get_by_text("做我的钥匙").wait_for()
    page.go_back()
    page.wait_for_selector("main.visitor")
    assert page.url == guest_phone.site.url
    assert secret not in str(guest_phone.run("() => [location.href, history.state, localStorage]"))
    assert secret not in "".join(guest_phone.site.asked)
    # Neither does the host's own phone keep it once the page is left.
    phone.touch("完成", "我的码").page.go_back()
    assert secret not in phone.page.content() + str(phone.run("() => history.state"))


def test_the_link_can_be_copied(phone: Phone, gate: Gate) -> None:
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = invited(enrolled(phone, gate))
    phone.touch("复制链接").page.get_by_text("已复制").wait_for()
    assert phone.run("() => navigator.clipboard.readText()") == link


ATTACKS = {
    "inline": "const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
    " document.body.append(s);",
    "handler": "document.body.setAttribute('onclick', 'window.hit = 1'); document.body.click();",
    "eval": "window.hit = (0, eval)('1');",
    "markup": "document.body.innerHTML = '<img src=x onerror=\"window.hit=1\">';",
    "function": "new Function('window.hit = 1')();",
    "worker": "await navigator.serviceWorker.register('src/main.js'); window.hit = 1;",
    "module": "await import('data:text/javascript,window.hit=1');",
    "fetch": "await fetch('http://foreign.test/'); window.hit = 1;",
    "beacon": "navigator.sendBeacon('http://foreign.test/');",
    "image": "await new Promise((done, fail) => { const i = new Image(); i.onload = done;"
    " i.onerror = fail; i.src = 'http://foreign.test/a.png'; });",
    "socket": "new WebSocket('ws://foreign.test/');",
    "form": "const f = document.createElement('form'); f.action = 'http://foreign.test/';"
    " document.body.append(f); f.submit();",
    "frame": "const f = document.createElement('iframe'); f.src = 'http://foreign.test/';"
    " document.body.append(f);",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_injected_runs_and_nothing_leaves(phone: Phone, attack: str) -> None:
    phone.open()
    phone.run("""() => { window.told = new Promise((done) => {
      document.addEventListener("securitypolicyviolation", () => done("policy"));
      setTimeout(() => done(""), 2000);
    }); }""")
    error = phone.run(
        # From a timer, for a debugger's own calls may use eval in spite of the policy.
        "() => new Promise((done) => setTimeout(() => (async () => {"
        f"{ATTACKS[attack]} }})().then(() => done(''), (error) => done(error.name))))"
    )
    assert phone.run("() => window.told") == "policy" or error == "TypeError"
    assert phone.run("() => window.hit ?? 0") == 0
    assert all(asked.split()[1].startswith("/") for asked in phone.site.asked)
    arrived = [url for url in phone.arrived if not url.startswith(phone.site.url)]
    assert arrived == []


def test_a_whole_life_asks_its_own_host_only(phone: Phone, guest_phone: Phone, gate: Gate) -> None:
    guest_phone.open(invited(with_places(enrolled(phone, gate)))).code()
    for one in (phone, guest_phone):
        assert [url for url in one.requests if not url.startswith(one.site.url)] == []
        assert one.said == []
    assert {asked.split()[0] for asked in phone.site.asked} == {"GET", "HEAD"}
    assert not any("?" in asked for asked in phone.site.asked)


@pytest.mark.parametrize(("ahead", "words"), [(-420, "快了7分钟"), (45, "慢了4")])
def test_a_wrong_clock_is_told_with_the_amount(
    phone: Phone, site: Site, ahead: int, words: str
) -> None:
    site.ahead = ahead
    phone.with_key().touch("登记好了")
    phone.page.get_by_text(words).wait_for()
    phone.touch("更多", "时间和常见问题", "查一查手机时间").page.get_by_text(words).wait_for()


def test_a_right_clock_is_said_to_be_right(phone: Phone) -> None:
    phone.with_key().touch("登记好了", "更多", "时间和常见问题", "查一查手机时间")
    phone.page.get_by_text("手机时间是准的").wait_for()


def test_a_key_the_browser_cleared_is_told(phone: Phone) -> None:
    phone.with_key()
    phone.run(
        "() => new Promise((done) => {"
        " indexedDB.deleteDatabase('sanmen-pass').onsuccess = done; }).then(() => true)"
    )
    phone.page.reload()
    phone.page.get_by_text("这部手机把原来的钥匙清掉了").wait_for()


def test_a_deleted_key_is_gone(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate).touch("更多", "删除这部手机的钥匙")
    phone.page.locator("footer .stop").click()
    phone.page.get_by_text("做我的钥匙").wait_for()
    phone.page.reload()
    phone.page.get_by_text("做我的钥匙").wait_for()
    assert "清掉了" not in phone.text()
    assert phone.run(FORBIDDEN, "jwk") == []


def test_an_app_put_aside_shows_no_code(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate).code()
    phone.run(
        "() => { Object.defineProperty(document, 'hidden', { value: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    dark = phone.run(
        "() => { const c = document.querySelector('.qr'); const all ="
        " c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " return all.filter((value) => value < 255).length; }"
    )
    assert dark == 0


def test_the_offices_link_sets_the_gates_after_asking(phone: Phone, gate: Gate) -> None:
    enrolled(phone, gate)
    told = base64.urlsafe_b64encode(PLACES.encode()).decode().rstrip("=")
    phone.open(f"{phone.site.url}#g.{told}")
    phone.page.get_by_text("要用它吗").wait_for()
    assert phone.page.url == phone.site.url
    phone.touch("用这份名单", "约别的时间")
    phone.page.wait_for_selector("main.plan")
    assert phone.page.locator("input[name=gate]").count() == 3
    phone.touch("返回", "更多", "手机丢了怎么办")
    assert phone.page.locator("a.button").get_attribute("href") == "tel:057188886666"


@pytest.mark.parametrize(
    "line",
    ["东门", "32 东门", "0 东门\n0 西门", "hours 0", "uses 101", "office <b>", "0 " + "门" * 31],
)
def test_a_wrong_line_of_the_gate_list_is_refused(phone: Phone, line: str) -> None:
    phone.with_key().touch("登记好了", "更多", "小区的门")
    phone.page.fill("textarea", line)
    phone.touch("保存").page.get_by_text("这一行看不懂").wait_for()


@pytest.mark.parametrize(
    "content",
    [
        "1800",
        "1900ff",
        "5800",
        "a200000000",
        "a201000000",
        "9f00ff",
        "5f4100ff",
        "f6",
        "fb3ff0000000000000",
        "0000",
        "82",
        "1bffffffffffffffff",
        "9affffffff",
        "818181818181818181",
        "61ff",
        "ba00000000",
    ],
)
def test_only_canonical_cbor_is_read(phone: Phone, content: str) -> None:
    script = """async (content) => {
      const { decode } = await import("/src/cbor.js");
      try { return String(decode(Uint8Array.from(content.match(/../g), (b) => parseInt(b, 16)))); }
      catch (error) { return error.name; }
    }"""
    assert phone.open().run(script, content) in {"RangeError", "TypeError"}


def test_the_worker_keeps_exactly_the_apps_files() -> None:
    version = runpy.run_path(str(APP / "version.py"))
    worker = (APP / "sw.js").read_text("utf-8")
    assert version["worker"](worker) == worker, "run `python deploy/pass-app/version.py`"


def test_a_changed_file_gives_the_worker_a_new_version(tmp_path: Path) -> None:
    version = runpy.run_path(str(APP / "version.py"))
    worker = 'VERSION = "0"; FILES = [];'
    (tmp_path / "a.js").write_text("1")
    first = version["worker"](worker, tmp_path)
    (tmp_path / "a.js").write_text("2")
    assert version["worker"](worker, tmp_path) != first


@pytest.mark.parametrize("folder", [APP / "vendor", Path(__file__).parent / "vendor"], ids=str)
def test_code_of_others_is_what_its_publisher_packed(folder: Path) -> None:
    for file in tomllib.loads((folder / "vendor.toml").read_text("utf-8"))["file"]:
        content = (folder / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_the_documented_header_is_the_pages_own_policy_and_no_framing() -> None:
    page = (APP / "index.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    header = f"Content-Security-Policy: {policy[1]}; frame-ancestors 'none'"
    assert header in (APP / "README.md").read_text("utf-8")
