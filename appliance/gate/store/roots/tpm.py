"""A root key sealed by a TPM 2.0: the file beside the store opens on this chip only.

What goes over the bus is encrypted in a session salted with the chip's own storage key, whose name
stands in the file: a listener on the wires learns nothing, and a chip in between is noticed. No PCR
policy: the Pi's firmware measures nothing, so it would bind to nothing.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tpm2_pytss import ESAPI
from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_SE, TPMA_OBJECT, TPMA_SESSION
from tpm2_pytss.TSS2_Exception import TSS2_Exception
from tpm2_pytss.types import (
    TPM2B_PRIVATE,
    TPM2B_PUBLIC,
    TPM2B_SENSITIVE_CREATE,
    TPM2B_SENSITIVE_DATA,
    TPMS_SENSITIVE_CREATE,
)

from appliance.errors import KeyMissingError
from appliance.gate.store.files import publish
from appliance.gate.store.keys import KEY_BYTES
from appliance.gate.store.roots.file import read_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"sanmen-tpm-2\n"
LENGTH_BYTES = 2
LARGEST = 4096
STORAGE_KEY = "ecc"
STORAGE_ATTRIBUTES = TPMA_OBJECT.DEFAULT_TPM2_TOOLS_CREATEPRIMARY_ATTRS | TPMA_OBJECT.NODA
"""The TCG's template of an ECC storage key (TPM v2.0 Provisioning Guidance, 7.5.1): the same chip
makes the same key again. Without NODA a chip takes each loss of power for a wrong guess at it, and
locks itself after a few."""
ATTRIBUTES = (
    TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT | TPMA_OBJECT.USERWITHAUTH | TPMA_OBJECT.NODA
)
WHAT = "the chip this file was sealed by, not cleared since"


class TpmKey:
    """The root key sealed in `path`, opened by the chip behind `tcti`.

    Args:
        path: of the sealed file.
        tcti: how the chip is reached, such as `device:/dev/tpmrm0`.

    """

    def __init__(self, path: Path, tcti: str) -> None:
        self._path = path
        self._tcti = tcti

    @classmethod
    def create(cls, path: Path, tcti: str) -> TpmKey:
        """Draw a root key, seal it, and keep only the sealed form.

        Raises:
            KeyMissingError: the chip does not answer.
            StoreError: the file is there already.

        """
        with _chip(tcti) as (esapi, storage_key, session, name):
            private, public, *_ = esapi.create(
                storage_key,
                TPM2B_SENSITIVE_CREATE(
                    TPMS_SENSITIVE_CREATE(data=TPM2B_SENSITIVE_DATA(secrets.token_bytes(KEY_BYTES)))
                ),
                TPM2B_PUBLIC.parse("keyedhash", objectAttributes=ATTRIBUTES),
                session1=session,
            )
        parts = (name, public.marshal(), private.marshal())
        publish(
            path, MAGIC + b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in parts)
        )
        return cls(path, tcti)

    @property
    def identity(self) -> str:
        """Name chip and file."""
        return f"tpm:{self._tcti}+{self._path}"

    def key(self) -> bytes:
        """Let the chip open the file afresh.

        Raises:
            KeyMissingError: no file, no chip, another chip, a cleared one, or an altered file.

        """
        sealed_by, public, private = _parts(self._path)
        with _chip(self._tcti) as (esapi, storage_key, session, name):
            if name != sealed_by:
                raise KeyMissingError(f"TPM {self._tcti}", "another chip, or cleared", WHAT)
            item = esapi.load(storage_key, _private(private), _public(public), session1=session)
            try:
                content = bytes(esapi.unseal(item, session1=session))
            finally:
                esapi.flush_context(item)
        if len(content) != KEY_BYTES:
            raise KeyMissingError(f"key in {self._path}", f"{len(content)} bytes", "32 bytes")
        return content

    def __repr__(self) -> str:
        return f"TpmKey({str(self._path)!r}, {self._tcti!r})"


@contextmanager
def _chip(tcti: str) -> Iterator[tuple[ESAPI, ESYS_TR, ESYS_TR, bytes]]:
    """Give the chip, its storage key, an encrypting session, and the storage key's name."""
    try:
        with ESAPI(tcti) as esapi:
            storage_key, public, *_ = esapi.create_primary(
                None, TPM2B_PUBLIC.parse(STORAGE_KEY, objectAttributes=STORAGE_ATTRIBUTES)
            )
            try:
                session = esapi.start_auth_session(
                    storage_key, ESYS_TR.NONE, TPM2_SE.HMAC, "aes128cfb", TPM2_ALG.SHA256
                )
                try:
                    esapi.trsess_set_attributes(
                        session,
                        TPMA_SESSION.CONTINUESESSION | TPMA_SESSION.DECRYPT | TPMA_SESSION.ENCRYPT,
                    )
                    yield esapi, storage_key, session, bytes(public.get_name())
                finally:
                    esapi.flush_context(session)
            finally:
                esapi.flush_context(storage_key)
    except (TSS2_Exception, RuntimeError, ValueError) as error:
        raise KeyMissingError(f"TPM {tcti}", error, WHAT) from error


def _parts(path: Path) -> tuple[bytes, bytes, bytes]:
    content = read_private(path, LARGEST)
    if not content.startswith(MAGIC):
        raise KeyMissingError(f"key file {path}", "no sealed key", "a file sealed by a TPM")
    rest = content[len(MAGIC) :]
    parts = []
    while rest:
        length = int.from_bytes(rest[:LENGTH_BYTES], "big")
        end = LENGTH_BYTES + length
        parts.append(rest[LENGTH_BYTES:end])
        if len(parts[-1]) != length:
            break
        rest = rest[end:]
    if rest or len(parts) != 3:  # noqa: PLR2004 - name, public, private
        raise KeyMissingError(f"key file {path}", "cut or altered", "name, public and private part")
    return parts[0], parts[1], parts[2]


def _public(content: bytes) -> TPM2B_PUBLIC:
    return TPM2B_PUBLIC.unmarshal(content)[0]


def _private(content: bytes) -> TPM2B_PRIVATE:
    return TPM2B_PRIVATE.unmarshal(content)[0]
