"""Nothing leaves the machine by itself, and nobody reaches it from outside."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.machine import LISTENS

if TYPE_CHECKING:
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
PYTHON = "/opt/sanmen/bin/python"
GREETER = f"""
import socket
one = socket.create_server(("0.0.0.0", {LISTENS}))
while True:
    line, _ = one.accept()
    line.sendall(b"reached")
    line.close()
"""
SETTINGS = """
import sys; sys.path.insert(0, "/opt/sanmen/share")
from types import SimpleNamespace
from provision.answers import NetworkAnswers
from provision.settings import network
print(network(SimpleNamespace(network=NetworkAnswers("ethernet"))))
"""
"""Prints what the first start of a gate with a network writes for systemd-networkd."""
FOUND_S = 300.0
TRY = """
import socket, sys
kind = getattr(socket, "SOCK_" + sys.argv[1])
with socket.socket(socket.AF_INET, kind) as line:
    line.settimeout(4)
    line.connect(("10.0.2.2", int(sys.argv[2])))
    line.send(b"?")
"""
IP = (b"\x08\x00", b"\x86\xdd")
"""Ethernet types of IPv4 and IPv6; ARP, which asks for a neighbour's card, is neither."""
UDP, DHCP = 17, (68).to_bytes(2, "big") + (67).to_bytes(2, "big")


def reached(machine: Machine) -> bool:
    """Whether somebody inside answers to a connection from outside."""
    try:
        with socket.create_connection(("127.0.0.1", machine.port), timeout=30) as line:
            return line.recv(7) == b"reached"
    except OSError:
        return False


def hooks(machine: Machine) -> dict[str, tuple[str, str]]:
    """Return each hook's policy and the table its chain lies in."""
    rules = json.loads(machine.guest.ask("nft", "-j", "list", "ruleset"))["nftables"]
    chains = [one["chain"] for one in rules if "chain" in one]
    return {one["hook"]: (one["policy"], one["table"]) for one in chains if "hook" in one}


def packets(machine: Machine) -> list[bytes]:
    """Return the IP packets that came out of the machine, but for those of DHCP."""
    found = [frame[12:] for frame in machine.said if frame[12:14] in IP]
    return [one for one in found if (one[11], one[22:26]) != (UDP, DHCP)]


def test_a_gate_without_a_network_has_said_nothing_to_anybody(gate: Machine) -> None:
    assert gate.frames == []


def test_the_firewall_drops_whatever_it_was_not_told_to_pass(gate: Machine) -> None:
    found = hooks(gate)

    assert {hook: policy for hook, (policy, _) in found.items()} == {
        "input": "drop",
        "forward": "drop",
        "output": "drop",
    }


def test_a_gate_with_a_network_asks_for_an_address_and_says_nothing_else(gate: Machine) -> None:
    guest = gate.guest
    settings = guest.ask(PYTHON, "-c", SETTINGS)
    assert "DHCP=ipv4" in settings
    guest.run("tee", "/run/systemd/network/05-test.network", given=settings)

    guest.ask("systemctl", "restart", "systemd-networkd")

    until = time.monotonic() + FOUND_S
    while "10.0.2.15" not in guest.ask("cat", "/proc/net/fib_trie"):
        assert time.monotonic() < until, "no address from the network's DHCP"
        time.sleep(1)
    guest.ask("sleep", "5")  # for whatever else would use it now
    assert gate.said != []
    assert packets(gate) == []


def test_root_itself_reaches_nobody_outside(gate: Machine) -> None:
    asked = gate.guest.run(PYTHON, "-c", TRY, "DGRAM", "53")
    called = gate.guest.run(PYTHON, "-c", TRY, "STREAM", "80")

    assert (asked.code, "PermissionError" in asked.err) == (1, True)
    assert (called.code, "TimeoutError" in called.err) == (1, True)
    assert packets(gate) == []


def test_a_real_packet_from_outside_reaches_nobody(gate: Machine) -> None:
    guest = gate.guest
    guest.ask("systemd-run", "--unit=greeter", PYTHON, "-c", GREETER)
    until = time.monotonic() + FOUND_S
    while f"tcp 0.0.0.0:{LISTENS}" not in guest.script("listening.py").json:
        assert time.monotonic() < until, "the one to be reached does not listen"
    table = hooks(gate)["input"][1]

    assert not reached(gate)
    assert packets(gate) == []

    # that the packets do come in, and only the firewall stops them:
    for chain in ("input", "output"):
        guest.ask("nft", "insert", "rule", "inet", table, chain, "accept")
    opened = reached(gate)
    guest.ask("nft", "-f", "/etc/nftables.conf")
    assert opened
    assert not reached(gate)
    guest.ask("systemctl", "stop", "greeter")
