"""A dead unit's residents come back on a new one: the recovery page, typed as it stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.residents import hold_until_open, issued_card, log_of
from tests.deploy.image.boot.slots import stick
from tests.deploy.image.boot.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.image.boot.conftest import Bay

pytestmark = pytest.mark.image
STICK = "/run/sanmen/stick"
END_S = 600.0
EMPTY = r"^\S*# *$"
"""A terminal that was cleared, with nothing on it but the shell's question."""


def test_a_resident_of_the_old_gate_opens_the_new_one(bay: Bay, tmp_path: Path) -> None:
    used = bay.set_up()
    (tmp_path / "a-file").write_text("of the technician's own")
    plugged = stick(tmp_path, tmp_path / "a-file")

    used.ask_for("service.txt")
    with bay.bench.power_on(used, stick=plugged) as old:
        bay.bench.ready(old)
        card = issued_card(old.guest)
        terminal = Terminal(old)
        terminal.command(f"mount -o remount,rw {STICK}")
        terminal.command("as-gate backup init --language english")
        key = terminal.wait(r"gate key (\w+)")[1]
        terminal.wait(r"Type the words from the paper:")
        numbered = dict(re.findall(r"\b(\d+) ([a-z]+)\b", terminal.shown()))
        words = " ".join(numbered[str(number)] for number in range(1, 25))
        terminal.line(words)
        terminal.wait(r"recovery key kept")
        terminal.command(f"as-gate backup make {STICK}/gate.backup --reason yearly")
        terminal.wait(r"backup \w+ in .*gate\.backup")
        terminal.command(f"as-gate backup erasures {STICK}/erasures")
        terminal.wait(r"erasure list in")
        terminal.command(f"umount {STICK}; clear")
        terminal.wait(EMPTY)

    new = bay.bench.card("new")
    new.ask_for("service.txt")
    with bay.bench.power_on(new, stick=plugged) as machine:
        bay.bench.ready(machine)
        terminal = Terminal(machine)
        terminal.command(
            "systemctl stop sanmen.target && find /var/lib/sanmen/gate -mindepth 1 -delete; clear"
        )
        terminal.wait(EMPTY)
        terminal.command(
            f"as-gate restore {STICK}/gate.backup --gate-key {key} --reason replaced"
            f" --erasures {STICK}/erasures"
        )
        terminal.wait(r"Recovery words")
        terminal.line(words)
        note("restored", terminal.wait(r"restored \d+ people.*")[0])
        assert words.split()[5] not in terminal.shown()  # typed unseen
        terminal.command("exit")
        machine.wait_off(END_S)

    with bay.bench.power_on(new) as machine:
        bay.bench.ready(machine)
        hold_until_open(machine, card)
        log = log_of(machine.guest)
        assert ("entry.granted" in log.kinds, log.wrong) == (True, ())
        assert machine.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
