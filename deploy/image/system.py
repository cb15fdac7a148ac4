"""Installs Debian's packages into a root of their own, with mmdebstrap, and packs it as a tar."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from image.profile import Profile
    from image.workshop import Workshop

DEBIAN: Final = "http://deb.debian.org"
NOT_UNPACKED: Final = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/etc/kernel/*",  # what a kernel's package would do: an initrd of its own, for minutes
)
LICENCES: Final = "/usr/share/doc/*/copyright"


def sources(profile: Profile, mirror: str = DEBIAN) -> tuple[str, ...]:
    """Return the lines of sources.list; none of them stays in the image."""
    parts = " ".join(profile.components)
    suite = profile.suite
    lines = [
        f"deb {mirror}/debian {suite} {parts}",
        f"deb {mirror}/debian {suite}-updates {parts}",
        f"deb {mirror}/debian-security {suite}-security {parts}",
    ]
    if profile.archive:
        more = profile.archive
        lines.append(f"deb [signed-by={more.key}] {more.url} {suite} {' '.join(more.components)}")
    return tuple(lines)


def command(profile: Profile, work: Path, mirror: str = DEBIAN) -> list[str]:
    """Return the mmdebstrap command; packages once fetched stay in `work/packages`."""
    packages = shlex.quote(str(work / "packages"))
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_UNPACKED]
    return [
        "mmdebstrap",
        "--mode=root",
        f"--architectures={profile.architecture}",
        "--variant=minbase",
        f"--components={' '.join(profile.components)}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=force-unsafe-io",
        *options,
        f"--dpkgopt=path-include={LICENCES}",
        "--skip=download/empty",
        "--skip=essential/unlink",
        '--setup-hook=mkdir -p "$1/var/cache/apt/archives"',
        f"--setup-hook=sync-in {packages} /var/cache/apt/archives",
        f"--customize-hook=sync-out /var/cache/apt/archives {packages}",
        f"--include={','.join(profile.packages)}",
        profile.suite,
        str(work / "system.tar"),
        *sources(profile, mirror),
    ]


def install(profile: Profile, shop: Workshop, mirror: str = DEBIAN) -> None:
    """Make `work/system.tar` and `work/packages`."""
    folder = shop.work / "packages"
    shop.do(f"make {folder}", lambda: folder.mkdir(parents=True, exist_ok=True))
    shop.call(["nice", "-n", "5", *command(profile, shop.work, mirror)])


def file_name(name: str, version: str, architecture: str) -> str:
    """Return what apt calls a package's file."""
    return f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"


def machine_architecture() -> str:
    """Return this machine's, as Debian calls it; empty if it is no Debian."""
    try:
        return subprocess.run(
            ["dpkg", "--print-architecture"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
