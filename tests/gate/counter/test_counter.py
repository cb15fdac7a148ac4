"""The counter itself: a touch does one thing once, on its own page, for whoever stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from appliance.gate.counter.wants import CardShown, Given, Want
from appliance.terminal import Field, Ground, NoPage, Touched

if TYPE_CHECKING:
    from tests.gate.counter.conftest import Bench

SECOND = 1_000_000_000
OTHER = b"fedcba9876543210"


def at_home(bench: Bench) -> str:
    who = bench.resident()
    bench.public("my-data")
    bench.card(who)
    assert bench.name == "my.home"
    return who


def test_no_page_opens_by_an_act_the_public_screen_does_not_have(bench: Bench) -> None:
    for act in ("my.home", "manager.home", "leave", "", "face", "more-time"):
        bench.public(act)
        assert bench.name == ""


def test_a_page_number_out_of_the_blue_opens_nothing(bench: Bench) -> None:
    bench.send(Touched(bench.clock.ns, "help", b"\7" * 16))
    assert bench.said == [NoPage()]


def test_a_second_touch_of_the_same_page_does_nothing_and_is_answered_with_the_page(
    bench: Bench,
) -> None:
    bench.public("help")
    first = Touched(bench.clock.ns, "more-time", bench.page.number)
    bench.send(first)
    shown = bench.page
    bench.said.clear()
    bench.send(first)
    bench.send(replace(first, act="back"))
    assert bench.said == [shown, shown]
    assert bench.name == "help"


@pytest.mark.parametrize("number", [b"", b"\0" * 16, b"\7" * 16, b"short"])
def test_a_forged_number_closes_and_changes_nothing(bench: Bench, number: bytes) -> None:
    at_home(bench)
    shown = bench.page
    bench.send(Touched(bench.clock.ns, "leave", number))
    assert bench.page is shown


@pytest.mark.parametrize(
    "act", ["withdraw-yes", "erase-all", "back", "prev", "next", "first", "", "nonsense"]
)
def test_an_act_that_is_not_offered_is_refused(bench: Bench, act: str) -> None:
    at_home(bench)
    bench.touch(act)
    assert (bench.name, bench.page.fault) == ("my.home", "not-allowed")


def test_an_act_with_another_value_than_offered_is_refused(bench: Bench) -> None:
    at_home(bench)
    bench.touch("leave", "manager")
    assert (bench.name, bench.page.fault) == ("my.home", "not-allowed")


def test_fields_a_page_does_not_ask_for_are_refused(bench: Bench) -> None:
    at_home(bench)
    for fields in (
        (Field("entry", "1"),),
        (Field("role", "manager"),),
        (Field("entry", ""), Field("entry", "")),
    ):
        bench.send(Touched(bench.clock.ns, "leave", bench.page.number, "", fields))
        assert (bench.name, bench.page.fault) == ("my.home", "not-allowed")


def test_what_was_given_for_an_earlier_want_is_dropped(bench: Bench) -> None:
    who = bench.resident()
    bench.public("my-data")
    old = bench.wanted.number
    bench.touch("back")
    bench.public("my-data")
    bench.counter.take(Given(old, CardShown(b"", who)))
    assert bench.name == "my.open"


def test_a_card_given_to_a_page_that_wants_none_opens_nothing(bench: Bench) -> None:
    who = bench.resident()
    bench.public("help")
    bench.card(who)
    assert bench.name == "help"
    assert bench.wanted.kinds == frozenset()


def test_a_resident_who_was_erased_meanwhile_sees_nothing_more(bench: Bench) -> None:
    at_home(bench)
    who = next(iter(bench.archive.roster.residents())).pseudonym
    with bench.archive.roster.store.transaction():
        bench.archive.roster.store.execute("DELETE FROM person WHERE pseudonym = ?", (who,))
    bench.touch("more-time")
    assert bench.name == ""


def test_a_card_that_is_refused_is_told_and_waited_for_again(bench: Bench) -> None:
    who = bench.resident()
    bench.public("my-data")
    wanted = bench.wanted
    bench.refuse("unknown-card")
    assert (bench.name, bench.page.fault) == ("my.open", "unknown-card")
    assert bench.wanted == wanted
    bench.card(who)
    assert bench.name == "my.home"


def test_a_page_left_alone_locks_and_forgets(bench: Bench) -> None:
    at_home(bench)
    bench.wait(59)
    assert bench.name == "my.home"
    bench.said.clear()
    bench.wait(1)
    assert bench.name == ""
    assert bench.said[-1] == NoPage()
    bench.public("my-data")
    assert bench.page.ground is Ground.DOORSTEP


def test_more_time_renews_the_lock(bench: Bench) -> None:
    at_home(bench)
    bench.wait(50)
    bench.touch("more-time")
    bench.wait(50)
    assert bench.name == "my.home"


def test_a_want_ends_with_its_page(bench: Bench) -> None:
    bench.public("my-data")
    assert bench.wanted.kinds == {Want.CARD, Want.CODE}
    bench.wait(60)
    assert bench.wanted.kinds == frozenset()


def test_help_tells_who_runs_the_gate_and_how_to_reach_them(bench: Bench) -> None:
    bench.public("help")
    assert bench.cells("operator") == ["物业 Sunny Court"]
    assert bench.cells("contact") == ["+86 21 5555 0100"]
    assert bench.acts() == {"back"}


def test_a_card_opens_ones_own_data_and_that_is_logged(bench: Bench) -> None:
    at_home(bench)
    assert bench.page.ground is Ground.RESIDENT
    assert bench.kinds()[-1] == "data.opened"
    assert bench.cells("cards") == ["1"]
