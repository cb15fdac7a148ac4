"""The camera's picture: shown while gate allows it, to the newest tab, and then overwritten."""

from __future__ import annotations

import os
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from appliance.preview_link import LARGEST
from appliance.terminal import Ground, Page, Phase
from appliance.ui.frames import Frames
from tests.rig.screen import Gate, Shown, terminal, until
from tests.rig.wire_browser import PATIENCE_S, Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE = b"\xff\xd8" + bytes(range(256)) * 40 + b"\xff\xd9"
SECOND = 1_000_000_000
NOW = 100 * SECOND
NOBODY = 65534


def packed(number: int, picture: bytes = PICTURE, taken_ns: int | None = None) -> bytes:
    """Return a frame as vision sends it."""
    taken_ns = time.monotonic_ns() if taken_ns is None else taken_ns
    return struct.pack("!IQ", number, taken_ns) + picture


def filled(frames: Frames, content: bytes, now_ns: int = NOW) -> bool:
    """Hand bytes to the buffer as the kernel does."""
    size = min(len(content), len(frames.buffer))
    frames.buffer[:size] = content[:size]
    return frames.take(size, now_ns)


BAD = {
    "nothing": b"",
    "a header alone": packed(1, b"", NOW),
    "half a header": b"\0" * 7,
    "no beginning": packed(1, b"\0\0abc\xff\xd9", NOW),
    "no end": packed(1, b"\xff\xd8abc", NOW),
    "markers that overlap": packed(1, b"\xff\xd8\xd9", NOW),
    "another kind": packed(1, b"\x89PNG\r\n\x1a\n" + b"\0" * 50, NOW),
    "one byte too large": packed(1, b"\xff\xd8" + b"\0" * (LARGEST - 3) + b"\xff\xd9", NOW),
    "far too large": packed(1, b"\xff\xd8" + b"\0" * 300_000 + b"\xff\xd9", NOW),
    "old": packed(1, taken_ns=NOW - 3 * SECOND),
    "from the future": packed(1, taken_ns=NOW + SECOND),
    "no number": packed(0, taken_ns=NOW),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_frame_of_this_moment_is_refused_and_overwritten(content: bytes) -> None:
    frames = Frames()
    assert filled(frames, packed(5, b"\xff\xd8own\xff\xd9", NOW))
    assert not filled(frames, content)
    assert bytes(frames.picture) == b""
    assert not any(frames.buffer)


def test_a_frame_that_was_there_before_is_refused() -> None:
    frames = Frames()
    assert filled(frames, packed(7, taken_ns=NOW))
    assert not filled(frames, packed(7, taken_ns=NOW))


def test_the_largest_frame_is_held_and_a_smaller_one_leaves_nothing_of_it() -> None:
    frames = Frames()
    largest = b"\xff\xd8" + b"\x5a" * (LARGEST - 4) + b"\xff\xd9"
    assert filled(frames, packed(1, largest, NOW))
    assert bytes(frames.picture) == largest
    assert filled(frames, packed(2, b"\xff\xd8small\xff\xd9", NOW))
    assert bytes(frames.picture) == b"\xff\xd8small\xff\xd9"
    assert b"\x5a" not in frames.buffer
    frames.wipe()
    assert not any(frames.buffer)


def test_the_black_frame_that_ends_a_preview_leaves_nothing() -> None:
    frames = Frames()
    assert filled(frames, packed(1, taken_ns=NOW))
    assert filled(frames, packed(2, taken_ns=0))
    assert not any(frames.buffer)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    one = Gate(tmp_path / "ui.socket")
    yield one
    one.close()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    one = Shown(tmp_path)
    yield one
    one.close()


@pytest.fixture
def browser(gate: Gate, shown: Shown) -> Browser:
    until(lambda: gate.met, "gate")
    return Browser.launched(shown.launch_file)


@pytest.fixture
def vision(shown: Shown) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
        one.connect(str(shown.folder / "preview.socket"))
        yield one


def allow(gate: Gate, shown: Shown, *, on: bool = True) -> None:
    """Let gate say whether the picture may be shown, and the screen hear it."""
    gate.say(terminal(Phase.FACE if on else Phase.IDLE, preview=on))
    until(lambda: shown.room.hub.preview is on, "gate's word on the preview")


def held(shown: Shown) -> bytearray:
    return shown.room._preview.frames.buffer


STRANGERS: dict[str, dict[str, str | None]] = {
    "no origin": {"Origin": None},
    "another origin": {"Origin": "http://evil.example"},
    "our name": {"Origin": "http://localhost:1"},
    "another site": {"Sec_Fetch_Site": "cross-site"},
    "no session": {"Cookie": None},
    "a guessed session": {"Cookie": "sanmen=" + "A" * 43},
}


@pytest.mark.parametrize("change", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_sees_nothing(
    browser: Browser, gate: Gate, shown: Shown, change: dict[str, str | None]
) -> None:
    allow(gate, shown)
    with pytest.raises(InvalidStatus):
        browser.preview(**change)


@pytest.mark.parametrize("path", ["/preview", "/preview/", "/touch", "/stream?tab=1", "/"])
def test_there_is_one_websocket(browser: Browser, gate: Gate, shown: Shown, path: str) -> None:
    allow(gate, shown)
    with pytest.raises(InvalidStatus):
        connect(
            f"ws://127.0.0.1:{browser.port}{path}",
            additional_headers={"Cookie": browser.cookie},
            origin=browser.origin,  # type: ignore[arg-type]
        )


def test_without_gate_s_word_the_page_is_told_off(browser: Browser) -> None:
    with browser.preview() as page:
        assert page.recv(PATIENCE_S) == "off"
        with pytest.raises(ConnectionClosed):
            page.recv(PATIENCE_S)


def test_frames_that_come_without_gate_s_word_are_not_kept(
    browser: Browser, shown: Shown, vision: socket.socket, gate: Gate
) -> None:
    for number in range(1, 4):
        vision.send(packed(number))
    allow(gate, shown)
    vision.send(packed(4, b"\xff\xd8fourth\xff\xd9"))
    with browser.preview() as page:
        page.send("k")
        assert page.recv(PATIENCE_S) == b"\xff\xd8fourth\xff\xd9"


def test_each_credit_gets_the_newest_frame_and_nothing_queues_up(
    browser: Browser, gate: Gate, shown: Shown, vision: socket.socket
) -> None:
    allow(gate, shown)
    with browser.preview() as page:
        for number in range(1, 20):
            vision.send(packed(number, b"\xff\xd8%03d\xff\xd9" % number))
        until(lambda: shown.room._preview.frames.sequence == 19, "the newest frame")
        page.send("k")
        assert page.recv(PATIENCE_S) == b"\xff\xd8019\xff\xd9"
        page.send("k")
        with pytest.raises(TimeoutError):
            page.recv(0.3)
        vision.send(packed(20, b"\xff\xd8020\xff\xd9"))
        assert page.recv(PATIENCE_S) == b"\xff\xd8020\xff\xd9"


@pytest.mark.parametrize("how", ["terminal", "page", "gate gone"])
def test_when_it_is_over_the_page_is_told_and_the_picture_overwritten(
    browser: Browser, gate: Gate, shown: Shown, vision: socket.socket, how: str
) -> None:
    if how == "page":
        gate.say(Page(bytes(16), "enrol.capture", Ground.MANAGER, preview=True))
        until(lambda: shown.room.hub.preview, "the page's preview")
    else:
        allow(gate, shown)
    with browser.preview() as page:
        vision.send(packed(1))
        page.send("k")
        assert page.recv(PATIENCE_S) == PICTURE
        if how == "terminal":
            allow(gate, shown, on=False)
        elif how == "page":
            gate.say(Page(bytes(16), "enrol.done", Ground.MANAGER))
        else:
            gate.close()
        assert page.recv(PATIENCE_S) == "off"
        assert not any(held(shown))


def test_vision_gone_leaves_no_picture_and_the_next_one_is_heard(
    browser: Browser, gate: Gate, shown: Shown, vision: socket.socket
) -> None:
    allow(gate, shown)
    vision.send(packed(1))
    until(lambda: any(held(shown)), "a picture")
    vision.close()
    until(lambda: not any(held(shown)), "its end")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as again, browser.preview() as page:
        again.connect(str(shown.folder / "preview.socket"))
        again.send(packed(1, b"\xff\xd8again\xff\xd9"))
        page.send("k")
        assert page.recv(PATIENCE_S) == b"\xff\xd8again\xff\xd9"


def test_nonsense_for_a_frame_ends_the_connection(
    gate: Gate, shown: Shown, vision: socket.socket
) -> None:
    allow(gate, shown)
    vision.send(b"\1" * 100)
    vision.settimeout(PATIENCE_S)
    assert vision.recv(1) == b""
    assert not any(held(shown))


@pytest.mark.parametrize("word", ["kk", "", "k" * 1000, b"k", "文"])
def test_a_page_that_says_something_else_is_sent_away(
    browser: Browser, gate: Gate, shown: Shown, word: str | bytes
) -> None:
    allow(gate, shown)
    with browser.preview() as page:
        page.send(word)
        with pytest.raises(ConnectionClosed):
            page.recv(PATIENCE_S)
    assert browser.get("/")[0] == 200


def test_a_newer_tab_takes_the_picture_away(
    browser: Browser, gate: Gate, shown: Shown, vision: socket.socket
) -> None:
    allow(gate, shown)
    newer = Browser(browser.port, browser.cookie).load()
    with browser.preview() as old:
        with newer.stream() as stream:
            stream.named("message")
            vision.send(packed(1))
            with suppress(ConnectionClosed):  # it may have been told and hung up already
                old.send("k")
            assert old.recv(PATIENCE_S) == "off"
        with pytest.raises(InvalidStatus):
            browser.preview()


def test_a_stopping_room_says_off(browser: Browser, gate: Gate, shown: Shown) -> None:
    allow(gate, shown)
    with browser.preview() as page:
        shown.close()
        assert page.recv(PATIENCE_S) == "off"
    assert not (shown.folder / "preview.socket").exists()


def test_a_process_of_another_user_hands_in_no_picture(gate: Gate, shown: Shown) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    allow(gate, shown)
    path = shown.folder / "preview.socket"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o666)
    shown.folder.chmod(0o711)
    folder = os.open(shown.folder, os.O_RDONLY | os.O_DIRECTORY)
    child = os.fork()
    if child == 0:  # relative to a folder it could not walk to
        os.fchdir(folder)
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as own:
                own.connect("preview.socket")
                own.settimeout(PATIENCE_S)
                os._exit(0 if own.recv(1) == b"" else 2)
        except OSError:
            os._exit(3)
    os.close(folder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not any(held(shown))
