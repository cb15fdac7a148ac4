"""The clerk's thread: it serves with an archive of its own, and when it is lost, that shows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from appliance.gate.archive import create_archive
from appliance.gate.counter.clerk import HANG_NS, Clerk
from appliance.gate.counter.pages import all_forms
from appliance.gate.counter.wants import CardShown, Given, Wanted
from appliance.terminal import NoPage, Page, Touched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from appliance.gate.counter.counter import Out
    from appliance.gate.counter.form import Form, View
    from appliance.gate.counter.session import Session
    from appliance.sections import Config
    from tests.gate.counter.conftest import Bench
    from tests.rig.clock import HandClock

PATIENCE_S = 20


@pytest.fixture
def start(config: Config, clock: HandClock) -> Iterator[Callable[[Mapping[str, Form]], Clerk]]:
    started: list[Clerk] = []

    def run(forms: Mapping[str, Form]) -> Clerk:
        started.append(Clerk(config, clock, forms))
        return started[-1]

    yield run
    for clerk in started:
        clerk.stop(PATIENCE_S)


def hear(clerk: Clerk, kind: type[Out]) -> Out:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for message in clerk.said():
            if isinstance(message, kind):
                return message
        time.sleep(0.005)
    raise AssertionError(kind)


def drawn_by(draw: Callable[[Session], View]) -> Mapping[str, Form]:
    forms = dict(all_forms())
    forms["help"] = replace(forms["help"], draw=draw)
    return forms


def test_a_clerk_that_dies_is_lost_and_says_no_secret(
    config: Config, start: Callable[..., Clerk], capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(_session: Session) -> View:
        raise ZeroDivisionError("secret")

    create_archive(config)
    clerk = start(drawn_by(crash))
    clerk.hand(Touched(1, "help"))
    until = time.monotonic() + PATIENCE_S
    while not clerk.lost and time.monotonic() < until:
        time.sleep(0.005)
    assert clerk.lost
    assert capsys.readouterr().err == "gate: the clerk is lost: ZeroDivisionError\n"


def test_a_clerk_that_hangs_is_lost_after_its_time(
    config: Config, clock: HandClock, start: Callable[..., Clerk]
) -> None:
    held: list[int] = []

    def hang(_session: Session) -> View:
        held.append(1)
        while len(held) == 1:
            time.sleep(0.005)
        raise InterruptedError

    create_archive(config)
    clerk = start(drawn_by(hang))
    clerk.hand(Touched(1, "help"))
    until = time.monotonic() + PATIENCE_S
    while not held and time.monotonic() < until:
        time.sleep(0.005)
    clock.ns += HANG_NS
    assert not clerk.lost
    clock.ns += 1
    assert clerk.lost
    held.append(2)


def test_a_flood_of_touches_is_refused_not_kept(
    config: Config, start: Callable[..., Clerk]
) -> None:
    held: list[int] = []

    def hang(_session: Session) -> View:
        held.append(1)
        while len(held) == 1:
            time.sleep(0.005)
        raise InterruptedError

    create_archive(config)
    clerk = start(drawn_by(hang))
    taken = [clerk.hand(Touched(number, "help")) for number in range(100)]
    assert False in taken
    assert 64 <= taken.count(True) <= 66
    held.append(2)


def test_a_clerk_serves_beside_another_archive_of_the_same_gate(
    bench: Bench, start: Callable[..., Clerk]
) -> None:
    who = bench.resident()
    clerk = start(all_forms())
    clerk.hand(Touched(1, "my-data"))
    wanted = hear(clerk, Wanted)
    assert isinstance(wanted, Wanted)
    clerk.hand(Given(wanted.number, CardShown(b"", who)))
    page = hear(clerk, Page)
    while isinstance(page, Page) and page.name != "my.home":
        page = hear(clerk, Page)
    assert isinstance(page, Page)
    clerk.hand(Touched(2, "leave", page.number))
    assert hear(clerk, NoPage) == NoPage()
    assert "data.opened" in bench.kinds()
    assert not clerk.lost
