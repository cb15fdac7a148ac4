"""The heartbeat of a room: heard while its loop turns, and seldom enough to cost nothing."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appliance.watchdog import EVERY_NS, Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

MS = 1_000_000
SECOND = 1_000_000_000
UNITS = Path(__file__).parents[1] / "systemd"


class Heard:
    """A supervisor's end, and the hand that moves the clock."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 7 * SECOND
        path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)  # noqa: FBT003
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        self.watchdog = Watchdog(lambda: self.now_ns)

    def turn(self, span_ns: int, trouble: str | None = None) -> list[bytes]:
        """Let one turn of the loop take so long; return what was heard."""
        self.now_ns += span_ns
        self.watchdog.alive(trouble)
        words = []
        while True:
            try:
                words.append(self.socket.recv(256))
            except BlockingIOError:
                return words


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    one = Heard(tmp_path, monkeypatch)
    yield one
    one.socket.close()
    one.watchdog._notifier.socket.close()


def test_fifty_turns_a_second_are_two_words_a_second(heard: Heard) -> None:
    words = [word for _ in range(500) for word in heard.turn(20 * MS)]
    assert words == [b"WATCHDOG=1"] * 20


def test_a_loop_that_spins_is_no_flood(heard: Heard) -> None:
    words = [word for _ in range(100_000) for word in heard.turn(10_000)]
    assert words == [b"WATCHDOG=1"] * 2


def test_slow_turns_are_all_heard(heard: Heard) -> None:
    assert [heard.turn(900 * MS) for _ in range(3)] == [[b"WATCHDOG=1"]] * 3


def test_a_loop_that_hangs_says_nothing_and_its_last_word_is_fresh(heard: Heard) -> None:
    said_ns = 0
    for _ in range(333):
        if heard.turn(17 * MS):
            said_ns = heard.now_ns
    # From here on it hangs: the supervisor counts its three seconds from the last word.
    assert heard.now_ns - said_ns < 500 * MS
    with pytest.raises(BlockingIOError):
        heard.socket.recv(256)


def test_new_trouble_and_its_end_are_said_at_once(heard: Heard) -> None:
    assert heard.turn(MS, "") == [b"WATCHDOG=1\nSTATUS="]
    assert heard.turn(MS, "camera: gone") == [b"WATCHDOG=1\nSTATUS=camera: gone"]
    assert heard.turn(MS, "camera: gone") == []
    assert heard.turn(MS, "") == [b"WATCHDOG=1\nSTATUS="]


@pytest.mark.parametrize("room", ["gate", "vision", "ui"])
def test_systemd_hears_it_at_least_twice_within_its_deadline(room: str) -> None:
    unit = (UNITS / f"sanmen-{room}.service").read_text("utf-8")
    found = re.search(r"^WatchdogSec=(\d+)s$", unit, re.MULTILINE)
    assert found is not None
    assert int(found[1]) * SECOND >= 2 * EVERY_NS
