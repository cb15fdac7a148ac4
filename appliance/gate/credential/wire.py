"""Codes on the wire: base45 text, strict CBOR in COSE_Sign1, one meaning for each shape."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import base45
import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey
from cwt.exceptions import CWTError

from appliance.errors import PassError
from appliance.gate.credential.skeleton import require_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cwt.cose_key_interface import COSEKeyInterface

TEXT_LIMIT = 700
"""Characters; the longest code of ours has 396."""
SIGN1_TAG = 18
ES256 = -7
PROTECTED = bytes.fromhex("a10126")
"""{1: -7}: the one algorithm there is; a code cannot choose another (RFC 9053, section 2.1)."""
ID_BYTES = 8
POINT_BYTES = 65
COORDINATE_BYTES = 32
SIGNATURE_BYTES = 64
GRANT_LIMIT = 200
MOST_USES = 100
LAST_SECOND = 2**32 - 1
ALL_GATES = 2**32 - 1
KEY_ID = 4
EXPIRES, NOT_BEFORE, ISSUED, CODE_ID, CONFIRMATION = 4, 5, 6, 7, 8
"""Claims of RFC 8392 and, the last, RFC 8747."""
GATES, USES, GRANT, WITHDRAWN = -70001, -70002, -70003, -70004
"""Claims of our own, in the range RFC 8392 leaves to private use."""


class Kind(Enum):
    """What a code is."""

    SHOW = "show"
    VISITOR = "visitor"
    GRANT = "grant"
    STATIC = "static"
    WITHDRAW = "withdraw"
    ENROL = "enrol"


DOMAINS = {
    Kind.SHOW: b"gate/show/1",
    Kind.VISITOR: b"gate/show/1",
    Kind.GRANT: b"gate/grant/1",
    Kind.STATIC: b"gate/static/1",
    Kind.WITHDRAW: b"gate/withdraw/1",
    Kind.ENROL: b"gate/enrol/1",
}
"""Signed with the code as external_aad, so that none can be taken for another kind."""
_SHAPES = {
    (True, frozenset({ISSUED, CODE_ID})): Kind.SHOW,
    (False, frozenset({ISSUED, CODE_ID, GRANT})): Kind.VISITOR,
    (True, frozenset({EXPIRES, NOT_BEFORE, CODE_ID, CONFIRMATION, GATES, USES})): Kind.GRANT,
    (True, frozenset({EXPIRES, NOT_BEFORE, CODE_ID, GATES, USES})): Kind.STATIC,
    (True, frozenset({EXPIRES, ISSUED, CODE_ID, WITHDRAWN})): Kind.WITHDRAW,
    (False, frozenset({ISSUED, CONFIRMATION})): Kind.ENROL,
}
"""Whether a signer is named, and the claims: exactly these, no more, no fewer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One well-formed code; nothing in it is proven before `signed_by` says so.

    Attributes:
        kind: what it is.
        content: its COSE_Sign1.
        key_id: of the signer, 8 bytes; empty where the signer is named by other means.
        code_id: 8 bytes, drawn for this code; empty in an enrolment.
        issued_at: Unix seconds by the phone's clock, or 0.
        opens_at: first second of a pass, or 0.
        ends_at: first second after it, or 0.
        gates: bit n = gate number n.
        uses: how often a pass opens.
        holder: P-256 point (65 bytes) of the key it is bound to, or empty.
        grant: the visitor pass inside, as it came, or empty.
        withdrawn: code id of the pass to withdraw, or empty.

    """

    kind: Kind
    content: bytes
    key_id: bytes = b""
    code_id: bytes = b""
    issued_at: int = 0
    opens_at: int = 0
    ends_at: int = 0
    gates: int = 0
    uses: int = 0
    holder: bytes = b""
    grant: bytes = b""
    withdrawn: bytes = b""

    def signed_by(self, point: bytes) -> bool:
        """Say whether the key of this P-256 point (65 bytes) signed it, as what it is."""
        if len(point) != POINT_BYTES:
            return False
        try:
            x, y = point[1 : 1 + COORDINATE_BYTES], point[1 + COORDINATE_BYTES :]
            parameters: dict[int, object] = {1: 2, -1: 1, 3: ES256, -2: x, -3: y}
            if self.key_id:
                parameters[2] = self.key_id
            # Raises unless the point lies on the curve, and unless the signature is right.
            COSE.new().decode(
                self.content, COSEKey.new(parameters), external_aad=DOMAINS[self.kind]
            )
        except (CWTError, ValueError):
            return False
        return True


def read(text: str) -> Message:
    """Return the code whose text this is.

    Raises:
        PassError: it is none of ours, or written in any way but the one way.

    """
    if not 0 < len(text) <= TEXT_LIMIT:
        raise PassError("code", f"{len(text)} characters", f"1 to {TEXT_LIMIT}")
    try:
        content = base45.b45decode(text)
    except ValueError as fault:
        raise PassError("code", "another text", "base45 (RFC 9285)") from fault
    if base45.b45encode(content).decode() != text:
        raise PassError("code", "a second way to write its base45", "the one way")
    return parse(content)


def write(content: bytes) -> str:
    """Return a message as the text of a QR code."""
    return str(base45.b45encode(content).decode())


def parse(content: bytes) -> Message:
    """Return the code in a COSE_Sign1.

    Raises:
        PassError: as `read`.

    """
    require_plain(content, SIGN1_TAG)
    tagged = _loaded(content)
    if not isinstance(tagged, cbor2.CBORTag) or not _is_list(tagged.value):
        raise PassError("code", "another structure", "COSE_Sign1 (RFC 9052, section 4.2)")
    protected, unprotected, payload, signature = tagged.value
    if protected != PROTECTED:
        raise PassError("code's protected header", "another one", "ES256 and nothing else")
    named = _named(unprotected)
    if not isinstance(payload, bytes) or not _is_bytes(signature, SIGNATURE_BYTES):
        raise PassError("code", "no payload or no signature", "both, of their length")
    require_plain(payload)
    claims = _labelled(_loaded(payload))
    kind = _SHAPES.get((bool(named), frozenset(claims)))
    if kind is None:
        raise PassError("code's claims", sorted(claims), "those of one kind of code")
    for label, value in claims.items():
        if not _RIGHT[label](value):
            raise PassError(f"code's claim {label}", "a value out of range", "one in range")
    return Message(
        kind,
        content,
        named,
        code_id=claims.get(CODE_ID, b""),
        issued_at=claims.get(ISSUED, 0),
        opens_at=claims.get(NOT_BEFORE, 0),
        ends_at=claims.get(EXPIRES, 0),
        gates=claims.get(GATES, 0),
        uses=claims.get(USES, 0),
        holder=_point(claims[CONFIRMATION]) if CONFIRMATION in claims else b"",
        grant=claims.get(GRANT, b""),
        withdrawn=claims.get(WITHDRAWN, b""),
    )


def sign(
    key: COSEKeyInterface, kind: Kind, claims: Mapping[int, object], key_id: bytes = b""
) -> bytes:
    """Return a signed message; the phone's side, for simulation, demonstration and tests."""
    return bytes(
        COSE.new().encode_and_sign(
            cbor2.dumps(dict(claims), canonical=True),
            key,
            protected={1: ES256},
            unprotected={KEY_ID: key_id} if key_id else {},
            external_aad=DOMAINS[kind],
        )
    )


