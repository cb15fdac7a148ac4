"""The manager's other work: find, change, block, erase, visitors, hours, alarms, tickets, staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from appliance.gate.access.schedule import ALWAYS
from appliance.gate.counter.wants import CardWritten, PhoneShown, Want
from appliance.gate.credential.pass_token import PhoneKey
from appliance.gate.enrolment.proof import text_of
from appliance.gate.enrolment.receipt import check
from appliance.gate.store.operators import Role
from appliance.gate.store.records import Profile
from appliance.gate.store.settings import Settings
from appliance.gate.store.tickets import Kind, Tickets
from tests.gate.counter.staff import PIN, log_in, new_card, operators, session, write
from tests.gate.counter.test_manager_enrol import agreed, captured, look

if TYPE_CHECKING:
    from tests.gate.counter.conftest import Bench

SECOND = 1_000_000_000


def found(bench: Bench, household: str = "1-1-101") -> None:
    """Log in and open the first resident of a household."""
    log_in(bench)
    bench.touch("find")
    bench.touch("next", entry=household)
    bench.touch("open", bench.page.rows[0].value)
    assert bench.name == "person.show"


def settings(bench: Bench) -> Settings:
    return Settings(bench.archive.roster.store, bench.archive.journal)


@pytest.mark.parametrize(("typed", "fault"), [("", "household-form"), ("9-9", "household-unknown")])
def test_a_household_that_is_none_or_unknown_is_told_so(
    bench: Bench, typed: str, fault: str
) -> None:
    bench.resident()
    log_in(bench)
    bench.touch("find")
    bench.touch("next", entry=typed)
    assert (bench.name, bench.page.fault) == ("find.household", fault)


def test_searches_and_looks_at_somebody_are_in_the_log_with_who_did_it(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    (search, view) = (one.event for one in bench.log.tail(9) if one.event.kind.endswith(".viewed"))
    assert (search.kind, view.kind, view.pseudonym) == ("roster.viewed", "person.viewed", who)
    assert view.detail["by"] == session(bench).manager.pseudonym


def test_a_resident_erased_since_the_list_was_made_is_not_shown(bench: Bench) -> None:
    who = bench.resident()
    log_in(bench)
    bench.touch("find")
    bench.touch("all")
    with bench.archive.roster.store.transaction():
        bench.archive.roster.store.execute("DELETE FROM person WHERE pseudonym = ?", (who,))
    bench.touch("open", who)
    assert (bench.name, bench.page.fault) == ("find.list", "household-unknown")


def test_a_pseudonym_that_was_not_listed_cannot_be_opened(bench: Bench) -> None:
    bench.resident()
    other = bench.resident(b"o" * 16, "2-1-101")
    log_in(bench)
    bench.touch("find")
    bench.touch("next", entry="1-1-101")
    bench.touch("open", other)
    assert (bench.name, bench.page.fault) == ("find.list", "not-allowed")


def test_a_thousand_residents_are_listed_as_people_count_eight_a_leaf(bench: Bench) -> None:
    roster = bench.archive.roster
    with roster.store.transaction():
        for number in range(1000):
            flat = f"{number // 100 + 1}-{number // 10 % 10 + 1}-{number % 10 + 1}"
            roster.add(Profile(flat, "名" * 60, frozenset({"card"})))
    log_in(bench)
    bench.touch("find")
    bench.touch("all")
    assert (bench.page.leaf, bench.page.leaves, len(bench.page.rows)) == (1, 125, 8)
    assert [row.cells[0].text for row in bench.page.rows[:3]] == ["1-1-1", "1-1-2", "1-1-3"]
    for _ in range(124):
        bench.touch("next")
    assert bench.page.rows[-1].cells[0].text == "10-10-10"
    assert "next" not in bench.acts()


def test_a_card_is_blocked_and_given_back_by_one_touch(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    (row,) = [one for one in bench.page.rows if one.key == "card"]
    bench.touch("block-card", row.value)
    assert bench.cells("card")[1] == "blocked"
    assert not bench.archive.roster.has_other_door(who)
    bench.touch("unblock-card", row.value)
    assert bench.cells("card")[1] == "active"
    assert bench.kinds()[-2:] == ["card.blocked", "card.unblocked"]


def test_a_phone_is_blocked_by_one_touch(bench: Bench) -> None:
    who = bench.resident()
    bench.archive.roster.add_pass(who, PhoneKey.create().public_key)
    found(bench)
    (row,) = [one for one in bench.page.rows if one.key == "phone"]
    bench.touch("block-phone", row.value)
    assert bench.cells("phone")[1] == "blocked"
    assert bench.kinds()[-1] == "pass.blocked"


def test_a_lost_card_is_blocked_before_the_new_one_is_written(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("reissue")
    assert (bench.name, bench.wanted.kinds) == ("reissue.card", {Want.NEW_CARD})
    assert not bench.archive.roster.has_other_door(who)
    assert bench.wanted.detail == 1
    write(bench)
    assert bench.name == "person.show"
    held = bench.archive.roster.credentials(who)
    assert [(one.number, one.active) for one in held] == [
        (b"0123456789abcdef", False),
        (new_card().number, True),
    ]


def test_whoever_has_no_card_that_works_is_offered_no_face(bench: Bench) -> None:
    bench.resident()
    bench.archive.roster.set_card_blocked(b"0123456789abcdef")
    found(bench)
    bench.touch("add-face")
    assert (bench.name, bench.page.fault) == ("person.show", "no-other-door")


def test_a_face_can_be_added_later_with_consent_as_at_the_first(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("add-face")
    bench.touch("adult")
    assert bench.name == "enrol.notice"
    bench.touch("next")
    bench.touch("read")
    bench.touch("consent-yes")
    bench.card(who)
    captured(bench)
    look(bench)
    assert bench.archive.roster.get(who).profile.methods == {"card", "pass", "face"}


def test_the_last_way_in_without_a_face_cannot_be_taken_away(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("change")
    bench.touch("methods")
    bench.touch("phone")
    bench.touch("card")
    assert bench.page.fault == "no-other-door"
    assert bench.archive.roster.get(who).profile.methods == {"card"}


def test_household_label_and_validity_are_changed_and_the_log_says_which(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("change")
    bench.touch("household")
    bench.touch("next", entry="2-1-7")
    bench.touch("label")
    bench.touch("next", entry="")
    assert bench.page.fault == "empty"
    bench.touch("next", entry="外婆 👵🏽")
    bench.touch("validity")
    bench.touch("date")
    for typed in ("2026-03-03", ""):
        bench.touch("next", entry=typed)
        assert (bench.name, bench.page.fault) == ("person.date", "date-form")
    bench.touch("next", entry="2026-03-04")
    profile = bench.archive.roster.get(who).profile
    assert (profile.household, profile.label) == ("2-1-7", "外婆 👵🏽")
    assert profile.valid_until == datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    changed = [
        one.event.detail["fields"]
        for one in bench.log.tail(9)
        if one.event.kind == "person.changed"
    ]
    assert changed == ["household", "label", "valid_until"]


@pytest.mark.parametrize("typed", ["", "1-1-102", "1-1"])
def test_another_household_than_theirs_erases_nobody(bench: Bench, typed: str) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("erase")
    bench.touch("erase-all")
    bench.touch("next", entry=typed)
    assert (bench.name, bench.page.fault) == ("erase.household", "household-unknown")
    assert who in bench.archive.roster


def test_whoever_runs_the_gate_is_not_erased_while_they_do(bench: Bench) -> None:
    who = bench.resident()
    boss = log_in(bench)
    operators(bench).add("Auditor Li", Role.AUDITOR, PIN, boss, who)
    found(bench)
    bench.touch("erase")
    bench.touch("erase-all")
    bench.touch("next", entry="1-1-101")
    assert (bench.name, bench.page.fault) == ("erase.what", "not-allowed")
    assert who in bench.archive.roster


def test_without_a_face_only_the_whole_person_can_be_erased(bench: Bench) -> None:
    bench.resident()
    found(bench)
    bench.touch("erase")
    assert bench.acts() == {"back", "erase-all"}


def test_a_person_is_erased_in_two_steps_with_a_signed_receipt(bench: Bench) -> None:
    who = bench.resident()
    found(bench)
    bench.touch("erase")
    bench.touch("erase-all")
    bench.touch("next", entry="01-1-101")
    assert bench.name == "erase.receipt"
    assert "erase.running" in [getattr(one, "name", "") for one in bench.said]
    assert who not in bench.archive.roster
    assert bench.cells("what") == ["all-erased"]
    receipt = check(bench.page.code, bench.archive.roster.store.signer.public_key)
    assert who in text_of(receipt)
    assert session(bench).draft.keys() == {"erased"}
    bench.touch("done")
    assert bench.name == "manager.home"


def test_a_face_alone_is_erased_and_the_card_stays(bench: Bench) -> None:
    who = agreed(bench)
    captured(bench)
    look(bench)
    bench.touch("done")
    found(bench, "3-2-1502")
    bench.touch("erase")
    bench.touch("erase-face")
    bench.touch("next", entry="3-2-1502")
    assert bench.cells("what") == ["face-erased"]
    assert bench.archive.roster.has_other_door(who)
    assert bench.archive.roster.store.rows("SELECT 1 FROM reference") == []


def test_a_frozen_face_rests_at_once(bench: Bench) -> None:
    who = agreed(bench)
    captured(bench)
    look(bench)
    bench.touch("done")
    found(bench, "3-2-1502")
    bench.touch("freeze-face")
    assert bench.cells("face") == ["frozen"]
    assert bench.archive.roster.get(who).face_frozen


def visitor(bench: Bench, kind: str = "works", until: str = "days3") -> None:
    """Invite a visitor, up to the card."""
    log_in(bench)
    bench.touch("visitors")
    bench.touch("add")
    bench.touch("next", entry="1-1-101")
    bench.touch("kind", kind)
    bench.touch(until)
    bench.touch("card")
    assert bench.name == "visitors.card"


def test_nobody_is_invited_by_a_household_where_nobody_lives(bench: Bench) -> None:
    log_in(bench)
    bench.touch("visitors")
    bench.touch("add")
    bench.touch("next", entry="1-1-101")
    assert bench.page.fault == "household-unknown"


@pytest.mark.parametrize("typed", ["2026-03-03", "2027-03-06", "", "9999-12-31"])
def test_a_visit_ends_within_a_year_and_not_yesterday(bench: Bench, typed: str) -> None:
    bench.resident()
    log_in(bench)
    bench.touch("visitors")
    bench.touch("add")
    bench.touch("next", entry="1-1-101")
    bench.touch("kind", "guest")
    bench.touch("date")
    bench.touch("next", entry=typed)
    assert (bench.name, bench.page.fault) == ("visitors.date", "date-form")


def test_a_visitor_has_a_card_until_the_third_evening_and_no_face(bench: Bench) -> None:
    bench.resident()
    visitor(bench)
    write(bench, 2)
    assert bench.name == "visitors.done"
    (one,) = [
        one for one in bench.archive.roster.residents() if one.profile.label == "visitor:works"
    ]
    # 16:00 in the evening of the site, midnight in Shanghai.
    assert one.profile.valid_until == datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    bench.touch("done")
    assert bench.cells("visitor")[:2] == ["1-1-101", "works"]
    bench.touch("back")
    bench.touch("find")
    bench.touch("all")
    bench.touch("open", one.pseudonym)
    assert "add-face" not in bench.acts()


def test_a_visitors_phone_is_enrolled_instead_of_a_card(bench: Bench) -> None:
    bench.resident()
    visitor(bench)
    bench.touch("back")
    bench.touch("phone")
    bench.give(PhoneShown(PhoneKey.create().enrolment(bench.clock.wall())))
    assert bench.name == "visitors.done"


def test_a_visit_that_is_ended_is_over_at_once_and_leaves_the_list(bench: Bench) -> None:
    bench.resident()
    visitor(bench)
    write(bench, 2)
    bench.touch("done")
    bench.touch("end", bench.page.rows[0].value)
    assert bench.page.rows == ()
    (one,) = [one for one in bench.archive.roster.residents() if one.profile.valid_until]
    assert one.profile.valid_until is not None
    assert one.profile.valid_until <= bench.clock.wall()


@pytest.mark.parametrize("typed", ["", "630", "2460", "06:3", "2400"])
def test_hours_that_are_none_are_refused(bench: Bench, typed: str) -> None:
    log_in(bench)
    bench.touch("hours")
    bench.touch("change", "monday")
    bench.touch("next", entry=typed)
    assert bench.name == "hours.opens"
    assert bench.page.fault in {"hours-form", "not-allowed"}
    assert settings(bench).hours() is None


def test_one_day_is_changed_and_the_others_stay(bench: Bench) -> None:
    log_in(bench)
    bench.touch("hours")
    assert bench.cells("monday") == ["all-day"]
    bench.touch("change", "monday")
    bench.touch("next", entry="0630")
    bench.touch("next", entry="0630")
    assert bench.page.fault == "hours-form"
    bench.touch("next", entry="2230")
    assert bench.cells("monday") == ["06:30-22:30"]
    assert bench.cells("tuesday") == ["all-day"]
    bench.touch("change", "tuesday")
    bench.touch("shut")
    assert bench.cells("tuesday") == ["shut"]
    kept = settings(bench).hours()
    assert kept is not None
    assert kept != ALWAYS
    assert [
        (sorted(one.value for one in p.weekdays), p.from_minute, p.to_minute) for p in kept.periods
    ] == [
        ([2, 3, 4, 5, 6], 0, 1440),
        ([0], 390, 1350),
    ]


def test_hours_past_midnight_end_on_the_next_day(bench: Bench) -> None:
    log_in(bench)
    bench.touch("hours")
    bench.touch("change", "friday")
    bench.touch("next", entry="1800")
    bench.touch("next", entry="0200")
    assert bench.cells("friday") == ["18:00-02:00"]


def test_seven_different_days_fit_into_the_log(bench: Bench) -> None:
    log_in(bench)
    bench.touch("hours")
    for place, row in enumerate(bench.page.rows):
        bench.touch("change", row.value)
        bench.touch("next", entry=f"0{place}30")
        bench.touch("next", entry=f"1{place}45")
        assert (bench.name, bench.page.fault) == ("hours.show", "")


def test_alarms_are_counted_until_a_manager_has_seen_them(bench: Bench) -> None:
    journal = bench.archive.journal
    journal.happened("door.alarm_forced")
    journal.happened("card.suspected", why="clone")
    log_in(bench)

    def count() -> int:
        return next(one.count for one in bench.page.choices if one.act == "alarms")

    assert count() == 2
    bench.touch("alarms")
    assert [row.cells[1].word for row in bench.page.rows] == ["card-suspected", "forced-open"]
    journal.happened("door.alarm_held")
    bench.touch("seen")
    assert count() == 1
    bench.touch("alarms")
    bench.touch("seen")
    assert count() == 0
    assert bench.kinds()[-1] == "alarms.seen"


def test_a_ticket_is_answered_once_and_by_whom_is_kept(bench: Bench) -> None:
    who = bench.resident()
    tickets = Tickets(bench.archive.roster.store, bench.archive.journal)
    tickets.open(Kind.COMPLAIN, "door", who, bench.clock.wall())
    log_in(bench)
    bench.touch("tickets")
    bench.touch("open", "1")
    assert bench.cells("household") == ["1-1-101"]
    bench.touch("answered")
    (ticket,) = tickets.all()
    assert ticket.by == session(bench).manager.pseudonym
    bench.touch("open", "1")
    assert "answered" not in bench.acts()


def test_a_ticket_of_somebody_erased_names_nobody(bench: Bench) -> None:
    tickets = Tickets(bench.archive.roster.store, bench.archive.journal)
    tickets.open(Kind.CORRECT, "label", "0" * 16, bench.clock.wall())
    log_in(bench)
    bench.clock.ns += 16 * 86_400 * SECOND
    bench.touch("tickets")
    assert bench.cells("ticket")[3] == "overdue"
    bench.touch("open", "1")
    assert bench.cells("household") == ["erased"]


def test_reports_count_and_name_nobody(bench: Bench) -> None:
    who = bench.resident()
    log_in(bench)
    bench.touch("reports")
    assert bench.cells("share-face") == ["0 %"]
    assert bench.cells("tickets") == ["0"]
    bench.touch("week")
    assert who not in str(bench.page)
    assert "week" not in bench.acts()


def test_the_last_manager_stays(bench: Bench) -> None:
    log_in(bench)
    bench.touch("operators")
    bench.touch("remove", bench.page.rows[0].value)
    bench.touch("remove")
    assert (bench.name, bench.page.fault) == ("operators.list", "last-manager")


def new_operator(bench: Bench, pins: tuple[str, str]) -> None:
    bench.touch("operators")
    bench.touch("add")
    bench.touch("role", "auditor")
    bench.touch("next", entry="Auditor Li")
    write(bench, 5)
    bench.touch("next", entry=pins[0])
    if bench.name == "operators.pin-again":
        bench.touch("next", entry=pins[1])


@pytest.mark.parametrize(
    ("pins", "fault"),
    [(("123456", ""), "weak-pin"), (("12345", ""), "weak-pin"), ((PIN, "483921"), "pins-differ")],
)
def test_weak_and_different_pins_add_nobody(
    bench: Bench, pins: tuple[str, str], fault: str
) -> None:
    log_in(bench)
    new_operator(bench, pins)
    assert (bench.name, bench.page.fault) == ("operators.pin", fault)
    assert len(operators(bench).all()) == 1
    assert len(bench.archive.roster) == 0


def test_an_operators_name_is_taken_once(bench: Bench) -> None:
    log_in(bench)
    bench.touch("operators")
    bench.touch("add")
    bench.touch("role", "auditor")
    bench.touch("next", entry="manager WANG")
    assert (bench.name, bench.page.fault) == ("operators.name", "name-taken")


def test_a_card_that_is_somebodys_adds_no_operator(bench: Bench) -> None:
    bench.resident(new_card(5).number)
    log_in(bench)
    new_operator(bench, (PIN, PIN))
    assert (bench.name, bench.page.fault) == ("operators.list", "card-taken")
    assert len(operators(bench).all()) == 1
    assert len(bench.archive.roster) == 1


def test_an_auditor_is_added_logs_in_with_card_and_pin_and_is_removed(bench: Bench) -> None:
    log_in(bench)
    new_operator(bench, (PIN, PIN))
    assert bench.name == "operators.list"
    (auditor,) = [one for one in operators(bench).all() if one.role is Role.AUDITOR]
    bench.touch("back")
    bench.touch("lock")
    bench.public("staff")
    bench.card(auditor.person)
    bench.touch("next", entry=PIN)
    assert bench.name == "audit.reason"
    bench.counter.close()
    log_in(bench)
    bench.touch("operators")
    bench.touch("remove", auditor.pseudonym)
    bench.touch("remove")
    assert len(operators(bench).all()) == 1
    assert len(bench.archive.roster) == 0


def test_a_card_order_carries_the_next_issue_number(bench: Bench) -> None:
    who = bench.resident()
    card = new_card(7)
    bench.archive.roster.add_card(who, card.number, key=card.key, uid=card.uid, issue=4)
    found(bench)
    bench.touch("reissue")
    assert bench.wanted.detail == 5
    bench.give(CardWritten(new_card(8), b""))
    assert bench.name == "person.show"


def test_a_manager_who_walks_away_leaves_nothing_open(bench: Bench) -> None:
    bench.resident()
    found(bench)
    bench.wait(89)
    assert bench.name == "person.show"
    bench.wait(1)
    assert bench.name == ""
    assert session(bench).draft == {}


def test_who_is_no_manager_any_more_is_shown_nothing(bench: Bench) -> None:
    boss = log_in(bench)
    operators(bench).add("Manager Li", Role.MANAGER, PIN, boss)
    (other,) = [one for one in operators(bench).all() if one != boss]
    operators(bench).remove(boss.name, other)
    bench.touch("find")
    assert bench.name == ""
