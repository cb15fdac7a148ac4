"""Lets a bundle in: copied off the stick first, then its signature, content and version checked.

RAUC checks the signature (CMS against the vendor's keyring) and the content (dm-verity's tree of
hashes, whose root is signed). What is installed later is the very copy that was checked: a stick
can tell another story each time it is read.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from update import files
from update.version import require_newer
from update.words import UpdateError, of_system

if TYPE_CHECKING:
    from update.machine import Machine, Slot

MAGIC: Final = b"hsqs"
"""How a squashfs, and so a bundle, begins."""
SPARE: Final = 32 << 20
"""Bytes that stay free on the data partition, whatever an update needs."""
PATIENCE_S: Final = 1800.0
TOOLS: Final = Path(__file__).parent / "tools"
IMAGES: Final = frozenset({"boot", "rootfs"})
Size = Annotated[int, Meta(gt=0, le=1 << 40)]


class _Image(msgspec.Struct, frozen=True):
    """What RAUC tells of an image."""

    filename: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=80)]
    checksum: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: Size
    hooks: list[str] = []


class _Info(msgspec.Struct, frozen=True):
    """What `rauc info --output-format=json` tells; more may be added by later versions."""

    compatible: str
    version: str
    images: list[dict[str, _Image]]
    hooks: list[str] = []


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a bundle.

    Attributes:
        name: "boot" or "rootfs".
        file: where it lies, once taken out.
        checksum: its SHA-256, signed with the bundle.
        size: bytes.

    """

    name: str
    file: Path
    checksum: str
    size: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle whose signature, content and version are right.

    Attributes:
        version: it brings.
        images: to write.

    """

    version: str
    images: tuple[Image, ...]


def accept(machine: Machine, source: Path, target: Slot, kept: int | None = None) -> Offer:
    """Copy a bundle, check all of it, and take its images out; only the workshop is touched.

    Args:
        machine: to update.
        source: the bundle.
        target: the slot it is for.
        kept: bytes of the store, where this process may not look at it.

    Raises:
        UpdateError: why it is refused.

    """
    clear(machine)
    size = _size_of(source)
    _require_room(machine, size, kept)
    copy = machine.workshop / "bundle"
    _copy(source, copy, size)
    info = _info(machine, copy)
    wanted = _compatible(machine)
    if info.compatible != wanted:
        raise UpdateError("compatible", "bundle", f"for {info.compatible[:40]!r}, this is {wanted}")
    require_newer(info.version, machine.running(), machine.kept())
    images = _images(info, machine.workshop / "content")
    for image in images:
        device = target.boot if image.name == "boot" else target.root
        if image.size > _size_of_device(device):
            raise UpdateError("layout", f"image {image.name}", f"{image.size} bytes")
    _require_room(machine, sum(image.size for image in images), kept)
    _extract(machine, copy)
    for image in images:
        if files.digest(image.file, image.size) != image.checksum:
            raise UpdateError("payload", f"image {image.name}", "another SHA-256")
    return Offer(info.version, images)


def clear(machine: Machine) -> None:
    """Make the workshop an empty folder of root's alone."""
    try:
        shutil.rmtree(machine.workshop, ignore_errors=False)
    except FileNotFoundError:
        pass
    except OSError as fault:
        raise of_system(f"folder {machine.workshop}", fault) from fault
    try:
        machine.workshop.mkdir(mode=0o700)
    except OSError as fault:
        raise of_system(f"folder {machine.workshop}", fault) from fault


def _size_of(source: Path) -> int:
    try:
        with source.open("rb") as file:
            start = file.read(len(MAGIC))
            size = file.seek(0, os.SEEK_END)
    except OSError as fault:
        raise UpdateError("no-bundle", f"bundle {source}", fault.strerror) from fault
    if MAGIC.startswith(start) and size < len(MAGIC):
        raise UpdateError("truncated", f"bundle {source}", f"{size} bytes")
    if start != MAGIC:
        raise UpdateError("foreign", f"bundle {source}", f"begins with {start!r}")
    return size


def _require_room(machine: Machine, wanted: int, kept: int | None) -> None:
    """Ask for room for files of an update, and for the copy of the store at its first start."""
    try:
        free = shutil.disk_usage(machine.state).free
        if kept is None:
            kept = sum(one.stat().st_size for one in machine.store.glob("*") if one.is_file())
    except OSError as fault:
        raise of_system(f"folder {machine.state}", fault) from fault
    needed = wanted + kept + SPARE
    if free < needed:
        raise UpdateError("full", "data partition", f"{free >> 20} of {needed >> 20} MB free")