def confirmation(point: bytes) -> dict[int, object]:
    """Return the claim that binds a pass to the key of a P-256 point (RFC 8747, section 3.2)."""
    x, odd = point[1 : 1 + COORDINATE_BYTES], bool(point[-1] & 1)
    return {1: {1: 2, -1: 1, -2: x, -3: odd}}


def _loaded(content: bytes) -> object:
    try:
        value = cbor2.loads(content)
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError) as fault:
        raise PassError("code", "no CBOR", "CBOR (RFC 8949)") from fault
    if again != content:
        # Also a key given twice, of which the decoder keeps one, and bytes after the end.
        raise PassError("code's CBOR", "a second way to write it", "the canonical way")
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4  # noqa: PLR2004 - RFC 9052, section 4.2


def _is_bytes(value: object, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _labelled(value: object) -> dict[int, Any]:
    # type(), not isinstance(): True is an int to Python and equals the label 1.
    if not isinstance(value, dict) or any(type(label) is not int for label in value):
        raise PassError("code", "no map of labels", "whole numbers as labels")
    return value


def _named(unprotected: object) -> bytes:
    if unprotected == {}:
        return b""
    header = _labelled(unprotected)
    key_id = header.get(KEY_ID)
    if len(header) != 1 or not isinstance(key_id, bytes) or len(key_id) != ID_BYTES:
        raise PassError("code's unprotected header", sorted(header), "at most a key id")
    return key_id


def _is_second(value: object) -> bool:
    return type(value) is int and 0 < value <= LAST_SECOND


def _is_id(value: object) -> bool:
    return _is_bytes(value, ID_BYTES)


def _is_confirmation(value: object) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    key = _labelled(value).get(1)
    if not isinstance(key, dict):
        return False
    parts = _labelled(key)
    return (
        set(parts) == {1, -1, -2, -3}
        and (type(parts[1]), type(parts[-1])) == (int, int)
        and (parts[1], parts[-1]) == (2, 1)
        and _is_bytes(parts[-2], COORDINATE_BYTES)
        and isinstance(parts[-3], bool)
    )


_RIGHT: dict[int, Callable[[object], bool]] = {
    EXPIRES: _is_second,
    NOT_BEFORE: _is_second,
    ISSUED: _is_second,
    CODE_ID: _is_id,
    CONFIRMATION: _is_confirmation,
    GATES: lambda value: type(value) is int and 0 < value <= ALL_GATES,
    USES: lambda value: type(value) is int and 0 < value <= MOST_USES,
    GRANT: lambda value: isinstance(value, bytes) and len(value) <= GRANT_LIMIT,
    WITHDRAWN: _is_id,
}


def _point(bound: dict[int, dict[int, Any]]) -> bytes:
    key = bound[1]
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), (b"\x03" if key[-3] else b"\x02") + key[-2]
        )
    except ValueError as fault:
        raise PassError("code's key", "not on the curve", "a point on P-256") from fault
    return point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
