"""The rooms run inside the sandbox their units ask for, and cannot do what it forbids."""

from __future__ import annotations

import ctypes.util
import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from hardware.sim.library import footage_path
from tests.deploy.provision_world import DEPLOY, FILE, machine
from tests.deploy.unit_files import allowed_calls, units
from tests.deploy.update_world import NEW, vendor, world

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
LONGEST_S = 60.0
SANMEN = "from appliance.cli import main; main()"
GATE = """
[site]
simulation = true
[camera]
driver = "file"
source = "{camera}"
repeat = true
[door]
driver = "mock"
[reader]
driver = "sim"
source = "reader"
[methods]
face = true
"""
FORBIDDEN = {
    "the network": "import socket; socket.socket(socket.AF_INET)",
    "another process": "import ctypes, os; c = ctypes.CDLL(None, use_errno=True); "
    "r = c.ptrace(16, os.getppid(), 0, 0); r == 0 or os._exit(ctypes.get_errno())",
    "a mount": "import ctypes, os; c = ctypes.CDLL(None, use_errno=True); "
    "r = c.mount(b'none', b'/mnt', b'tmpfs', 0, None); r == 0 or os._exit(ctypes.get_errno())",
    "a file's owner": "import os; os.chown('.', 1, 1)",
    "writable code": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
}
MEMORY_SEARCH = """
from appliance.hardening import complain, lock_down
from appliance.process_memory import pieces, still_copy
complain("search", lock_down())
with still_copy() as copy:
    print(sum(len(piece) for piece in pieces(copy, 1 << 20, 0)))
"""


@pytest.fixture(autouse=True)
def _able() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give up root's rights")
    if ctypes.util.find_library("seccomp") is None:
        pytest.skip("needs libseccomp2")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd's tools, which know the groups of system calls")


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    (tmp_path / "gate.toml").write_text(
        GATE.format(camera=footage_path("WolfgangLanger_Pexels.mp4"))
    )
    return tmp_path


def plan(name: str, arguments: list[str], notify: Path | None = None) -> list[str]:
    """Return the command that runs Python in the sandbox of a unit."""
    unit = units("service")[f"sanmen-{name}.service"]
    environment = dict(word.split("=", 1) for word in unit.words("Environment"))
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": f"{REPOSITORY}:{DEPLOY}"}
    if notify is not None:
        environment["NOTIFY_SOCKET"] = str(notify)
    wanted = {
        "alone": unit.last("PrivateNetwork") == "yes",
        "deny_write_execute": unit.last("MemoryDenyWriteExecute") == "yes",
        "calls": sorted(allowed_calls(unit)),
        "families": unit.words("RestrictAddressFamilies"),
        "command": [sys.executable, *arguments],
        "environment": environment,
    }
    return [sys.executable, str(Path(__file__).with_name("sandboxed.py")), json.dumps(wanted)]


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        plan(name, list(arguments)), capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


