"""A gate.toml that is wrong leaves the door shut, and the technician an answer on the card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.bench import ROOMS
from tests.deploy.image.boot.residents import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.image.boot.bench import Bench
    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
SET_UP_S = 600.0
WRONG = "[site]\nname = 3\n"


def failed_units(machine: Machine) -> list[str]:
    failed = machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain")
    return [line.split()[0] for line in failed.splitlines()]


def test_a_wrong_file_leaves_the_gate_shut_and_says_why(free_bench: Bench) -> None:
    card = free_bench.card("wrong", WRONG)

    with free_bench.power_on(card) as machine:
        free_bench.meet(machine)
        until = time.monotonic() + SET_UP_S
        while machine.guest.run("systemctl", "is-failed", "sanmen-provision.service").code:
            assert time.monotonic() < until, "the first start said nothing"
            time.sleep(2)
        guest = machine.guest
        guest.run("systemctl", "is-system-running", "--wait", within_s=SET_UP_S)
        assert guest.run("systemctl", "is-active", *ROOMS).out.split() == ["inactive"] * 3
        assert failed_units(machine) == ["sanmen-provision.service"]
        for folder in ("config", "keys", "gate", "reader"):
            assert guest.ask("ls", "-A", f"/var/lib/sanmen/{folder}") == "", folder
        answer = machine.guest.ask("cat", "/bootconfig/gate-answer.txt")
        assert [high for _, high in machine.relay.changes] == [False]

    assert "门保持关闭" in answer
    assert "The door stays shut" in answer
    assert card.read("bootconfig", "gate.toml").decode() == WRONG


def test_a_new_file_on_a_gate_that_is_set_up_changes_nothing(bay: Bay, tmp_path: Path) -> None:
    card = bay.bench.twin(bay.set_up(), "second")
    second = tmp_path / "gate.toml"
    second.write_text(WRONG, "utf-8")
    card.put("bootconfig", "gate.toml", second)

    with bay.bench.power_on(card) as machine:
        bay.bench.ready(machine)
        assert failed_units(machine) == ["sanmen-provision.service"]
        assert "测试小区" in machine.guest.ask("cat", CONFIG)

    answer = card.read("bootconfig", "gate-answer.txt").decode("utf-8-sig")
    assert "没有读这个文件" in answer
    assert "this machine is set up" in answer
    assert card.read("bootconfig", "gate.toml").decode() == WRONG
