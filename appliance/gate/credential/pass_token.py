"""The app's codes: what a phone signs, and what of it the gate believes."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cwt import COSEKey

from appliance.errors import KeyMissingError, PassError, RosterError
from appliance.gate.access.reasons import Reason
from appliance.gate.credential import grant as grants
from appliance.gate.credential import wire
from appliance.gate.credential.findings import PassClaims, Refused, Withdrawal
from appliance.gate.credential.wire import ES256, ID_BYTES, POINT_BYTES, Kind
from appliance.gate.store.files import publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from appliance.gate.credential.grant import VisitorRules
    from appliance.gate.credential.wire import Message

WINDOW_SECONDS = 30
FUTURE_SKEW_SECONDS = 5
PRIVATE_BYTES = 32


class PassVerifier:
    """Checks codes against the keys the roster knows; remembers nothing, changes nothing.

    Args:
        public_key: returns the P-256 point of a key id, or None if unknown.
        rules: what the site allows for guests.

    """

    def __init__(self, public_key: Callable[[bytes], bytes | None], rules: VisitorRules) -> None:
        self._public_key = public_key
        self._rules = rules

    def verify(self, text: str, now: datetime) -> PassClaims | Withdrawal | Refused:
        """Return what a code shown at `now` proves, or why it is refused."""
        second = int(now.timestamp())
        try:
            message = wire.read(text)
            match message.kind:
                case Kind.SHOW:
                    return self._show(message, second)
                case Kind.VISITOR:
                    return self._visitor(message, wire.parse(message.grant), second)
                case Kind.STATIC:
                    return self._static(message, second)
                case Kind.WITHDRAW:
                    return self._withdraw(message, second)
                case _:
                    return Refused(Reason.PASS_INVALID)
        except PassError:
            return Refused(Reason.PASS_INVALID)

    def _show(self, message: Message, now: int) -> PassClaims | Refused:
        if not self._by_resident(message):
            return Refused(Reason.PASS_INVALID)
        stale = _stale(message, message.key_id, now)
        one_use_id = message.key_id + message.code_id
        return stale or PassClaims(message.key_id, message.issued_at, one_use_id)

    def _visitor(self, message: Message, inner: Message, now: int) -> PassClaims | Refused:
        # Exactly one hop: what is inside must be a grant, which only a resident's key signs.
        if inner.kind is not Kind.GRANT or not self._by_resident(inner):
            return Refused(Reason.PASS_INVALID)
        if not message.signed_by(inner.holder):
            return Refused(Reason.PASS_INVALID)
        why = grants.refusal(inner, self._rules, now)
        if why is not None:
            return Refused(why, inner.key_id)
        return _stale(message, inner.key_id, now) or PassClaims(
            inner.key_id, message.issued_at, key_id(inner.holder) + message.code_id, _grant(inner)
        )

    def _static(self, message: Message, now: int) -> PassClaims | Refused:
        if not self._by_resident(message):
            return Refused(Reason.PASS_INVALID)
        why = grants.refusal(message, self._rules, now)
        if why is not None:
            return Refused(why, message.key_id)
        granted = _grant(message)
        return PassClaims(message.key_id, now, granted.grant_id, granted)

    def _withdraw(self, message: Message, now: int) -> Withdrawal | Refused:
        if not self._by_resident(message):
            return Refused(Reason.PASS_INVALID)
        if not 0 < message.ends_at - message.issued_at <= grants.FARTHEST_SECONDS:
            return Refused(Reason.PASS_INVALID, message.key_id)
        grant_id = message.key_id + message.withdrawn
        stale = _stale(message, message.key_id, now)
        return stale or Withdrawal(message.key_id, grant_id, message.ends_at)

    def _by_resident(self, message: Message) -> bool:
        point = self._public_key(message.key_id)
        return point is not None and message.signed_by(point)


class PhoneKey:
    """A phone in software, for simulation, demonstration and tests; does not print its key."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.key_id = key_id(self.public_key)
        half = POINT_BYTES // 2
        self._cose = COSEKey.new(
            {
                1: 2,
                -1: 1,
                3: ES256,
                -2: self.public_key[1 : 1 + half],
                -3: self.public_key[1 + half :],
                -4: private.private_numbers().private_value.to_bytes(PRIVATE_BYTES, "big"),
            }
        )

    @classmethod
    def create(cls) -> PhoneKey:
        """Draw a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> PhoneKey:
        """Read a key that `save` wrote.

        Raises:
            KeyMissingError: there is none, or it is of another kind.

        """
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

    def sign(self, now: datetime, grant: bytes = b"") -> str:
        """Return a fresh code: the resident's own, or a visitor's with the grant given to it."""
        claims: dict[int, object] = {wire.ISSUED: int(now.timestamp()), wire.CODE_ID: _drawn()}
        if grant:
            claims[wire.GRANT] = grant
            return wire.write(wire.sign(self._cose, Kind.VISITOR, claims))
        return wire.write(wire.sign(self._cose, Kind.SHOW, claims, self.key_id))

    def grant(
        self, visitor: bytes, opens: datetime, ends: datetime, gates: int = 1, uses: int = 1
    ) -> bytes:
        """Return a visitor pass bound to the visitor's P-256 point; it travels in a link."""
        return wire.sign(
            self._cose,
            Kind.GRANT,
            {**_span(opens, ends, gates, uses), wire.CONFIRMATION: wire.confirmation(visitor)},
            self.key_id,
        )

    def static(self, opens: datetime, ends: datetime, gates: int = 1) -> str:
        """Return a pass to print for a guest without a phone."""
        claims = _span(opens, ends, gates, grants.STATIC_USES)
        return wire.write(wire.sign(self._cose, Kind.STATIC, claims, self.key_id))

    def withdraw(self, grant: bytes, now: datetime) -> str:
        """Return the code that takes a visitor pass back when a gate sees it."""
        given = wire.parse(grant)
        claims = {
            wire.EXPIRES: given.ends_at,
            wire.ISSUED: int(now.timestamp()),
            wire.CODE_ID: _drawn(),
            wire.WITHDRAWN: given.code_id,
        }
        return wire.write(wire.sign(self._cose, Kind.WITHDRAW, claims, self.key_id))

    def enrolment(self, now: datetime) -> str:
        """Return the code the desk reads: the public key, signed to show that it is held."""
        claims = {
            wire.ISSUED: int(now.timestamp()),
            wire.CONFIRMATION: wire.confirmation(self.public_key),
        }
        return wire.write(wire.sign(self._cose, Kind.ENROL, claims))

    def __repr__(self) -> str:
        return f"PhoneKey({self.key_id.hex()})"


