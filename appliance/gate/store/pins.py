"""An operator's PIN: which are fit, and the slow hash that is kept of one (scrypt, RFC 7914)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from appliance.errors import OperatorError, SealBrokenError

SHORTEST, LONGEST = 6, 12
"""Digits; as the screen asks for and takes."""
SALT_BYTES = 16
HASH_BYTES = 32
COST, BLOCK, PARALLEL = 2**15, 8, 1
"""32 MB and about a tenth of a second an attempt; stored with each hash, so that they may grow."""
HIGHEST_COST = 2**20
"""What is read back is bounded: a stored number must not ask for all memory."""


def check_pin(pin: str) -> None:
    """Refuse a PIN that is the first to be tried; it is not repeated in the error.

    Raises:
        OperatorError: too short or long, not digits, or digits in equal steps (000000, 123456).

    """
    fit = f"{SHORTEST} to {LONGEST} digits, not in equal steps like 000000 or 123456"
    if not (SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdigit()):
        raise OperatorError("PIN", f"{len(pin)} characters", fit)
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(steps) == 1:
        raise OperatorError("PIN", "digits in equal steps", fit)


@dataclass(frozen=True, slots=True, repr=False)
class PinHash:
    """What is kept of a PIN.

    Attributes:
        salt: random, 16 bytes.
        cost: scrypt's n.
        digest: 32 bytes.

    """

    salt: bytes
    cost: int
    digest: bytes

    @classmethod
    def make(cls, pin: str) -> PinHash:
        """Hash a PIN under a fresh salt."""
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(salt, COST, _scrypt(pin, salt, COST))

    def matches(self, pin: str) -> bool:
        """Say whether this is the PIN; takes as long for any."""
        return hmac.compare_digest(self.digest, _scrypt(pin, self.salt, self.cost))

    @staticmethod
    def refuse(pin: str) -> bool:
        """Say no, as slowly as `matches`."""
        _scrypt(pin, bytes(SALT_BYTES), COST)
        return False

    def encode(self) -> dict[str, Any]:
        """Return it as plain data, to be sealed."""
        return {"salt": self.salt.hex(), "cost": self.cost, "digest": self.digest.hex()}

    @classmethod
    def decode(cls, fields: dict[str, Any]) -> PinHash:
        """Read what `encode` wrote.

        Raises:
            SealBrokenError: not a hash of this version.

        """
        try:
            found = cls(
                bytes.fromhex(fields["salt"]), int(fields["cost"]), bytes.fromhex(fields["digest"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SealBrokenError("PIN's hash", repr(error), "one of this version") from error
        sizes = (len(found.salt), len(found.digest))
        if sizes != (SALT_BYTES, HASH_BYTES) or not COST <= found.cost <= HIGHEST_COST:
            raise SealBrokenError("PIN's hash", f"sizes {sizes}", "one of this version")
        return found

    def __repr__(self) -> str:
        return "PinHash(...)"


def _scrypt(pin: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=HASH_BYTES, n=cost, r=BLOCK, p=PARALLEL).derive(
        pin.encode(errors="surrogatepass")
    )
