"""Reads and writes autoboot.txt, by which a Pi's firmware chooses the partition to start from.

Raspberry Pi documentation, config_txt/autoboot.adoc: at most 512 bytes in the first FAT partition;
`boot_partition` under [all] is started as a rule, the one under [tryboot] once when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from update.words import UpdateError

NAME: Final = "autoboot.txt"
LARGEST: Final = 512
"""Bytes; the firmware ignores a longer file."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which partition the firmware starts.

    Attributes:
        usual: number of the partition started as a rule.
        tried: number of the one started when a try was asked for.

    """

    usual: int
    tried: int

    @property
    def swapped(self) -> Choice:
        """The choice the other way round."""
        return Choice(self.tried, self.usual)


def parse(content: bytes) -> Choice:
    """Return the choice a file tells.

    Raises:
        UpdateError: too long, no text, or not exactly the four settings we write.

    """
    if len(content) > LARGEST:
        raise UpdateError("autoboot", NAME, f"over {LARGEST} bytes")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as fault:
        raise UpdateError("autoboot", NAME, f"no text at byte {fault.start}") from fault
    said: dict[tuple[str, str], str] = {}
    section = "all"
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, equals, value = line.partition("=")
        place = (section, key.strip())
        if not equals or place in said or place not in KNOWN:
            raise UpdateError("autoboot", NAME, f"line {number}: {line[:40]!r}")
        said[place] = value.strip()
    found = [said.get(place, "") for place in KNOWN]
    if found[0] != "1" or not all(one in NUMBERS for one in found[1:]) or found[1] == found[2]:
        raise UpdateError("autoboot", NAME, f"tryboot_a_b, partitions: {found}")
    return Choice(int(found[1]), int(found[2]))


def render(choice: Choice) -> bytes:
    """Return the file for a choice."""
    return (
        f"[all]\ntryboot_a_b=1\nboot_partition={choice.usual}\n"
        f"[tryboot]\nboot_partition={choice.tried}\n"
    ).encode()


KNOWN: Final = (("all", "tryboot_a_b"), ("all", "boot_partition"), ("tryboot", "boot_partition"))
NUMBERS: Final = frozenset("123456789")
