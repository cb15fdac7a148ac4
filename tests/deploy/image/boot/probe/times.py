"""Tells when units were ready, in seconds since the kernel began."""

from __future__ import annotations

import json
import subprocess
import sys


def told(name: str, *unit: str) -> float:
    """Return one of systemd's times, seconds of the monotonic clock."""
    show = ["systemctl", "show", "--value", "-p", name, *unit]
    done = subprocess.run(show, capture_output=True, text=True, check=True)  # noqa: S603 - systemd's
    return round(int(done.stdout) / 1e6, 2)


sys.stdout.write(
    json.dumps(
        {
            "userspace_s": told("UserspaceTimestampMonotonic"),
            "begun_s": {one: told("InactiveExitTimestampMonotonic", one) for one in sys.argv[1:]},
            "ready_s": {one: told("ActiveEnterTimestampMonotonic", one) for one in sys.argv[1:]},
        }
    )
)
