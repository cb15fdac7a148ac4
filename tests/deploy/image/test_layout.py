"""The card's layout: what genimage makes of tiny stand-ins, read back with sfdisk and mtools."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.deploy.image.image_world import RECIPE, shop

from image import card  # isort: skip
from image.faults import BuildError  # isort: skip
from image.profile import Card, load  # isort: skip
from update import autoboot  # isort: skip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = {
    "genimage": "genimage",
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
}


def need_tools() -> None:
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: apt-get install {' '.join(missing)}")


def made(folder: Path) -> Path:
    """Make a small card of stand-ins, and return the folder it lies in."""
    need_tools()
    small = Card(bootconfig=32, boot=64, system=8, data=16, smallest_card_gb=1)
    profile = replace(load("rpi"), card=small)
    place = shop(folder)
    boot = place.work / "boot"
    (boot / "overlays").mkdir(parents=True)
    place.out.mkdir()
    (boot / "config.txt").write_bytes((RECIPE / "profiles/rpi/boot/config.txt").read_bytes())
    (boot / "vmlinuz").write_bytes(b"kernel")
    (boot / "overlays/vc4-kms-v3d.dtbo").write_bytes(b"overlay")
    (place.out / "root.squashfs").write_bytes(b"hsqs" + bytes(4092))
    card.fat(place, boot, place.out / "boot.vfat", small.boot, "BOOT")
    card.bootconfig(profile, place)
    card.assemble(profile, place)
    return place.out


def test_the_card_has_two_systems_and_the_numbers_updates_count_on(tmp_path: Path) -> None:
    disk = made(tmp_path) / "disk.img"
    said = subprocess.run(  # noqa: S603 - util-linux's own
        ["sfdisk", "-J", str(disk)],  # noqa: S607
        capture_output=True,
        check=True,
    ).stdout
    table = json.loads(said)["partitiontable"]
    assert table["label"] == "gpt"
    found = [(one["node"].removeprefix(str(disk)), one["name"]) for one in table["partitions"]]
    assert found == [
        ("1", "bootconfig"),
        ("2", "boot_a"),
        ("3", "boot_b"),
        ("4", "system_a"),
        ("5", "system_b"),
        ("6", "data"),
    ]
    sizes = [one["size"] * 512 // 1024**2 for one in table["partitions"]]
    assert sizes == [32, 64, 64, 8, 8, 16]
    assert all(one["start"] % 8192 == 0 for one in table["partitions"])
    system = table["partitions"][3]
    with disk.open("rb") as file:
        file.seek(system["start"] * 512)
        assert file.read(4) == b"hsqs"
        file.seek(table["partitions"][4]["start"] * 512)
        assert file.read(4) == bytes(4)
        file.seek(table["partitions"][1]["start"] * 512)
        first = file.read(64 * 1024**2)
        file.seek(table["partitions"][2]["start"] * 512)
        assert first == file.read(64 * 1024**2)


def test_the_technicians_partition_holds_a_sample_and_never_a_setting(tmp_path: Path) -> None:
    image = made(tmp_path) / "bootconfig.vfat"
    listed = subprocess.run(  # noqa: S603 - mtools
        ["mdir", "-b", "-i", str(image), "::"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert sorted(listed) == ["::/README.txt", "::/autoboot.txt", "::/gate.toml.sample"]
    subprocess.run(  # noqa: S603
        ["mcopy", "-i", str(image), "::autoboot.txt", "::gate.toml.sample", str(tmp_path)],  # noqa: S607
        check=True,
    )
    content = (tmp_path / "autoboot.txt").read_bytes()
    assert len(content) <= 512
    choice = autoboot.parse(content)
    assert (choice.usual, choice.tried) == (2, 3)
    assert content == autoboot.render(choice)
    assert (tmp_path / "gate.toml.sample").read_bytes().startswith(b"\xef\xbb\xbf# Settings")


def test_a_boot_partition_is_the_same_bytes_each_time_and_keeps_its_folders(
    tmp_path: Path,
) -> None:
    first = (made(tmp_path / "1") / "boot.vfat").read_bytes()
    second = made(tmp_path / "2") / "boot.vfat"
    assert first == second.read_bytes()
    listed = subprocess.run(  # noqa: S603 - mtools
        ["mdir", "-b", "-/", "-i", str(second), "::"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "::/overlays/vc4-kms-v3d.dtbo" in listed


def test_partitions_that_leave_the_data_no_room_are_refused() -> None:
    profile = load("qemu")
    large = replace(profile, card=replace(profile.card, system=2048))
    with pytest.raises(BuildError, match="leave a tenth of a card of 4 GB"):
        card.configuration(large)


def test_the_real_card_fits_one_of_4_gb() -> None:
    for name in ("qemu", "rpi"):
        profile = load(name)
        taken = sum(card.size(profile.card, part) for part, _, _ in card.PARTITIONS)
        assert taken == 2592
        card.check(profile.card)
