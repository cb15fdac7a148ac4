"""Lists every package of an image with its SHA-256, as manifest and SBOM; names what changed."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import tomllib
import uuid
import zipfile
from dataclasses import asdict, dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from image.faults import BuildError
from image.python_env import REPOSITORY
from image.system import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from image.profile import Profile

NAMESPACE: Final = uuid.UUID("4f5c5a54-7d0f-5b1c-9a30-6a6b2f6d1c11")
FIELD: Final = re.compile(r"^(Package|Version|Architecture|Status): (.*)$", re.MULTILINE)
THERE: Final = (["installed"], ["triggers-pending"], ["triggers-awaited"])
"""dpkg's words for a package whose files are in the root."""
WORTH_TELLING: Final = 4_000_000
"""Bytes of a folder that sizes.json names."""
MOST_NAMED: Final = 40
"""Changed packages that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """One package or model in an image.

    Attributes:
        kind: `deb`, `pypi` or `model`.
        name: of it.
        version: of it.
        architecture: of a Debian package, else empty.
        sha256: of the file it came in, hexadecimal.
        licence: where its file names one by SPDX, else empty.

    """

    kind: str
    name: str
    version: str
    architecture: str
    sha256: str
    licence: str = ""


def debian_parts(status: str, packages: Path) -> list[Part]:
    """Return the Debian packages of a root.

    Args:
        status: dpkg's.
        packages: the folder their files were fetched to.

    Raises:
        BuildError: the file of one is not there.

    """
    parts = []
    for paragraph in status.split("\n\n"):
        fields = dict(FIELD.findall(paragraph))
        if fields.get("Status", "").split()[-1:] not in THERE:
            continue
        name, version, kind = fields["Package"], fields["Version"], fields["Architecture"]
        path = packages / file_name(name, version, kind)
        if not path.is_file():
            raise BuildError(f"{path.name} is not among the fetched", "Add --again system.")
        parts.append(Part("deb", name, version, kind, sha256(path)))
    return sorted(parts, key=lambda part: part.name)


def python_parts(wheels: Path) -> list[Part]:
    """Return the Python packages of an image."""
    parts = []
    for path in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(path) as archive:
            place = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            said = HeaderParser().parsestr(archive.read(place).decode("utf-8", "replace"))
        licence = said["License-Expression"] or ""
        parts.append(Part("pypi", said["Name"].lower(), said["Version"], "", sha256(path), licence))
    return parts


def model_parts() -> list[Part]:
    """Return the models, with the version of the package each was taken from."""
    text = (REPOSITORY / "appliance/models/models.toml").read_text("utf-8")
    return [
        Part(
            "model", name, model["package"].partition(":")[0].split()[-1], "",
            model["sha256"], model["licence"],
        )
        for name, model in sorted(tomllib.loads(text)["model"].items())
    ]  # fmt: skip


def lines(parts: Iterable[Part]) -> str:
    """Return the Debian packages as `locks/PROFILE.packages` keeps them."""
    return "".join(
        f"{part.name} {part.version} {part.architecture} {part.sha256}\n"
        for part in parts
        if part.kind == "deb"
    )


def drift(locked: str, found: str) -> list[str]:
    """Return what differs between the packages the recipe was last tested with and these."""
    before, after = _by_name(locked), _by_name(found)
    changes = []
    for name in sorted(before | after):
        if name not in after:
            changes.append(f"{name}: gone (was {before[name][0]})")
        elif name not in before:
            changes.append(f"{name}: new, {after[name][0]}")
        elif before[name][0] != after[name][0]:
            changes.append(f"{name}: {before[name][0]} -> {after[name][0]}")
        elif before[name] != after[name]:
            changes.append(f"{name} {after[name][0]}: OTHER CONTENT under the same version")
    return changes


def refuse_drift(profile: Profile, found: str, *, accept: bool) -> str:
    """Compare with the committed list; return what to tell.

    Raises:
        BuildError: packages changed and nobody accepted that, or one has another content.

    """
    if not profile.lock.exists():
        return f"no list of tested packages for {profile.name} yet: commit the one written now"
    changes = drift(profile.lock.read_text("ascii"), found)
    if not changes:
        return "the packages are those this recipe was tested with"
    shown = "\n    ".join(changes[:MOST_NAMED])
    more = f"\n    ... and {len(changes) - MOST_NAMED} more" if len(changes) > MOST_NAMED else ""
    if accept and not any("OTHER CONTENT" in change for change in changes):
        return f"{len(changes)} packages changed, and you accepted that:\n    {shown}{more}"
    raise BuildError(
        f"{len(changes)} packages are not those this recipe was tested with:\n    {shown}{more}",
        "Security updates are wanted: build with --accept-drift, test the card, and commit the "
        "new list. A package with other content under the same version is never accepted.",
    )


def manifest(profile: Profile, version: str, parts: list[Part]) -> str:
    """Return `manifest.json`."""
    told = {
        "image": "sanmen",
        "profile": profile.name,
        "version": version,
        "suite": profile.suite,
        "architecture": profile.architecture,
        "packages": [asdict(part) for part in parts],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def sbom(profile: Profile, version: str, parts: list[Part]) -> str:
    """Return the same as CycloneDX 1.5 JSON; without a time, so that two builds are the same."""
    digest = hashlib.sha256(lines(parts).encode()).hexdigest()
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{profile.name} {version} {digest}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "firmware",
                "bom-ref": "sanmen",
                "name": f"sanmen-{profile.name}",
                "version": version,
            }
        },
        "components": [_component(profile, part) for part in parts],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def sizes(root: Path, files: Iterable[Path]) -> str:
    """Return `sizes.json`: bytes of each folder that counts, and of what was made.

    A file with several names is counted once.
    """
    folders: dict[str, int] = {}
    total, seen = 0, set()
    for path in root.rglob("*"):
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_ino in seen:
            continue
        seen.add(status.st_ino)
        size = status.st_size
        total += size
        parts = path.relative_to(root).parts
        for depth in range(1, min(len(parts), 6)):
            folder = "/".join(parts[:depth])
            folders[folder] = folders.get(folder, 0) + size
    large = {name: size for name, size in folders.items() if size >= WORTH_TELLING}
    made = {path.name: path.stat().st_size for path in files if path.exists()}
    told = {
        "root_unpacked": total,
        "files": made,
        "folders": dict(sorted(large.items(), key=lambda item: -item[1])),
    }
    return json.dumps(told, indent=1) + "\n"


def sha256(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _component(profile: Profile, part: Part) -> dict[str, object]:
    name, version = quote(part.name), quote(part.version)
    reference = {
        "deb": f"pkg:deb/debian/{name}@{version}?arch={part.architecture}&distro={profile.suite}",
        "pypi": f"pkg:pypi/{name}@{version}",
        "model": f"pkg:generic/{name}@{version}",
    }[part.kind]
    made: dict[str, object] = {
        "type": "machine-learning-model" if part.kind == "model" else "library",
        "bom-ref": reference,
        "name": part.name,
        "version": part.version,
        "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": part.sha256}],
    }
    if part.licence:
        made["licenses"] = [{"expression": part.licence}]
    return made


def _by_name(text: str) -> dict[str, tuple[str, ...]]:
    return {line.split()[0]: tuple(line.split()[1:]) for line in text.splitlines() if line.strip()}
