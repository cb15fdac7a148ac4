"""A gate.toml that is wrong leaves the door shut, and the technician an answer on the card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.deploy.image.boot.bench import Bench

pytestmark = pytest.mark.image
WRONG = "[site]\nname = 3\n"


def test_a_wrong_file_leaves_the_gate_shut_and_says_why(free_bench: Bench) -> None:
    card = free_bench.card("wrong", WRONG)

    with free_bench.power_on(card) as machine:
        free_bench.meet(machine)
        until = time.monotonic() + 300
        while machine.guest.run("systemctl", "is-failed", "sanmen-provision.service").code:
            assert time.monotonic() < until, "the first start said nothing"
            time.sleep(2)
        assert machine.guest.run("systemctl", "is-active", "sanmen-gate.service").code != 0
        assert machine.guest.run("ls", "/var/lib/sanmen/config/gate.toml").code == 2
        answer = machine.guest.ask("cat", "/bootconfig/gate-answer.txt")
        assert [high for _, high in machine.relay.changes] == [False]

    assert "门保持关闭" in answer
    assert "The door stays shut" in answer
    assert card.read("bootconfig", "gate.toml").decode() == WRONG
