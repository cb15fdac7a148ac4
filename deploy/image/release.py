"""Packs what is handed out: the card's image, its map, an update bundle, checksums, a signature."""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from image.manifest import sha256
from image.python_env import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from image.profile import Profile
    from image.workshop import Workshop

TEST_NAME: Final = "SANMEN TEST KEY - NOT FOR A REAL GATE"
LOUD: Final = f"""
  ************************************************************************
  *  {TEST_NAME:<66}  *
  *  No --key was given. Whoever has this folder can sign updates for    *
  *  every gate flashed with this image. Use it on a desk, never at a    *
  *  door. 测试密钥，不得用于真实的门。                                         *
  ************************************************************************
"""


class Signer:
    """The key of a release: X.509, EC P-256 or RSA, since RAUC's signatures take no Ed25519.

    Args:
        key: PEM file.
        certificate: PEM file; what gates trust.
        test: whether it was made for this build alone.

    """

    def __init__(self, key: Path, certificate: Path, *, test: bool) -> None:
        self.key, self.certificate, self.test = key, certificate, test

    @property
    def suffix(self) -> str:
        """What the files of a build with a test key are called besides."""
        return "-TESTKEY" if self.test else ""


def test_signer(shop: Workshop) -> Signer:
    """Make a key for this folder alone, or take the one made before, and say so loudly."""
    shop.say(LOUD)
    signer = Signer(shop.work / "TEST.key", shop.work / "TEST.crt", test=True)
    if shop.dry or not signer.key.exists():
        shop.call(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "3650", "-subj", f"/CN={TEST_NAME}",
             "-keyout", signer.key, "-out", signer.certificate]
        )  # fmt: skip
    return signer


def publish(profile: Profile, shop: Workshop, version: str, signer: Signer) -> None:
    """Make the files of a release in `out`."""
    name = f"sanmen-{version}{signer.suffix}" + (
        "" if profile.name == "rpi" else f"-{profile.name}"
    )
    card, packed = shop.out / "disk.img", shop.out / f"{name}.img.xz"
    plain = shop.out / f"{name}.img"
    bundle = shop.out / f"{name}.raucb"
    shop.call(["bmaptool", "create", "-o", shop.out / f"{name}.bmap", card])
    shop.do(f"link {plain.name}", _link, card, plain)
    # The roots are packed already: a higher level takes minutes and finds little.
    shop.call(["nice", "-n", "5", "xz", "-T0", "-1", "-k", "-f", plain])
    shop.do(f"remove {plain.name}", plain.unlink)
    content = shop.work / "bundle"
    shop.do("lay out the update bundle", lay_out, profile, shop, version, content)
    shop.do(f"remove an old {bundle.name}", lambda: bundle.unlink(missing_ok=True))
    shop.call(
        ["rauc", f"--cert={signer.certificate}", f"--key={signer.key}", "bundle", content, bundle]
    )
    sums = shop.out / f"{name}.sha256"
    listed = (packed, shop.out / f"{name}.bmap", bundle)
    shop.do(f"write {sums.name}", write_sums, sums, listed)
    shop.call(["openssl", "dgst", "-sha256", "-sign", signer.key, "-out", f"{sums}.sig", sums])
    shop.do(
        "put the certificate beside them",
        shutil.copyfile,
        signer.certificate,
        shop.out / f"{name}.crt",
    )


def lay_out(profile: Profile, shop: Workshop, version: str, folder: Path) -> None:
    """Make the folder RAUC packs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    text = (REPOSITORY / "deploy/update/manifest.raucm.in").read_text("utf-8")
    filled = text.replace("@COMPATIBLE@", profile.compatible).replace("@VERSION@", version)
    (folder / "manifest.raucm").write_text(filled, "utf-8")
    _link(shop.out / "boot.vfat", folder / "boot.vfat")
    _link(shop.out / "root.squashfs", folder / "system.squashfs")


def write_sums(target: Path, files: tuple[Path, ...]) -> None:
    """Write what `sha256sum -c` reads."""
    target.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files), "ascii")


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, where the disk can; else copy it."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
