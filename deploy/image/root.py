"""Makes a gate's read-only root out of Debian's packages, our files and the Python environment."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from image import modules, python_env
from image.faults import BuildError
from image.python_env import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image.profile import Profile
    from image.workshop import Workshop

OURS: Final = (
    ("systemd/*.service", "usr/lib/systemd/system"),
    ("systemd/*.target", "usr/lib/systemd/system"),
    ("systemd/*.timer", "usr/lib/systemd/system"),
    ("systemd/*.path", "usr/lib/systemd/system"),
    ("systemd/*.mount", "usr/lib/systemd/system"),
    ("systemd/sanmen-.service.d", "usr/lib/systemd/system"),
    ("systemd/sysusers.d/*", "usr/lib/sysusers.d"),
    ("systemd/tmpfiles.d/*", "usr/lib/tmpfiles.d"),
    ("systemd/sysctl.d/*", "usr/lib/sysctl.d"),
    ("systemd/system.conf.d/*", "usr/lib/systemd/system.conf.d"),
    ("systemd/journald.conf.d/*", "usr/lib/systemd/journald.conf.d"),
    ("systemd/udev/*", "usr/lib/udev/rules.d"),
    ("deploy/kiosk/70-sanmen-kiosk.rules", "usr/lib/udev/rules.d"),
    ("deploy/kiosk/policies.json", "etc/chromium/policies/managed/sanmen.json"),
    ("deploy/kiosk/kiosk.sh", "opt/sanmen/share/kiosk"),
    ("deploy/kiosk/sway.conf", "opt/sanmen/share/kiosk"),
    ("deploy/provision", "opt/sanmen/share"),
    ("deploy/service", "opt/sanmen/share"),
    ("deploy/update", "opt/sanmen/share"),
)
"""Where what lies in this repository goes, as systemd/README.md and the others ask for it."""
MOUNT_POINTS: Final = ("bootconfig", "media", "mnt", "proc", "sys", "dev", "run", "tmp", "var")
IMPORTS: Final = (
    "import appliance.gate.process, appliance.vision.process, appliance.ui.process, appliance.cli,"
    " sdnotify, smartcard.scard, lgpio, serial, smbus2, spidev, osdp"
)
LGPIO_IN_TMP: Final = {"LG_WD": "/tmp"}  # noqa: S108 - of the root; emptied below
"""Where lgpio leaves a pipe when it is imported."""
MIB: Final = 1024 * 1024


def make(profile: Profile, shop: Workshop, version: str, keyring: Path) -> None:
    """Make `work/root`, and beside it `work/boot` with kernel, initrd and firmware."""
    root, boot = shop.work / "root", shop.work / "boot"
    shop.do(f"remove {root} and {boot}", remove, root, boot)
    shop.do(f"make {root}", lambda: root.mkdir(parents=True))
    shop.call(["tar", "--numeric-owner", "-C", root, "-xf", shop.work / "system.tar"])
    shop.do("copy our own files and the overlays", place_files, profile, root)
    shop.do(
        "copy the release certificate, write the version", _name, profile, root, version, keyring
    )
    shop.do("unpack the wheels", python_env.unpack, shop.work / "wheels", root)
    shop.call(["systemd-sysusers", f"--root={root}"])
    shop.do("keep only the modules a gate uses", keep_modules, profile, shop)
    shop.do("take out what only the build needs", _purge, profile, shop)
    shop.do("forget what packages enabled by themselves", _forget_enabled, root)
    shop.call(["systemctl", f"--root={root}", "preset-all"])
    # Every room and every reader's library, on the gate's own processor: what is missing shows now.
    shop.call(["chroot", root, "/opt/sanmen/bin/python", "-B", "-c", IMPORTS], LGPIO_IN_TMP)
    shop.do(f"take kernel and firmware to {boot}", take_boot, profile, root, boot)
    shop.do("remove what nobody reads", _tidy, profile, root)
    shop.do("let no program run as somebody else", as_its_caller, root)
    shop.do("compile all Python modules", python_env.compile_all, root)


def place_files(profile: Profile, root: Path) -> None:
    """Copy what is ours; a list of it that finds nothing is an error.

    Raises:
        BuildError: a file that must go in is not there.

    """
    for pattern, place in OURS:
        found = sorted(REPOSITORY.glob(pattern))
        if not found:
            raise BuildError(f"nothing is at {pattern}", "Use a complete copy of the source.")
        for path in found:
            target = root / place if Path(place).suffix == ".json" else root / place / path.name
            _copy(path, target)
    for overlay in profile.overlays:
        for path in sorted(overlay.rglob("*")):
            if not path.is_dir() or path.is_symlink():
                _copy(path, root / path.relative_to(overlay))


def take_boot(profile: Profile, root: Path, boot: Path) -> None:
    """Collect what starts a system.

    Raises:
        BuildError: there is not one kernel, or a file of the firmware is missing.

    """
    boot.mkdir()
    found = sorted(root.glob(profile.kernel))
    if len(found) != 1:
        raise BuildError(f"{len(found)} files are at {profile.kernel}", "There must be one.")
    shutil.copyfile(found[0], boot / "vmlinuz")
    shutil.copyfile(root.parent / "initrd.img", boot / "initrd.img")
    for pattern, folder in profile.files:
        found = sorted(root.glob(pattern))
        if not found:
            raise BuildError(f"the firmware lacks {pattern}", "Correct [files] in the profile.")
        (boot / folder).mkdir(exist_ok=True)
        for path in found:
            shutil.copyfile(path, boot / folder / path.name)
    if profile.boot_files.is_dir():
        for path in sorted(profile.boot_files.iterdir()):
            shutil.copyfile(path, boot / path.name)
    for letter in "ab":
        (boot / f"cmdline-{letter}.txt").write_text(command_line(profile, letter), "ascii")


def command_line(profile: Profile, letter: str) -> str:
    """Return the kernel's command line of system `a` or `b`: one line, as the firmware wants it."""
    return (
        f"root=PARTLABEL=system_{letter} rootfstype=squashfs ro panic=10 quiet loglevel=3 "
        f"systemd.show_status=no {profile.command_line}\n"
    )


