"""The recipe: what it refuses, and that it holds what units, updates and kiosk ask of an image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.deploy.image.image_world import DEPLOY, RECIPE, REPOSITORY, copied

from image import card, check, modules, python_env, root, system  # isort: skip
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
    assert set(packages) >= {"nftables", "rauc", "squashfs-tools", "cage", "chromium", "pcscd"}
    for unit in ("getty@", "serial-getty@", "debug-shell", "console-getty"):
        assert (OVERLAY / f"etc/systemd/system/{unit}.service").readlink() == Path("/dev/null")


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


def test_everything_systemd_readme_asks_for_is_placed(tmp_path: Path) -> None:
    profile = load("qemu")
    root.place_files(profile, tmp_path)
    units = tmp_path / "usr/lib/systemd/system"
    for path in (REPOSITORY / "systemd").iterdir():
        if path.suffix in {".service", ".timer", ".target"}:
            assert (units / path.name).read_bytes() == path.read_bytes()
    for name in (
        "usr/lib/systemd/system/sanmen-.service.d/10-sandbox.conf",
        "usr/lib/sysusers.d/sanmen.conf",
        "usr/lib/tmpfiles.d/sanmen.conf",
        "usr/lib/sysctl.d/sanmen.conf",
        "usr/lib/systemd/system.conf.d/sanmen.conf",
        "usr/lib/systemd/journald.conf.d/sanmen.conf",
        "usr/lib/udev/rules.d/70-sanmen.rules",
        "usr/lib/udev/rules.d/70-sanmen-kiosk.rules",
        "etc/chromium/policies/managed/sanmen.json",
        "opt/sanmen/share/provision/__main__.py",
        "opt/sanmen/share/update/__main__.py",
    ):
        assert (tmp_path / name).is_file(), name
    for name in ("opt/sanmen/share/update/tryboot", "opt/sanmen/share/kiosk/kiosk.sh"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "opt/sanmen/share/update/table.py").stat().st_mode & 0o777 == 0o644
    assert not list(tmp_path.rglob("__pycache__"))
    assert "enable sanmen.target" in (
        tmp_path / "usr/lib/systemd/system-preset/00-sanmen.preset"
    ).read_text("ascii")
    assert (tmp_path / "etc/systemd/system/getty@.service").is_symlink()


def test_a_source_with_a_part_missing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "REPOSITORY", tmp_path)
    with pytest.raises(BuildError, match="nothing is at systemd"):
        root.place_files(load("qemu"), tmp_path / "root")


def test_mounts_are_those_the_services_and_updates_count_on() -> None:
    lines = (OVERLAY / "etc/fstab").read_text("ascii").splitlines()
    table = {line.split()[1]: line.split() for line in lines if line and line[0] != "#"}
    assert table["/var"][0] == "PARTLABEL=data"
    assert "x-systemd.growfs" in table["/var"][3]
    assert table["/bootconfig"][0] == "PARTLABEL=bootconfig"
    assert "umask=0077" in table["/bootconfig"][3]
    assert "nofail" in table["/bootconfig"][3]
    for place in ("/var", "/bootconfig", "/tmp"):  # noqa: S108 - a mount point
        assert {"nodev", "nosuid", "noexec"} <= set(table[place][3].split(","))
    grows = (OVERLAY / "usr/lib/repart.d/data.conf").read_text("ascii")
    assert "Type=linux-generic" in grows
    assert [kind for _, kind, _ in card.PARTITIONS].count(card.LINUX) == 1


def test_what_cannot_start_restarts_instead_of_waiting_for_a_shell() -> None:
    for name in ("emergency", "rescue"):
        text = (OVERLAY / f"etc/systemd/system/{name}.service").read_text("ascii")
        assert "ExecStart=/usr/bin/systemctl --no-block --force reboot" in text
        assert "sulogin" not in text


def test_an_image_says_its_version_and_kind_where_an_update_looks(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr/lib/os-release").write_text('PRETTY_NAME="Debian"\nID=debian\n')
    (tmp_path / "etc/os-release").symlink_to("../usr/lib/os-release")
    share = tmp_path / "opt/sanmen/share/update"
    share.mkdir(parents=True)
    shutil.copy(DEPLOY / "update/system.conf", share)
    (tmp_path / "ca.pem").write_text("certificate")
    root._name(load("qemu"), tmp_path, "1.2.3", tmp_path / "ca.pem")
    from update.machine import Machine  # noqa: PLC0415 - of deploy/, found by the world above

    assert Machine(tmp_path).running() == "1.2.3"
    settings = (tmp_path / "etc/rauc/system.conf").read_text("utf-8")
    assert "compatible=sanmen-qemu\n" in settings
    assert "path=keyring.pem" in settings
    assert (tmp_path / "etc/rauc/keyring.pem").read_text() == "certificate"


def test_users_have_the_same_numbers_in_every_version() -> None:
    asked = (REPOSITORY / "systemd/sysusers.d/sanmen.conf").read_text("utf-8")
    fixed = (OVERLAY / "usr/lib/sysusers.d/00-sanmen-ids.conf").read_text("utf-8")
    users = re.findall(r"^u\s+(\S+)", asked, re.MULTILINE)
    numbers = dict(re.findall(r"^u\s+(\S+)\s+(\d+)", fixed, re.MULTILINE))
    assert sorted(numbers) == sorted(users)
    assert numbers == {
        "sanmen-gate": "701",
        "sanmen-vision": "702",
        "sanmen-ui": "703",
        "sanmen-kiosk": "704",
    }


def test_the_probe_is_in_the_virtual_machine_alone() -> None:
    assert list((RECIPE / "profiles/qemu").rglob("probe-sanmen.service"))
    for place in (OVERLAY, RECIPE / "profiles/rpi"):
        assert not [path for path in place.rglob("*") if "probe" in path.name]


def test_the_first_start_has_its_id_before_systemd_begins() -> None:
    script = OVERLAY / "usr/share/initramfs-tools/scripts/local-bottom/sanmen"
    text = script.read_text("ascii")
    assert text.index("e2fsck") < text.index("mount -t ext4") < text.index("mount -o bind")
    assert (OVERLAY / "etc/machine-id").read_bytes() == b""
    for path in (script, OVERLAY / "usr/share/initramfs-tools/hooks/sanmen", DEPLOY / "build"):
        subprocess.run(["/bin/sh", "-n", str(path)], check=True)  # noqa: S603 - our own


def test_the_firewall_drops_and_lets_only_the_browser_reach_the_screen() -> None:
    text = (OVERLAY / "etc/nftables.conf").read_text("ascii")
    assert re.findall(r"hook (\w+) .*policy (\w+)", text) == [
        ("input", "drop"),
        ("forward", "drop"),
        ("output", "drop"),
    ]
    port = tomllib.loads((DEPLOY / "provision/gate.toml").read_text("utf-8")).get("ui", {})
    assert port == {}
    policies = json.loads((DEPLOY / "kiosk/policies.json").read_text("utf-8"))
    assert any("8460" in address for address in policies["URLAllowlist"])
    assert text.count("8460") == 2
    assert "oif lo meta skuid sanmen-kiosk ip daddr 127.0.0.1 tcp dport 8460 accept" in text


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


@pytest.mark.parametrize("unit", ["kiosk.service", "kiosk-address.service", "kiosk-address.path"])
def test_units_of_the_image_verify(tmp_path: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    place = tmp_path / "usr/lib/systemd/system"
    shutil.copytree("/usr/lib/systemd/system", place, symlinks=True)
    shutil.copytree(OVERLAY / "usr", tmp_path / "usr", dirs_exist_ok=True, symlinks=True)
    (tmp_path / "usr/bin").mkdir()
    for program in ("usr/bin/cage", "usr/bin/install", "usr/bin/mv"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    root.place_files(load("qemu"), tmp_path)
    (tmp_path / "opt/sanmen/bin").mkdir(parents=True)
    for program in ("opt/sanmen/bin/python", "opt/sanmen/bin/sanmen"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    said = subprocess.run(  # noqa: S603 - systemd's own tool
        ["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", unit],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    about = [line for line in said.stderr.splitlines() if "kiosk" in line]
    assert about == []


def test_the_browser_gets_its_address_and_nobody_else_does() -> None:
    units = OVERLAY / "usr/lib/systemd/system"
    kiosk = (units / "kiosk.service").read_text("ascii")
    hands = (units / "kiosk-address.service").read_text("ascii")
    assert "User=sanmen-kiosk\n" in kiosk
    assert " /run/sanmen-kiosk/ui.launch " in kiosk
    assert "-o sanmen-kiosk -g sanmen-kiosk -m 0400 /run/sanmen/ui/ui.launch " in hands
    assert "video" not in re.findall(r"^SupplementaryGroups=(.*)$", kiosk, re.MULTILINE)[0]
    assert "--no-sandbox" not in kiosk
    assert "--remote-debugging" not in kiosk


def test_what_the_other_pages_ask_of_an_image_was_looked_at() -> None:
    """A new path or name there must be met here, and then be added to these lists."""
    services = (REPOSITORY / "systemd/README.md").read_text("utf-8")
    asked = services.partition("## What the image provides")[2].partition("## The key")[0]
    assert set(re.findall(r"`(/[^` ]*)`", asked)) == {
        "/usr/lib/systemd/system/",
        "/usr/lib/",
        "/usr/lib/systemd/",
        "/usr/lib/udev/rules.d/",
        "/dev/vcio",
        "/opt/sanmen",
        "/opt/sanmen/share/provision",
        "/opt/sanmen/share/update",
        "/bootconfig",
        "/var",
        "/var/lib/sanmen",
        "/var/lib/systemd/credential.secret",
        "/var/lib/sanmen/device/machine-id",
        "/etc/machine-id",
        "/var/lib/sanmen/config/10-sanmen.network",
        "/run/systemd/network/",
        "/run/sanmen/ui",
    }
    links = (OVERLAY / "usr/lib/tmpfiles.d/sanmen-image.conf").read_text("ascii")
    assert "/run/systemd/network/10-sanmen.network" in links
    updates = (DEPLOY / "update/README.md").read_text("utf-8")
    must = updates.partition("What the image must provide:")[2].partition("\n\n")[0]
    packages = set(load("rpi").packages)
    for package in ("rauc", "squashfs-tools"):
        assert f"`{package}`" in must
        assert package in packages
    for word in ("boot_a", "boot_b", "system_a", "system_b"):
        assert f"`{word}`" in must
        assert word in {name for name, _, _ in card.PARTITIONS}
    assert "`panic=10`" in must
    assert "emergency.target" in must
