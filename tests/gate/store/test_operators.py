"""Operators: fit PINs, pauses that outlast a restart, one role each, all sealed and logged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import OperatorError, SealBrokenError
from appliance.gate.journal import Journal
from appliance.gate.store.audit import AuditLog
from appliance.gate.store.operator_record import Record
from appliance.gate.store.operators import Operators, Role, pause_after
from appliance.gate.store.pins import PinHash, check_pin
from tests.rig.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appliance.gate.store.keys import RootKey
    from appliance.gate.store.schema import Store

PIN, OTHER = "829164", "550921"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(folder: Path, root: RootKey) -> Iterator[AuditLog]:
    AuditLog.create(folder / "audit.db", root)
    opened = AuditLog.open(folder / "audit.db", root)
    yield opened
    opened.close()


@pytest.fixture
def operators(store: Store, log: AuditLog, clock: HandClock) -> Operators:
    return Operators(store, Journal(log, "gate 1", clock), clock)


def kinds(log: AuditLog) -> list[tuple[str, str]]:
    return [
        (entry.event.kind, entry.event.detail.get("why", entry.event.detail.get("role", "")))
        for entry in log.tail(100)
    ]


@pytest.mark.parametrize("pin", ["829164", "829164037551"])
def test_the_shortest_and_the_longest_pin_are_fit(pin: str) -> None:
    check_pin(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "000000",
        "123456",
        "987654",
        "135791",
        "\uff18\uff12\uff19\uff11\uff16\uff14",
        "82916a",
        "8291640375514",
        " 829164",
    ],
)
def test_an_unfit_pin_is_refused_and_not_repeated(pin: str) -> None:
    with pytest.raises(OperatorError) as refused:
        check_pin(pin)
    assert len(pin) < 5 or pin not in str(refused.value).replace("000000", "").replace("123456", "")


def test_somebody_else_s_pin_and_work_are_refused(operators: Operators, log: AuditLog) -> None:
    manager = operators.add("Wang", Role.MANAGER, PIN, None)
    operators.add("Li", Role.AUDITOR, OTHER, manager)
    for name, pin, role in (
        ("Li", PIN, Role.AUDITOR),
        ("nobody", OTHER, Role.AUDITOR),
        ("", OTHER, Role.AUDITOR),
        ("Li", "", Role.AUDITOR),
    ):
        with pytest.raises(OperatorError, match="wrong name or PIN"):
            operators.login(name, pin, role)
    with pytest.raises(OperatorError, match="expected a manager"):
        operators.login("Li", OTHER, Role.MANAGER)
    person = operators.login(" li ", OTHER, Role.AUDITOR)
    assert (person.name, person.role) == ("Li", Role.AUDITOR)
    assert kinds(log)[2:] == [
        *[("operator.login_failed", "wrong")] * 4,
        ("operator.login_failed", "role"),
        ("operator.login", "auditor"),
    ]
    everything = b"".join(p.read_bytes() for p in log.path.parent.iterdir() if p.is_file())
    for secret in (b"Wang", b'Li"', PIN.encode(), OTHER.encode()):
        assert secret not in everything


def test_only_a_manager_changes_who_there_is(operators: Operators) -> None:
    with pytest.raises(OperatorError, match="manager"):
        operators.add("Li", Role.AUDITOR, OTHER, None)
    manager = operators.add("Wang", Role.MANAGER, PIN, None)
    with pytest.raises(OperatorError, match="manager"):
        operators.add("Zhao", Role.MANAGER, OTHER, None)
    auditor = operators.add("Li", Role.AUDITOR, OTHER, manager)
    with pytest.raises(OperatorError, match="manager"):
        operators.add("Zhao", Role.TECHNICIAN, OTHER, auditor)
    with pytest.raises(OperatorError, match="taken"):
        operators.add("LI", Role.TECHNICIAN, OTHER, manager)
    with pytest.raises(OperatorError, match="last manager"):
        operators.remove("Wang", manager)
    with pytest.raises(OperatorError, match="unknown"):
        operators.remove("Zhao", manager)
    for name in ("", "x" * 65, "a\nb"):
        with pytest.raises(OperatorError, match="operator's name"):
            operators.add(name, Role.AUDITOR, OTHER, manager)
    operators.remove("Li", manager)
    assert [one.name for one in operators.all()] == ["Wang"]
    with pytest.raises(OperatorError):
        operators.login("Li", OTHER, Role.AUDITOR)


def test_a_removed_manager_who_is_still_logged_in_can_do_nothing(operators: Operators) -> None:
    first = operators.add("Wang", Role.MANAGER, PIN, None)
    second = operators.add("Zhao", Role.MANAGER, OTHER, first)
    operators.remove("Wang", second)
    with pytest.raises(OperatorError, match="manager"):
        operators.add("Li", Role.AUDITOR, OTHER, first)


def test_the_pause_grows_outlasts_a_restart_and_ends_with_the_right_pin(
    operators: Operators, store: Store, log: AuditLog, clock: HandClock
) -> None:
    operators.add("Wang", Role.MANAGER, PIN, None)
    for _ in range(3):
        with pytest.raises(OperatorError, match="wrong"):
            operators.login("Wang", OTHER, Role.MANAGER)
    again = Operators(store, Journal(log, "gate 1", clock), clock)
    with pytest.raises(OperatorError, match="paused for 30 s"):
        again.login("Wang", PIN, Role.MANAGER)
    clock.wall_shift -= timedelta(days=9000)
    with pytest.raises(OperatorError, match="paused for 30 s"):
        again.login("Wang", PIN, Role.MANAGER)
    clock.wall_shift += timedelta(days=9000, seconds=30)
    with pytest.raises(OperatorError, match="wrong"):
        again.login("Wang", OTHER, Role.MANAGER)
    with pytest.raises(OperatorError, match="paused for 60 s"):
        again.login("Wang", PIN, Role.MANAGER)
    clock.wall_shift += timedelta(seconds=60)
    assert again.login("Wang", PIN, Role.MANAGER).name == "Wang"
    with pytest.raises(OperatorError, match="wrong"):
        again.login("Wang", OTHER, Role.MANAGER)
    assert again.login("Wang", PIN, Role.MANAGER).name == "Wang"


def test_pauses_end_at_an_hour() -> None:
    pauses = [pause_after(number).total_seconds() for number in (0, 2, 3, 4, 5, 9, 10, 10**9)]
    assert pauses == [0, 0, 30, 60, 120, 1920, 3600, 3600]


def test_a_new_pin_takes_the_place_of_the_old(operators: Operators) -> None:
    manager = operators.add("Wang", Role.MANAGER, PIN, None)
    with pytest.raises(OperatorError, match="equal steps"):
        operators.change_pin(manager, "111111")
    operators.change_pin(manager, OTHER)
    with pytest.raises(OperatorError):
        operators.login("Wang", PIN, Role.MANAGER)
    assert operators.login("Wang", OTHER, Role.MANAGER).pseudonym == manager.pseudonym


def test_a_row_put_in_another_s_place_or_altered_does_not_open(
    operators: Operators, tamper: Callable[..., None]
) -> None:
    manager = operators.add("Wang", Role.MANAGER, PIN, None)
    operators.add("Li", Role.AUDITOR, OTHER, manager)
    tamper("UPDATE operator SET sealed = (SELECT sealed FROM operator ORDER BY rowid LIMIT 1)")
    with pytest.raises(SealBrokenError):
        operators.all()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_an_operator_or_an_error_of_another_kind(content: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Record.decode(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"salt": "00" * 16, "cost": 2**40, "digest": "00" * 32},
        {"salt": "00" * 16, "cost": 2, "digest": "00" * 32},
        {"salt": "00", "cost": 2**15, "digest": "00" * 32},
        {"salt": 1, "cost": 2**15, "digest": "00" * 32},
        {},
    ],
)
def test_a_stored_hash_cannot_ask_for_all_memory_or_none(fields: dict[str, object]) -> None:
    with pytest.raises(SealBrokenError):
        PinHash.decode(fields)


def test_nothing_of_a_pin_is_printed() -> None:
    assert repr(PinHash(b"salt", 32768, b"digest")) == "PinHash(...)"
