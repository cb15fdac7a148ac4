"""The walls of each room, tried from inside, where systemd itself put the one who tries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.deploy.image.boot.machine import Machine

pytestmark = pytest.mark.image
DRIVE = "/run/sanmen-probe"
ALLOWED = {
    "sanmen-gate.service": {"pins", "reader", "serial line", "read the store", "write the store"},
    "sanmen-vision.service": {"camera", "writable code"},
    "sanmen-ui.service": {"internet socket", "listen everywhere"},
}
"""What each room may do of all that is tried. Nobody outside can reach what ui listens on: the
firewall, and IPAddressDeny of its own unit. Vision's models make code at run time. The gate's
reader may hang at a Pi's own serial line, ttyAMA0; here that is where the kernel's console goes."""
OWN_KEY = "read the key in memory"
LET = {"DONE", "EBUSY"}
"""The second: it may, but the room itself has the reader's line for itself."""
REASONS = {"EPERM", "EACCES", "EROFS", "ENOENT", "EAFNOSUPPORT", "ENETUNREACH", "ENODEV"}


def tried(gate: Machine, unit: str) -> dict[str, str]:
    words = ["/opt/sanmen/bin/python", f"{DRIVE}/twin.py", unit, f"{DRIVE}/attempts.py"]
    found: dict[str, str] = gate.guest.run(*words, within_s=300).json
    return found


@pytest.mark.parametrize("unit", sorted(ALLOWED))
def test_a_room_can_do_what_it_must_and_nothing_else(gate: Machine, unit: str) -> None:
    found = tried(gate, unit)

    own = {OWN_KEY} if unit == "sanmen-gate.service" else set()
    let = {name for name, outcome in found.items() if outcome in LET}
    assert let - own == ALLOWED[unit]
    assert {name: why for name, why in found.items() if why not in REASONS | LET} == {}
    assert len(found) == 36


def test_the_same_attempts_do_work_outside_of_the_rooms(gate: Machine) -> None:
    found = gate.guest.script("attempts.py", "--harmless").json

    # or the tests above would prove nothing
    for name in ("disk", "pins", "internet socket", "packet socket", "read the store", "mount"):
        assert found[name] == "DONE", name
    for name in ("read the sealed key", "read the FAT partition", "other processes", "camera"):
        assert found[name] == "DONE", name
    assert found["write the system"] == "EROFS"


def status(gate: Machine, unit: str) -> dict[str, str]:
    pid = gate.guest.ask("systemctl", "show", "--value", "-p", "MainPID", unit)
    lines = gate.guest.ask("cat", f"/proc/{pid}/status").splitlines()
    told = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    told["pid"] = pid
    return told


@pytest.mark.parametrize("unit", sorted(ALLOWED))
def test_the_running_room_itself_stands_behind_these_walls(gate: Machine, unit: str) -> None:
    told = status(gate, unit)

    assert "0" not in told["Uid"].split()
    assert {told[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh")} == {"0" * 16}
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert int(told["VmSwap"].split()[0]) == 0
    limits = gate.guest.ask("cat", f"/proc/{told['pid']}/limits")
    assert re.search(r"Max core file size\s+0\s+0", limits)
    group = gate.guest.ask("systemctl", "show", "--value", "-p", "ControlGroup", unit)
    assert gate.guest.ask("cat", f"/sys/fs/cgroup{group}/memory.swap.max") == "0"


@pytest.mark.parametrize("unit", ["sanmen-gate.service", "sanmen-vision.service"])
def test_the_running_room_has_no_network_at_all(gate: Machine, unit: str) -> None:
    pid = status(gate, unit)["pid"]

    links = gate.guest.ask("nsenter", "-t", pid, "-n", "cat", "/proc/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in links] == ["lo"]


@pytest.mark.parametrize("unit", sorted(ALLOWED))
def test_the_running_room_sees_a_system_it_cannot_write(gate: Machine, unit: str) -> None:
    pid = status(gate, unit)["pid"]

    for folder in ("/usr", "/etc", "/var/lib", "/var/lib/sanmen/config"):
        done = gate.guest.run("nsenter", "-t", pid, "-m", "touch", f"{folder}/left-behind")
        assert (done.code, "Read-only file system" in done.err) == (1, True), folder


def test_only_the_gate_knows_the_key(gate: Machine) -> None:
    folder = "/run/credentials/sanmen-gate.service"

    assert gate.guest.ask("ls", folder) == "sanmen.key"
    for unit in ("sanmen-vision.service", "sanmen-ui.service"):
        pid = status(gate, unit)["pid"]
        seen = gate.guest.run("nsenter", "-t", pid, "-m", "ls", folder)
        assert seen.code != 0 or seen.out == "", unit


def test_systemd_counts_the_exposure_it_counted_from_the_files(gate: Machine) -> None:
    found: dict[str, Any] = {}
    for unit in ALLOWED:
        told = gate.guest.ask("systemd-analyze", "security", "--no-pager", unit).splitlines()[-1]
        found[unit] = float(re.findall(r"(\d+\.\d) (?:OK|SAFE|MEDIUM)", told)[0])

    assert all(exposure <= 1.5 for exposure in found.values()), found
