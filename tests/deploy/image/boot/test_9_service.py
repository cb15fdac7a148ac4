"""A technician's terminal, asked for by a file on the card, and what only that can do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.terminal import SHELL

if TYPE_CHECKING:
    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
TYPED_S = 400.0
END_S = 600.0
LISTENING = (
    "find /proc/[0-9]*/fd -lname '/dev/tty[0-9]*' -o -lname /dev/console 2>/dev/null | "
    "while read fd; do p=${fd%/fd/*}; echo $(cat $p/comm) $(readlink $fd); done"
)
"""Who has a terminal open: every getty, login and shell of a person would."""


def came(machine: Machine, test: str, within_s: float = TYPED_S) -> bool:
    """Whether something becomes true inside, as the shell's `test` has it."""
    until = time.monotonic() + within_s
    while machine.guest.run("sh", "-c", f"test {test}").code:
        if time.monotonic() > until:
            return False
        time.sleep(1)
    return True


def test_without_the_file_a_keyboard_types_nowhere(bay: Bay) -> None:
    gate = bay.gate()

    assert gate.guest.run("systemctl", "is-active", SHELL).out.strip() == "inactive"
    gate.type("\ntouch /run/typed\n")
    gate.guest.ask("sleep", "5")
    assert gate.guest.run("test", "-e", "/run/typed").code == 1
    assert gate.guest.ask("sh", "-c", LISTENING) == "", "somebody reads what is typed"


def test_with_it_a_technician_has_a_terminal_for_one_start(bay: Bay) -> None:
    card = bay.set_up()
    card.ask_for("service.txt.txt")  # by a desk that hides what names end with

    with bay.bench.power_on(card) as machine:
        bay.bench.ready(machine)  # the gate works meanwhile
        guest = machine.guest
        assert guest.run("systemctl", "is-active", SHELL).out.strip() == "active"
        assert "bash /dev/tty1" in guest.ask("sh", "-c", LISTENING)
        assert "service.txt" not in guest.ask("ls", "/bootconfig")
        machine.type("sanmen update status >told\n")
        assert came(machine, "-s /run/service-shell/told")
        assert "slot: " in guest.ask("cat", "/run/service-shell/told")
        machine.type("sanmen factory-reset --gate RESET >gone\n")
        assert came(machine, "-s /run/service-shell/gone")
        assert guest.ask("ls", "/var/lib/sanmen/keys", "/var/lib/sanmen/config").split() == [
            "/var/lib/sanmen/config:",
            "/var/lib/sanmen/keys:",
        ]
        assert guest.ask("ls", "/var/lib/sanmen/gate") == ""
        machine.type("exit\n")
        machine.wait_off(END_S)
        assert [high for _, high in machine.relay.changes] == [False]
    assert "Restarting system" in machine.console

    with bay.bench.power_on(card) as machine:
        bay.bench.meet(machine)
        assert came(machine, "-e /bootconfig/gate-answer.txt")
        guest = machine.guest
        guest.run("systemctl", "is-system-running", "--wait", within_s=TYPED_S)
        assert guest.run("systemctl", "is-active", SHELL).out.strip() == "inactive"
        assert guest.run("systemctl", "is-active", "sanmen-gate.service").code != 0
        assert guest.ask("ls", "/var/lib/sanmen/gate") == ""
        assert [high for _, high in machine.relay.changes] == [False]
