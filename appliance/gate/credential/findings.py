"""What checking a code can find: it opens, it takes a visitor pass back, or why it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.gate.access.reasons import Reason
    from appliance.gate.credential.grant import Grant


@dataclass(frozen=True, slots=True)
class Refused:
    """A code that opens nothing.

    Attributes:
        reason: why.
        key_id: of the resident's phone behind it, if its signature was right; else empty.
        clock_off_s: seconds the phone's clock is ahead, if that alone is wrong; else 0.

    """

    reason: Reason
    key_id: bytes = b""
    clock_off_s: int = 0


@dataclass(frozen=True, slots=True)
class PassClaims:
    """What a genuine, fresh code says; whether it was used before is the ledger's to say.

    Attributes:
        key_id: the resident who holds it or answers for it; look it up in the roster.
        issued_at: when, in Unix seconds by the phone's clock; of a static pass, its opening.
        one_use_id: 16 bytes, never accepted again.
        grant: the visitor pass it is shown with, or None = the resident's own.

    """

    key_id: bytes
    issued_at: int
    one_use_id: bytes
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A resident takes a visitor pass back; it opens nothing and needs no door.

    Attributes:
        key_id: the resident's.
        grant_id: of the pass, 16 bytes; always one of the same resident.
        ends_at: Unix second of its end, until which the withdrawal is remembered.

    """

    key_id: bytes
    grant_id: bytes
    ends_at: int
