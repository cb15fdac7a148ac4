"""The gate's signature under what it hands out: receipts, checkpoints, exports (JWS, EdDSA)."""

from __future__ import annotations

from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from appliance.errors import SealBrokenError
from appliance.gate.store.keys import KeyUse, RootKey, derive

ALGORITHM = "EdDSA"


class Signer:
    """Signs with the key of one gate, which it does not print.

    The key is derived from the device root, so nothing more is stored, and a gate whose root was
    renewed is another signer.
    """

    __slots__ = ("_private", "public_key")

    def __init__(self, root: RootKey) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(derive(root, KeyUse.SIGN))
        self.public_key: bytes = self._private.public_key().public_bytes_raw()

    def sign(self, kind: str, claims: dict[str, Any]) -> str:
        """Return `claims` as a compact JWS (RFC 7515, 8037) that says of what kind it is."""
        return jwt.encode(claims, self._private, ALGORITHM, headers={"typ": kind})

    def __repr__(self) -> str:
        return f"Signer({self.public_key.hex()})"


def verified(public_key: bytes, kind: str, token: str) -> dict[str, Any]:
    """Return the claims of a token of this kind that this gate signed.

    Args:
        public_key: the gate's, 32 bytes (RFC 8032).
        kind: of document; a receipt is no checkpoint, whatever it says.
        token: compact JWS.

    Raises:
        SealBrokenError: altered, of another kind, or signed by somebody else.

    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        # Exactly one algorithm: the token has no say in how it is checked.
        whole = jwt.decode_complete(
            token, key, [ALGORITHM], options={"verify_exp": False, "verify_nbf": False}
        )
        if whole["header"].get("typ") != kind:
            raise ValueError(whole["header"].get("typ"))  # noqa: TRY301 - one refusal for all
    except (jwt.PyJWTError, ValueError) as error:
        raise SealBrokenError(
            f"signed {kind}", error, "a document as this gate signed it"
        ) from error
    claims: dict[str, Any] = whole["payload"]
    return claims