@contextmanager
def room(name: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a room that said it is ready; stop it at the end."""
    notify = folder / f"{name}.notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(notify))
        heard.settimeout(LONGEST_S)
        words = ["-m", f"appliance.{name}", str(folder / "gate.toml"), str(folder / "link")]
        with subprocess.Popen(  # noqa: S603 - our own
            plan(name, words, notify),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                assert heard.recv(100) == b"READY=1"
                yield process
            finally:
                process.terminate()


@pytest.mark.parametrize("name", ["gate", "vision"])
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_room_cannot_reach(name: str, what: str) -> None:
    if (name, what) == ("vision", "writable code"):
        pytest.skip("the face models' kernels are made at run time; its unit says so")
    done = run(name, "-c", FORBIDDEN[what])

    assert done.returncode != 0
    # 1: EPERM as an exit code, or Python's for an exception
    assert done.returncode == 1, done.stderr
    if done.stderr:
        assert "PermissionError" in done.stderr


def test_the_screen_can_listen_on_this_machine_and_talk_to_no_kernel_service() -> None:
    listen = "import socket; socket.socket(socket.AF_INET).bind(('127.0.0.1', 0)); "

    assert run("ui", "-c", listen).returncode == 0
    done = run("ui", "-c", "import socket; socket.socket(socket.AF_NETLINK)")
    assert (done.returncode, "PermissionError" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["gate", "vision", "ui", "sweep"])
def test_the_memory_measures_of_a_room_hold_in_its_sandbox(name: str) -> None:
    done = run(name, "-m", "appliance.hardening")

    assert done.returncode == 0, done.stderr
    measures = json.loads(done.stdout)
    # No swap is the machine's; the limit of locked memory is systemd's to raise.
    assert [one for one in measures if not one["held"] and one["name"] != "no swap"] == []


@pytest.mark.parametrize("name", ["gate", "sweep"])
def test_the_proof_of_an_erasure_can_search_its_own_memory(name: str) -> None:
    done = run(name, "-c", MEMORY_SEARCH)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1_000_000


def test_gate_and_vision_work_together_in_their_sandboxes(gate: Path) -> None:
    config = str(gate / "gate.toml")
    done = run("store", "-c", SANMEN, "commission", "store", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"new gate: made its store in {gate / 'state'}\n"

    with room("gate", gate) as deciding, room("vision", gate) as seeing:
        assert deciding.stdout is not None
        too_late = Timer(LONGEST_S, deciding.kill)
        too_late.start()
        # It has a face in view and enrolled nobody.
        refused = next((line for line in deciding.stdout if "log #" in line), "nothing")
        too_late.cancel()
        # which reason it is depends on how many pictures a second this machine looks at
        assert "entry.refused face " in refused
        assert seeing.poll() is None
    assert deciding.wait(LONGEST_S) == 0

    for name, words in (("sweep", ["sweep"]), ("verify", ["audit", "verify"])):
        done = run(name, "-c", SANMEN, *words, "--config", config)
        assert (done.returncode, done.stderr) == (0, ""), name


def test_the_first_start_makes_key_and_settings_in_its_sandbox(tmp_path: Path) -> None:
    if shutil.which("systemd-creds") is None:
        pytest.skip("needs systemd-creds, which seals the key")
    one = machine(tmp_path, FILE.encode())

    done = run("provision", "-m", "provision", "--card", str(one.card), "--state", str(one.state))

    assert (done.returncode, done.stderr) == (0, "")
    assert one.config.exists()
    assert (one.state / "keys/sanmen.key.cred").stat().st_size > 100
    assert not one.file.exists()


def test_the_relays_end_gets_as_far_as_the_pins_in_its_sandbox(tmp_path: Path) -> None:
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has pins; they are not ours to drive")
    done = run("gate", "-m", "hardware.relay_off", str(tmp_path / "gate.toml"))

    assert (done.returncode, done.stderr) == (
        1,
        "relay /dev: no gpiochip; expected the pins of a Pi\n",
    )


ASK = """
import os, sys
from pathlib import Path
from appliance.gate.update_seen import Updates
os.chdir(sys.argv[1])  # what leads there is closed to others
os.setgroups([])
os.setresgid(4321, 4321, 4321)
os.setresuid(4321, 4321, 4321)
Updates(Path("run/sanmen")).ask("sanmen-0.2.0.raucb", Path("var/lib/sanmen/gate"))
"""
GATE_USER = 4321


def test_an_update_that_the_gates_user_asks_for_is_installed_in_its_sandbox(tmp_path: Path) -> None:
    maker = vendor(tmp_path)
    one = world(tmp_path / "root", maker.keyring)
    rooms = one.machine.root / "run/sanmen"
    for name in ("stick", "update-request", "update-status"):
        (rooms / name).mkdir(parents=True)
    shutil.copy(maker.bundle(), one.machine.stick / "sanmen-0.2.0.raucb")
    # As tmpfiles.d and sysusers.d have it: the store is the gate's, the request's group is root.
    os.chown(one.store, GATE_USER, GATE_USER)
    os.chown(rooms / "update-request", GATE_USER, 0)
    (rooms / "update-request").chmod(0o2770)
    root = str(one.machine.root)
    asked = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", ASK, root], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    (request,) = (rooms / "update-request").iterdir()
    assert (request.stat().st_uid, request.stat().st_gid) == (GATE_USER, 0)

    done = run("update-install", "-m", "update", "--root", root, "requested")

    assert done.returncode == 0, done.stderr
    assert json.loads(one.machine.told.read_bytes())["state"] == "written"
    assert not request.exists()
    assert one.restart() == NEW


def test_what_lies_on_a_stick_is_told_in_its_sandbox(tmp_path: Path) -> None:
    one = world(tmp_path / "root")
    for name in ("stick", "update-status"):
        (one.machine.root / "run/sanmen" / name).mkdir(parents=True)
    (one.machine.stick / "sanmen-0.2.0.raucb").write_bytes(b"12345")

    done = run("update-look", "-m", "update", "--root", str(one.machine.root), "look")

    assert (done.returncode, done.stderr) == (0, "")
    assert [two["name"] for two in json.loads(one.machine.offers.read_bytes())["bundles"]] == [
        "sanmen-0.2.0.raucb"
    ]
