"""Makes /opt/sanmen: a Python environment of wheels for the gate's processor, without running it.

The wheels are those of `locks/python.lock`, by hash, from PyPI; only our own is made here. Left out
of what pyproject.toml names is what a gate does not use: mediapipe with its optional packages (the
face mesh lies in appliance/models), opencv's windows and contributed modules.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from image.faults import BuildError
from image.profile import HERE

if TYPE_CHECKING:
    from image.workshop import Workshop

LOCK: Final = HERE / "locks" / "python.lock"
REPOSITORY: Final = HERE.parents[1]
PACKAGES: Final = PurePosixPath("opt/sanmen/lib/python3.11/site-packages")
PLATFORMS: Final = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)
"""Bookworm has glibc 2.36."""
UNUSED: Final = frozenset({".pyi", ".pxd", ".pyx", ".h", ".c"})
"""Endings of files that only a compiler or a developer reads."""
CONFIGURATION: Final = "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11\n"
LAUNCHER: Final = """#!/opt/sanmen/bin/python
import sys
from appliance.cli import main
sys.exit(main())
"""


def fetch(shop: Workshop) -> None:
    """Fetch the wheels for the gate's processor, by hash, and make our own."""
    folder = shop.work / "wheels"
    shop.do(f"make an empty {folder}", _emptied, folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    shop.call(
        [
            *pip, "download", "--no-deps", "--require-hashes", "--only-binary=:all:",
            "--python-version=311", "--implementation=cp",
            *(f"--platform={name}" for name in PLATFORMS),
            f"--dest={folder}", f"--requirement={LOCK}",
        ]
    )  # fmt: skip
    shop.call([*pip, "wheel", "--no-deps", f"--wheel-dir={folder}", REPOSITORY])


def unpack(wheels: Path, root: Path) -> None:
    """Unpack all wheels into a root, without the tests they bring.

    Raises:
        BuildError: two wheels bring the same file, or one leads out of its folder.

    """
    target = root / PACKAGES
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for member in sorted(archive.namelist()):
                place = PurePosixPath(member)
                if member.endswith("/") or not _wanted(place):
                    continue
                if place.is_absolute() or ".." in place.parts:
                    raise BuildError(f"{wheel.name} leads out: {member}", "Do not use this wheel.")
                path = target / place
                if path.exists():
                    raise BuildError(
                        f"{wheel.name}: another wheel brought {member}", "Take one of them out."
                    )
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(member))
                path.chmod(0o644)
    programs = root / "opt/sanmen/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to("/usr/bin/python3.11")
    (root / "opt/sanmen/pyvenv.cfg").write_text(CONFIGURATION, "ascii")
    launcher = programs / "sanmen"
    launcher.write_text(LAUNCHER, "ascii")
    launcher.chmod(0o755)


def compile_all(root: Path) -> None:
    """Compile every module: a root that is read-only never keeps what is compiled at a start.

    `unchecked-hash`: no time of a file is in it, so that two builds are the same.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for place in ("usr/lib/python3.11", "usr/lib/python3/dist-packages", str(PACKAGES)):
        for old in sorted((root / place).rglob("__pycache__")):
            shutil.rmtree(old)
        compileall.compile_dir(
            root / place, quiet=2, stripdir=str(root), prependdir="/", invalidation_mode=mode,
            workers=1, maxlevels=30, ddir=None,
        )  # fmt: skip


def _wanted(place: PurePosixPath) -> bool:
    return "tests" not in place.parts[:-1] and place.suffix not in UNUSED


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