def _copy(source: Path, copy: Path, size: int) -> None:
    """Copy a bundle; a fault of reading is the stick's, one of writing the card's."""
    try:
        reading = source.open("rb", buffering=0)
    except OSError as fault:
        raise UpdateError("no-bundle", f"bundle {source}", fault.strerror) from fault
    with reading:
        try:
            with copy.open("xb") as writing:
                while size > 0:
                    try:
                        chunk = reading.read(min(size, files.CHUNK))
                    except OSError as fault:
                        raise UpdateError(
                            "no-bundle", f"bundle {source}", fault.strerror
                        ) from fault
                    if not chunk:
                        raise UpdateError("truncated", f"bundle {source}", f"{size} bytes missing")
                    writing.write(chunk)
                    size -= len(chunk)
                writing.flush()
                os.fsync(writing.fileno())
        except OSError as fault:
            raise of_system(f"copy {copy}", fault) from fault


def _info(machine: Machine, copy: Path) -> _Info:
    done = _rauc(machine, "info", "--output-format=json", str(copy))
    if done.returncode:
        raise _why(done.stderr)
    try:
        return msgspec.json.decode(done.stdout.strip(), type=_Info)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise UpdateError("layout", "bundle's manifest", fault) from fault


def _compatible(machine: Machine) -> str:
    """Return the kind of machine this is; `rauc info` does not compare it."""
    known = configparser.ConfigParser(interpolation=None)
    try:
        known.read_string(machine.settings.read_text("utf-8"))
        return known["system"]["compatible"]
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as fault:
        raise UpdateError("keyring", f"file {machine.settings}", fault) from fault


def _images(info: _Info, folder: Path) -> tuple[Image, ...]:
    """Return the images; anything a bundle could run (hooks) is refused."""
    named = [pair for one in info.images for pair in one.items()]
    found = {name for name, _ in named}
    if found != IMAGES or len(named) != len(IMAGES):
        raise UpdateError("layout", "bundle's images", ", ".join(sorted(found)) or "none")
    if info.hooks or any(image.hooks for _, image in named):
        raise UpdateError("layout", "bundle", "programs to run: hooks")
    return tuple(
        Image(name, folder / image.filename, image.checksum, image.size) for name, image in named
    )


def _extract(machine: Machine, copy: Path) -> None:
    done = _rauc(machine, "extract", str(copy), str(machine.workshop / "content"))
    if done.returncode:
        raise _why(done.stderr)


def _rauc(machine: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    if not machine.settings.is_file():
        raise UpdateError("keyring", f"file {machine.settings}", "missing")
    try:
        return subprocess.run(  # noqa: S603 - Debian's own tool, found by PATH
            ["rauc", f"--conf={machine.settings}", *words],  # noqa: S607
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE_S,
            env={**os.environ, **_tools(), "LC_ALL": "C", "TMPDIR": str(machine.workshop)},
        )
    except FileNotFoundError as fault:
        raise UpdateError("no-rauc", "rauc", fault.strerror) from fault
    except (OSError, subprocess.SubprocessError) as fault:
        raise UpdateError("failed", "rauc", fault) from fault


def _tools() -> dict[str, str]:
    """Let RAUC find our `unsquashfs` first, and that one the real one."""
    real = shutil.which("unsquashfs")
    if real is None:
        return {}
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "SANMEN_UNSQUASHFS": real}


_REASONS: Final = (
    (r"keyring|CA file|CA dir", "keyring"),
    (r"compatible", "compatible"),
    (r"payload|dm-verity|verity", "payload"),
    (r"[Ss]ignature verification failed|[Vv]erify error|certificate", "signature"),
    (r"No space left", "full"),
    (r"Read-only file system", "read-only"),
    (r"Input/output error", "dying"),
    (r"bundle format '?plain|format.*not allowed|unsupported.*format", "layout"),
    (r"Invalid bundle format|Signature size|signature|seek|too small|end of", "truncated"),
)
"""What RAUC complains of, most telling first -> our code."""


def _why(said: str) -> UpdateError:
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    code = next((code for pattern, code in _REASONS if re.search(pattern, last)), "failed")
    return UpdateError(code, "rauc", last[:200])


def _size_of_device(device: Path) -> int:
    try:
        with device.open("rb") as file:
            return file.seek(0, os.SEEK_END)
    except OSError as fault:
        raise UpdateError("slots", f"partition {device}", fault.strerror) from fault
