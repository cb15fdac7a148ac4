"""A TPM 2.0 on the board: swtpm, and the one driver that Debian's arm64 kernel lacks.

A Pi's TPM hangs at SPI, QEMU's board has its own in memory (TIS). Both drivers share their core,
which Debian builds, as it does the part for SPI; the part for memory, `tpm_tis.c`, it leaves out.
It is built here out of Debian's source of the very kernel in the image, and handed over behind the
image's initrd, whose bytes stay as they are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.rig.software_tpm import SoftwareTpm

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "swtpm"
COMPILER = "aarch64-linux-gnu-gcc-12"
NEEDED = (PROGRAM, "cpio", "make", "apt-get", "dpkg-deb", COMPILER)
PACKAGES = "swtpm cpio make gcc-12-aarch64-linux-gnu; dpkg --add-architecture arm64; apt-get update"
SOURCES = ("tpm_tis.c", "tpm.h", "tpm_tis_core.h")
START = "modprobe tpm_tis_core; ln -s $(command -v kmod) /sbin/insmod; insmod /tpm_tis.ko\n"
"""The initrd's first script reads every file of conf/conf.d."""
ALIGNED = 512
"""Bytes; the kernel looks for the next archive behind zeros."""
STARTS_S = 10.0


class NoDriverError(Exception):
    """The driver cannot be built here; with what stands in the way."""


@dataclass(frozen=True)
class Tpm:
    """A chip: what it keeps without power, and the driver for it.

    Attributes:
        state: folder of its keys. Another folder is another chip.
        driver: `tpm_tis.ko` for the image's kernel.

    """

    state: Path
    driver: Path

    @contextmanager
    def power(self, folder: Path) -> Iterator[tuple[str, ...]]:
        """Switch it on with a socket in `folder`; give QEMU's words for it."""
        self.state.mkdir(exist_ok=True)
        socket = folder / "tpm"
        words = [PROGRAM, "socket", "--tpm2", "--tpmstate", f"dir={self.state}"]
        with subprocess.Popen([*words, "--ctrl", f"type=unixio,path={socket}"]) as chip:  # noqa: S603
            try:
                _wait_for(socket, chip)
                yield (
                    *("-chardev", f"socket,id=tpm,path={socket}"),
                    *("-tpmdev", "emulator,id=tpm,chardev=tpm"),
                    *("-device", "tpm-tis-device,tpmdev=tpm"),
                )
            finally:
                chip.kill()

    def taken(self, password: bytes) -> None:
        """Let it be somebody's, who set a password for what it does against guessing."""
        from tpm2_pytss import ESAPI  # noqa: PLC0415 - not on every machine
        from tpm2_pytss.constants import ESYS_TR  # noqa: PLC0415

        with closing(SoftwareTpm(self.state)) as chip, ESAPI(chip.tcti) as esapi:
            esapi.hierarchy_change_auth(ESYS_TR.LOCKOUT, password)

    def behind(self, initrd: Path) -> Path:
        """Return an initrd that brings the driver too."""
        made = initrd.with_name("initrd-tpm.img")
        with tempfile.TemporaryDirectory() as place:
            brought = Path(place)
            (brought / "conf/conf.d").mkdir(parents=True)
            (brought / "conf/conf.d/tpm").write_text(START)
            shutil.copyfile(self.driver, brought / "tpm_tis.ko")
            names = "conf\nconf/conf.d\nconf/conf.d/tpm\ntpm_tis.ko\n"
            archive = _do(["cpio", "--quiet", "-o", "-H", "newc"], brought, names.encode())
        content = initrd.read_bytes()
        made.write_bytes(content + bytes(-len(content) % ALIGNED) + archive)
        return made


def reason_to_skip() -> str:
    """Return why no chip can be on the board here, or nothing."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return f"NOT BOOTED: needs {', '.join(missing)} (apt install {PACKAGES})" * bool(missing)


def build_driver(image: Path, folder: Path) -> Path:
    """Return `tpm_tis.ko` for an image's kernel, made in `folder` if it is not there.

    Args:
        image: folder of the image, with manifest.json.
        folder: for what is fetched (150 MB) and made.

    Raises:
        NoDriverError: Debian's mirror does not have this kernel's source any more, or the like.

    """
    parts = json.loads((image / "manifest.json").read_text("utf-8"))["packages"]
    name, version = next(
        (part["name"].removeprefix("linux-image-"), part["version"])
        for part in parts
        if part["name"].startswith("linux-image-6.")
    )
    place = folder / f"tpm-driver-{version}"
    made = place / "tpm_tis.ko"
    if not made.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        _build(place, name, version)
    return made


def _wait_for(path: Path, chip: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_S
    while not path.exists():
        if chip.poll() is not None or time.monotonic() > until:
            raise NoDriverError("swtpm did not start")
        time.sleep(0.05)
    time.sleep(0.2)  # it listens a moment after the file is there


def _build(place: Path, kernel: str, version: str) -> None:
    series = ".".join(kernel.split(".")[:2])
    common = f"{kernel.removesuffix('-arm64')}-common"
    wanted = (f"linux-source-{series}", f"linux-kbuild-{series}", f"linux-headers-{common}")
    names = [*wanted, f"linux-headers-{kernel}:arm64"]
    _do(["apt-get", "download", "-q", *(f"{name}={version}" for name in names)], place)
    for package in place.glob("*.deb"):
        _do(["dpkg-deb", "-x", package.name, "root"], place)
        package.unlink()
    headers = place / f"root/usr/src/linux-headers-{kernel}"
    makefile = headers / "Makefile"  # it names the place it is installed to
    makefile.write_text(makefile.read_text().replace(" /usr/src", f" {place}/root/usr/src"))
    packed = place / f"root/usr/src/linux-source-{series}.tar.xz"
    with tarfile.open(packed) as source:
        for member in source:
            path = Path(member.name)
            if path.name in SOURCES and path.parent.name == "tpm":
                member.name = path.name
                source.extract(member, place, filter="data")
    (place / "Kbuild").write_text("obj-m := tpm_tis.o\n")
    words = ["make", "-C", str(headers), f"M={place}", "ARCH=arm64", f"CC={COMPILER}"]
    _do([*words, "CROSS_COMPILE=aarch64-linux-gnu-", "modules"], place)
    shutil.rmtree(place / "root")


def _do(command: list[str], folder: Path, given: bytes = b"") -> bytes:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise NoDriverError(f"{' '.join(command)}: {done.stderr.decode().strip()[-500:]}")
    return done.stdout
