"""What a software card keeps: its UID, applications, keys and files, in memory and in a file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

EV3: Final = (bytes.fromhex("04010133001805"), bytes.fromhex("04010103001805"))
EV2: Final = (bytes.fromhex("04010112001805"), bytes.fromhex("04010102001805"))
EV1: Final = (bytes.fromhex("04010101001805"), bytes.fromhex("04010104001805"))
"""Hardware and software part of GetVersion."""


@dataclass(slots=True)
class SoftFile:
    """A standard data file in CommMode.Full: access rights (read, write, both, change), content."""

    rights: tuple[int, int, int, int]
    content: bytearray


@dataclass(slots=True)
class SoftApplication:
    """An AES application: keys with their versions, and files."""

    settings: int
    keys: list[bytes] = field(repr=False)
    versions: list[int]
    files: dict[int, SoftFile] = field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """The content of one card.

    Attributes:
        uid: 7 bytes.
        version: EV3, EV2 or EV1.
        applications: by AID, 3 bytes as people write it.
        kept: a file it is written to after each change, or None.

    """

    uid: bytes
    version: tuple[bytes, bytes] = EV3
    applications: dict[bytes, SoftApplication] = field(default_factory=dict)
    kept: Path | None = None

    def save(self) -> None:
        """Write the content to its file, whole or not at all."""
        if self.kept is None:
            return
        content = json.dumps(
            {
                "uid": self.uid.hex(),
                "version": [part.hex() for part in self.version],
                "applications": {
                    aid.hex(): {
                        "settings": one.settings,
                        "keys": [key.hex() for key in one.keys],
                        "versions": one.versions,
                        "files": {
                            str(number): {"rights": file.rights, "content": file.content.hex()}
                            for number, file in one.files.items()
                        },
                    }
                    for aid, one in self.applications.items()
                },
            }
        )
        fresh = self.kept.with_name(self.kept.name + ".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.kept)

    @classmethod
    def load(cls, path: Path) -> Memory:
        """Read a card that `save` wrote.

        Raises:
            ValueError: it is something else.

        """
        try:
            kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
            hardware, software = (bytes.fromhex(part) for part in kept["version"])
            card = cls(bytes.fromhex(kept["uid"]), (hardware, software), kept=path)
            for aid, one in kept["applications"].items():
                files = {
                    int(number): SoftFile(tuple(file["rights"]), bytearray.fromhex(file["content"]))
                    for number, file in one["files"].items()
                }
                keys = [bytes.fromhex(key) for key in one["keys"]]
                card.applications[bytes.fromhex(aid)] = SoftApplication(
                    one["settings"], keys, one["versions"], files
                )
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError(f"software card {path}: {fault!r}; expected a saved card") from fault
        return card
