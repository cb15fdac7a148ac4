"""The file of a backup: what stands in it in the clear, and its sealing to the recovery key.

    "SANMENBK" | version, 2 bytes | header's length, 4 | header, JSON | body's length, 8 | body

Integers are big-endian. The body is HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM),
bound to everything before it; inside stand the old gate's signature, then the content. HPKE alone
would let anybody who knows the public half make a file, so the signature is checked as well.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from msgspec import Meta

from appliance.errors import SealBrokenError, StoreError
from appliance.gate.store.signing import verified

if TYPE_CHECKING:
    from appliance.gate.store.signing import Signer

MAGIC = b"SANMENBK"
VERSION = 1
START = struct.Struct(">8sHI")
LENGTH = struct.Struct(">Q")
SIGNATURE = struct.Struct(">I")
LONGEST_HEADER = 4096
LONGEST_BODY = 1 << 28
"""256 MiB: 50,000 people take 150."""
KIND = "backup"
FINGERPRINT_DIGITS = 16
FULL_DIGITS = 64

Hex16 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What anybody who finds the file may read: no person, no number of people.

    Attributes:
        backup: id of this file, 16 random bytes in hex.
        gate: id of the gate that made it, in hex.
        gate_key: that gate's public signing key, in hex.
        recovery: SHA-256 of the public recovery key it is sealed to, in hex.
        made_at: seconds since 1970.

    """

    backup: Hex16
    gate: Hex16
    gate_key: Hex32
    recovery: Hex32
    made_at: Annotated[int, Meta(ge=0, le=1 << 40)]


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a public key in hex; its first 16 digits stand on paper."""
    return hashlib.sha256(public_key).hexdigest()


def seal_file(header: Header, content: bytes, signer: Signer, recovery: bytes) -> bytes:
    """Return the whole file.

    Args:
        header: of this backup.
        content: to be sealed.
        signer: of the gate that makes it.
        recovery: public recovery key, 32 bytes.

    Raises:
        StoreError: longer than a backup may be.

    """
    encoded = msgspec.json.encode(header)
    claims = {"backup": header.backup, "sha256": hashlib.sha256(content).hexdigest()}
    signature = signer.sign(KIND, claims).encode()
    plain = SIGNATURE.pack(len(signature)) + signature + content
    if len(plain) > LONGEST_BODY:
        raise StoreError("backup", f"{len(plain)} bytes", f"at most {LONGEST_BODY}")
    before = START.pack(MAGIC, VERSION, len(encoded)) + encoded
    body = _suite().encrypt(plain, X25519PublicKey.from_public_bytes(recovery), before)
    return before + LENGTH.pack(len(body)) + body


def read_header(file: bytes) -> Header:
    """Return what stands in the clear; nothing of it is proven before `open_file`.

    Raises:
        SealBrokenError: no backup, cut, or with something behind it.
        StoreError: of a newer version of this product.

    """
    return _split(file)[0]


def open_file(file: bytes, key: X25519PrivateKey, gate_key: str) -> tuple[Header, bytes]:
    """Return header and content of a backup that is whole and from the gate it should be from.

    Args:
        file: all of it.
        key: the recovery key.
        gate_key: the first 16 or more hex digits of the old gate's fingerprint, from paper.

    Raises:
        SealBrokenError: altered in any bit, for another recovery key, or not of that gate.
        StoreError: of a newer version of this product.

    """
    header, before, body = _split(file)
    # All of this is in the clear; saying what is wrong tells an attacker nothing.
    if fingerprint(key.public_key().public_bytes_raw()) != header.recovery:
        raise SealBrokenError("backup", "made for other recovery words", "the words of this gate")
    known = "".join(filter(str.isalnum, gate_key)).lower()
    of_gate = fingerprint(bytes.fromhex(header.gate_key))
    if not FINGERPRINT_DIGITS <= len(known) <= FULL_DIGITS or not of_gate.startswith(known):
        raise SealBrokenError(
            "backup's gate key", of_gate[:FINGERPRINT_DIGITS], "the one on the recovery paper"
        )
    try:
        plain = _suite().decrypt(body, key, before)
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError("backup", "altered or cut", "as the gate wrote it") from error
    if len(plain) < SIGNATURE.size:
        raise SealBrokenError("backup", "no signature", "as the gate wrote it")
    (length,) = SIGNATURE.unpack_from(plain)
    end = SIGNATURE.size + length
    token = plain[SIGNATURE.size : end].decode("ascii", "replace")
    content = plain[end:]
    claims = verified(bytes.fromhex(header.gate_key), KIND, token)
    if claims != {"backup": header.backup, "sha256": hashlib.sha256(content).hexdigest()}:
        raise SealBrokenError("backup", "signed for another content", "as the gate wrote it")
    return header, content


def _split(file: bytes) -> tuple[Header, bytes, bytes]:
    if len(file) < START.size or not file.startswith(MAGIC):
        raise SealBrokenError("backup", "another kind of file", "one made by `sanmen backup make`")
    _, version, length = START.unpack_from(file)
    if version != VERSION:
        raise StoreError("backup's version", version, f"{VERSION}: update this program")
    end = START.size + length
    if length > LONGEST_HEADER or len(file) < end + LENGTH.size:
        raise SealBrokenError("backup", "cut in its header", "the whole file")
    try:
        header = msgspec.json.decode(file[START.size : end], type=Header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SealBrokenError("backup's header", error, "as the gate wrote it") from error
    (size,) = LENGTH.unpack_from(file, end)
    body = file[end + LENGTH.size :]
    if size > LONGEST_BODY + (1 << 10) or size != len(body):
        raise SealBrokenError("backup", f"{len(body)} bytes of {size}", "the whole file")
    return header, file[:end], body


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
