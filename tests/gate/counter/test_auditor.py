"""The auditor at the counter: a reason, a second person, and every look in the log itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.gate.store.audit import AuditEvent
from appliance.gate.store.operator_record import Role

if TYPE_CHECKING:
    from tests.gate.counter.conftest import Bench

PIN = "271828"


def people(bench: Bench) -> tuple[str, str, str]:
    """Return the persons of a manager, an auditor and a technician."""
    boss = bench.operators.add("Wang", Role.MANAGER, PIN, None, bench.resident(b"m" * 16))
    found = [boss.person]
    for number, role in enumerate((Role.AUDITOR, Role.TECHNICIAN)):
        person = bench.resident(bytes([number]) * 16)
        bench.operators.add(role.value, role, PIN, boss, person)
        found.append(person)
    return found[0], found[1], found[2]


def at_second(bench: Bench) -> tuple[str, str, str]:
    found = people(bench)
    bench.public("staff")
    bench.card(found[1])
    bench.touch("next", entry=PIN)
    bench.touch("reason", "incident")
    assert bench.name == "audit.second"
    return found


def test_no_log_without_a_second_person_who_is_a_manager(bench: Bench) -> None:
    _, _, technician = at_second(bench)
    for person in (technician, bench.resident(b"r" * 16)):
        bench.card(person)
        assert (bench.name, bench.page.fault) == ("audit.second", "not-yours")
    assert "log.viewed" not in bench.kinds()


def test_the_auditor_alone_is_no_second_person(bench: Bench) -> None:
    _, auditor, _ = at_second(bench)
    bench.card(auditor)
    assert bench.name == ""
    assert "log.viewed" not in bench.kinds()


def test_the_log_is_not_reached_by_a_forged_act(bench: Bench) -> None:
    at_second(bench)
    for act in ("kind", "verify", "audit.list"):
        bench.touch(act)
        assert (bench.name, bench.page.fault) == ("audit.second", "not-allowed")


def test_the_view_itself_is_logged_first_and_then_shown(bench: Bench) -> None:
    manager, _, _ = at_second(bench)
    bench.card(manager)
    assert bench.name == "audit.list"
    newest = next(row for row in bench.page.rows if row.key == "event")
    assert newest.cells[2].text == "log.viewed"
    (viewed,) = bench.log.find(('"kind":"log.viewed"',), 1)[1]
    assert viewed.event.detail["why"] == "incident"
    assert viewed.event.detail["second"].startswith("op-")


def test_events_are_found_by_kind_and_day_and_leafed_through(bench: Bench) -> None:
    for number in range(20):
        at = bench.clock.wall()
        bench.log.append(AuditEvent("entry.granted", at, "gate 1", "card", "granted", f"{number}"))
    manager, _, _ = at_second(bench)
    bench.card(manager)
    bench.touch("kind", "entry")
    events = [row for row in bench.page.rows if row.key == "event"]
    assert [row.cells[5].text for row in events] == [str(one) for one in range(19, 11, -1)]
    assert bench.page.leaves == 3
    bench.touch("next")
    bench.touch("next")
    assert sum(row.key == "event" for row in bench.page.rows) == 4
    bench.touch("day")
    bench.touch("next", entry="2026-03-05")
    assert not [row for row in bench.page.rows if row.key == "event"]
    bench.touch("day")
    bench.touch("next", entry="2026-03-04")
    assert bench.page.leaves == 3


@pytest.mark.parametrize("day", ["2026-3-4", "x' OR 1=1 --", "2026-02-30", "20260304"])
def test_what_is_no_day_is_refused(bench: Bench, day: str) -> None:
    manager, _, _ = at_second(bench)
    bench.card(manager)
    bench.touch("day")
    bench.touch("next", entry=day)
    assert bench.name == "audit.day"
    assert bench.page.fault in {"not-allowed", "too-long"}


def test_a_verified_log_says_how_far(bench: Bench) -> None:
    manager, _, _ = at_second(bench)
    bench.card(manager)
    bench.touch("verify")
    assert bench.cells("verdict") == ["unbroken"]
    assert bench.cells("upto") == [str(bench.log.span[1])]
    bench.touch("back")
    assert bench.name == "audit.list"
