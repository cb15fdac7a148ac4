"""A card as flashed, with a technician's gate.toml on it, becomes a gate that works."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.deploy.image.boot.bench import ROOMS
from tests.deploy.image.boot.conftest import note
from tests.deploy.image.boot.machine import RELAY

if TYPE_CHECKING:
    from tests.deploy.image.boot.conftest import Bay
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
BUDGET_MB = 700


def test_three_rooms_run_and_nothing_failed(gate: Machine) -> None:
    assert gate.guest.ask("systemctl", "is-active", *ROOMS) == "active\nactive\nactive"
    assert gate.guest.ask("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert gate.guest.ask("systemctl", "is-system-running") == "running"
    starts = gate.guest.ask("systemctl", "show", "--value", "-p", "NRestarts", *ROOMS)
    assert starts.split() == ["0", "0", "0"]


def test_the_technicians_file_is_used_once_and_wiped(gate: Machine, bay: Bay) -> None:
    config = gate.guest.ask("cat", "/var/lib/sanmen/config/gate.toml")

    assert 'portal = "东门"' in config
    assert "relay_pin = 7" in config
    names = gate.guest.ask("ls", "/bootconfig").split()
    assert "gate.toml" not in names
    assert "gate-answer.txt" in names
    assert "设置完成" in gate.guest.ask("cat", "/bootconfig/gate-answer.txt")
    assert bay.card is not None
    assert b"\xe6\xb5\x8b\xe8\xaf\x95\xe5\xb0\x8f" not in bay.card.content("bootconfig", 64 << 20)


def test_keys_and_identity_were_made_here_and_are_roots(gate: Machine) -> None:
    key = "/var/lib/sanmen/keys/sanmen.key.cred"

    assert gate.guest.ask("stat", "-c", "%U %a", key) == "root 600"
    identity = gate.guest.ask("cat", "/var/lib/sanmen/device/machine-id")
    assert re.fullmatch("[0-9a-f]{32}", identity)
    assert gate.guest.ask("stat", "-c", "%U %a", "/var/lib/sanmen/gate") == "sanmen-gate 700"


def test_the_system_cannot_be_written_and_the_state_can(gate: Machine) -> None:
    root = gate.guest.ask("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "/")
    assert root.startswith("squashfs ro")
    done = gate.guest.run("touch", "/usr/left-behind")
    assert (done.code, "Read-only file system" in done.err) == (1, True)
    state = gate.guest.ask("findmnt", "-n", "-o", "OPTIONS", "--target", "/var/lib/sanmen")
    assert {"rw", "nosuid", "nodev", "noatime"} <= set(state.split(","))
    assert gate.guest.ask("swapon", "--show") == ""


def test_the_relay_was_low_from_power_on(gate: Machine) -> None:
    assert [high for _, high in gate.relay.changes] == [False]
    _, way = gate.monitor.pins()
    assert way & 1 << RELAY, "nobody drives the relay's line"


def test_the_pin_is_held_by_the_gate_through_the_kernel(gate: Machine) -> None:
    gate.guest.run("mount", "-t", "debugfs", "none", "/sys/kernel/debug")
    lines = gate.guest.ask("cat", "/sys/kernel/debug/gpio")

    assert re.search(r"\(.*\|lg\b.*\) out lo", lines), lines


def test_vision_looks_through_a_video4linux_camera(gate: Machine) -> None:
    pid = gate.guest.ask("systemctl", "show", "--value", "-p", "MainPID", "sanmen-vision.service")
    files = gate.guest.ask("ls", "-l", f"/proc/{pid}/fd")

    assert "/dev/video0" in files
    assert gate.guest.ask("cat", "/sys/class/video4linux/video0/name").startswith("vivid")
    said = gate.guest.ask(
        "systemctl", "show", "--value", "-p", "StatusText", "sanmen-vision.service"
    )
    assert said == ""  # it would say that the camera gives no pictures


def test_the_screen_serves_its_page_on_loopback_alone(gate: Machine) -> None:
    ask = (
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8460/', timeout=60).status)"
    )
    browser = ["setpriv", "--reuid=sanmen-kiosk", "--regid=sanmen-kiosk", "--clear-groups"]
    done = gate.guest.run(*browser, "/opt/sanmen/bin/python", "-c", ask)

    assert gate.guest.script("listening.py").json == ["tcp 127.0.0.1:8460"]
    # without the launch address nobody gets in, but somebody is at home
    assert done.out.strip() == "200" or "HTTP Error 40" in done.err


def test_the_memory_of_the_rooms_is_within_its_budget(gate: Machine) -> None:
    done = gate.guest.script("memory.py", *ROOMS)
    found = done.json

    note("memory_mb", found)
    assert sum(room["pss_mb"] for room in found["rooms"].values()) <= BUDGET_MB
    assert all(room["swapped_mb"] == 0 for room in found["rooms"].values())


def test_the_times_of_the_start_are_kept(gate: Machine) -> None:
    done = gate.guest.script("times.py", *ROOMS)

    times = done.json
    times["qemu_to_probe_s"] = gate.guest.hello["uptime_s"] if gate.guest.hello else None
    times["analyze"] = gate.guest.ask("systemd-analyze", "time")
    times["blame"] = gate.guest.ask("systemd-analyze", "blame", "--no-pager").splitlines()[:15]
    note("times", times)
    assert times["ready_s"]["sanmen-gate.service"] > times["userspace_s"] > 0
    json.dumps(times)


def test_the_watchdog_of_the_hardware_is_fed(gate: Machine) -> None:
    state = gate.guest.ask("cat", "/sys/class/watchdog/watchdog0/state")

    assert state == "active"
    assert gate.guest.ask("systemctl", "show", "--value", "-p", "RuntimeWatchdogUSec") == "14s"
