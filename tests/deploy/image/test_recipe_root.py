"""The root: what units, updates and kiosk ask of an image lies where they look for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib

import pytest

from tests.deploy.image.image_world import DEPLOY, RECIPE, REPOSITORY

from image import card, root  # isort: skip
from image.faults import BuildError  # isort: skip
from image.profile import load  # isort: skip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY = RECIPE / "overlay"


def test_everything_systemd_readme_asks_for_is_placed(tmp_path: Path) -> None:
    profile = load("qemu")
    root.place_files(profile, tmp_path)
    units = tmp_path / "usr/lib/systemd/system"
    for path in (REPOSITORY / "systemd").iterdir():
        if path.is_file() and path.suffix != ".md":
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
    for name in ("update/tryboot", "update/tools/unsquashfs", "kiosk/kiosk.sh"):
        assert (tmp_path / "opt/sanmen/share" / name).stat().st_mode & 0o777 == 0o755
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


def test_no_program_runs_as_anybody_but_its_caller(tmp_path: Path) -> None:
    modes = {"su": 0o4755, "wall": 0o2755, "both": 0o6711, "ls": 0o755, "secret": 0o600}
    for name, mode in modes.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to("nowhere")
    folder = tmp_path / "journal"
    folder.mkdir()
    folder.chmod(0o2755)  # whose files belong to its group
    root.as_its_caller(tmp_path)
    assert {name: (tmp_path / name).stat().st_mode & 0o7777 for name in modes} == {
        "su": 0o755,
        "wall": 0o755,
        "both": 0o711,
        "ls": 0o755,
        "secret": 0o600,
    }
    assert folder.stat().st_mode & 0o7777 == 0o2755


def test_the_probe_is_in_the_virtual_machine_alone() -> None:
    assert list((RECIPE / "profiles/qemu").rglob("probe-sanmen.service"))
    for place in (OVERLAY, RECIPE / "profiles/rpi"):
        assert not [path for path in place.rglob("*") if "probe" in path.name]


def test_the_first_start_has_its_id_before_systemd_begins() -> None:
    script = RECIPE / "initrd/usr/share/initramfs-tools/scripts/local-bottom/sanmen"
    text = script.read_text("ascii")
    assert (
        text.index("open_data")
        < text.index("e2fsck")
        < text.index("mount -t ext4")
        < text.index("mount -o bind")
    )
    assert (OVERLAY / "etc/machine-id").read_bytes() == b""
    for path in (
        script,
        script.parents[1] / "sanmen-encrypted",
        RECIPE / "initrd/usr/share/initramfs-tools/hooks/sanmen",
        DEPLOY / "build",
    ):
        subprocess.run(["/bin/sh", "-n", str(path)], check=True)  # noqa: S603 - our own


def test_what_encrypts_the_data_is_taken_along() -> None:
    tools = RECIPE / "initrd/usr/share/initramfs-tools"
    script = (tools / "scripts/sanmen-encrypted").read_text("utf-8")
    hook = (tools / "hooks/sanmen").read_text("ascii")
    copied = set(re.findall(r"copy_exec \S*/(\S+) ", hook))
    for program in ("cryptsetup", "systemd-cryptenroll", "mke2fs", "mkdir", "rm", "tr"):
        assert re.search(rf"\b{program} ", script), program
        assert program in copied
    modules = (tools / "modules.d/sanmen").read_text("ascii").split()
    assert {"dm_crypt", "adiantum", "nhpoly1305", "chacha_generic", "tpm_tis_spi"} <= set(modules)
    board = (RECIPE / "profiles/rpi/boot/config.txt").read_text("ascii")
    assert "dtoverlay=tpm-slb9670\n" in board


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


@pytest.mark.parametrize("unit", ["kiosk.service", "kiosk-address.service", "kiosk-address.path"])
def test_units_of_the_image_verify(tmp_path: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    place = tmp_path / "usr/lib/systemd/system"
    shutil.copytree("/usr/lib/systemd/system", place, symlinks=True)
    shutil.copytree(OVERLAY / "usr", tmp_path / "usr", dirs_exist_ok=True, symlinks=True)
    (tmp_path / "usr/bin").mkdir()
    for program in ("usr/bin/sway", "usr/bin/install", "usr/bin/mv"):
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
    screen = (REPOSITORY / "deploy/kiosk/sway.conf").read_text("ascii")
    assert "--config /opt/sanmen/share/kiosk/sway.conf\n" in kiosk
    assert " /run/sanmen-kiosk/ui.launch " in screen
    assert "-o sanmen-kiosk -g sanmen-kiosk -m 0400 /run/sanmen/ui/ui.launch " in hands
    assert "video" not in re.findall(r"^SupplementaryGroups=(.*)$", kiosk, re.MULTILINE)[0]
    assert "--no-sandbox" not in kiosk + screen
    assert "--remote-debugging" not in kiosk + screen


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
