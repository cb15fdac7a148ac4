"""Signed receipts a person takes home: consent, withdrawal and erasure, on paper and as a code."""

from __future__ import annotations

import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jwt
import segno

from appliance.errors import SealBrokenError
from appliance.gate.store.signing import verified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.gate.store.signing import Signer

CONSENT = "consent-receipt"
ERASURE = "erasure-receipt"
COPY = "data-copy"
COMMISSIONING = "commissioning-record"
KINDS = (CONSENT, ERASURE, COPY, COMMISSIONING)
LONGEST_TOKEN = 1100
"""Characters; more would make a code too fine for a phone held by hand."""
MODULE_PX = 4
QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Receipt:
    """One signed statement of a gate.

    Attributes:
        kind: one of KINDS; it stands in the signed header, so none passes for another.
        claims: what it states, under short names (see consent_receipt, proof and commissioning).
        token: compact JWS over the claims.

    """

    kind: str
    claims: Mapping[str, Any]
    token: str

    def png(self) -> bytes:
        """Return the token as a QR code (ISO/IEC 18004, level M), a picture to print."""
        picture = io.BytesIO()
        self._code().save(picture, kind="png", scale=MODULE_PX, border=QUIET_MODULES)
        return picture.getvalue()

    def svg(self) -> str:
        """Return the token as a QR code for a screen or a printer of any fineness."""
        return str(self._code().svg_inline(scale=MODULE_PX, border=QUIET_MODULES))

    def _code(self) -> segno.QRCode:
        return segno.make_qr(self.token, error="m", boost_error=False)


def issue(signer: Signer, kind: str, claims: dict[str, Any]) -> Receipt:
    """Sign a receipt.

    Raises:
        SealBrokenError: it is too long for one code.

    """
    token = signer.sign(kind, claims)
    if len(token) > LONGEST_TOKEN:
        raise SealBrokenError(kind, f"{len(token)} characters", f"at most {LONGEST_TOKEN}")
    return Receipt(kind, claims, token)


def check(token: str, public_key: bytes) -> Receipt:
    """Return a receipt that the gate of this key signed; needs no gate, only its public key.

    Args:
        token: compact JWS, as the code holds it; line breaks of a print-out are no matter.
        public_key: the gate's, 32 bytes.

    Raises:
        SealBrokenError: altered, no receipt, or of another gate.

    """
    token = "".join(token.split())
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise SealBrokenError("receipt", f"{len(token)} characters", "a code's text, whole")
    try:
        kind = jwt.get_unverified_header(token).get("typ")
        altered = any(_rewritten(part) != part for part in token.split("."))
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise SealBrokenError("receipt", type(error).__name__, "a code's text, whole") from error
    if altered:
        # The last letter has bits that say nothing; one statement has one text.
        raise SealBrokenError("receipt", "spelled in another way", "a code's text, whole")
    if kind not in KINDS:
        raise SealBrokenError("receipt", f"kind {kind!r:.40}", f"one of {', '.join(KINDS)}")
    return Receipt(str(kind), verified(public_key, str(kind), token), token)


def _rewritten(part: str) -> str:
    content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def stamp(at: datetime) -> int:
    """Return a time as whole seconds since 1970, which a receipt holds."""
    return int(at.timestamp())


def spelled(seconds: object) -> str:
    """Return such a time for people, in UTC.

    Raises:
        SealBrokenError: it is none.

    """
    try:
        if not isinstance(seconds, int):
            raise TypeError(type(seconds).__name__)  # noqa: TRY301 - one refusal for all
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ").replace("+00:00", " UTC")
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise SealBrokenError("receipt's time", error, "seconds since 1970") from error
