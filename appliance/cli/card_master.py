"""The issuing master key: a file under a passphrase, kept outside gates."""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from appliance.errors import KeyMissingError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 16
SHORTEST_PASSPHRASE: Final = 12
FORM: Final = "sanmen card master 1"
_COST, _BLOCK, _LANES = 2**15, 8, 1
"""scrypt: 32 MB and about a tenth of a second a guess."""
_SALT_BYTES, _NONCE_BYTES = 16, 12


def create_master(path: Path, passphrase: str) -> None:
    """Draw a new issuing master key into `path`; an existing file is never touched.

    Raises:
        KeyMissingError: the passphrase is short, or the file is there or cannot be written.

    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyMissingError(
            "passphrase",
            f"{len(passphrase)} characters",
            f"at least {SHORTEST_PASSPHRASE}; three words do",
        )
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_stretched(passphrase, salt)).encrypt(
        nonce, secrets.token_bytes(KEY_BYTES), FORM.encode()
    )
    content = {"form": FORM, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise KeyMissingError(f"master key {path}", fault.strerror, "a new file") from fault
    with os.fdopen(handle, "w") as out:
        json.dump(content, out)
        out.flush()
        os.fsync(out.fileno())


def open_master(path: Path, passphrase: str) -> bytes:
    """Return the issuing master key, 16 bytes.

    Raises:
        KeyMissingError: no such file, or another passphrase.

    """
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        salt, nonce, sealed = (bytes.fromhex(content[one]) for one in ("salt", "nonce", "sealed"))
        key = AESGCM(_stretched(passphrase, salt)).decrypt(nonce, sealed, FORM.encode())
    except OSError as fault:
        raise KeyMissingError(
            f"master key {path}", fault.strerror, "a file of `sanmen card master`"
        ) from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise KeyMissingError(
            f"master key {path}", "not one", "a file of `sanmen card master`"
        ) from fault
    except InvalidTag as fault:
        raise KeyMissingError(f"master key {path}", "does not open", "its passphrase") from fault
    return key


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, _COST, _BLOCK, _LANES).derive(passphrase.encode())
