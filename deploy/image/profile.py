"""Reads the recipe and one profile, and refuses what it does not know."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from image.faults import BuildError

HERE: Final = Path(__file__).parent
Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class Card:
    """The card's layout, in MiB.

    Attributes:
        bootconfig: the FAT partition with autoboot.txt and the technician's file.
        boot: of each system's FAT partition.
        system: of each system's root.
        data: before it grows.
        smallest_card_gb: what the layout must fit on, with room for data; 10^9 bytes.

    """

    bootconfig: int
    boot: int
    system: int
    data: int
    smallest_card_gb: int


@dataclass(frozen=True, slots=True)
class Squashfs:
    """How the root is packed."""

    compressor: str
    block: str
    level: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A package archive beside Debian's.

    Attributes:
        url: where it is.
        key: file of the key it is signed with, on the building machine.
        components: of it.

    """

    url: str
    key: str
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that one image is made from.

    Attributes:
        name: of the profile.
        compatible: what RAUC's bundles for it are called.
        suite: of Debian.
        architecture: of Debian.
        components: of Debian.
        packages: to install, with what they depend on.
        purge: packages that only the build needs.
        drop: patterns of files that nobody reads, relative to the root.
        keep: patterns of those that stay all the same.
        modules: names or patterns of kernel modules to keep.
        initrd: modules the initrd needs besides those of every image.
        kernel: pattern of the kernel's file.
        command_line: of the kernel, beside what every image has.
        files: pattern in the root -> folder in each system's FAT partition.
        squashfs: how the root is packed.
        card: its layout.
        archive: another one beside Debian's, or None.

    """

    name: str
    compatible: str
    suite: str
    architecture: str
    components: tuple[str, ...]
    packages: tuple[str, ...]
    purge: tuple[str, ...]
    drop: tuple[str, ...]
    keep: tuple[str, ...]
    modules: tuple[str, ...]
    initrd: tuple[str, ...]
    kernel: str
    command_line: str
    files: tuple[tuple[str, str], ...]
    squashfs: Squashfs
    card: Card
    archive: Archive | None

    @property
    def overlays(self) -> tuple[Path, ...]:
        """Folders that mirror `/`; the later one wins."""
        return HERE / "overlay", HERE / "profiles" / self.name / "overlay"

    @property
    def boot_files(self) -> Path:
        """Files of ours for each system's FAT partition."""
        return HERE / "profiles" / self.name / "boot"

    @property
    def lock(self) -> Path:
        """The packages this recipe was last built with."""
        return HERE / "locks" / f"{self.name}.packages"


def names() -> tuple[str, ...]:
    """Return the profiles there are."""
    return tuple(sorted(path.stem for path in (HERE / "profiles").glob("*.toml")))


def load(name: str, folder: Path = HERE) -> Profile:
    """Return a profile of a recipe's folder.

    Raises:
        BuildError: no such profile, a key unknown, missing, given twice or of another kind.

    """
    path = folder / "profiles" / f"{name}.toml"
    if not path.is_file():
        raise BuildError(f"there is no profile {name!r}", f"Choose one of: {', '.join(names())}.")
    base, own = _Reader(folder / "recipe.toml"), _Reader(path)
    card, packed = base.table("card"), base.table("squashfs")
    archive = own.table("archive") if "archive" in own.left else None
    files = own.table("files") if "files" in own.left else _Reader.empty(path)
    made = Profile(
        name=own.text("name"),
        compatible=own.text("compatible"),
        suite=base.text("suite"),
        architecture=base.text("architecture"),
        components=base.texts("components"),
        packages=base.texts("packages") + own.texts("packages"),
        purge=base.texts("purge"),
        drop=base.texts("drop"),
        keep=base.texts("keep"),
        modules=base.texts("modules") + own.texts("modules"),
        initrd=own.texts("initrd"),
        kernel=own.text("kernel"),
        command_line=own.text("command_line"),
        files=tuple((pattern, files.text(pattern)) for pattern in tuple(files.left)),
        squashfs=Squashfs(packed.text("compressor"), packed.text("block"), packed.number("level")),
        card=Card(
            bootconfig=card.number("bootconfig"),
            boot=card.number("boot"),
            system=card.number("system"),
            data=card.number("data"),
            smallest_card_gb=card.number("smallest_card_gb"),
        ),
        archive=(
            Archive(archive.text("url"), archive.text("key"), archive.texts("components"))
            if archive
            else None
        ),
    )
    for reader in (base, own, card, packed, files, *([archive] if archive else [])):
        reader.end()
    if made.name != name:
        raise BuildError(f"{path.name} is named {made.name!r}", f'Write name = "{name}" in it.')
    return made


class _Reader:
    """One table of a file, key by key; what nobody asked for is refused at the end."""

    def __init__(self, path: Path, table: Table | None = None, where: str = "") -> None:
        self._path, self._where = path, where
        self.left = dict(_parsed(path) if table is None else table)

    @classmethod
    def empty(cls, path: Path) -> _Reader:
        return cls(path, {})

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value:
            self._refuse(key, value, "a text")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self._refuse(key, value, "a list of texts")
        listed = [str(one) for one in value] if isinstance(value, list) else []
        twice = sorted({one for one in listed if listed.count(one) > 1})
        if twice:
            self._refuse(key, twice[0], "each entry once")
        return tuple(listed)

    def number(self, key: str) -> int:
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self._refuse(key, value, "a whole number above 0")
        return int(str(value))

    def table(self, key: str) -> _Reader:
        value = self._take(key)
        if not isinstance(value, dict):
            self._refuse(key, value, "a table")
        return _Reader(self._path, dict(value) if isinstance(value, dict) else {}, f"{key}.")

    def end(self) -> None:
        """Refuse what is left over."""
        if self.left:
            key = f"{self._where}{min(self.left)}"
            raise BuildError(
                f"{self._path.name}: unknown key {key!r}", "Correct its spelling or take it out."
            )

    def _take(self, key: str) -> object:
        if key not in self.left:
            raise BuildError(f"{self._path.name}: {self._where}{key} is missing", "Add it.")
        return self.left.pop(key)

    def _refuse(self, key: str, value: object, expected: str) -> None:
        raise BuildError(
            f"{self._path.name}: {self._where}{key} is {value!r}", f"It should be {expected}."
        )


def _parsed(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise BuildError(f"{path.name} cannot be read: {fault}", "Correct that line.") from fault
