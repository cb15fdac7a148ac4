"""The first start step by step, in an order in which a power cut at any moment does no harm.

Everything a gate needs is made first: identity, key, reader's key, network. The configuration comes
last and appears whole or not at all, and without it no room starts, so that there is no half gate.
Then the technician's file is wiped. Each step can be done again, and is, at the next start.
"""

# ruff: noqa: RUF001 - Chinese has its own punctuation

from __future__ import annotations

import errno
import os
import secrets
import subprocess
import uuid
from typing import TYPE_CHECKING, Final

from appliance.errors import SanmenError
from appliance.gate.store.files import sync
from provision.gate_file import LARGEST, GateFileError, read, text_of
from provision.settings import configuration, network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provision.answers import Answers

FILE: Final = "gate.toml"
ANSWER: Final = "gate-answer.txt"
DRAFT: Final = ".new-"
KEY_BYTES: Final = 32
SEALING_S: Final = 30.0
FAILED: Final = {
    errno.ENOSPC: "数据分区已满：请换一张新卡重新烧录。The data partition is full: "
    "flash a new card.",
    errno.EROFS: "存储卡只读，多半是坏了：请换卡。The card is read-only, as a dying one is: "
    "replace it.",
    errno.EIO: "存储卡读写出错，坏了：请换卡。The card gives errors and is dying: replace it.",
}
"""What the card answers when something is to be kept, in the technician's words."""
SAFE: Final = "门保持关闭。The door stays shut."


def seal(secret: bytes, name: str) -> bytes:
    """Return a secret that only this machine's systemd can open again (systemd-creds).

    Raises:
        SanmenError: systemd-creds is missing or refuses.

    """
    try:
        return subprocess.run(  # noqa: S603 - systemd's own tool, found by PATH
            ["systemd-creds", "encrypt", "--with-key=host", f"--name={name}", "-", "-"],  # noqa: S607
            input=secret,
            capture_output=True,
            check=True,
            timeout=SEALING_S,
        ).stdout
    except (OSError, subprocess.SubprocessError) as fault:
        raise SanmenError("key of this machine", fault, "systemd-creds to seal it") from fault


class FirstStart:
    """One machine's first start.

    Args:
        card: the FAT partition, as mounted.
        state: what stays, /var/lib/sanmen.
        sealing: makes a key readable for this machine alone.

    """

    def __init__(
        self, card: Path, state: Path, sealing: Callable[[bytes, str], bytes] = seal
    ) -> None:
        self._file = card / FILE
        self._answer = card / ANSWER
        self._state = state
        self._config = state / "config" / FILE
        self._wiped = state / "device" / "card-wiped"
        self._sealing = sealing

    def run(self) -> str:
        """Set the machine up, or go on where a power cut stopped that; return what to tell.

        Raises:
            GateFileError: the technician's file is refused; nothing was changed by it.
            SanmenError: the machine cannot keep what it must keep.

        """
        for drafts in self._state.glob(f"*/{DRAFT}*"):
            drafts.unlink()
        if self._config.exists():
            return self._again()
        text = text_of(self._content())
        answers = read(text)
        made = configuration(answers, text)
        self._make(answers)
        _publish(self._config, made.encode(), 0o644)
        self._wipe()
        return "设置完成，门在启动。Set up; the gate is starting."

    def tell(self, words: str) -> None:
        """Leave words for the technician on the card; a card that takes none keeps nobody up."""
        try:
            self._answer.write_text(words.replace("\n", "\r\n") + "\r\n", encoding="utf-8-sig")
            sync(self._answer)
        except OSError:
            return

    def _content(self) -> bytes:
        """Read the file, and no more of it than any real one has."""
        try:
            with self._file.open("rb") as file:
                return file.read(LARGEST + 1)
        except FileNotFoundError as fault:
            twin = self._file.with_name(FILE + ".txt")
            if twin.exists():
                raise GateFileError(
                    0,
                    "文件名是 gate.toml.txt，请改名为 gate.toml（先显示文件扩展名）。",
                    "it is named gate.toml.txt: rename it to gate.toml.",
                ) from fault
            raise GateFileError(
                0,
                "SD 卡小分区上没有 gate.toml。请复制示例并填写。",
                "there is no gate.toml on the card's small partition. Copy and fill in the sample.",
            ) from fault
        except OSError as fault:
            raise GateFileError(
                0,
                "SD 卡上的 gate.toml 读不出来：卡可能坏了，请换卡。",
                f"gate.toml cannot be read ({fault.strerror}): the card may be dying, replace it.",
            ) from fault

    def _make(self, answers: Answers) -> None:
        """Make what the configuration will rely on; what is there of an earlier try is kept."""
        identity = self._state / "device" / "machine-id"
        if not identity.exists():
            _publish(identity, uuid.uuid4().hex.encode() + b"\n", 0o644)
        key = self._state / "keys" / "sanmen.key.cred"
        if not key.exists():
            _publish(key, self._sealing(secrets.token_bytes(KEY_BYTES), "sanmen.key"), 0o600)
        reader = self._state / "reader" / "osdp.key"
        if answers.reader.key:
            _publish(reader, bytes.fromhex(answers.reader.key), 0o600)
        else:
            reader.unlink(missing_ok=True)  # of an earlier try with another file
        _publish(self._state / "config" / "10-sanmen.network", network(answers).encode(), 0o644)

    def _again(self) -> str:
        """Finish the wiping, or leave a new file alone: a machine is set up once."""
        if not self._file.exists():
            if not self._wiped.exists():
                _publish(self._wiped, b"", 0o644)
            return "已设置过。Set up before."
        if not self._wiped.exists():
            self._wipe()
            return "设置完成，已清除卡上的文件。Set up; the file on the card is wiped."
        raise GateFileError(
            0,
            "本机已设置过，没有读这个文件。要重新设置，请先恢复出厂。请删除卡上的 gate.toml。",
            "this machine is set up, and did not read the file. Reset it to factory state to "
            "begin anew. Remove gate.toml from the card.",
        )

    def _wipe(self) -> None:
        """Write over the file where it lies, remove it, and remember that this was done."""
        try:
            if self._file.exists():
                with self._file.open("r+b") as file:
                    file.write(bytes(self._file.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                self._file.unlink()
                sync(self._file.parent)
        except OSError as fault:
            raise SanmenError(
                f"file {self._file}", fault.strerror, "to be wiped: it holds the reader's key"
            ) from fault
        _publish(self._wiped, b"", 0o644)


def failed(fault: SanmenError) -> str:
    """Return why a set-up failed, in the technician's words."""
    cause = fault.__cause__
    found = FAILED.get(cause.errno or 0) if isinstance(cause, OSError) else None
    return found or "设置失败，请把下面一行告诉厂家。Set-up failed; tell the vendor this line:"


def _publish(path: Path, content: bytes, mode: int) -> None:
    """Let `path` hold `content`, durably, or what it held before."""
    draft = path.with_name(DRAFT + path.name)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)  # the service's umask would take it from the rooms
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
        sync(path.parent)
    except OSError as fault:
        raise SanmenError(
            f"file {path}", fault.strerror, "a data partition with room that takes it"
        ) from fault
