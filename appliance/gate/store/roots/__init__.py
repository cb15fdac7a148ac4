"""Where a gate's root key can come from, one source to a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.errors import KeyMissingError
from appliance.gate.store.disk import SYSTEM, is_encrypted
from appliance.gate.store.roots.credential import CredentialKey
from appliance.gate.store.roots.file import FileKey
from appliance.gate.store.roots.otp import LOCK, OtpKey

if TYPE_CHECKING:
    from appliance.gate.store.keys import RootKey
    from appliance.sections import Store


def open_root(section: Store) -> RootKey:
    """Return the root key of a gate's configuration; nothing is read or made yet.

    Raises:
        KeyMissingError: a library it needs is not installed.

    """
    path = Path(section.key_file)
    match section.key:
        case "file":
            return FileKey(path)
        case "credential":
            return CredentialKey(section.credential)
        case "otp":
            return OtpKey(path, section.otp_key)
        case "tpm":
            key: RootKey = _tpm().TpmKey(path, section.tpm)
            return key


def create_root(section: Store) -> RootKey:
    """Make the root key of a new gate, or find the one that was made for it.

    Raises:
        KeyMissingError: its device does not answer, or it can only be made elsewhere.
        StoreError: its file is there already, or cannot be written.

    """
    path = Path(section.key_file)
    match section.key:
        case "file":
            return FileKey.create(path)
        case "credential":
            # systemd-creds makes it: our process never sees it before it is sealed.
            root = open_root(section)
            root.key()
            return root
        case "otp":
            return OtpKey.create(path, section.otp_key)
        case "tpm":
            key: RootKey = _tpm().TpmKey.create(path, section.tpm)
            return key


def weakness(section: Store, system: Path = SYSTEM) -> str | None:
    """Say what is weak about where the key is kept, and how to mend it, or None.

    A credential is sealed with a key of systemd's on the same card as the store, so it is as safe
    as that card's encryption.

    Args:
        section: of the configuration.
        system: sysfs, which tells what is encrypted.

    Raises:
        KeyMissingError: the Pi's firmware does not answer.

    """
    if section.key == "file":
        return (
            f"the key lies in {section.key_file}: whoever takes the disk has everything; "
            "for development only"
        )
    if section.key == "credential" and not is_encrypted(Path(section.folder), system):
        return "key and store lie on a card that is not encrypted: whoever takes it has everything"
    if section.key == "otp" and not OtpKey(Path(section.key_file), section.otp_key).locked:
        return f"the OTP key is not locked, so root can read it raw; set {LOCK}"
    return None


def _tpm() -> Any:  # noqa: ANN401 - a module
    """Import the one source whose library is not on every gate."""
    try:
        return import_module("appliance.gate.store.roots.tpm")
    except ImportError as error:
        raise KeyMissingError("store.key 'tpm'", error, "the extra: pip install .[tpm]") from error
