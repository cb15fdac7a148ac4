"""Commissioning: what keeps a gate from being signed off; two people of two roles do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.gate.counter.network_check import reachable
from appliance.gate.counter.technician import CHECKS, JUDGED, WATCHED
from appliance.gate.counter.wants import CheckSeen, Want
from appliance.gate.enrolment.receipt import COMMISSIONING, check
from appliance.gate.store.operators import Role
from appliance.gate.store.settings import Settings
from appliance.terminal import Ground
from tests.gate.counter.staff import PIN, log_in, operators, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gate.counter.conftest import Bench

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n"
CLOSED = HEAD + "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"


def technician(bench: Bench) -> None:
    log_in(bench, Role.TECHNICIAN, "tech.list")
    assert bench.page.ground is Ground.TECHNICIAN


def commissioned(bench: Bench) -> object:
    return Settings(bench.archive.roster.store, bench.archive.journal).commissioned()


def all_passed(bench: Bench, but: str = "") -> None:
    for name in CHECKS:
        bench.archive.journal.checked(name, "op-x", passed=name != but)


@pytest.mark.parametrize("name", sorted(set(CHECKS) - JUDGED - {"network"}))
def test_what_the_device_does_not_show_cannot_be_called_passed(bench: Bench, name: str) -> None:
    technician(bench)
    bench.touch("check", name)
    if name == "reader":
        assert bench.cells("live") == ["not-wired"]  # the reader of this configuration
        return
    assert "passed" not in bench.acts()
    bench.give(CheckSeen("broken", passed=False))
    assert bench.cells("live") == ["broken"]
    bench.touch("passed")
    assert (bench.name, bench.page.fault) == ("tech.check", "not-allowed")
    bench.give(CheckSeen("works", passed=True))
    bench.touch("passed")
    assert bench.cells(name) == ["passed"]


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_what_only_a_person_can_judge_is_judged_both_ways(bench: Bench, name: str) -> None:
    technician(bench)
    for judged in ("failed", "passed"):
        bench.touch("check", name)
        bench.touch(judged)
        assert bench.cells(name) == [judged]
    assert bench.kinds()[-1] == "check.done"


def test_the_relay_clicks_only_when_told_and_after_that_is_logged(bench: Bench) -> None:
    technician(bench)
    bench.touch("check", "relay")
    assert bench.wanted.detail.run == 0
    bench.touch("run")
    assert bench.wanted.detail.run == 1
    assert bench.kinds()[-1] == "check.run"


def test_what_was_passed_is_kept_over_a_lock(bench: Bench) -> None:
    technician(bench)
    bench.touch("check", "sound")
    bench.touch("passed")
    bench.wait(90)
    assert bench.name == ""
    session(bench).operator = next(
        one for one in operators(bench).all() if one.role is Role.TECHNICIAN
    )
    bench.counter._show_meanwhile("tech.list")
    assert bench.cells("sound") == ["passed"]
    assert bench.cells("relay") == ["open"]


@pytest.mark.parametrize("name", CHECKS)
def test_one_check_that_failed_keeps_the_gate_from_being_signed_off(
    bench: Bench, name: str
) -> None:
    all_passed(bench, but=name)
    technician(bench)
    assert "sign-off" not in bench.acts()


def test_nobody_but_a_manager_signs_with_the_technician(bench: Bench) -> None:
    all_passed(bench)
    technician(bench)
    neighbour, auditor = bench.resident(), bench.resident(b"a" * 16)
    boss = next(one for one in operators(bench).all() if one.role is Role.MANAGER)
    operators(bench).add("Auditor Li", Role.AUDITOR, PIN, boss, auditor)
    bench.touch("sign-off")
    assert bench.wanted.kinds == {Want.CARD}
    for holder, fault in ((neighbour, "unknown-card"), (auditor, "needs-two")):
        bench.card(holder)
        assert (bench.name, bench.page.fault) == ("tech.sign", fault)
    assert commissioned(bench) is None


def test_a_check_that_fails_while_the_manager_comes_is_not_signed_over(bench: Bench) -> None:
    all_passed(bench)
    technician(bench)
    manager = bench.resident()
    boss = next(one for one in operators(bench).all() if one.role is Role.MANAGER)
    operators(bench).add("Manager Li", Role.MANAGER, PIN, boss, manager)
    bench.touch("sign-off")
    bench.archive.journal.checked("fire", "op-x", passed=False)
    bench.card(manager)
    assert (bench.name, bench.page.fault) == ("tech.list", "not-allowed")
    assert commissioned(bench) is None


def test_technician_and_manager_sign_off_together(bench: Bench) -> None:
    all_passed(bench)
    technician(bench)
    manager = bench.resident()
    boss = next(one for one in operators(bench).all() if one.role is Role.MANAGER)
    operators(bench).add("Manager Li", Role.MANAGER, PIN, boss, manager)
    bench.touch("sign-off")
    bench.card(manager)
    assert bench.name == "tech.signed"
    assert commissioned(bench) is not None
    assert bench.kinds()[-2:] == ["gate.tried", "gate.commissioned"]
    # The screen shows what `sanmen commission record` prints; this gate has no reader or speaker.
    record = check(bench.page.code, bench.archive.roster.store.signer.public_key)
    assert record.kind == COMMISSIONING
    assert (record.claims["no"], record.claims["na"]) == ([], ["reader", "sound"])


def test_no_page_of_the_technician_shows_anybody(bench: Bench) -> None:
    bench.resident(household="7-7-707")
    technician(bench)
    for name in CHECKS:
        bench.touch("check", name)
        assert bench.wanted.kinds <= {Want.CHECK, Want.CARD}
        assert "7-7-707" not in str(bench.page)
        bench.touch("back")
    for act in ("find", "enrol", "operators", "open"):
        bench.touch(act)
        assert (bench.name, bench.page.fault) == ("tech.list", "not-allowed")


def test_every_watched_device_is_wanted_from_the_controller(bench: Bench) -> None:
    technician(bench)
    for name in sorted(WATCHED - {"reader", "sound"}):  # not wired here
        bench.touch("check", name)
        assert (bench.wanted.kinds, bench.wanted.detail.name) == ({Want.CHECK}, name)
        bench.touch("back")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("   0: 00000000:0016 00000000:0000 0A 0\n", True),
        ("   0: 0101A8C0:0016 00000000:0000 0A 0\n", True),
        ("   0: 0101A8C0:0016 0201A8C0:0050 01 0\n", False),
        ("", False),
        ("nonsense\n", None),
    ],
    ids=["any address", "one address", "a connection", "nothing", "nonsense"],
)
def test_what_listens_to_others_is_found(tmp_path: Path, lines: str, found: object) -> None:
    (tmp_path / "tcp").write_text(CLOSED + lines)
    assert reachable(tmp_path) is found


def test_ipv6_counts_as_well_and_what_cannot_be_read_is_no_pass(tmp_path: Path) -> None:
    assert reachable(tmp_path) is None
    (tmp_path / "tcp").write_text(CLOSED)
    assert reachable(tmp_path) is False
    for address, found in (("1".zfill(8) * 4, True), ("0" * 24 + "01000000", False)):
        (tmp_path / "tcp6").write_text(HEAD + f"   0: {address}:0016 {'0' * 32}:0000 0A 0\n")
        assert reachable(tmp_path) is found
