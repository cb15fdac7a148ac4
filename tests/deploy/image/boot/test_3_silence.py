"""Nothing leaves the machine by itself, and nobody reaches it from outside."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.machine import LISTENS

if TYPE_CHECKING:
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
GREETER = f"""
import socket
one = socket.create_server(("0.0.0.0", {LISTENS}))
while True:
    line, _ = one.accept()
    line.sendall(b"reached")
    line.close()
"""
UP = """
ip link set lo up; link=$(ls /sys/class/net | grep -v -x -e lo | head -n 1); ip link set "$link" up
ip address add 10.0.2.15/24 dev "$link"; ip route add default via 10.0.2.2
"""


def reached(machine: Machine) -> bool:
    """Whether somebody inside answers to a connection from outside."""
    try:
        with socket.create_connection(("127.0.0.1", machine.port), timeout=20) as line:
            return line.recv(7) == b"reached"
    except OSError:
        return False


def hooks(machine: Machine) -> dict[str, tuple[str, str]]:
    """Return each hook's policy and the table its chain lies in."""
    rules = json.loads(machine.guest.ask("nft", "-j", "list", "ruleset"))["nftables"]
    chains = [one["chain"] for one in rules if "chain" in one]
    return {one["hook"]: (one["policy"], one["table"]) for one in chains if "hook" in one}


def test_a_gate_without_a_network_has_said_nothing_to_anybody(gate: Machine) -> None:
    assert gate.packets == 0


def test_the_firewall_drops_whatever_it_was_not_told_to_pass(gate: Machine) -> None:
    found = hooks(gate)

    assert {hook: policy for hook, (policy, _) in found.items()} == {
        "input": "drop",
        "forward": "drop",
        "output": "drop",
    }


def test_a_real_packet_from_outside_reaches_nobody(gate: Machine) -> None:
    guest = gate.guest
    guest.ask("sh", "-c", UP)
    run = ["systemd-run", "--unit=greeter", "/opt/sanmen/bin/python", "-c", GREETER]
    guest.ask(*run)
    table = hooks(gate)["input"][1]

    assert not reached(gate)

    # that the packets do come in, and only the firewall stops them:
    for chain in ("input", "output"):
        guest.ask("nft", "insert", "rule", "inet", table, chain, "accept")
    opened = reached(gate)
    guest.ask("nft", "-f", "/etc/nftables.conf")
    assert opened
    assert not reached(gate)
    guest.ask("systemctl", "stop", "greeter")


def test_root_itself_reaches_nobody_outside(gate: Machine) -> None:
    gate.guest.run("sh", "-c", UP)
    reach = "import socket; socket.create_connection(('10.0.2.2', 80), timeout=10)"

    done = gate.guest.run("/opt/sanmen/bin/python", "-c", reach)

    assert done.code == 1
    assert "PermissionError" in done.err or "TimeoutError" in done.err
