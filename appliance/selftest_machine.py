"""The self-test's look at the machine itself: its card, its clock, its screen."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.errors import SanmenError
from appliance.selftest_words import LEAST_FREE_MB

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASED: Final = datetime(2026, 11, 22, tzinfo=UTC)
"""A clock before this program's release is wrong."""
PROBE: Final = ".selftest-"
PROBE_BYTES: Final = 65_536
FAULTS: Final = {
    errno.ENOSPC: "full 已满",
    errno.EDQUOT: "full 已满",
    errno.EROFS: "read-only 只读: it protects itself from more damage",
    errno.EIO: "failing 损坏: it gives errors",
}
"""What a card answers, in words."""
TOUCHED_DIRECTLY: Final = 1 << 1
"""INPUT_PROP_DIRECT of linux/input-event-codes.h: a touchscreen, no touchpad."""


def clock(now: datetime, zone: str) -> str:
    """Judge what the clock shows.

    Raises:
        SanmenError: a time before this program was made, such as 1970: the RTC's battery is flat.

    """
    if now < RELEASED:
        raise SanmenError("clock", f"{now:%Y-%m-%d %H:%M}", f"after {RELEASED:%Y-%m-%d}")
    return f"{now:%Y-%m-%d %H:%M} UTC, zone {zone}"


def card(folder: Path, system: Path = Path("/sys"), fsync: Callable[[int], None] = os.fsync) -> str:
    """Write to the card that holds `folder`, read it back, and ask the kernel about its faults.

    Raises:
        SanmenError: little room, read-only, errors, or it reads otherwise than it was written.

    """
    while not folder.exists():
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free // 2**20
        same = _kept(folder / f"{PROBE}{secrets.token_hex(4)}", fsync)
    except OSError as fault:
        found = FAULTS.get(fault.errno or 0, fault.strerror)
        raise SanmenError("card", f"{found} ({folder})", "one that takes a file") from fault
    if not same:
        raise SanmenError("card", "failing 损坏: it reads back otherwise", "what was written")
    if free < LEAST_FREE_MB:
        raise SanmenError("disk", f"{free} MB free 快满了", f"at least {LEAST_FREE_MB} MB")
    faults = sum(map(_count, sorted(system.glob("fs/ext4/*/errors_count"))))
    if faults:
        raise SanmenError("card", f"failing 损坏: {faults} errors of its file system", "none")
    return f"{free} MB free, takes and gives a file"


def _kept(path: Path, fsync: Callable[[int], None]) -> bool:
    """Write a file, durably, and say whether the card itself gives it back."""
    content = secrets.token_bytes(PROBE_BYTES)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        written = os.write(handle, content)
        if written < PROBE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)  # from the card, not from memory
        return os.pread(handle, PROBE_BYTES, 0) == content
    finally:
        os.close(handle)
        with suppress(OSError):
            path.unlink()


def _count(path: Path) -> int:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def screen(system: Path = Path("/sys")) -> str:
    """Look for a display and for something to touch.

    Raises:
        SanmenError: one of them is not there.

    """
    displays = [
        one.parent.name.partition("-")[2]
        for one in sorted(system.glob("class/drm/card*-*/status"))
        if "Writeback" not in one.parent.name and _word(one) != "disconnected"
    ]
    if not displays:
        raise SanmenError("screen", "no display connected 没有接屏幕", "a display")
    touched = [
        _word(one.parent / "name")
        for one in sorted(system.glob("class/input/input*/properties"))
        if int(_word(one) or "0", 16) & TOUCHED_DIRECTLY
    ]
    if not touched:
        raise SanmenError("screen", f"{displays[0]}, no touch 没有触摸", "a touchscreen")
    return f"{displays[0]}, touch {touched[0]}"


def _word(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
