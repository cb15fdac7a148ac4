"""The recipe: what it refuses, and that it holds what units, updates and kiosk ask of an image."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.deploy.image.image_world import RECIPE, REPOSITORY, copied

from image import check, modules, python_env, root, system  # isort: skip
from image.faults import BuildError  # isort: skip
from image.profile import load, names  # isort: skip

OVERLAY = RECIPE / "overlay"


def test_there_are_two_profiles() -> None:
    assert names() == ("qemu", "rpi")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("recipe.toml", 'suite = "bookworm"', 'suit = "bookworm"', "suite is missing"),
        ("recipe.toml", 'suite = "bookworm"', 'suite = ""', "suite is ''"),
        ("recipe.toml", "data = 256", "data = 256\nspare = 1", "unknown key 'card.spare'"),
        ("recipe.toml", "data = 256", "data = 0", "card.data is 0"),
        ("recipe.toml", "data = 256", "data = true", "card.data is True"),
        ("recipe.toml", '    "udev",\n', '    "udev",\n    "udev",\n', "packages is 'udev'"),
        ("recipe.toml", "[card]", "[card", "cannot be read"),
        ("recipe.toml", 'suite = "bookworm"', 'suite = "a"\nsuite = "b"', "cannot be read"),
        ("profiles/rpi.toml", 'name = "rpi"', 'name = "pi"', "is named 'pi'"),
        ("profiles/rpi.toml", 'name = "rpi"', 'name = "rpi"\nssh = true', "unknown key 'ssh'"),
        ("profiles/rpi.toml", 'url = "http', 'uri = "http', "archive.url is missing"),
        ("profiles/rpi.toml", "packages = [", "packages = [1, ", "packages is [1"),
    ],
)
def test_what_a_recipe_gets_wrong_is_named(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    folder = copied(tmp_path)
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BuildError) as told:
        load("rpi", folder)
    assert words in str(told.value)


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(BuildError, match="Choose one of: qemu, rpi"):
        load("pi5")


@pytest.mark.parametrize("name", ["qemu", "rpi"])
def test_a_recipe_has_no_problem_that_can_be_seen_without_building(name: str) -> None:
    assert check.static_problems(load(name)) == []


@pytest.mark.parametrize("name", ["qemu", "rpi"])
def test_nothing_in_an_image_lets_anybody_in(name: str) -> None:
    packages = load(name).packages
    assert not {one for one in packages if "ssh" in one or "telnet" in one or "wpa" in one}
    assert set(packages) >= {"nftables", "rauc", "squashfs-tools", "sway", "chromium", "pcscd"}
    for unit in ("getty@", "serial-getty@", "debug-shell", "console-getty"):
        assert (OVERLAY / f"etc/systemd/system/{unit}.service").readlink() == Path("/dev/null")


def test_the_only_terminal_is_asked_for_on_the_card_and_for_one_start() -> None:
    units = OVERLAY / "usr/lib/systemd/system"
    said = (units / "service-shell.service").read_text("utf-8").splitlines()
    asked = ("/bootconfig/service.txt", "/bootconfig/service.txt.txt")
    assert [line for line in said if line.startswith("Condition")] == [
        f"ConditionPathExists=|{name}" for name in asked
    ]
    starts = [line for line in said if line.startswith("Exec")]
    assert starts[0] == f"ExecStartPre=/usr/bin/rm -f {' '.join(asked)}"  # it fails: no terminal
    assert starts[-1].startswith("ExecStart=-/bin/bash ")
    assert "SuccessAction=reboot" in said
    kiosk = (units / "kiosk.service").read_text("utf-8").splitlines()
    assert "ConditionPathExists=!/run/service-shell" in kiosk
    shells = [one.name for one in units.glob("*.service") if "bash" in one.read_text("utf-8")]
    assert shells == ["service-shell.service"]


def test_a_stick_has_every_driver_it_needs_to_be_a_disk() -> None:
    # as a whole computer showed: with the first two alone a stick is met, and is no disk
    assert {"usb_storage", "uas", "sd_mod", "vfat", "exfat"} <= set(load("qemu").modules)


def test_a_package_that_listens_is_a_problem(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    path = folder / "recipe.toml"
    path.write_text(path.read_text("utf-8").replace('"udev",', '"udev", "openssh-server",', 1))
    assert check.static_problems(load("qemu", folder)) == [
        "openssh-server must not be in a gate: take it out."
    ]


@pytest.mark.parametrize("line", ["gpio=17=op,dl", "dtparam=strict_gpiod", "dtparam=watchdog=on"])
def test_config_txt_without_a_safe_default_is_a_problem(line: str) -> None:
    text = (RECIPE / "profiles/rpi/boot/config.txt").read_text("ascii")
    assert check._firmware(text) == []
    assert line in check._firmware(text.replace(f"{line}\n", ""))[0]
    only_on_one_board = text.replace(f"{line}\n", "") + f"[pi5]\n{line}\n"
    assert line in check._firmware(only_on_one_board)[0]
    assert line in check._firmware(text.replace(line, f"#{line}"))[0]


def test_config_txt_starts_each_system_with_its_own_root() -> None:
    text = (RECIPE / "profiles/rpi/boot/config.txt").read_text("ascii")
    assert "[boot_partition=2]\ncmdline=cmdline-a.txt\n" in text
    assert "[boot_partition=3]\ncmdline=cmdline-b.txt\n" in text
    assert text.rstrip().endswith("[all]")
    assert check._firmware(text.replace("cmdline-b", "cmdline-a")) != []
    settings = [line for line in text.splitlines() if line and line[0] not in "#["]
    assert not [line for line in settings if " = " in line or " #" in line]
    for wanted in ("dtoverlay=disable-wifi", "dtoverlay=disable-bt", "camera_auto_detect=1"):
        assert wanted in settings
    assert text.index("[pi4]") < text.index("dtoverlay=i2c-rtc,ds3231") < text.index("[pi5]")
    assert text.index("[pi5]") < text.index("dtparam=rtc_bbat_vchg=3000000")


@pytest.mark.parametrize("name", ["qemu", "rpi"])
def test_a_kernel_that_panics_restarts_and_mounts_its_own_root_read_only(name: str) -> None:
    for letter in "ab":
        words = root.command_line(load(name), letter).split()
        assert f"root=PARTLABEL=system_{letter}" in words
        assert {"ro", "rootfstype=squashfs", "panic=10"} <= set(words)
        assert not [word for word in words if word.startswith("init=")]


def test_a_pi_counts_memory_and_lets_go_of_its_pins() -> None:
    words = root.command_line(load("rpi"), "a").split()
    assert {"cgroup_enable=memory", "pinctrl_bcm2835.persist_gpio_outputs=n"} <= set(words)


def test_wheels_are_those_the_project_pins() -> None:
    locked = {}
    for line in python_env.LOCK.read_text("ascii").splitlines():
        name, version, digest = re.fullmatch(
            r"(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})", line
        ).groups()  # type: ignore[union-attr]
        locked[name] = version
        assert len(digest) == 64
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *optional["pi"], *optional["pn532"], *optional["osdp"]]
    pinned = dict(one.split("==") for one in wanted)
    left_out = {
        "opencv-python": "headless instead",
        "opencv-contrib-python": "mediapipe's",
        "mediapipe": "its model lies in appliance/models",
        "sdnotify": "no wheel: Debian's",
        "spidev": "no wheel: Debian's",
        "picamera2": "Raspberry Pi's archive",
    }
    for name, version in pinned.items():
        if name not in left_out:
            assert locked[name] == version, name
    assert locked["opencv-python-headless"] == pinned["opencv-python"]
    assert not {"jax", "scipy", "matplotlib", "mediapipe", "pip"} & set(locked)
    assert {"python3-sdnotify", "python3-spidev", "python3-pyscard"} <= set(load("rpi").packages)


def test_kernel_modules_keep_what_they_need_and_lose_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/modules/6.1"
    for name in ("kernel/fs/ext4.ko", "kernel/lib/crc16.ko", "kernel/net/bluetooth.ko.xz"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "modules.dep").write_text(
        "kernel/fs/ext4.ko: kernel/lib/crc16.ko\n"
        "kernel/lib/crc16.ko:\nkernel/net/bluetooth.ko.xz:\n"
    )
    assert modules.prune(tmp_path, ["ext4"]) == "6.1"
    left = sorted(path.name for path in folder.rglob("*.ko*"))
    assert left == ["crc16.ko", "ext4.ko"]
    assert not (folder / "kernel/net").exists()


def test_two_kernels_in_one_image_are_refused(tmp_path: Path) -> None:
    for name in ("6.1", "6.6"):
        (tmp_path / "usr/lib/modules" / name).mkdir(parents=True)
    with pytest.raises(BuildError, match="2 kernels"):
        modules.prune(tmp_path, ["ext4"])


def test_no_radio_is_among_the_modules() -> None:
    for name in names():
        asked = load(name).modules
        assert not [one for one in asked if re.search("blue|wifi|brcmfmac|80211|^bt", one)]
        for pattern in asked:
            for radio in ("brcmfmac", "bluetooth", "btusb", "mac80211", "cfg80211", "hci_uart"):
                assert not modules.wanted(f"{radio}.ko:", [pattern]), (pattern, radio)


def test_debian_alone_serves_the_virtual_machine_and_pi_packages_come_with_their_key() -> None:
    assert [line.split()[1] for line in system.sources(load("qemu"))] == [
        "http://deb.debian.org/debian",
        "http://deb.debian.org/debian",
        "http://deb.debian.org/debian-security",
    ]
    lines = system.sources(load("rpi"), "http://mirror.example")
    assert lines[0] == "deb http://mirror.example/debian bookworm main"
    assert lines[3].startswith("deb [signed-by=/usr/share/keyrings/")
    words = system.command(load("qemu"), Path("work"))
    assert '--aptopt=APT::Install-Recommends "false"' in words
    assert not [word for word in words if "insecure" in word or "trusted=yes" in word]
