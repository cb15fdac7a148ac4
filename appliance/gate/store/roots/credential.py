"""A root key handed over by systemd: decrypted for this service only, in memory (systemd-creds)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import KeyMissingError
from appliance.gate.store.roots.file import read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "CREDENTIALS_DIRECTORY"


class CredentialKey:
    """The credential `name` of this service: 32 bytes, from `LoadCredentialEncrypted=`.

    Args:
        name: as the unit names it.
        environment: where systemd says the folder is; None = our own.

    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment

    @property
    def identity(self) -> str:
        """Name the credential."""
        return f"credential:{self._name}"

    def key(self) -> bytes:
        """Read the key afresh.

        Raises:
            KeyMissingError: not started by systemd, no such credential, one that others can read,
                or of another length.

        """
        environment = os.environ if self._environment is None else self._environment
        folder = environment.get(FOLDER, "")
        if not folder:
            raise KeyMissingError(
                f"credential {self._name}", f"no {FOLDER}", "a service started by systemd"
            )
        if not self._name or self._name in {".", ".."} or "/" in self._name:
            raise KeyMissingError("credential's name", repr(self._name), "a name without a path")
        try:
            mode = Path(folder).stat().st_mode & 0o777
        except OSError as error:
            raise KeyMissingError(f"folder {folder}", error.strerror, "systemd's folder") from error
        # systemd: 0500 and owned by the service, or 0550 of root with an access list for it.
        if mode & 0o027:
            raise KeyMissingError(f"folder {folder}", f"mode {mode:04o}", "mode 0500: ours alone")
        return read_secret(Path(folder) / self._name, shared=0o040)

    def __repr__(self) -> str:
        return f"CredentialKey({self._name!r})"
