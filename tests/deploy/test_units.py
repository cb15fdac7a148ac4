"""The services as systemd's own tools see them, and as the rooms and the command really are."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from appliance import supervisor
from appliance.cli import build
from appliance.cli.clean_memory import ALLOCATOR
from appliance.hardening import OVERWRITE, TUNABLES
from hardware.ports import LED_LINES
from tests.deploy.unit_files import (
    SYSTEMD,
    Unit,
    allowed_calls,
    install,
    lines_of,
    table,
    units,
)

SERVICES = units("service")
ROOMS = ("gate", "vision", "ui")
OTHERS = ("timer", "target", "path", "mount")
MOST_EXPOSED = 15
"""Tenths of a point, of 100; systemd calls up to 1.5 "OK"."""
WITHOUT_NETWORK = sorted(set(SERVICES) - {"sanmen-ui.service"})
KEYED = ("gate", "store", "sweep", "verify")
COMING_ROOMS = {"appliance.ui"}
"""Rooms without a program yet; once they have one, its arguments are counted."""
MODULES = {
    "appliance.gate": 2,
    "appliance.vision": 2,
    "appliance.ui": 2,
    "hardware.relay_off": 1,
}
"""How many arguments the modules take that units run with `python -m`."""


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; it comes with systemd")
    return path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - systemd's own tools
        [tool(words[0]), *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "cat", "LC_ALL": "C"},
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tool("systemd-analyze")
    root = tmp_path_factory.mktemp("image") / "root"
    install(root)
    return root


def service(room: str) -> Unit:
    return SERVICES[f"sanmen-{room}.service"]


@pytest.mark.parametrize(
    "unit",
    sorted([*SERVICES, *(name for kind in OTHERS for name in units(kind))]),
    ids=lambda name: name,
)
def test_systemd_finds_nothing_to_say_about_a_unit(root: Path, unit: str) -> None:
    done = run("systemd-analyze", "verify", f"--root={root}", "--man=no", unit)

    own = [line for line in (done.stdout + done.stderr).splitlines() if "sanmen" in line]
    assert (done.returncode, own) == (0, [])


def test_systemd_does_say_something_about_a_unit_that_is_wrong(tmp_path: Path, root: Path) -> None:
    broken = tmp_path / "root"
    shutil.copytree(root, broken, symlinks=True)
    unit = broken / "usr/lib/systemd/system/sanmen-gate.service"
    unit.write_text(unit.read_text("utf-8").replace("WatchdogSec=3s", "WatchdogSecs=3s"))

    done = run("systemd-analyze", "verify", f"--root={broken}", "--man=no", unit.name)

    assert "WatchdogSecs" in done.stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_exposed_by_one_point_five_of_ten_at_most(root: Path, unit: str) -> None:
    done = run(
        *("systemd-analyze", "security", "--offline=true", f"--root={root}"),
        *(f"--threshold={MOST_EXPOSED}", "--no-pager", unit),
    )

    assert done.returncode == 0, done.stdout[-4000:]


def test_a_service_without_its_sandbox_is_over_the_limit(tmp_path: Path, root: Path) -> None:
    bare = tmp_path / "root"
    shutil.copytree(root, bare, symlinks=True)
    shutil.rmtree(bare / "usr/lib/systemd/system/sanmen-.service.d")

    done = run(
        *("systemd-analyze", "security", "--offline=true", f"--root={bare}"),
        *(f"--threshold={MOST_EXPOSED}", "--no-pager", "sanmen-gate.service"),
    )

    assert done.returncode != 0


@pytest.mark.parametrize("timer", units("timer").values(), ids=lambda timer: timer.name)
def test_a_timer_has_a_next_time_and_a_service(timer: Unit) -> None:
    (when,) = timer.all("OnCalendar")
    done = run("systemd-analyze", "calendar", when)

    assert done.returncode == 0
    assert "Next elapse: " in done.stdout
    assert timer.name.replace(".timer", ".service") in SERVICES


@pytest.fixture(scope="module")
def made(root: Path) -> Path:
    """Let systemd make users, folders and links in the image."""
    if os.getuid() != 0:
        pytest.skip("only root can give folders to other users")
    done = run("systemd-sysusers", f"--root={root}")
    assert (done.returncode, "not a valid" in done.stderr) == (0, False), done.stderr
    done = run("systemd-tmpfiles", f"--root={root}", "--create", "--prefix=/run/sanmen")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("systemd-tmpfiles", f"--root={root}", "--create", "--prefix=/var/lib/sanmen")
    assert (done.returncode, done.stderr) == (0, "")
    return root


def names(file: Path) -> dict[int, str]:
    rows = [line.split(":") for line in file.read_text("utf-8").splitlines()]
    return {int(row[2]): row[0] for row in rows}


def test_each_room_is_a_user_of_its_own_who_cannot_log_in(made: Path) -> None:
    rows = [line.split(":") for line in (made / "etc/passwd").read_text("utf-8").splitlines()]
    shells = {row[0]: row[6] for row in rows if row[0].startswith("sanmen-")}

    users = ("sanmen-gate", "sanmen-vision", "sanmen-ui", "sanmen-kiosk")
    assert shells == dict.fromkeys(users, "/usr/sbin/nologin")


@pytest.mark.parametrize(
    ("path", "owner", "group", "mode"),
    [
        ("run/sanmen/gate-vision", "sanmen-gate", "sanmen-vision", 0o2710),
        ("run/sanmen/gate-ui", "sanmen-gate", "sanmen-ui", 0o2710),
        ("run/sanmen/ui-vision", "sanmen-ui", "sanmen-vision", 0o2710),
        ("run/sanmen/ui", "sanmen-ui", "sanmen-kiosk", 0o2750),
        ("run/sanmen/gate", "root", "root", 0o755),
        ("run/sanmen/update-request", "sanmen-gate", "root", 0o2770),
        ("run/sanmen/update-status", "root", "root", 0o755),
        ("var/lib/sanmen/gate", "sanmen-gate", "sanmen-gate", 0o700),
        ("var/lib/sanmen/keys", "root", "root", 0o700),
        ("var/lib/sanmen/config", "root", "root", 0o755),
    ],
)
def test_a_folder_is_for_whom_it_is_meant(
    made: Path, path: str, owner: str, group: str, mode: int
) -> None:
    users = {0: "root", **names(made / "etc/passwd")}
    groups = {0: "root", **names(made / "etc/group")}
    status = (made / path).stat()

    assert (users[status.st_uid], groups[status.st_gid]) == (owner, group)
    assert status.st_mode & 0o7777 == mode


def test_the_folders_of_two_rooms_lead_to_one_socket(made: Path) -> None:
    run_folder = made / "run/sanmen"
    for one, other in (("gate/vision", "vision/vision"), ("gate/ui", "ui/ui")):
        ends = [(run_folder / f"{end}.socket").resolve() for end in (one, other)]
        assert ends[0] == ends[1]
    assert (run_folder / "vision/preview.socket").resolve() == (
        run_folder / "ui/preview.socket"
    ).resolve()


@pytest.mark.parametrize("unit", SERVICES.values(), ids=lambda unit: unit.name)
def test_users_groups_and_paths_of_a_unit_exist(unit: Unit) -> None:
    sysusers = table(SYSTEMD / "sysusers.d/sanmen.conf")
    known_users = {"root"} | {row[1] for row in sysusers if row[0] == "u"}
    known_groups = {"root"} | {row[1] for row in sysusers}
    folders = {row[1] for row in table(SYSTEMD / "tmpfiles.d/sanmen.conf") if row[0] == "d"}
    folders |= {"/bootconfig", "/var/lib/systemd", "/run/systemd"}
    folders |= {f"/sys/class/leds/sanmen-{name}" for name in LED_LINES}

    assert unit.last("User") in known_users
    assert set(unit.words("Group") + unit.words("SupplementaryGroups")) <= known_groups
    assert {f"/var/lib/{one}" for one in unit.words("StateDirectory")} <= folders
    for path in unit.words("ReadWritePaths") + unit.words("InaccessiblePaths"):
        assert path.removeprefix("-") in folders
    for command in unit.commands:
        for word in command[1:]:
            if word.startswith("/") and word != "/opt/sanmen/share":
                assert word in folders or word.rpartition("/")[0] in folders, word


@pytest.mark.parametrize(
    ("unit", "command"),
    [(unit.name, command) for unit in SERVICES.values() for command in unit.commands],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[1:4]),
)
def test_a_unit_calls_what_the_program_has(unit: str, command: list[str]) -> None:
    program, *words = command
    if program.startswith("+"):  # the one with all rights of root is systemd's own
        assert (unit, program) == ("sanmen-provision.service", "+/usr/bin/systemd-tmpfiles")
        assert words == ["--create", "--prefix=/var/lib/sanmen/reader"]
        return
    if program == "/opt/sanmen/bin/python":
        flag, module, *arguments = words
        assert flag == "-m"
        if module == "provision":
            assert unit == "sanmen-provision.service"
            assert (SYSTEMD.parent / "deploy/provision/__main__.py").is_file()
            return
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        assert len(arguments) == MODULES[module]
        source = Path(spec.origin)
        entry = source.with_name("__main__.py") if source.stem == "__init__" else source
        if entry.exists() or module not in COMING_ROOMS:
            taken = re.findall(r"sys\.argv\[(\d)\]", entry.read_text("utf-8"))
            assert {int(number) for number in taken} == set(range(1, len(arguments) + 1))
        return
    assert program == "/opt/sanmen/bin/sanmen"
    parse(words)


def parse(words: list[str]) -> None:
    """Let the real command read its words, as far as calling what they ask for."""
    command: Any = typer.main.get_command(build())
    context = command.make_context("sanmen", list(words))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_watched_as_sanmen_run_watches_it(room: str) -> None:
    unit = service(room)

    assert unit.last("Type") == "notify"
    assert unit.last("NotifyAccess") == "main"
    assert unit.last("WatchdogSec") == f"{supervisor.SILENCE_S:.0f}s"
    assert unit.last("TimeoutStartSec") == f"{supervisor.START_S:.0f}s"
    assert unit.last("TimeoutStopSec") == f"{supervisor.STOP_S:.0f}s"
    assert unit.last("Restart") == "always"
    assert unit.last("StartLimitIntervalSec") == "0"


@pytest.mark.parametrize("unit", SERVICES.values(), ids=lambda unit: unit.name)
def test_a_service_keeps_its_memory_to_itself(unit: Unit) -> None:
    assert unit.last("LimitCORE") == "0"
    assert unit.last("MemorySwapMax") == "0"
    assert f"{TUNABLES}={OVERWRITE}" in unit.words("Environment")
    if unit.last("User") != "root":
        assert unit.last("LimitMEMLOCK") == "infinity"
    assert unit.last("CapabilityBoundingSet") == ""


@pytest.mark.parametrize("name", ["gate", "sweep"])
def test_what_erases_has_an_allocator_that_overwrites(name: str) -> None:
    (variable,) = (f"{key}={value}" for key, value in ALLOCATOR.items())
    assert variable in service(name).words("Environment")


@pytest.mark.parametrize("name", WITHOUT_NETWORK)
def test_only_the_screen_has_a_network_and_that_is_this_machine(name: str) -> None:
    unit = SERVICES[name]
    assert unit.last("PrivateNetwork") == "yes"
    assert unit.last("IPAddressDeny") == "any"
    assert not {"AF_INET", "AF_INET6", "AF_PACKET"} & set(unit.words("RestrictAddressFamilies"))
    assert unit.all("IPAddressAllow") == []


def test_the_screen_reaches_loopback_alone_and_of_devices_the_loudspeaker() -> None:
    unit = service("ui")
    assert unit.words("IPAddressAllow") == ["127.0.0.0/8"]
    assert unit.last("IPAddressDeny") == "any"
    assert unit.words("RestrictAddressFamilies") == ["AF_UNIX", "AF_INET"]
    assert unit.all("DeviceAllow") == ["char-alsa rw"]


def test_no_microphone_is_open_to_anybody() -> None:
    rules = (SYSTEMD / "udev/70-sanmen.rules").read_text("utf-8").splitlines()
    assert 'SUBSYSTEM=="sound", KERNEL=="pcm*c", GROUP="root", MODE="0600"' in rules


@pytest.mark.parametrize(
    ("room", "lights"),
    [("ui", {"red", "green", "blue"}), ("vision", {"infrared"}), ("gate", set())],
)
def test_a_room_may_switch_its_own_lights_and_has_no_pins(room: str, lights: set[str]) -> None:
    unit = service(room)
    open_to_it = [one for one in unit.words("ReadWritePaths") if "/sys/" in one]
    assert set(open_to_it) == {f"-/sys/class/leds/sanmen-{name}" for name in lights}
    assert ("char-gpiochip rw" in unit.all("DeviceAllow")) is (room == "gate")
    rules = (SYSTEMD / "udev/70-sanmen.rules").read_text("utf-8").splitlines()
    (given,) = [one for one in rules if f"chgrp sanmen-{room}" in one] if lights else [""]
    assert {name for name in LED_LINES if f"sanmen-{name}" in given.split("RUN")[0]} == lights


def test_the_firmware_makes_the_lights_that_the_program_switches() -> None:
    text = (SYSTEMD.parent / "deploy/image/profiles/rpi/boot/config.txt").read_text("ascii")
    lines = text.splitlines()
    for name, line in LED_LINES.items():
        assert f"dtoverlay=gpio-led,gpio={line},label=sanmen-{name}" in lines
    assert f"gpio={','.join(str(one) for one in LED_LINES.values())}=op,dl" in lines


def test_the_key_goes_to_the_gates_own_user_alone() -> None:
    keyed = {name for name, unit in SERVICES.items() if unit.all("LoadCredentialEncrypted")}

    assert keyed == {f"sanmen-{name}.service" for name in KEYED}
    for name in keyed:
        assert SERVICES[name].last("User") == "sanmen-gate"
        assert SERVICES[name].all("LoadCredentialEncrypted") == [
            "sanmen.key:/var/lib/sanmen/keys/sanmen.key.cred"
        ]


def test_vision_and_screen_cannot_even_see_store_and_keys() -> None:
    for room in ("vision", "ui"):
        hidden = {path.removeprefix("-") for path in service(room).words("InaccessiblePaths")}
        assert {"/var/lib/sanmen/gate", "/var/lib/sanmen/keys", "/bootconfig"} <= hidden


def test_pictures_and_pins_are_never_in_one_hand() -> None:
    gate = {word for word in service("gate").words("DeviceAllow") if word.startswith("char-")}
    vision = {word for word in service("vision").words("DeviceAllow") if word.startswith("char-")}

    assert "char-gpiochip" in gate
    assert "char-video4linux" in vision
    assert gate & vision == set()
    assert not {"video", "render"} & set(service("gate").words("SupplementaryGroups"))


def test_the_gate_can_ask_for_an_update_and_not_install_one() -> None:
    gate, installs = service("gate"), service("update-install")
    (watched,) = units("path")["sanmen-update-install.path"].all("PathExists")
    assert f"-{watched.rpartition('/')[0]}" in gate.words("ReadWritePaths")
    assert "/run/sanmen/update-status" not in gate.words("ReadWritePaths")
    assert not [word for word in gate.words("DeviceAllow") if word.startswith("block-")]
    assert installs.last("SuccessAction") == "reboot"
    assert installs.last("RebootArgument") == "0 tryboot"
    assert installs.last("FailureAction") is None  # refused: everything goes on
    hidden = {one.removeprefix("-") for one in installs.words("InaccessiblePaths")}
    assert {"/var/lib/sanmen/gate", "/var/lib/sanmen/keys"} <= hidden


def test_a_stick_is_read_only_and_runs_nothing() -> None:
    stick = units("mount")["run-sanmen-stick.mount"]
    options = set((stick.last("Options") or "").split(","))
    assert options == {"ro", "nosuid", "nodev", "noexec", "uid=sanmen-gate", "gid=sanmen-gate"}
    assert service("update-look").words("BindsTo") == [stick.name]
    rules = (SYSTEMD / "udev/70-sanmen.rules").read_text("utf-8")
    assert 'SYMLINK+="sanmen-stick"' in rules
    assert stick.last("What") == "/dev/sanmen-stick"


DRIVERS = {
    "char-ttyUSB": "usbserial",
    "char-i2c": "i2c_dev",
    "char-spi": "spidev",
    "char-video4linux": "videodev",
    "char-media": "mc",
    "char-drm": "drm",
    "char-alsa": "snd",
}
"""Kinds of devices that the kernel knows by name only while a module is loaded."""


@pytest.mark.parametrize("room", ["gate", "vision", "ui"])
def test_a_kind_of_device_is_known_before_the_room_that_may_have_it_starts(room: str) -> None:
    unit = SERVICES[f"sanmen-{room}.service"]
    allowed = {value.split()[0] for value in unit.all("DeviceAllow")}
    needed = {f"modprobe@{DRIVERS[kind]}.service" for kind in allowed & set(DRIVERS)}

    assert needed
    assert needed <= set(unit.words("Wants"))
    assert needed <= set(unit.words("After"))


def test_the_pins_library_may_write_where_it_is_started() -> None:
    unit = SERVICES["sanmen-gate.service"]

    assert (unit.last("WorkingDirectory"), unit.last("PrivateTmp")) == ("/tmp", "yes")  # noqa: S108 - its own


def test_the_relay_is_driven_off_however_the_gate_ended() -> None:
    (command,) = service("gate").all("ExecStopPost")
    assert "hardware.relay_off" in command
    assert not command.startswith("-")


def test_process_vm_readv_is_allowed_and_ptrace_and_writing_are_not() -> None:
    tool("systemd-analyze")
    allowed = allowed_calls(service("gate"))

    assert {"process_vm_readv", "mlockall", "prctl"} <= allowed
    assert not {"ptrace", "process_vm_writev", "pidfd_getfd", "mount", "bpf"} & allowed


def test_no_unit_undoes_a_line_of_the_sandbox() -> None:
    fixed = {key for key, _ in lines_of(SYSTEMD / "sanmen-.service.d/10-sandbox.conf")}
    fixed -= {"Environment"}  # added up
    for path in SYSTEMD.glob("*.service"):
        assert fixed & {key for key, _ in lines_of(path)} == set(), path.name


def test_the_rules_of_the_devices_read_as_udev_reads_them() -> None:
    text = (SYSTEMD / "udev/70-sanmen.rules").read_text("utf-8")
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    item = r'(?:[A-Z]+(?:\{[A-Z_]+\})?)(?:==|=|\+=|!=)"[^"]*"'

    assert rules
    for rule in rules:
        assert re.fullmatch(rf"{item}(?:, {item})*", rule), rule
    groups = {row[1] for row in table(SYSTEMD / "sysusers.d/sanmen.conf")} | {"root"}
    assert set(re.findall(r'GROUP="([^"]+)"', text)) <= groups
    vault = [rule for rule in rules if "vcio" in rule]
    assert vault
    assert all('GROUP="root", MODE="0600"' in rule for rule in vault)


def test_exposure_figures_are_as_the_notes_give_them(root: Path) -> None:
    if not run("systemd-analyze", "--version").stdout.startswith("systemd 252"):
        pytest.skip("the notes' figures are of systemd 252; others weigh otherwise")
    told = {}
    for line in (SYSTEMD / "README.md").read_text("utf-8").splitlines():
        row = re.fullmatch(r"\| `(sanmen-[a-z-]+)\.(?:service|timer)` \|.*\| ([0-9.]+) \|", line)
        if row:
            told[f"{row[1]}.service"] = row[2]
    found = {}
    for unit in SERVICES:
        done = run(
            *("systemd-analyze", "security", "--offline=true", f"--root={root}"),
            *("--no-pager", unit),
        )
        (figure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        found[unit] = figure

    assert told == found


def test_every_setting_of_the_kernel_is_one_it_has() -> None:
    built_in = ("yama.ptrace_scope", "unprivileged_bpf_disabled", "sysrq")  # or left out
    optional = {f"kernel.{name}" for name in built_in}
    for key, value in lines_of(SYSTEMD / "sysctl.d/sanmen.conf"):
        assert value, key
        if key not in optional:
            assert Path("/proc/sys", *key.split(".")).exists(), key


def test_a_copy_of_oneself_may_be_looked_into_and_nobody_else() -> None:
    settings = dict(lines_of(SYSTEMD / "sysctl.d/sanmen.conf"))

    assert settings["kernel.yama.ptrace_scope"] == "1"  # 2 would end the proof of erasures
    assert settings["kernel.core_pattern"] == "|/bin/false"


def test_the_hardware_waits_no_longer_than_a_pis_watchdog_can() -> None:
    settings = dict(lines_of(SYSTEMD / "system.conf.d/sanmen.conf"))

    assert settings["RuntimeWatchdogSec"] == "14s"
    assert settings["DumpCore"] == "no"
    assert dict(lines_of(SYSTEMD / "journald.conf.d/sanmen.conf"))["Storage"] == "volatile"
