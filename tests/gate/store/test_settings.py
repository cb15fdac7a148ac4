"""Sign-off, hours and tickets in the store: two people, one role each, logged first, sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from appliance.clock import SystemClock
from appliance.errors import AuditError, OperatorError, RosterError, SealBrokenError, StoreError
from appliance.gate.access.schedule import ALWAYS, Period, Schedule, Weekday
from appliance.gate.journal import Journal
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.operator_record import Role
from appliance.gate.store.operators import Operator
from appliance.gate.store.settings import Settings, SignOff
from appliance.gate.store.tickets import Kind, Ticket, Tickets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appliance.gate.store.keys import RootKey
    from appliance.gate.store.schema import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
BOSS = Operator("Wang", Role.MANAGER, "op-1")
TECHNICIAN = Operator("Zhao", Role.TECHNICIAN, "op-2")
AUDITOR = Operator("Li", Role.AUDITOR, "op-3")
WEEKDAYS = Schedule((Period(frozenset({Weekday.MONDAY}), 420, 1320),))


@pytest.fixture
def journal(folder: Path, root: RootKey) -> Iterator[Journal]:
    AuditLog.create(folder / "audit.db", root)
    log = AuditLog.open(folder / "audit.db", root)
    yield Journal(log, "gate 1", SystemClock())
    log.close()


@pytest.fixture
def settings(store: Store, journal: Journal) -> Settings:
    return Settings(store, journal)


@pytest.fixture
def tickets(store: Store, journal: Journal) -> Tickets:
    return Tickets(store, journal)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise AuditError("log", "disk full", "room")

    monkeypatch.setattr(AuditLog, "extend", refuse)


@pytest.mark.parametrize(
    ("one", "two"), [(BOSS, TECHNICIAN), (TECHNICIAN, TECHNICIAN), (BOSS, BOSS), (AUDITOR, BOSS)]
)
def test_only_a_technician_and_a_manager_sign_a_gate_off(
    settings: Settings, one: Operator, two: Operator
) -> None:
    with pytest.raises(OperatorError, match="a technician and a manager"):
        settings.sign_off(one, two, NOW)
    assert settings.commissioned() is None


@pytest.mark.usefixtures("full")
def test_what_cannot_be_logged_is_not_settled(settings: Settings, store: Store) -> None:
    with pytest.raises(AuditError):
        settings.sign_off(TECHNICIAN, BOSS, NOW)
    with pytest.raises(AuditError):
        settings.set_hours(WEEKDAYS, BOSS)
    assert store.rows("SELECT * FROM setting") == []


@pytest.mark.parametrize("other", [TECHNICIAN, AUDITOR])
def test_only_a_manager_changes_hours(settings: Settings, other: Operator) -> None:
    with pytest.raises(OperatorError, match="a manager"):
        settings.set_hours(WEEKDAYS, other)


def test_a_sign_off_put_in_by_hand_does_not_open(
    settings: Settings, tamper: Callable[..., None]
) -> None:
    settings.set_hours(WEEKDAYS, BOSS)
    tamper("UPDATE setting SET name = 'commissioned'")
    with pytest.raises(SealBrokenError):
        settings.commissioned()


def test_a_gate_is_signed_off_and_has_hours(settings: Settings) -> None:
    assert (settings.commissioned(), settings.hours()) == (None, None)
    settings.sign_off(TECHNICIAN, BOSS, NOW)
    assert settings.commissioned() == SignOff(NOW, "op-2", "op-1")
    for schedule in (WEEKDAYS, ALWAYS):
        settings.set_hours(schedule, BOSS)
        assert settings.hours() == schedule


@pytest.mark.parametrize("topic", ["", "label", "door; DROP TABLE ticket"])
def test_a_topic_that_is_none_is_refused(tickets: Tickets, topic: str) -> None:
    with pytest.raises(RosterError, match="topic"):
        tickets.open(Kind.COMPLAIN, topic, "who", NOW)


@pytest.mark.usefixtures("full")
def test_a_ticket_that_cannot_be_logged_is_not_kept(tickets: Tickets) -> None:
    with pytest.raises(AuditError):
        tickets.open(Kind.COMPLAIN, "door", "who", NOW)
    assert tickets.all() == ()


def test_only_a_manager_answers_and_only_what_there_is(tickets: Tickets) -> None:
    tickets.open(Kind.COMPLAIN, "door", "who", NOW)
    with pytest.raises(OperatorError, match="a manager"):
        tickets.answer(1, AUDITOR, NOW)
    with pytest.raises(RosterError, match="unknown"):
        tickets.answer(2, BOSS, NOW)
    assert tickets.all()[0].answered is None


def test_a_ticket_moved_to_another_number_does_not_open(
    tickets: Tickets, tamper: Callable[..., None]
) -> None:
    tickets.open(Kind.COMPLAIN, "door", "who", NOW)
    tamper("UPDATE ticket SET number = 7")
    with pytest.raises(StoreError):
        tickets.all()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"kind": "x"}', b"\xff"])
def test_no_bytes_make_a_ticket_or_another_error(content: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Ticket.decode(1, content)


def test_tickets_are_numbered_due_in_fifteen_days_and_answered_once(tickets: Tickets) -> None:
    first = tickets.open(Kind.COMPLAIN, "door", "who", NOW)
    second = tickets.open(Kind.CORRECT, "label", "who", NOW)
    assert (first.number, second.number) == (1, 2)
    assert first.due == datetime(2026, 3, 16, 8, tzinfo=UTC)
    done = tickets.answer(1, BOSS, NOW + timedelta(days=2))
    assert (done.answered, done.by) == (NOW + timedelta(days=2), "op-1")
    assert tickets.answer(1, BOSS, NOW + timedelta(days=9)) == done
    assert tickets.all() == (done, second)
