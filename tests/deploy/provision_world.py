"""A machine at its first start: card, data partition, and a program that runs on it for real."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
if str(DEPLOY) not in sys.path:
    sys.path.insert(0, str(DEPLOY))

KEY = "00112233445566778899aabbccddeeff"
FILE = f"""\
[site]
name = "阳光花园"
operator = "阳光物业"
contact = "400-000-0000"

[gate]
name = "东门"
number = 3

[door]
lock = "maglock"
pulse_s = 5.0
fire_pin = "none"

[reader]
driver = "osdp"
source = "/dev/ttyUSB0:1"
key = "{KEY}"
community = "0A0B0C0D"

[methods]
face = true

[network]
kind = "none"

[end]
complete = true
"""
FOLDERS = ("config", "keys", "device", "reader")


@dataclass(frozen=True)
class Machine:
    """One machine.

    Attributes:
        card: its FAT partition.
        state: its data partition.

    """

    card: Path
    state: Path

    @property
    def file(self) -> Path:
        return self.card / "gate.toml"

    @property
    def config(self) -> Path:
        return self.state / "config/gate.toml"

    def holds(self, secret: bytes) -> list[Path]:
        """Return the files in which a secret stands."""
        files = [one for root in (self.card, self.state) for one in root.rglob("*")]
        return sorted(one for one in files if one.is_file() and secret in one.read_bytes())


def machine(folder: Path, content: bytes | None = None) -> Machine:
    """Return a new machine with this file on its card."""
    card, state = folder / "card", folder / "state"
    for one in (card, *(state / name for name in FOLDERS)):
        one.mkdir(parents=True)
    made = Machine(card, state)
    if content is not None:
        made.file.write_bytes(content)
    return made


def sealing(secret: bytes, name: str) -> bytes:
    """Stand in where it does not matter that only this machine can open what is sealed."""
    return f"sealed {name} ".encode() + bytes(byte ^ 0xFF for byte in secret)
