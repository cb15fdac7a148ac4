"""What the screen's server refuses: strangers, forgers, the oversized, the slow and the many."""

from __future__ import annotations

import http.client
import re
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance.terminal import Ground, NoPage, Page
from appliance.ui import connections, guard
from tests.rig.screen import Gate, Shown, until
from tests.rig.wire_browser import PATIENCE_S, Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = bytes(range(16))
PAGE = Page(NUMBER, "my.home", Ground.RESIDENT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rooms")


@pytest.fixture(scope="module")
def gate(folder: Path) -> Iterator[Gate]:
    one = Gate(folder / "ui.socket")
    yield one
    one.close()


@pytest.fixture(scope="module")
def shown(folder: Path) -> Iterator[Shown]:
    one = Shown(folder)
    yield one
    one.close()


@pytest.fixture
def browser(gate: Gate, shown: Shown) -> Browser:
    until(lambda: gate.met, "gate")
    gate.touches.clear()
    gate.say(NoPage())
    return Browser.launched(shown.launch_file)


def form(browser: Browser, **other: str) -> dict[str, str]:
    """Return a touch as our page sends it."""
    own = {"csrf": browser.csrf, "tab": str(browser.number), "act": "help", "page": ""}
    return {**own, "value": "", **other}


HOSTS = {
    "a site of the internet": "evil.example",
    "our name, which a site can point here": "localhost:{port}",
    "another port": "127.0.0.1:1",
    "no port": "127.0.0.1",
    "a longer name": "127.0.0.1:{port}.evil.example",
    "another spelling of the address": "127.1:{port}",
    "IPv6": "[::1]:{port}",
    "nothing": " ",
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_a_request_for_another_host_is_misdirected(browser: Browser, host: str) -> None:
    status, _, text = browser.get("/", Host=host.format(port=browser.port))
    assert status == 421
    assert text == ""


def test_two_hosts_are_no_request(browser: Browser) -> None:
    lines = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{browser.port}\r\nHost: evil.example\r\n\r\n"
    assert raw(browser.port, lines.encode()).startswith(b"HTTP/1.1 400")


ORIGINS = {
    "none": None,
    "opaque": "null",
    "a site": "https://evil.example",
    "our name": "http://localhost:{port}",
    "another port": "http://127.0.0.1:1",
    "another scheme": "https://127.0.0.1:{port}",
    "ours and more": "http://127.0.0.1:{port}.evil.example",
    "ours with a path": "http://127.0.0.1:{port}/",
}


@pytest.mark.parametrize("path", ["/touch", "/view", "/launch"])
@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
def test_a_post_from_another_origin_is_forbidden(
    browser: Browser, gate: Gate, path: str, origin: str | None
) -> None:
    origin = origin and origin.format(port=browser.port)
    assert browser.post(path, form(browser), Origin=origin)[0] == 403
    assert browser.touch("help") == 204
    assert len(gate.heard(1)) == 1


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none", "Same-Origin"])
def test_a_post_that_is_not_from_our_own_page_is_forbidden(
    browser: Browser, site: str | None
) -> None:
    assert browser.post("/touch", form(browser), Sec_Fetch_Site=site)[0] == 403


@pytest.mark.parametrize("path", ["/", "/stream?tab={tab}", "/static/vendor/htmx.min.js"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_not_even_look(browser: Browser, path: str, site: str) -> None:
    asked = path.format(tab=browser.number)
    assert browser.get(asked, Sec_Fetch_Site=site)[0] == 403
    assert browser.get(path, Origin="https://evil.example")[0] in {403, 404}


COOKIES = {
    "none": "",
    "empty": "sanmen=",
    "guessed": "sanmen=" + "A" * 43,
    "too long": "sanmen=" + "A" * 5000,
    "of another name": "session={value}",
    "twice": "sanmen={value}; sanmen={value}",
    "with a space inside": "sanmen={value} x",
}


@pytest.mark.parametrize("cookie", COOKIES.values(), ids=COOKIES)
def test_without_the_session_there_is_nothing_but_the_launch_page(
    browser: Browser, cookie: str
) -> None:
    named = cookie.format(value=browser.cookie.partition("=")[2])
    assert browser.post("/touch", form(browser), Cookie=named)[0] == 403
    assert browser.post("/view", form(browser), Cookie=named)[0] == 403
    assert browser.get(f"/stream?tab={browser.number}", Cookie=named)[0] == 403
    status, headers, page = browser.get("/", Cookie=named)
    assert status == 200
    assert "csrf" not in page
    assert "set-cookie" not in headers


def test_the_cookie_is_for_the_server_alone(shown: Shown) -> None:
    browser = Browser(shown.port)
    _, headers, _ = browser.post("/launch", {"token": shown.token()})
    assert re.fullmatch(
        r"sanmen=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=/", headers["set-cookie"]
    )


@pytest.mark.parametrize("token", ["", "A" * 43, "A" * 42, "../../etc/passwd", "\u6587" * 43])
def test_a_wrong_launch_token_opens_nothing_and_spends_nothing(shown: Shown, token: str) -> None:
    browser = Browser(shown.port)
    status, headers, _ = browser.post("/launch", {"token": token})
    assert status == 403
    assert "set-cookie" not in headers
    assert Browser.launched(shown.launch_file).get("/")[0] == 200


def test_a_launch_token_is_good_once_and_the_next_is_ready(shown: Shown) -> None:
    token = shown.token()
    first = Browser.launched(shown.launch_file)
    assert first.post("/launch", {"token": token})[0] == 403
    assert shown.token() != token
    assert Browser.launched(shown.launch_file).cookie != first.cookie


def test_the_launch_file_is_for_this_user_alone(shown: Shown) -> None:
    Browser.launched(shown.launch_file)
    for name in ("ui.launch", "ui.session"):
        mode = stat.S_IMODE((shown.folder / name).stat().st_mode)
        assert mode == 0o600
    assert not list(shown.folder.glob("*.new"))


def test_no_secret_of_the_session_stands_in_a_file(shown: Shown) -> None:
    browser = Browser.launched(shown.launch_file)
    for file in ("ui.launch", "ui.session"):
        assert browser.cookie.partition("=")[2] not in (shown.folder / file).read_text()


CSRF = {"missing": None, "empty": "", "another": "0" * 64}


@pytest.mark.parametrize("csrf", CSRF.values(), ids=CSRF)
@pytest.mark.parametrize("path", ["/touch", "/view"])
def test_a_form_without_its_token_is_forbidden(
    browser: Browser, path: str, csrf: str | None
) -> None:
    values = {key: value for key, value in form(browser).items() if key != "csrf"}
    if csrf is not None:
        values["csrf"] = csrf
    assert browser.post(path, values)[0] == 403


def test_a_token_of_another_session_or_tab_is_forbidden(browser: Browser, shown: Shown) -> None:
    old = dict(form(browser))
    newer = Browser.launched(shown.launch_file)
    assert newer.post("/touch", {**old, "tab": str(newer.number)})[0] == 403
    assert newer.post("/touch", old)[0] == 403
    assert browser.touch("help") == 403


@pytest.mark.parametrize("tab", ["", "-1", "1e9", "9" * 20, "9" * 5000, "\uff10", "1 "])
def test_a_tab_that_cannot_be_one_is_refused(browser: Browser, tab: str) -> None:
    assert browser.post("/touch", {**form(browser), "tab": tab})[0] == 403
    path = f"/stream?tab={tab}" if tab.isascii() and " " not in tab else "/stream"
    assert browser.get(path)[0] == 409


PATHS = [
    "/touch/",
    "//",
    "/index.html",
    "/static",
    "/static/",
    "/static/../sections.py",
    "/static/..%2f..%2fsections.py",
    "/static/%2e%2e/%2e%2e/sections.py",
    "/static/vendor/../vendor/htmx.min.js",
    "/static/vendor//htmx.min.js",
    "/static//etc/passwd",
    "/static/vendor/htmx%2emin.js",
    "/static/vendor/htmx.LICENSE",
    "/static/vendor/htmx.min.js%00",
    "/static/vendor\\htmx.min.js",
    "/..",
    "/%00",
    "/launch",
    "/touch",
    "/view",
    "/preview",
    "/?x=1",
    "/static/vendor/htmx.min.js?x=1",
    "/docs",
    "/openapi.json",
    "/favicon.ico",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_other_path_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path)[0] == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "FOO"])
@pytest.mark.parametrize("path", ["/", "/touch", "/stream"])
def test_every_other_method_is_not_found(browser: Browser, method: str, path: str) -> None:
    assert browser.ask(method, path, None, browser.headers())[0] == 404


def test_nothing_is_changed_by_asking(browser: Browser, gate: Gate) -> None:
    values = "&".join(f"{key}={value}" for key, value in form(browser, act="stop").items())
    for path in ("/touch", "/view", "/", "/launch"):
        assert browser.get(f"{path}?{values}")[0] == 404
    assert browser.get("/")[0] == 200
    assert browser.touch("help") == 204
    assert [one.act for one in gate.heard(1)] == ["help"]


LENGTHS = {
    "one byte too many": (b"a" * 16_385, {}, 413),
    "a lie": (b"", {"Content-Length": "99999999999"}, 413),
    "in pieces": (b"0\r\n\r\n", {"Transfer-Encoding": "chunked"}, 411),
}


@pytest.mark.parametrize(("body", "headers", "status"), LENGTHS.values(), ids=LENGTHS)
def test_a_body_that_is_too_large_or_of_no_length_is_refused_unread(
    browser: Browser, body: bytes, headers: dict[str, str], status: int
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    if "Transfer-Encoding" in headers:
        lines = "".join(f"{k}: {v}\r\n" for k, v in {**browser.headers(), **kind}.items())
        host = f"Host: 127.0.0.1:{browser.port}\r\n"
        answer = raw(browser.port, f"POST /touch HTTP/1.1\r\n{host}{lines}\r\n".encode() + body)
        assert answer.startswith(f"HTTP/1.1 {status}".encode())
        return
    assert browser.ask("POST", "/touch", body, {**browser.headers(), **kind})[0] == status


@pytest.mark.parametrize(
    "kind",
    [
        *(None, "text/plain", "application/json", "multipart/form-data; boundary=x"),
        "application/x-www-form-urlencoded; charset=utf-16",
    ],
)
def test_a_body_of_another_kind_is_refused(browser: Browser, kind: str | None) -> None:
    assert browser.post("/touch", form(browser), Content_Type=kind)[0] == 415


def test_the_largest_body_is_read_and_found_to_be_no_touch(browser: Browser) -> None:
    body = b"csrf=" + b"a" * (16_384 - 5)
    assert browser.post("/touch", body)[0] == 403


FORMS = {
    "a value twice": "act=help&act=stop",
    "too many values": "&".join(f"f{n}=1" for n in range(20)),
    "no form": "act",
    "no UTF-8": "act=help&value=%ff%fe",
    "half a character": "act=help&value=%e6%96",
    "a raw byte": "act=help&value=\u00ff",
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_what_is_no_form_of_ours_is_refused(browser: Browser, gate: Gate, body: str) -> None:
    own = f"csrf={browser.csrf}&tab={browser.number}&"
    assert browser.post("/touch", (own + body).encode("latin-1"))[0] == 400
    assert browser.touch("help") == 204
    assert len(gate.heard(1)) == 1


TOUCHES = {
    "no act": {"act": ""},
    "an act in capitals": {"act": "Help"},
    "a path for an act": {"act": "../help"},
    "an act too long": {"act": "a" * 65},
    "a page that is no number": {"page": "xyz"},
    "half a page": {"page": "0"},
    "a page too long": {"page": "00" * 17},
    "a value too long": {"value": "文" * 65},
    "a field too long": {"entry": "文" * 257},
    "a field of a strange name": {"<script>": "1"},
}


@pytest.mark.parametrize("change", TOUCHES.values(), ids=TOUCHES)
def test_a_touch_out_of_its_bounds_is_refused_and_the_line_to_gate_lives(
    browser: Browser, gate: Gate, change: dict[str, str]
) -> None:
    met = gate.met
    assert browser.post("/touch", form(browser, **change))[0] == 400
    assert browser.touch("stop") == 204
    assert [one.act for one in gate.heard(1)] == ["stop"]
    assert gate.met == met


@pytest.mark.parametrize("change", [{"language": "de"}, {"large": "2"}, {"large": ""}])
def test_a_strange_language_or_size_is_refused(browser: Browser, change: dict[str, str]) -> None:
    assert browser.post("/view", {**form(browser), **change})[0] == 400


def raw(port: int, content: bytes) -> bytes:
    """Return all the server says to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(content)
        said = b""
        while piece := line.recv(4096):
            said += piece
        return said


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00" * 40,
        b"GET /" + b"a" * 70_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000,
    ],
    ids=["zeros", "half a line", "no host", "TLS", "a path without end", "a long header"],
)
def test_what_is_no_request_is_answered_so_and_the_next_is_served(
    browser: Browser, content: bytes
) -> None:
    try:
        answer = raw(browser.port, content)
    except ConnectionResetError:  # it went on while the door was shut
        answer = b"HTTP/1.1 400"
    assert answer.startswith(b"HTTP/1.1 400")
    assert browser.get("/")[0] == 200


def test_a_head_that_never_ends_is_cut(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\n"):
        try:
            assert raw(browser.port, begun) == b""
        except ConnectionResetError:
            continue


def test_a_second_head_on_a_connection_is_not_waited_for_either(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    lines = f"GET /static/vendor/hx-csp.min.js HTTP/1.1\r\nHost: 127.0.0.1:{browser.port}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", browser.port), timeout=PATIENCE_S) as line:
        line.sendall(lines.encode())
        assert line.recv(12) == b"HTTP/1.1 200"
        line.sendall(b"GET / HTTP")
        with suppress(ConnectionResetError):  # an orderly end is as good
            while line.recv(65_536):
                pass


def test_a_body_that_never_comes_is_not_waited_for(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.2)
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "100"}
    assert browser.ask("POST", "/touch", b"csrf=", {**browser.headers(), **kind})[0] == 408
    assert browser.get("/")[0] == 200


def test_too_many_connections_are_cut_and_a_stream_that_runs_lives_on(
    browser: Browser, gate: Gate
) -> None:
    with browser.stream() as stream:
        stream.shows('id="s-idle"')
        crowd: list[socket.socket] = []
        try:
            crowd = [
                socket.create_connection(("127.0.0.1", browser.port), timeout=5)
                for _ in range(connections.MOST + 10)
            ]
            cut = sum(_is_cut(one) for one in crowd[connections.MOST - 1 :])
            assert cut == 11
            gate.say(PAGE)
            stream.shows(NUMBER.hex())
        finally:
            for one in crowd:
                one.close()
        until(lambda: _answers(browser), "an answer after the crowd")


def _is_cut(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


def _answers(browser: Browser) -> bool:
    try:
        return browser.get("/")[0] == 200
    except (OSError, http.client.HTTPException):
        time.sleep(0.1)
        return False


@pytest.mark.parametrize("path", ["/", "/static/vendor/htmx.min.js", "/nothing", "/stream?tab=x"])
def test_every_answer_carries_the_marks(browser: Browser, path: str) -> None:
    _, headers, _ = browser.get(path)
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_a_page_runs_its_own_scripts_alone(browser: Browser) -> None:
    status, headers, page = browser.get("/")
    nonce = page.partition('nonce="')[2].partition('"')[0]
    assert status == 200
    assert len(nonce) == 24
    assert headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
        "img-src 'self'; font-src 'self'; media-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx"
    )
    assert f"nonce-{nonce}" not in browser.get("/")[1]["content-security-policy"]


def test_the_server_listens_at_this_machine_alone(shown: Shown) -> None:
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()
    ]
    port = f":{shown.port:04X}"
    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(port)]
    assert listening == [f"0100007F{port}"]


def test_an_altered_session_file_knows_nobody(tmp_path: Path) -> None:
    (tmp_path / "ui.session").write_text("x" * 64)
    shown = Shown(tmp_path)
    try:
        browser = Browser.launched(shown.launch_file)
        assert browser.get("/")[0] == 200
    finally:
        shown.close()