def squash(profile: Profile, shop: Workshop, name: str = "root.squashfs") -> None:
    """Pack `work/root` so that the same content gives the same bytes."""
    target = shop.out / name
    shop.do(f"remove an old {target}", lambda: target.unlink(missing_ok=True))
    packed = profile.squashfs
    method = ["-comp", packed.compressor, "-b", packed.block]
    if packed.compressor == "zstd":
        method += ["-Xcompression-level", str(packed.level)]
    times = ["-mkfs-time", str(shop.epoch), "-all-time", str(shop.epoch)]
    shop.call(
        ["env", "-u", "SOURCE_DATE_EPOCH", "nice", "-n", "5", "mksquashfs",
         shop.work / "root", target, "-noappend", "-no-progress", "-no-exports", *method, *times]
    )  # fmt: skip
    shop.do("see whether it fits its partition", fits, profile, target)


def fits(profile: Profile, image: Path) -> None:
    """Refuse a root that does not fit its partition."""
    size = image.stat().st_size
    if size > profile.card.system * MIB:
        raise BuildError(
            f"the root has {size // MIB} MiB, its partition {profile.card.system}",
            "Raise [card] system in recipe.toml; gates in the field cannot take such an update.",
        )


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.unlink(missing_ok=True)
        target.symlink_to(path.readlink())
    elif path.is_dir():
        shutil.copytree(
            path, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
        for one in sorted(target.rglob("*")):
            one.chmod(0o755 if one.is_dir() or one.stat().st_mode & 0o100 else 0o644)
        target.chmod(0o755)
    else:
        if target.is_symlink():
            target.unlink()
        shutil.copyfile(path, target)
        target.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _name(profile: Profile, root: Path, version: str, keyring: Path) -> None:
    release = root / "usr/lib/os-release"
    text = release.read_text("utf-8")
    text = re.sub(r"^PRETTY_NAME=.*$", f'PRETTY_NAME="Sanmen {version}"', text, flags=re.MULTILINE)
    release.write_text(f"{text}IMAGE_ID=sanmen\nIMAGE_VERSION={version}\n", "utf-8")
    rauc = root / "etc/rauc"
    rauc.mkdir(exist_ok=True)
    settings = (root / "opt/sanmen/share/update/system.conf").read_text("utf-8")
    named = re.sub(
        r"^compatible=.*$", f"compatible={profile.compatible}", settings, flags=re.MULTILINE
    )
    (rauc / "system.conf").write_text(named, "utf-8")
    shutil.copyfile(keyring, rauc / "keyring.pem")


def keep_modules(profile: Profile, shop: Workshop) -> None:
    """Remove all other modules of the kernel, and list those that are left."""
    root = shop.work / "root"
    kernel = modules.prune(root, profile.modules)
    shop.call(["depmod", "-b", root / "usr", kernel])


def _purge(profile: Profile, shop: Workshop) -> None:
    root = shop.work / "root"
    status = (root / "var/lib/dpkg/status").read_text("utf-8")
    there = set(re.findall(r"^Package: (\S+)$", status, re.MULTILINE))
    going = [name for name in profile.purge if name in there]
    # The wanted order of dpkg does not matter: nothing of it is asked again.
    shop.call(
        ["chroot", root, "dpkg", "--purge", "--force-all", "--no-triggers", *going],
        {"DEBIAN_FRONTEND": "noninteractive"},
    )


def _forget_enabled(root: Path) -> None:
    """So that what starts is what our list says, also of packages that are new to it."""
    for folder in (root / "etc/systemd/system").glob("*.wants"):
        shutil.rmtree(folder)


def _tidy(profile: Profile, root: Path) -> None:
    kept = {path for pattern in profile.keep for path in root.glob(pattern)}
    shutil.copyfile(root / "var/lib/dpkg/status", root.parent / "dpkg-status")
    for pattern in profile.drop:
        for path in sorted(root.glob(pattern)):
            if path in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for name in MOUNT_POINTS:
        (root / name).mkdir(exist_ok=True)
    (root / "etc/machine-id").write_text("", "ascii")


def as_its_caller(root: Path) -> None:
    """Take the set-user-id and set-group-id bits from every program: nobody at a gate becomes root.

    (mount, passwd, su and others have them in Debian; the gate's services need none of it.)
    """
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(mode) & 0o777)


def remove(*folders: Path) -> None:
    """Remove folders, unless something is mounted in them.

    Raises:
        BuildError: something is.

    """
    for folder in folders:
        if os.path.ismount(folder) or any(_mounted_under(folder)):
            raise BuildError(f"something is mounted in {folder}", "Unmount it, or restart.")
        shutil.rmtree(folder, ignore_errors=True)


def _mounted_under(folder: Path) -> Iterable[str]:
    lines = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    places = [line.split()[1] for line in lines]
    return [place for place in places if place.startswith(f"{folder}/")]
