"""An update at the manager's screen: who may ask, what is asked, and what becomes of it."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from appliance.gate import update_seen
from appliance.gate.counter import checker, update_pages
from appliance.gate.counter.wants import Want
from appliance.gate.store.operators import Role
from appliance.gate.update_seen import Updates, UpdateSeen
from tests.gate.counter.staff import log_in
from tests.gate.counter.test_giver import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gate.counter.conftest import Bench

BUNDLE = "sanmen-0.2.0.raucb"
STICK = UpdateSeen("0.1.0", (BUNDLE,))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folders that systemd makes on a gate."""
    for name in ("update-request", "update-status"):
        (tmp_path / "rooms" / name).mkdir(parents=True)
    for module in (update_pages, checker):
        monkeypatch.setattr(module, "Updates", lambda: Updates(tmp_path / "rooms"))
    return tmp_path / "rooms"


def request(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "update-request/install").read_text())
    return found


def offer(place: Path, **words: object) -> None:
    (place / "update-status/offers.json").write_text(
        json.dumps({"running": "0.1.0", "bundles": [{"name": BUNDLE, "size": 5}]} | words)
    )


def to_confirm(bench: Bench) -> None:
    log_in(bench)
    bench.touch("update")
    bench.give(STICK)
    bench.touch("choose", BUNDLE)
    assert bench.name == "update.confirm"


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
def test_nobody_but_a_manager_comes_to_the_page(bench: Bench, role: Role, place: Path) -> None:
    log_in(bench)
    log_in(bench, role, "tech.list" if role is Role.TECHNICIAN else "audit.reason")
    bench.touch("update")
    assert bench.name != "update.list"
    assert list((place / "update-request").iterdir()) == []


def test_without_a_stick_there_is_nothing_to_choose(bench: Bench) -> None:
    log_in(bench)
    bench.touch("update")
    assert bench.wanted.kinds == {Want.UPDATE}
    assert (bench.cells("stick"), bench.cells("version")) == (["no-bundle"], ["unknown"])
    bench.touch("choose", BUNDLE)
    assert (bench.name, bench.page.fault) == ("update.list", "not-allowed")


def test_a_stick_plugged_in_meanwhile_shows_and_one_pulled_goes(bench: Bench) -> None:
    log_in(bench)
    bench.touch("update")
    bench.give(STICK)
    assert (bench.cells("bundle"), bench.cells("version")) == ([BUNDLE], ["0.1.0"])
    bench.give(UpdateSeen("0.1.0"))
    assert "choose" not in bench.acts()


def test_it_is_in_the_log_before_it_is_asked_for_and_asked_for_once(
    bench: Bench, place: Path
) -> None:
    to_confirm(bench)
    assert list((place / "update-request").iterdir()) == []
    bench.touch("install")
    assert bench.name == "update.running"
    assert bench.kinds()[-1] == "update.asked"
    wanted = request(place)
    assert (wanted["bundle"], wanted["kept"] > 0) == (BUNDLE, True)
    assert (place / "update-request/install").stat().st_mode & 0o777 == 0o640
    assert bench.cells("state") == ["waiting"]


def test_a_request_that_cannot_be_left_is_told(bench: Bench, place: Path) -> None:
    to_confirm(bench)
    (place / "update-request").rmdir()
    bench.touch("install")
    assert (bench.name, bench.page.fault) == ("update.confirm", "store-failed")


def test_a_refusal_stands_in_its_own_words_and_an_earlier_one_does_not(
    bench: Bench, place: Path
) -> None:
    to_confirm(bench)
    bench.touch("install")
    mine = request(place)["ask"]
    why = ("更新包比本机旧，不能降级。", "It is older than what ran here.")
    bench.give(UpdateSeen("0.1.0", (BUNDLE,), "another", "refused", *why))
    assert bench.cells("state") == ["waiting"]
    bench.give(UpdateSeen("0.1.0", (BUNDLE,), mine, "running"))
    assert (bench.cells("state"), bench.acts()) == (["running"], set())
    bench.give(UpdateSeen("0.1.0", (BUNDLE,), mine, "refused", *why))
    assert (bench.cells("state"), bench.cells("why")) == (["refused-update"], [why[0]])
    assert bench.cells("") == [why[1]]
    bench.touch("done")
    assert bench.name == "manager.home"


def test_a_bundle_that_was_written_shows_that_the_gate_restarts(bench: Bench, place: Path) -> None:
    to_confirm(bench)
    bench.touch("install")
    bench.give(UpdateSeen("0.1.0", (), request(place)["ask"], "written", "0.2.0", "0.2.0"))
    assert (bench.cells("state"), bench.acts()) == (["written-update"], set())


def test_a_page_that_waits_for_the_end_stays_open_and_home_locks_as_ever(bench: Bench) -> None:
    to_confirm(bench)
    bench.touch("install")
    bench.wait(40 * 60)
    assert bench.name == "update.running"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"{" * 9000,
        json.dumps({"bundles": [{"name": "../x.raucb", "size": 1}]}).encode(),
        json.dumps({"bundles": [{"name": f"{n}.raucb", "size": 1} for n in range(9)]}).encode(),
    ],
)
def test_what_no_update_would_say_is_as_if_not_said(place: Path, content: bytes) -> None:
    for name in ("offers.json", "told.json"):
        (place / "update-status" / name).write_bytes(content)
    assert Updates(place).seen() == UpdateSeen()


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(tmp_path, monkeypatch)
    log_in(made.clerk)  # type: ignore[arg-type] - as in test_giver
    made.step()
    yield made
    made.close()


def test_the_controller_looks_while_the_page_waits_and_gives_what_is_new(
    gate: Gate, place: Path
) -> None:
    gate.touch("update")
    gate.step(1.0)
    assert gate.page is not None
    assert "choose" not in {row.act for row in gate.page.rows}
    offer(place)
    gate.step(1.0)
    gate.step(0.1)
    assert [row.value for row in gate.page.rows if row.act == "choose"] == [BUNDLE]


def test_a_machine_that_is_no_gate_sees_nothing(tmp_path: Path) -> None:
    assert update_seen.PLACE.as_posix() == "/run/sanmen"
    assert Updates(tmp_path / "nowhere").seen() == UpdateSeen()
