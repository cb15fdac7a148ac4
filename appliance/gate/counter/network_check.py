"""Says whether anything on this machine could be reached from another one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TABLES: Final = ("tcp", "tcp6")
LISTENS: Final = "0A"
"""State of a listening socket in /proc/net/tcp (proc(5))."""
LOOPBACK: Final = (
    "0100007F",  # 127.0.0.1, in the machine's byte order
    "00000000000000000000000001000000",  # ::1
    "0000000000000000FFFF00000100007F",  # ::ffff:127.0.0.1
)


def reachable(folder: Path = Path("/proc/net")) -> bool | None:
    """Say whether a socket listens to more than this machine; None if that cannot be told."""
    found = False
    for table in TABLES:
        try:
            lines = (folder / table).read_text("ascii").splitlines()[1:]
        except FileNotFoundError:
            if table == TABLES[0]:
                return None
            continue  # no IPv6 here
        except (OSError, ValueError):
            return None
        for line in lines:
            words = line.split()
            if len(words) <= 3:  # noqa: PLR2004 - number, local, remote, state
                return None
            address = words[1].partition(":")[0]
            found |= words[3] == LISTENS and address not in LOOPBACK
    return found
