"""What lies on a card of a site: its application, its three keys and its one file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from appliance.gate.credential.apdu import VERSION_PARTS

DESK_KEY: Final = 0
"""Application master: changes keys, makes files. The issuing desk alone has it."""
READ_KEY: Final = 1
"""Proves the card and reads its file; the one key a gate holds."""
WRITE_KEY: Final = 2
KEYS: Final = 3
KEY_VERSION: Final = 1
"""A slot that was set; 0 = as the application was made, 16 zero bytes."""
FACTORY_KEY: Final = bytes(16)
FILE: Final = 1
FILE_BYTES: Final = 48
CREATE_APPLICATION: Final = bytes([0x0B, 0x80 | KEYS])
"""Key settings: the master key changes keys and makes files, listing is free; AES, 3 keys."""
CREATE_FILE: Final = bytes(
    [FILE, 0x03, DESK_KEY | 0xF0, READ_KEY << 4 | WRITE_KEY, FILE_BYTES, 0, 0]
)
"""A standard file, CommMode.Full; read = key 1, write = key 2, both = never, change = key 0."""

VENDOR_NXP: Final = 0x04
DESFIRE: Final = 0x01
EV2: Final = 0x12
"""Hardware major version of EV2; EV3's is 0x33, EV1's 0x01."""

_FORM: Final = struct.Struct("<B4s16sI")
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Site:
    """What tells this community's cards from others'.

    Attributes:
        application: AID, 3 bytes as people write it; F5xxxx is free for such use.
        community: number in the file, 4 bytes.

    """

    application: bytes
    community: bytes


@dataclass(frozen=True, slots=True)
class CardFile:
    """The content of file 1.

    Attributes:
        community: 4 bytes.
        card_id: 16 random bytes.
        issue: grows by one with each replacement card of a person.

    """

    community: bytes
    card_id: bytes
    issue: int

    def encode(self) -> bytes:
        """Return the file's 48 bytes."""
        head = _FORM.pack(_VERSION, self.community, self.card_id, self.issue)
        return head + bytes(FILE_BYTES - len(head))

    @classmethod
    def decode(cls, content: bytes) -> CardFile | None:
        """Read what `encode` wrote; None if it is something else."""
        if len(content) != FILE_BYTES or any(content[_FORM.size :]):
            return None
        version, community, card_id, issue = _FORM.unpack(content[: _FORM.size])
        return cls(community, card_id, issue) if version == _VERSION else None


def is_recent(version: bytes) -> bool:
    """Say whether GetVersion's answer is that of a DESFire EV2 or later.

    Args:
        version: 28 bytes: hardware, software, production.

    """
    software = VERSION_PARTS[0]
    vendor, kind, major = version[0], version[1] & 0x0F, version[3]
    return (
        vendor == VENDOR_NXP
        and kind == DESFIRE
        and major >= EV2
        and version[software] == VENDOR_NXP
        and version[software + 3] >= 2  # noqa: PLR2004 - software major of EV2
    )
