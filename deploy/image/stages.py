"""A build as a row of stages; one whose inputs did not change is not done again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from image import card, initrd, manifest, python_env, release, root, system
from image.faults import BuildError
from image.python_env import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image.profile import Profile
    from image.workshop import Workshop

SOURCES: Final = ("appliance", "hardware", "systemd", "deploy/kiosk", "deploy/provision")
SOURCES_OF_UPDATES: Final = ("deploy/update", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Wish:
    """What one build was asked for.

    Attributes:
        profile: of the image.
        version: of it.
        mirror: of Debian.
        accept_drift: whether changed packages are taken.
        signer: of the release.

    """

    profile: Profile
    version: str
    mirror: str
    accept_drift: bool
    signer: release.Signer


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of a build.

    Attributes:
        name: for `--again` and `--until`.
        words: what it does, for the technician.
        inputs: whatever its result depends on, besides the stages before.
        results: what it makes.
        action: does it.

    """

    name: str
    words: str
    inputs: Callable[[], Iterable[bytes]]
    results: tuple[Path, ...]
    action: Callable[[], None]


def plan(wish: Wish, shop: Workshop) -> tuple[Stage, ...]:
    """Return a build's stages in order."""
    profile, work, out = wish.profile, shop.work, shop.out
    lists = tuple(out / name for name in ("manifest.json", "sbom.cdx.json", "sizes.json"))
    return (
        Stage(
            "system",
            "fetch and install Debian's packages (10 to 40 minutes the first time)",
            lambda: [repr(system.command(profile, Path("work"), wish.mirror)).encode()],
            (work / "system.tar", work / "packages"),
            lambda: system.install(profile, shop, wish.mirror),
        ),
        Stage(
            "wheels",
            "fetch the Python packages and make our own",
            lambda: [*digests(*SOURCES[:2], "pyproject.toml"), python_env.LOCK.read_bytes()],
            (work / "wheels",),
            lambda: python_env.fetch(shop),
        ),
        Stage(
            "initrd",
            "make what starts before the system (a few minutes)",
            lambda: [
                *digests("deploy/image/initrd"),
                repr(profile.initrd).encode(),
                str(shop.epoch).encode(),
            ],
            (work / "initrd.img",),
            lambda: initrd.make(profile, shop),
        ),
        Stage(
            "root",
            "make the read-only root",
            lambda: [
                *digests(*SOURCES, *SOURCES_OF_UPDATES, "deploy/image"),
                wish.version.encode(),
                b"" if shop.dry else wish.signer.certificate.read_bytes(),
            ],
            (work / "root", work / "boot"),
            lambda: root.make(profile, shop, wish.version, wish.signer.certificate),
        ),
        Stage(
            "lists",
            "list every package, and compare with those that were tested",
            lambda: [str(wish.accept_drift).encode(), _content(profile.lock)],
            lists[:2],
            lambda: shop.do(f"write {out}/manifest.json, sbom.cdx.json", write_lists, wish, shop),
        ),
        Stage(
            "squashfs",
            "pack the root",
            lambda: [repr(profile.squashfs).encode(), str(shop.epoch).encode()],
            (out / "root.squashfs",),
            lambda: root.squash(profile, shop),
        ),
        Stage(
            "card",
            "lay out the card",
            lambda: [card.configuration(profile).encode()],
            (out / "disk.img", out / "boot.vfat", out / "vmlinuz", out / "initrd.img", lists[2]),
            lambda: _card(wish, shop),
        ),
        Stage(
            "release",
            "pack, map, sign",
            lambda: [wish.signer.suffix.encode()],
            (),
            lambda: _release(wish, shop),
        ),
    )


def run(stages: tuple[Stage, ...], shop: Workshop, again: str = "", until: str = "") -> list[str]:
    """Do what is not done yet; return the names of the stages that were.

    Args:
        stages: in order.
        shop: where.
        again: the stage to begin with, though it is done; and all after it.
        until: the last stage to do.

    Raises:
        BuildError: a stage of that name does not exist, or one failed.

    """
    names = [stage.name for stage in stages]
    for name in (again, until):
        if name and name not in names:
            raise BuildError(f"there is no stage {name!r}", f"Stages: {', '.join(names)}.")
    marks = shop.work / "stages"
    if not shop.dry:
        marks.mkdir(parents=True, exist_ok=True)
    before, forced, done = b"", False, []
    for number, stage in enumerate(stages, 1):
        forced = forced or stage.name == again
        before = key = _key(before, stage.inputs())
        mark = marks / stage.name
        head = f"{number}/{len(stages)} {stage.name}: {stage.words}"
        fresh = _content(mark) == key and all(path.exists() for path in stage.results)
        if fresh and not forced and not shop.dry:
            shop.say(f"{head} - done before")
        else:
            shop.say(head)
            if not shop.dry:
                mark.unlink(missing_ok=True)
            stage.action()
            if not shop.dry:
                mark.write_bytes(key)
            done.append(stage.name)
        if stage.name == until:
            break
    return done


def digests(*names: str) -> list[bytes]:
    """Return name and SHA-256 of every file under these places of the repository."""
    found = []
    for name in names:
        place = REPOSITORY / name
        for path in sorted([place] if place.is_file() else place.rglob("*")):
            if path.is_symlink():
                found.append(f"{path.relative_to(REPOSITORY)} -> {path.readlink()}".encode())
            elif path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found.append(f"{path.relative_to(REPOSITORY)} {digest}".encode())
    return found


def write_lists(wish: Wish, shop: Workshop) -> None:
    """Write manifest and SBOM, and the list of packages to commit; refuse what drifted."""
    status = (shop.work / "dpkg-status").read_text("utf-8")
    parts = [
        *manifest.debian_parts(status, shop.work / "packages"),
        *manifest.python_parts(shop.work / "wheels"),
        *manifest.model_parts(),
    ]
    listed = manifest.lines(parts)
    (shop.out / wish.profile.lock.name).write_text(listed, "ascii")
    shop.say(manifest.refuse_drift(wish.profile, listed, accept=wish.accept_drift))
    made = manifest.manifest(wish.profile, wish.version, parts)
    (shop.out / "manifest.json").write_text(made, "utf-8")
    bill = manifest.sbom(wish.profile, wish.version, parts)
    (shop.out / "sbom.cdx.json").write_text(bill, "utf-8")


def _card(wish: Wish, shop: Workshop) -> None:
    boot = shop.work / "boot"
    card.fat(shop, boot, shop.out / "boot.vfat", wish.profile.card.boot, "BOOT")
    card.bootconfig(wish.profile, shop)
    card.assemble(wish.profile, shop)
    shop.do("hand out kernel, initrd and sizes.json", _hand_out, shop)


def _hand_out(shop: Workshop) -> None:
    for name in ("vmlinuz", "initrd.img"):
        (shop.out / name).write_bytes((shop.work / "boot" / name).read_bytes())
    write_sizes(shop)


def write_sizes(shop: Workshop) -> None:
    """Write `out/sizes.json` of all that is there by now."""
    made = [path for path in sorted(shop.out.iterdir()) if path.suffix != ".json"]
    (shop.out / "sizes.json").write_text(manifest.sizes(shop.work / "root", made), "ascii")


def _release(wish: Wish, shop: Workshop) -> None:
    release.publish(wish.profile, shop, wish.version, wish.signer)
    shop.do("write sizes.json anew", write_sizes, shop)


def _key(before: bytes, inputs: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256(before)
    for one in inputs:
        digest.update(len(one).to_bytes(8, "big") + one)
    return digest.hexdigest().encode()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
