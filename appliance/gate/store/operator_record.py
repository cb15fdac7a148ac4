"""What is kept of somebody who runs the gate, and its form inside a seal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.errors import SealBrokenError
from appliance.gate.store.pins import PinHash


class Role(Enum):
    """What an operator does; nobody does another's work (S141)."""

    MANAGER = "manager"
    AUDITOR = "auditor"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Record:
    """What is sealed of an operator.

    Attributes:
        name: as typed.
        role: the one.
        pin: its slow hash.
        failures: attempts to log in since the last that succeeded.
        paused_until: no attempt before, aware; None = now.
        person: whose card on the roster they log in with at the screen: a pseudonym, or empty.

    """

    name: str
    role: Role
    pin: PinHash
    failures: int = 0
    paused_until: datetime | None = None
    person: str = ""

    def encode(self) -> bytes:
        """Return it as bytes to be sealed."""
        fields = {
            "name": self.name,
            "role": self.role.value,
            "pin": self.pin.encode(),
            "failures": self.failures,
            "paused_until": self.paused_until and self.paused_until.isoformat(),
            "person": self.person,
        }
        return json.dumps(fields).encode()

    @classmethod
    def decode(cls, content: bytes) -> Record:
        """Read what `encode` wrote."""
        try:
            fields = json.loads(content)
            until = fields["paused_until"]
            return cls(
                str(fields["name"]),
                Role(fields["role"]),
                PinHash.decode(fields["pin"]),
                int(fields["failures"]),
                None if until is None else datetime.fromisoformat(until),
                # Those kept before the screen was have none.
                str(fields.get("person", "")),
            )
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise SealBrokenError("operator", repr(error), "one of this version") from error
