"""New versions of a card's own system, as signed bundles: good ones, and ones that do not work."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.deploy.image.boot.bench import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.image.boot.sd_card import SdCard

NEEDED = ("rauc", "unsquashfs", "mksquashfs", "openssl", "mkfs.vfat")
COMPATIBLE = "sanmen-qemu"
BROKEN = "import time\n\ntime.sleep(3600)\n"
"""What stands in a bad version's vision room: it hangs."""
UNSEEN = ("usr/lib/chromium", "usr/lib/*/libLLVM*")
"""The screen's browser, and what draws it: half of a system, missed only where a screen is."""


@dataclass
class Vendor:
    """Who makes versions of a system, and signs them.

    Attributes:
        card: the system is taken from its slot A.
        folder: for keys, systems and bundles.

    """

    card: SdCard
    folder: Path

    @property
    def keyring(self) -> Path:
        """The certificate a gate trusts."""
        certificate = self.folder / "vendor.crt"
        if not certificate.exists():
            words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
            words += ["ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=boot test"]
            words += ["-keyout", str(self.folder / "vendor.key"), "-out", str(certificate)]
            run(*words)
        return certificate

    def bundle(self, version: str, *, broken: bool = False) -> Path:
        """Return a bundle of a version.

        Args:
            version: it brings.
            broken: its vision room hangs.

        """
        made = self.folder / f"sanmen-{version}.raucb"
        root = self._root()
        self._stamp(root, version)
        room = next(root.glob("opt/sanmen/lib/python3*/site-packages/appliance/vision"))
        entry = room / "__main__.py"
        kept = entry.read_text("utf-8")
        if broken:
            entry.write_text(BROKEN, "utf-8")
            for compiled in room.glob("__pycache__/__main__.*"):
                compiled.unlink()  # it is believed without a look at the source
        content = self.folder / "content"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        packed = [
            "-comp",
            "zstd",
            "-Xcompression-level",
            "1",
            "-noappend",
            "-quiet",
            "-no-progress",
        ]
        run("mksquashfs", str(root), str(content / "system.squashfs"), *packed)
        entry.write_text(kept, "utf-8")
        boot = self.card.partitions["boot_a"]
        (content / "boot.vfat").write_bytes(self.card.content("boot_a", boot.size))
        manifest = (REPOSITORY / "deploy/update/manifest.raucm.in").read_text("utf-8")
        manifest = manifest.replace("@VERSION@", version).replace("@COMPATIBLE@", COMPATIBLE)
        (content / "manifest.raucm").write_text(manifest, "utf-8")
        made.unlink(missing_ok=True)
        words = [f"--cert={self.keyring}", f"--key={self.folder / 'vendor.key'}"]
        run("rauc", "bundle", *words, str(content), str(made))
        shutil.rmtree(content)
        return made

    def _root(self) -> Path:
        root = self.folder / "root"
        if not root.exists():
            packed = self.folder / "system_a"
            packed.write_bytes(self.card.content("system_a", self.card.partitions["system_a"].size))
            run("unsquashfs", "-quiet", "-no-progress", "-d", str(root), str(packed))
            packed.unlink()
            for unseen in (found for pattern in UNSEEN for found in root.glob(pattern)):
                shutil.rmtree(unseen) if unseen.is_dir() else unseen.unlink()
        return root

    def _stamp(self, root: Path, version: str) -> None:
        release = root / "usr/lib/os-release"
        lines = release.read_text("utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("IMAGE_VERSION=")]
        release.write_text("\n".join([*kept, f"IMAGE_VERSION={version}"]) + "\n", "utf-8")


def stick(folder: Path, *files: Path) -> Path:
    """Return a USB stick with some files on it, with a FAT as sticks have."""
    image = folder / "stick.vfat"
    image.unlink(missing_ok=True)
    with image.open("wb") as out:
        out.truncate(sum(file.stat().st_size for file in files) + (64 << 20))
    run("mkfs.vfat", "-F", "32", "-n", "STICK", str(image))
    run("mcopy", "-i", str(image), *map(str, files), "::")
    return image


def run(*words: str) -> None:
    """Run a tool; say what it said if it fails."""
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - Debian's
    assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
