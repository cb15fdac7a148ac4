"""Orders versions, and decides whether one may follow another: forward only."""

from __future__ import annotations

import re
from typing import Final

from update.words import UpdateError

PATTERN: Final = re.compile(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})(?:\+(\d{1,4}))?")
Version = tuple[int, ...]


def parse(text: str) -> Version:
    """Return a version `1.2.3` or `1.2.3+4` (the fourth image of 1.2.3) as it is compared.

    Raises:
        UpdateError: it is written in another way.

    """
    found = PATTERN.fullmatch(text)
    if found is None:
        raise UpdateError("version", "version", repr(text[:40]))
    return tuple(int(part or 0) for part in found.groups())


def require_newer(offered: str, running: str, newest: str) -> None:
    """Refuse what is not newer than this system, or older than any that was kept here.

    A version that was kept once and is not running, because its disk died, may be put on again.

    Args:
        offered: of the bundle.
        running: of this system.
        newest: ever kept on this machine.

    Raises:
        UpdateError: older or the same.

    """
    what = f"bundle {offered}, here {running}, newest ever {newest}"
    if parse(offered) == parse(running):
        raise UpdateError("same", "version", what)
    if parse(offered) < max(parse(running), parse(newest)):
        raise UpdateError("older", "version", what)
