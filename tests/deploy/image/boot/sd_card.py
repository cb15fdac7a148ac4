"""An SD card as a file: its partitions by name, and the files on those with a FAT."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512


@dataclass(frozen=True)
class Partition:
    """One partition.

    Attributes:
        name: its label in the partition table.
        number: as the kernel and the firmware count it, from 1.
        start: first byte.
        size: bytes.

    """

    name: str
    number: int
    start: int
    size: int


class SdCard:
    """A card image; raw, so that partitions lie in it as they will on a real one."""

    def __init__(self, image: Path) -> None:
        self.image = image

    @property
    def partitions(self) -> dict[str, Partition]:
        """Its partitions by name, as they are now: the last one grows at the first start."""
        told = json.loads(_run(["sfdisk", "--json", str(self.image)]))["partitiontable"]
        return {
            one.get("name", ""): Partition(
                one.get("name", ""), number, one["start"] * SECTOR, one["size"] * SECTOR
            )
            for number, one in enumerate(told["partitions"], 1)
        }

    def read(self, partition: str, name: str) -> bytes:
        """Return a file of a FAT partition; FileNotFoundError if it is not there."""
        done = subprocess.run(  # noqa: S603 - mtools
            ["mtype", "-i", self._place(partition), f"::{name}"],  # noqa: S607
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise FileNotFoundError(f"{partition}: {name}: {done.stderr.decode().strip()}")
        return done.stdout

    def take(self, partition: str, name: str, to: Path) -> Path:
        """Copy a file of a FAT partition to this machine."""
        _run(["mcopy", "-n", "-o", "-i", self._place(partition), f"::{name}", str(to)])
        return to

    def put(self, partition: str, name: str, source: Path) -> None:
        """Copy a file onto a FAT partition, over what is there."""
        _run(["mcopy", "-o", "-i", self._place(partition), str(source), f"::{name}"])

    def ask_for(self, name: str) -> None:
        """Put an empty file on the small partition, as a technician asks for something."""
        with tempfile.NamedTemporaryFile() as empty:
            self.put("bootconfig", name, Path(empty.name))

    def names(self, partition: str) -> list[str]:
        """Return the names in a FAT partition's root."""
        listed = _run(["mdir", "-b", "-i", self._place(partition), "::"])
        return [line.removeprefix("::/") for line in listed.decode().split("\n") if line]

    def content(self, partition: str, size: int) -> bytes:
        """Return the first bytes of a partition."""
        with self.image.open("rb") as file:
            file.seek(self.partitions[partition].start)
            return file.read(size)

    def _place(self, partition: str) -> str:
        return f"{self.image}@@{self.partitions[partition].start}"


def _run(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
    return done.stdout
