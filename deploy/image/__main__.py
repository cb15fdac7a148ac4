"""`deploy/build`: makes the card's image, stage by stage, for a technician."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from image import initrd, preflight, release, root, stages, system
from image.check import static_problems
from image.faults import BuildError
from image.manifest import sha256
from image.profile import Profile, load, names
from image.python_env import REPOSITORY
from image.workshop import Workshop, tell_error

REFUSED: Final = 2
FAILED: Final = 1
WORK: Final = Path("/var/tmp/sanmen-image")  # noqa: S108 - large, and to be kept over a restart
NO_EPOCH: Final = 1_763_769_600
VERSION: Final = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")


def main(arguments: list[str]) -> int:
    """Do what was asked for; return the exit code: 0, 2 = cannot begin, 1 = failed."""
    wanted = _parser().parse_args(arguments)
    try:
        profile = load(wanted.profile)
        version = wanted.version or _version()
        if not VERSION.fullmatch(version):
            raise BuildError(f"the version is {version!r}", "Write it as 1.2.3.")  # noqa: TRY301
        if bool(wanted.key) != bool(wanted.cert):
            raise BuildError("a key goes with its certificate", "Give both --key and --cert.")  # noqa: TRY301
    except BuildError as fault:
        tell_error(str(fault))
        return REFUSED
    work = wanted.work or WORK / profile.name
    shop = Workshop(work, wanted.out or work / "out", _epoch(), dry=wanted.dry_run)
    if _refused(profile, shop, checking=wanted.check):
        return REFUSED
    if wanted.check:
        return 0
    try:
        _build(wanted, profile, version, shop)
    except BuildError as fault:
        tell_error(str(fault))
        return FAILED
    return 0


def _refused(profile: Profile, shop: Workshop, *, checking: bool) -> bool:
    """Tell everything that keeps the build from beginning, all at once."""
    wrong = static_problems(profile)
    wrong += preflight.problems(preflight.this_host(), profile, shop.work, shop.out)
    for problem in wrong:
        tell_error(f"- {problem}")
    if checking and not wrong:
        shop.say(f"this machine can build {profile.name}")
    if shop.dry and wrong:
        tell_error("A build would not begin here. What it would do:")
        return False
    return bool(wrong)


def _build(wanted: argparse.Namespace, profile: Profile, version: str, shop: Workshop) -> None:
    if profile.archive:
        shop.say("this profile was never built or booted where it was written: test its card well")
    if not shop.dry:
        for folder in (shop.work, shop.out):
            folder.mkdir(parents=True, exist_ok=True)
    signer = (
        release.Signer(wanted.key, wanted.cert, test=False)
        if wanted.key
        else release.test_signer(shop)
    )
    wish = stages.Wish(profile, version, wanted.mirror, wanted.accept_drift, signer)
    stages.run(stages.plan(wish, shop), shop, wanted.again, wanted.until)
    if wanted.twice:
        _twice(wish, shop)
    shop.say(f"done: {shop.out}" if not shop.dry else "nothing was done: this was a dry run")
    if signer.test:
        shop.say(release.LOUD)


def _twice(wish: stages.Wish, shop: Workshop) -> None:
    """Make initrd and root a second time in another folder, and compare."""
    other = Workshop(shop.work / "twice", shop.work / "twice", shop.epoch, dry=shop.dry)
    shop.say("initrd and root a second time, in another folder")
    shop.do(f"link what was fetched into {other.work}", _linked, shop.work, other.work)
    initrd.make(wish.profile, other)
    root.make(wish.profile, other, wish.version, wish.signer.certificate)
    root.squash(wish.profile, other)
    if shop.dry:
        return
    for name, *made in (
        ("initrd", shop.work / "initrd.img", other.work / "initrd.img"),
        ("root", shop.out / "root.squashfs", other.out / "root.squashfs"),
    ):
        first, second = map(sha256, made)
        shop.say(f"{name}: first  {first}\n          second {second}")
        if first != second:
            raise BuildError(
                f"two builds of the same packages differ: {name}", "Compare work and work/twice."
            )


def _linked(work: Path, other: Path) -> None:
    other.mkdir(exist_ok=True)
    for name in ("system.tar", "wheels"):
        (other / name).unlink(missing_ok=True)
        (other / name).symlink_to(work / name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deploy/build",
        description="Makes sanmen-VERSION.img.xz for the card of a gate. Run as root on Debian 12.",
        epilog="Interrupted? The same command goes on where it stopped.",
    )
    parser.add_argument("profile", nargs="?", default="rpi", help=f"one of {', '.join(names())}")
    parser.add_argument("--check", action="store_true", help="only ask whether this machine can")
    parser.add_argument("--dry-run", action="store_true", help="print every step and do none")
    parser.add_argument("--version", help="of the image; else that of pyproject.toml")
    parser.add_argument("--key", type=Path, help="release key, PEM; without it a test key is made")
    parser.add_argument("--cert", type=Path, help="its certificate, PEM, which gates will trust")
    parser.add_argument("--work", type=Path, help=f"folder to work in, {WORK}/PROFILE")
    parser.add_argument("--out", type=Path, help="folder for what is made, WORK/out")
    parser.add_argument("--mirror", default=system.DEBIAN, help="of Debian's packages")
    parser.add_argument("--accept-drift", action="store_true", help="take changed packages")
    parser.add_argument("--again", default="", metavar="STAGE", help="do from this stage on anew")
    parser.add_argument("--until", default="", metavar="STAGE", help="stop after this stage")
    parser.add_argument("--twice", action="store_true", help="show that a second build is the same")
    return parser


def _version() -> str:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _epoch() -> int:
    """Return the time that stands for all: as told, of the last commit, or a fixed one."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isdecimal():
        return int(told)
    asked = subprocess.run(  # noqa: S603 - git, found by PATH
        ["git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"],  # noqa: S607
        capture_output=True, text=True, check=False,
    ) if _has_git() else None  # fmt: skip
    return int(asked.stdout) if asked and asked.stdout.strip().isdecimal() else NO_EPOCH


def _has_git() -> bool:
    from shutil import which  # noqa: PLC0415 - asked once

    return which("git") is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
