"""The arithmetic of the log: the public chain, the seals under it, and what a checkpoint claims."""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from appliance.errors import AuditError, SealBrokenError
from appliance.gate.store.audit_event import microseconds
from appliance.gate.store.signing import verified

if TYPE_CHECKING:
    from appliance.gate.store.signing import Signer

HASH_BYTES = 32
CHECKPOINT = "checkpoint"
_HEAD = struct.Struct(">Q32sqQQ")
_ORIGIN = struct.Struct(">Q32s")
LARGEST = 2**63 - 1
"""SQLite's integers end here."""
NEVER = -62_135_596_800_000_000
"""Newest time of a log without events: the year 1, microseconds since 1970."""


def link(previous: bytes, sequence: int, text: bytes) -> bytes:
    """Return the public chain after one more event: SHA-256(previous || sequence || text).

    Anybody can recompute it, with no key: the sequence is 8 bytes, big-endian.
    """
    return hashlib.sha256(previous + sequence.to_bytes(8, "big") + text).digest()


def seal(key: bytes, sequence: int, chain: bytes, text: bytes) -> bytes:
    """Return an event's own HMAC: it stays true or false whatever happens to its neighbours."""
    return hmac.digest(key, b"event" + sequence.to_bytes(8, "big") + chain + text, "sha256")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends.

    Attributes:
        sequence: number of the last event; 0 = none yet.
        chain: the public chain there, 32 bytes.
        newest: newest time ever logged, microseconds since 1970.
        witness: generation of the store of persons when last told.
        checkpoint: number of the event at the newest checkpoint.

    """

    sequence: int
    chain: bytes
    newest: int
    witness: int
    checkpoint: int

    def pack(self, key: bytes) -> bytes:
        """Return it as stored, with its HMAC."""
        content = _HEAD.pack(self.sequence, self.chain, self.newest, self.witness, self.checkpoint)
        return content + hmac.digest(key, b"head" + content, "sha256")

    @classmethod
    def parse(cls, key: bytes, stored: object) -> Head:
        """Read what `pack` wrote, or raise `AuditError`."""
        return cls(*_HEAD.unpack(_opened(key, b"head", stored, _HEAD.size)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the log begins: the last event before it, or what was drawn when it was made."""

    sequence: int
    chain: bytes

    def pack(self, key: bytes) -> bytes:
        """Return it as stored, with its HMAC."""
        content = _ORIGIN.pack(self.sequence, self.chain)
        return content + hmac.digest(key, b"origin" + content, "sha256")

    @classmethod
    def parse(cls, key: bytes, stored: object) -> Origin:
        """Read what `pack` wrote, or raise `AuditError`."""
        return cls(*_ORIGIN.unpack(_opened(key, b"origin", stored, _ORIGIN.size)))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The gate's signed word on where its log stood; kept elsewhere, it is an outside witness.

    Attributes:
        gate: which gate: first 16 hex digits of the SHA-256 of its public key.
        sequence: number of the last event.
        chain: the public chain there, 32 bytes.
        at: newest time logged until then, aware.
        witness: generation of the store of persons.
        previous: number of the event at the checkpoint before; None = the first.

    """

    gate: str
    sequence: int
    chain: bytes
    at: datetime
    witness: int
    previous: int | None

    def sign(self, signer: Signer) -> str:
        """Return it as a compact JWS."""
        return signer.sign(
            CHECKPOINT,
            {
                "gate": self.gate,
                "sequence": self.sequence,
                "chain": self.chain.hex(),
                "at": self.at.isoformat(timespec="microseconds"),
                "witness": self.witness,
                "previous": self.previous,
            },
        )

    @classmethod
    def read(cls, public_key: bytes, token: str) -> Checkpoint:
        """Read a checkpoint that the holder of `public_key` signed.

        Raises:
            SealBrokenError: altered, of another gate, or no checkpoint.

        """
        return cls.parse(verified(public_key, CHECKPOINT, token))

    @classmethod
    def parse(cls, claims: dict[str, Any]) -> Checkpoint:
        """Read signed claims; a signature does not make them well-formed.

        Raises:
            SealBrokenError: a claim is missing, or is not what it must be.

        """
        try:
            found = cls(
                str(claims["gate"]),
                _number(claims["sequence"]),
                bytes.fromhex(claims["chain"]),
                datetime.fromisoformat(claims["at"]),
                _number(claims["witness"]),
                None if claims["previous"] is None else _number(claims["previous"]),
            )
            microseconds(found.at)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise SealBrokenError("checkpoint", repr(error), "a checkpoint's claims") from error
        if len(found.chain) != HASH_BYTES:
            raise SealBrokenError("checkpoint's chain", len(found.chain), f"{HASH_BYTES} bytes")
        return found


def gate_of(public_key: bytes) -> str:
    """Return the short name of the gate that signs with this key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise ValueError(value)
    return value


def _opened(key: bytes, label: bytes, stored: object, size: int) -> bytes:
    if not isinstance(stored, bytes) or len(stored) != size + HASH_BYTES:
        raise AuditError(f"log's {label.decode()}", "missing or of another length", "it whole")
    content, mac = stored[:size], stored[size:]
    if not hmac.compare_digest(mac, hmac.digest(key, label + content, "sha256")):
        raise AuditError(f"log's {label.decode()}", "altered or of another key", "it whole")
    return content
