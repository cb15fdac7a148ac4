"""A card at the reader moves a real line of the kernel, and nothing else does."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import pytest

from hardware.sim.card import SoftCard
from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.machine import RELAY
from tests.deploy.image.boot.residents import hold_until_open, issued_card, log_of

if TYPE_CHECKING:
    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
SEEN_S = 300.0
"""Until the relay falls, on this host's clock; the machine's own may go many times slower."""
LOOKED_S = "60"
"""For the relay's three levels, at most, on the machine's clock."""
GATE = "sanmen-gate.service"


@pytest.fixture(scope="module")
def card(bay: Bay) -> SoftCard:
    return issued_card(bay.gate().guest)


def told(gate: Machine) -> str:
    return gate.guest.ask("journalctl", "-u", GATE, "-b", "--no-pager", "-o", "cat")


def test_a_card_of_nobody_moves_nothing(gate: Machine) -> None:
    before = len(gate.relay.changes)

    gate.chip.hold(SoftCard.blank(b"\x04" + secrets.token_bytes(6)))
    until = time.monotonic() + SEEN_S
    while "card: refused" not in told(gate):
        assert time.monotonic() < until, "the gate did not see the card"
        time.sleep(1)
    gate.chip.take_away()

    assert len(gate.relay.changes) == before


def test_a_residents_card_lifts_the_line_which_falls_again(gate: Machine, card: SoftCard) -> None:
    gate.guest.run("mount", "-t", "debugfs", "none", "/sys/kernel/debug")
    inside = gate.guest.start(
        "/opt/sanmen/bin/python", "/run/sanmen-probe/watch_line.py", str(RELAY), LOOKED_S, "3"
    )
    gate.guest.ask("sh", "-c", "until test -e /run/looking; do sleep 0.2; done")

    held = time.monotonic()
    lifted = hold_until_open(gate, card)
    gate.chip.take_away()
    fallen = gate.relay.wait(high=False, within_s=SEEN_S)

    levels = inside.wait(900).json
    assert [(way, level) for _, way, level in levels] == [
        ("out", "lo"),
        ("out", "hi"),
        ("out", "lo"),
    ]
    pulse = levels[2][0] - levels[1][0]
    note("card", {"host: to relay s": lifted - held, "host: pulse s": fallen - lifted})
    note("pulse_s", pulse)
    assert 3.9 < pulse < 4.3  # 4 s configured, by the machine's own clock
    assert log_of(gate.guest).kinds.count("entry.granted") == 1


def test_a_reader_that_is_plugged_in_later_works(gate: Machine, card: SoftCard) -> None:
    gate.chip.unplug()
    gate.guest.ask("sleep", "4")
    gate.chip.plug_in()
    gate.guest.ask("sleep", "4")

    hold_until_open(gate, card)
    gate.chip.take_away()
    gate.relay.wait(high=False, within_s=SEEN_S)


def test_the_line_falls_when_the_gate_is_killed_while_the_door_is_open(
    gate: Machine, card: SoftCard
) -> None:
    killed = gate.guest.ask("systemctl", "show", "--value", "-p", "MainPID", GATE)
    hold_until_open(gate, card)

    at = time.monotonic()
    pending = gate.guest.start("sh", "-c", f"kill -9 {killed}")
    fallen = gate.relay.wait(high=False, within_s=SEEN_S)
    gate.chip.take_away()

    note("killed_to_low_s", fallen - at)
    assert pending.wait().code == 0
    assert f"relay off: pin {RELAY} of gpiochip0 is low" in told(gate)
    until = time.monotonic() + 300
    while gate.guest.run("systemctl", "is-active", GATE).out.strip() != "active":
        assert time.monotonic() < until, "the gate did not come back"
        time.sleep(2)
    assert gate.guest.ask("systemctl", "show", "--value", "-p", "MainPID", GATE) != killed
    assert not gate.relay.high


def test_after_that_the_card_opens_again(gate: Machine, card: SoftCard) -> None:
    gate.guest.ask("sleep", "2")
    hold_until_open(gate, card)
    gate.chip.take_away()
    gate.relay.wait(high=False, within_s=SEEN_S)
    assert gate.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
