"""A root key from the Pi's one-time-programmable memory, mixed with a secret on the disk.

The firmware computes HMAC-SHA256 with the device key and does not hand the key out
(`rpi-fw-crypto`, raspberrypi/utils). Neither the disk without this Pi nor another Pi with the disk
gives the root. Root on this Pi can ask the firmware too: it is no secure element.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from appliance.errors import KeyMissingError
from appliance.gate.store.keys import KEY_BYTES, expand
from appliance.gate.store.roots.file import FileKey

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "rpi-fw-crypto"
QUESTION = b"sanmen/1/root"
SECONDS = 10.0
LOCK = "lock_device_private_key=1 in config.txt"


class OtpKey:
    """The device key `key_id`, asked through the firmware, with the host secret in `path`.

    Args:
        path: 32 random bytes, private.
        key_id: slot of the device key.

    """

    def __init__(self, path: Path, key_id: int) -> None:
        self._host = FileKey(path)
        self._path = path
        self._key_id = key_id

    @classmethod
    def create(cls, path: Path, key_id: int) -> OtpKey:
        """Draw the host secret; the device key must be there already, it can be written only once.

        Raises:
            KeyMissingError: the firmware does not answer; no file is made.
            StoreError: the file is there already.

        """
        made = cls(path, key_id)
        made._device()
        FileKey.create(path)
        return made

    @property
    def identity(self) -> str:
        """Name slot and file."""
        return f"otp:{self._key_id}+{self._path}"

    @property
    def locked(self) -> bool:
        """Whether the raw key cannot be read out until the next start of the Pi.

        Raises:
            KeyMissingError: the firmware does not answer.

        """
        answer = self._ask("get-key-status", str(self._key_id))
        return "LOCKED" in re.findall(r"[A-Z]+", answer.partition("(")[2])

    def key(self) -> bytes:
        """Ask the firmware afresh and mix in the host secret.

        Raises:
            KeyMissingError: one of the two is missing or is not what it should be.

        """
        return expand(self._device() + self._host.key(), f"{QUESTION.decode()}/otp")

    def _device(self) -> bytes:
        answer = self._ask(
            "hmac", "--in", "/dev/stdin", "--key-id", str(self._key_id), "--outform", "hex"
        ).strip()
        if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", answer):
            raise KeyMissingError(
                f"OTP key {self._key_id}",
                f"{len(answer)} characters",
                f"{2 * KEY_BYTES} hex digits",
            )
        mac = bytes.fromhex(answer)
        if not any(mac):
            raise KeyMissingError(f"OTP key {self._key_id}", "all zero", "a key in that slot")
        return mac

    def _ask(self, *words: str) -> str:
        try:
            # The tool is found by PATH, as its package puts it; nothing of ours is on the line.
            done = subprocess.run(  # noqa: S603
                [TOOL, *words], input=QUESTION, capture_output=True, timeout=SECONDS, check=True
            )
        except FileNotFoundError as error:
            raise KeyMissingError(TOOL, "not installed", "the tool of raspberrypi/utils") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()[-200:]
            raise KeyMissingError(
                f"{TOOL} {words[0]}",
                f"exit {error.returncode}: {said or 'no reason given'}",
                "a P-256 key in the OTP slot, and the right to use /dev/vcio",
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KeyMissingError(f"{TOOL} {words[0]}", error, "an answer in time") from error
        return done.stdout.decode(errors="replace")

    def __repr__(self) -> str:
        return f"OtpKey({str(self._path)!r}, {self._key_id})"
