"""RAUC itself, with our configuration, asks our backend; and a room's trouble reaches systemd."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from appliance.watchdog import Watchdog
from tests.deploy.update_world import DEPLOY, vendor, world

# after the path that update_world sets
from update import __main__ as update_main  # isort: skip
from update.install import ask_to_try  # isort: skip

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
export DBUS_STARTER_BUS_TYPE=session  # or RAUC asks for the system bus
rauc --override-boot-slot=A service 2>&1 &
service=$!
tries=0
until rauc status >/dev/null 2>&1 || [ $tries -ge 50 ]; do tries=$((tries + 1)); sleep 0.2; done
rauc status --output-format=json
rauc status mark-active other >/dev/null
rauc status --output-format=json
kill $service
wait $service
"""


def test_rauc_sees_the_slots_and_asks_for_a_try_through_our_backend(tmp_path: Path) -> None:
    maker = vendor(tmp_path)
    if shutil.which("dbus-run-session") is None:
        pytest.skip("RAUC's service needs a D-Bus of its own: apt-get install dbus")
    gate = world(tmp_path / "root", maker.keyring)
    machine = gate.machine
    backend = tmp_path / "tryboot"
    backend.write_text(
        f"#!/bin/sh\nPYTHONPATH={DEPLOY}:{DEPLOY.parent} exec {sys.executable}"
        f' -m update --root {machine.root} backend "$@"\n'
    )
    backend.chmod(0o755)
    text = machine.settings.read_text("utf-8")
    for found, here in (
        ("/opt/sanmen/share/update/tryboot", backend),
        ("/dev/disk", machine.root / "dev/disk"),
        ("/var/lib/sanmen", machine.state),
        ("/run/rauc", tmp_path / "mount"),
    ):
        assert found in text
        text = text.replace(found, str(here))
    machine.settings.write_text(text, "utf-8")
    script = SCRIPT.replace("rauc ", f"rauc --conf={machine.settings} ")

    done = subprocess.run(  # noqa: S603 - Debian's own tools
        ["dbus-run-session", "--", "sh", "-c", script],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )

    assert done.stdout.count('{"compatible"') == 2, done.stdout + done.stderr
    before, after = (json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{")
    assert (before["compatible"], before["booted"]) == ("sanmen-rpi", "A")
    slots = {name: slot for one in before["slots"] for name, slot in one.items()}
    assert sorted(slots) == ["boot.0", "boot.1", "rootfs.0", "rootfs.1"]
    assert [slots[f"rootfs.{number}"]["boot_status"] for number in (0, 1)] == ["good", "good"]
    assert (before["boot_primary"], after["boot_primary"]) == ("rootfs.0", "rootfs.1")
    assert machine.reboot_param.read_bytes() == b"0 tryboot\n"
    assert gate.power_on() == "0.1.0"  # for once, and not after a power cut


def test_a_rooms_trouble_is_told_with_its_heartbeat(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("n") / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        watchdog = Watchdog()
        for trouble in (None, "", "camera 0:\nREADY=1", "x" * 500):
            watchdog.alive(trouble)
        said = [systemd.recv(4096).decode() for _ in range(4)]
        watchdog._notifier.socket.close()

    assert said == [
        "WATCHDOG=1",
        "WATCHDOG=1\nSTATUS=",
        "WATCHDOG=1\nSTATUS=camera 0: READY=1",
        "WATCHDOG=1\nSTATUS=" + "x" * 120,
    ]


SYSTEMCTL = """\
#!/bin/sh
# As systemd's own: a restart without an argument forgets one that was left before.
case "$*" in
reboot) rm -f "$ROOT/run/systemd/reboot-param" ;;
"reboot --reboot-argument="*) printf '%s' "${2#*=}" > "$ROOT/run/systemd/reboot-param" ;;
*) exit 1 ;;
esac
"""


def test_the_restart_after_an_update_still_asks_for_the_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = world(tmp_path / "root")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text(SYSTEMCTL, "utf-8")
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("ROOT", str(gate.machine.root))
    ask_to_try(gate.machine)

    update_main._restart()

    assert gate.machine.reboot_param.read_bytes().strip() == b"0 tryboot"
