"""Logging in at the screen: a card and a PIN, counted attempts, and the first manager once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.errors import OperatorError
from appliance.gate.counter.wants import CardWritten, NotGiven
from appliance.gate.store.operator_record import Role
from appliance.terminal import Ground, Pad

if TYPE_CHECKING:
    from appliance.gate.store.operators import Operator
    from tests.gate.counter.conftest import Bench

PIN, OTHER = "271828", "314159"
STAFF = b"staff-card-00001"


class Made:
    """What was written on a card."""

    number, key, uid, issue = STAFF, b"k" * 16, b"\4abcdef", 1


def staff(bench: Bench, role: Role = Role.MANAGER, card: bytes = STAFF) -> tuple[str, Operator]:
    operators = bench.operators
    person = bench.resident(card, "office")
    boss = next((one for one in operators.all() if one.role is Role.MANAGER), None)
    if boss is None:
        boss = operators.add("Wang", Role.MANAGER, PIN, None, person)
        if role is Role.MANAGER:
            return person, boss
        person = bench.resident(b"staff-card-00002", "office")
    return person, operators.add("Li", role, PIN, boss, person)


def log_in(bench: Bench, person: str, pin: str = PIN) -> None:
    bench.public("staff")
    bench.card(person)
    bench.touch("next", entry=pin)


def test_a_resident_s_card_is_no_staff_card(bench: Bench) -> None:
    staff(bench)
    who = bench.resident()
    bench.public("staff")
    bench.card(who)
    assert (bench.name, bench.page.fault) == ("staff.card", "unknown-card")


def test_wrong_pins_are_counted_and_pause_outlasts_leaving(bench: Bench) -> None:
    person, _ = staff(bench)
    bench.public("staff")
    bench.card(person)
    for fault in ("wrong-pin", "wrong-pin", "paused"):
        bench.touch("next", entry=OTHER)
        assert (bench.name, bench.page.fault) == ("staff.pin", fault)
    assert bench.page.fault_text == "30"
    bench.touch("back")
    log_in(bench, person)
    assert (bench.name, bench.page.fault) == ("staff.pin", "paused")
    bench.wait(31)
    log_in(bench, person)
    assert bench.name == "manager.home"
    assert bench.page.ground is Ground.MANAGER


@pytest.mark.parametrize("pin", ["", "x" * 6, "2" * 13, "\uff12\uff17\uff11\uff18\uff12\uff18"])
def test_what_is_no_pin_is_refused_before_it_counts(bench: Bench, pin: str) -> None:
    person, _ = staff(bench)
    log_in(bench, person, pin)
    assert bench.name == "staff.pin"
    assert bench.page.fault in {"not-allowed", "too-long", "wrong-pin"}


def test_a_pin_is_never_sent_back(bench: Bench) -> None:
    person, _ = staff(bench)
    log_in(bench, person, OTHER)
    assert bench.page.entry is not None
    assert (bench.page.entry.pad, bench.page.entry.filled) == (Pad.PIN, "")
    assert OTHER not in repr(bench.said)


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.MANAGER, "manager.home"),
        (Role.AUDITOR, "audit.reason"),
        (Role.TECHNICIAN, "tech.list"),
    ],
)
def test_each_role_comes_to_its_own_ground(bench: Bench, role: Role, home: str) -> None:
    person, _ = staff(bench, role)
    log_in(bench, person)
    assert (bench.name, bench.page.ground.value) == (home, role.value)


def test_the_card_held_again_logs_out_at_once(bench: Bench) -> None:
    person, _ = staff(bench)
    log_in(bench, person)
    bench.passing("somebody else")
    assert bench.name == "manager.home"
    bench.passing(person)
    assert bench.name == ""


def test_whoever_walks_away_is_locked_out_and_forgotten(bench: Bench) -> None:
    person, _ = staff(bench)
    log_in(bench, person)
    bench.wait(89)
    assert bench.name == "manager.home"
    bench.wait(2)
    assert bench.name == ""
    bench.public("staff")
    assert bench.name == "staff.card"


def test_an_operator_removed_meanwhile_can_do_nothing_more(bench: Bench) -> None:
    person, auditor = staff(bench, Role.AUDITOR)
    log_in(bench, person)
    operators = bench.operators
    boss = next(one for one in operators.all() if one.role is Role.MANAGER)
    operators.remove(auditor.name, boss)
    bench.touch("reason", "complaint")
    assert bench.name == ""


def test_one_person_has_one_role(bench: Bench) -> None:
    person, boss = staff(bench)
    operators = bench.operators
    with pytest.raises(OperatorError, match="one role a person"):
        operators.add("Again", Role.AUDITOR, PIN, boss, person)


def test_the_first_manager_comes_to_be_only_once(bench: Bench) -> None:
    staff(bench)
    bench.public("staff")
    assert bench.acts() == {"back"}
    bench.touch("first")
    assert (bench.name, bench.page.fault) == ("staff.card", "not-allowed")


def to_first_pin(bench: Bench) -> None:
    bench.public("staff")
    bench.touch("first")
    bench.touch("next", entry="王")
    assert bench.wanted.detail == 1
    bench.give(NotGiven("two-cards"))
    assert (bench.name, bench.page.fault) == ("first.card", "two-cards")
    bench.give(CardWritten(Made()))
    assert bench.name == "first.pin"


@pytest.mark.parametrize("name", ["", "   "])
def test_a_manager_has_a_name(bench: Bench, name: str) -> None:
    bench.public("staff")
    bench.touch("first")
    bench.touch("next", entry=name)
    assert (bench.name, bench.page.fault) == ("first.name", "empty")


@pytest.mark.parametrize("pin", ["123456", "000000", "1", ""])
def test_there_is_no_default_and_no_easy_pin(bench: Bench, pin: str) -> None:
    to_first_pin(bench)
    bench.touch("next", entry=pin)
    assert (bench.name, bench.page.fault) == ("first.pin", "weak-pin")


def test_two_pins_that_differ_leave_nobody(bench: Bench) -> None:
    to_first_pin(bench)
    bench.touch("next", entry=PIN)
    bench.touch("next", entry=OTHER)
    assert (bench.name, bench.page.fault) == ("first.pin", "pins-differ")
    bench.wait(61)
    assert bench.operators.all() == ()
    assert len(bench.archive.roster) == 0


def test_somebody_who_was_faster_stays_the_only_first(bench: Bench) -> None:
    to_first_pin(bench)
    bench.touch("next", entry=PIN)
    staff(bench, card=b"another-card-001")
    bench.touch("next", entry=PIN)
    assert bench.name == ""
    assert [one.name for one in bench.operators.all()] == ["Wang"]
    assert bench.archive.roster.find_by_card(STAFF) is None


def test_the_first_manager_has_a_card_a_pin_and_is_logged(bench: Bench) -> None:
    to_first_pin(bench)
    bench.touch("next", entry=PIN)
    bench.touch("next", entry=PIN)
    assert bench.name == "manager.home"
    found = bench.archive.roster.find_by_card(STAFF)
    assert found is not None
    assert found.resident.profile.household == "office"
    assert {"enrolment.committed", "operator.added"} <= set(bench.kinds())
    bench.wait(91)
    log_in(bench, found.resident.pseudonym)
    assert bench.name == "manager.home"
