"""The app's pass, first version: a short-lived, one-use text signed by the resident's phone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from appliance.errors import KeyMissingError, RosterError
from appliance.gate.credential import base45
from appliance.gate.store.files import publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from appliance.gate.credential.replay import ReplayMemory

PREFIX = "SM1:"
DOMAIN = b"sanmen pass v1\0"
"""Signed in front of the fields, so that a signature made for anything else is no pass."""
VERSION = b"\x01"
KEY_ID_BYTES = 8
TIME_BYTES = 4
NONCE_BYTES = 8
SIGNATURE_BYTES = 64
FIELDS_BYTES = len(VERSION) + KEY_ID_BYTES + TIME_BYTES + NONCE_BYTES
POINT_BYTES = 65
WINDOW_SECONDS = 30
FUTURE_SKEW_SECONDS = 5
TEXT_LENGTH = len(PREFIX) + (FIELDS_BYTES + SIGNATURE_BYTES) // 2 * 3 + 2


class PassRefusal(Enum):
    """Why a pass opens nothing."""

    INVALID = "invalid"
    EXPIRED = "expired"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class PassClaims:
    """What a genuine, fresh, unused pass says.

    Attributes:
        key_id: whose phone signed it; look it up in the roster.
        issued_at: when, in Unix seconds by the phone's clock.
        one_use_id: key id and nonce, never accepted again.

    """

    key_id: bytes
    issued_at: int
    one_use_id: bytes


class PassVerifier:
    """Checks passes against the keys the roster knows.

    Args:
        public_key: returns the P-256 point of a key id, or None if unknown.
        memory: one-use ids already seen.

    """

    def __init__(self, public_key: Callable[[bytes], bytes | None], memory: ReplayMemory) -> None:
        self._public_key = public_key
        self._memory = memory

    def verify(self, text: str, now: datetime) -> PassClaims | PassRefusal:
        """Return the claims of a pass shown at `now`, using it up, or why it is refused."""
        claims = self._authentic(text)
        if claims is None:
            return PassRefusal.INVALID
        second = int(now.timestamp())
        if not -FUTURE_SKEW_SECONDS <= second - claims.issued_at <= WINDOW_SECONDS:
            return PassRefusal.EXPIRED
        # Used up only now: forged or stale texts must not fill the memory.
        if not self._memory.use(claims.one_use_id, claims.issued_at, second):
            return PassRefusal.REPLAYED
        return claims

    def _authentic(self, text: str) -> PassClaims | None:
        if len(text) != TEXT_LENGTH or not text.startswith(PREFIX):
            return None
        try:
            content = base45.decode(text.removeprefix(PREFIX))
        except ValueError:
            return None
        if content[: len(VERSION)] != VERSION:
            return None
        fields, signature = content[:FIELDS_BYTES], content[FIELDS_BYTES:]
        rest = fields[len(VERSION) :]
        key = rest[:KEY_ID_BYTES]
        issued_at = int.from_bytes(rest[KEY_ID_BYTES : KEY_ID_BYTES + TIME_BYTES], "big")
        point = self._public_key(key)
        if point is None or not _signed(point, fields, signature):
            return None
        return PassClaims(key, issued_at, key + rest[KEY_ID_BYTES + TIME_BYTES :])


class PhoneKey:
    """The key of a resident's phone, for simulation and demonstration; does not print it."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.key_id = key_id(self.public_key)

    @classmethod
    def create(cls) -> PhoneKey:
        """Draw a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> PhoneKey:
        """Read a key that `save` wrote."""
        try:
            private = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise KeyMissingError(f"phone key {path}", error, "a PEM file with its key") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(
            private.curve, ec.SECP256R1
        ):
            raise KeyMissingError(f"phone key {path}", "another kind of key", "a P-256 key")
        return cls(private)

    def save(self, path: Path) -> None:
        """Write the key to a new file, mode 0600."""
        publish(
            path,
            self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def sign(self, now: datetime) -> str:
        """Return a fresh pass."""
        issued_at = int(now.astimezone(UTC).timestamp()).to_bytes(TIME_BYTES, "big")
        fields = VERSION + self.key_id + issued_at + secrets.token_bytes(NONCE_BYTES)
        r, s = decode_dss_signature(self._private.sign(DOMAIN + fields, ec.ECDSA(SHA256())))
        half = SIGNATURE_BYTES // 2
        return PREFIX + base45.encode(fields + r.to_bytes(half, "big") + s.to_bytes(half, "big"))

    def __repr__(self) -> str:
        return f"PhoneKey({self.key_id.hex()})"


def key_id(public_key: bytes) -> bytes:
    """Return the short name of a phone's key; anything but a point on P-256 is refused."""
    try:
        if len(public_key) != POINT_BYTES:
            raise ValueError(f"{len(public_key)} bytes")  # noqa: TRY301 - one refusal for both
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    except ValueError as error:
        raise RosterError("pass public key", error, "an uncompressed P-256 point") from error
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def _signed(point: bytes, fields: bytes, signature: bytes) -> bool:
    half = SIGNATURE_BYTES // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        public.verify(encode_dss_signature(r, s), DOMAIN + fields, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
