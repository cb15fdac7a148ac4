"""A gate.toml that is wrong leaves the door shut, and the technician an answer on the card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.bench import ROOMS

if TYPE_CHECKING:
    from tests.deploy.image.boot.bench import Bench

pytestmark = pytest.mark.image
SET_UP_S = 600.0
WRONG = "[site]\nname = 3\n"


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
        failed = guest.ask("systemctl", "--failed", "--no-legend", "--plain").splitlines()
        assert [line.split()[0] for line in failed] == ["sanmen-provision.service"]
        for folder in ("config", "keys", "gate", "reader"):
            assert guest.ask("ls", "-A", f"/var/lib/sanmen/{folder}") == "", folder
        answer = machine.guest.ask("cat", "/bootconfig/gate-answer.txt")
        assert [high for _, high in machine.relay.changes] == [False]

    assert "门保持关闭" in answer
    assert "The door stays shut" in answer
    assert card.read("bootconfig", "gate.toml").decode() == WRONG
