"""Lays out the card: two systems, what each starts from, the technician's partition, the data."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from image.faults import BuildError
from image.profile import HERE
from image.python_env import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from image.profile import Card, Profile
    from image.workshop import Workshop

AUTOBOOT: Final = b"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"
"""As deploy/update/autoboot.py writes it: system A as a rule, B for a try."""
SAMPLE: Final = "gate.toml.sample"
"""Of another name than the one that is read: a card nobody filled in sets nothing up."""
LINUX: Final = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
ROOT: Final = "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"
"""GPT's type of an arm64 root, so that the one partition that grows is the only plain one."""
FAT: Final = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
PARTITIONS: Final = (
    ("bootconfig", FAT, "bootconfig.vfat"),
    ("boot_a", FAT, "boot.vfat"),
    ("boot_b", FAT, "boot.vfat"),
    ("system_a", ROOT, "root.squashfs"),
    ("system_b", ROOT, ""),
    ("data", LINUX, "data.ext4"),
)
"""Name, type, file; the order is the partitions' numbers, and deploy/update counts on it."""
SMALLEST_FAT32_MIB: Final = 64
"""A smaller FAT32 has too few clusters to be one; the firmware reads FAT16 too."""
BYTES_PER_MIB: Final = 1024 * 1024
BYTES_PER_GB: Final = 10**9


def size(card: Card, name: str) -> int:
    """Return a partition's size in MiB."""
    return {
        "bootconfig": card.bootconfig,
        "boot_a": card.boot,
        "boot_b": card.boot,
        "system_a": card.system,
        "system_b": card.system,
        "data": card.data,
    }[name]


def check(card: Card) -> None:
    """Refuse a layout that leaves no room for the data on the smallest card."""
    taken = sum(size(card, name) for name, _, _ in PARTITIONS) * BYTES_PER_MIB
    if taken > card.smallest_card_gb * BYTES_PER_GB * 9 // 10:
        raise BuildError(
            f"the partitions take {taken // BYTES_PER_MIB} MiB",
            f"They must leave a tenth of a card of {card.smallest_card_gb} GB.",
        )


def configuration(profile: Profile) -> str:
    """Return genimage's configuration."""
    card = profile.card
    check(card)
    parts = [
        f'    partition {name} {{\n        partition-type-uuid = "{kind}"\n'
        + (f'        image = "{file}"\n' if file else "")
        + f"        size = {size(card, name)}M\n    }}\n"
        for name, kind, file in PARTITIONS
    ]
    return (
        'image disk.img {\n    hdimage {\n        partition-table-type = "gpt"\n'
        "        align = 4M\n"
        '        disk-uuid = "5a4e4d45-0000-4000-8000-000000000001"\n    }\n'
        f"{''.join(parts)}}}\n"
    )


def bootconfig(profile: Profile, shop: Workshop) -> None:
    """Make `out/bootconfig.vfat`."""
    folder = shop.work / "bootconfig"
    shop.do("write autoboot.txt and the sample of gate.toml", write_bootconfig, folder)
    fat(shop, folder, shop.out / "bootconfig.vfat", profile.card.bootconfig, "BOOTCONFIG")


def write_bootconfig(folder: Path) -> None:
    """Write what lies on the technician's partition of a new card."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "autoboot.txt").write_bytes(AUTOBOOT)
    sample = (REPOSITORY / "deploy/provision/gate.toml").read_text("utf-8")
    (folder / SAMPLE).write_bytes(sample.replace("\n", "\r\n").encode("utf-8-sig"))
    shutil.copyfile(HERE / "README-card.txt", folder / "README.txt")


def fat(shop: Workshop, folder: Path, target: Path, mib: int, label: str) -> None:
    """Pack a folder as a FAT partition, the same bytes each time."""
    kind = "32" if mib >= SMALLEST_FAT32_MIB else "16"
    shop.do(f"make an empty {target.name}", _empty, target, mib)
    shop.call(["mkfs.vfat", "--invariant", "-F", kind, "-n", label, target])
    names = [folder / "*"] if shop.dry else sorted(folder.iterdir())
    # `-m` keeps the files' times, which are the epoch's.
    shop.do("give the files the build's time", _stamp, folder, shop.epoch)
    shop.call(["mcopy", "-s", "-m", "-o", "-i", target, *names, "::"])


def assemble(profile: Profile, shop: Workshop) -> None:
    """Make `out/disk.img` of what lies in `out`."""
    text = configuration(profile)
    settings, temporary = shop.work / "genimage.cfg", shop.work / "genimage.tmp"
    empty = shop.work / "empty"
    shop.do(f"write {settings}", settings.write_text, text, "ascii")
    shop.do(f"remove {temporary}", lambda: shutil.rmtree(temporary, ignore_errors=True))
    shop.do(f"make {empty}", lambda: empty.mkdir(exist_ok=True))
    data = shop.out / "data.ext4"
    shop.do(f"make an empty {data.name}", _empty, data, profile.card.data)
    shop.call(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "data", "-m", "1", data])
    shop.call(
        ["genimage", "--config", settings, "--tmppath", temporary, "--inputpath", shop.out,
         "--outputpath", shop.out, "--rootpath", empty]
    )  # fmt: skip


def _empty(target: Path, mib: int) -> None:
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(mib * BYTES_PER_MIB)


def _stamp(folder: Path, epoch: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (epoch, epoch))