def enrolled_key(text: str) -> bytes:
    """Return the P-256 point (65 bytes) in a phone's enrolment code.

    Raises:
        PassError: another code, or the phone does not hold the key it shows.

    """
    message = wire.read(text)
    if message.kind is not Kind.ENROL or not message.signed_by(message.holder):
        raise PassError("enrolment code", f"a {message.kind.value} code", "one the phone signed")
    return message.holder


def key_id(public_key: bytes) -> bytes:
    """Return the short name of a phone's key; anything but a point on P-256 is refused."""
    try:
        if len(public_key) != POINT_BYTES:
            raise ValueError(f"{len(public_key)} bytes")  # noqa: TRY301 - one refusal for both
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    except ValueError as error:
        raise RosterError("pass public key", error, "an uncompressed P-256 point") from error
    return hashlib.sha256(public_key).digest()[:ID_BYTES]


def _stale(message: Message, resident: bytes, now: int) -> Refused | None:
    ahead = message.issued_at - now
    if -WINDOW_SECONDS <= ahead <= FUTURE_SKEW_SECONDS:
        return None
    return Refused(Reason.PASS_EXPIRED, resident, ahead)


def _grant(message: Message) -> grants.Grant:
    return grants.Grant(message.key_id + message.code_id, message.ends_at, message.uses)


def _span(opens: datetime, ends: datetime, gates: int, uses: int) -> dict[int, object]:
    return {
        wire.EXPIRES: int(ends.timestamp()),
        wire.NOT_BEFORE: int(opens.timestamp()),
        wire.CODE_ID: _drawn(),
        wire.GATES: gates,
        wire.USES: uses,
    }


def _drawn() -> bytes:
    return secrets.token_bytes(ID_BYTES)
