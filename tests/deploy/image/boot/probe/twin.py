"""Runs a Python script where a unit's own program would run: `twin.py UNIT SCRIPT [WORD ..]`.

systemd itself makes the place: the twin is the unit with another program. Its name begins with
`sanmen-` too, so that the drop-in for all of them holds as well. Prints what the script prints.
"""

# ruff: noqa: S603, S607 - it runs what the tests ask for, in a machine of their own

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

UNITS = Path("/usr/lib/systemd/system")
HERE = Path("/run/systemd/system")
DRIVE = Path(__file__).parent
OWN = (
    "Exec",
    "Type=",
    "NotifyAccess=",
    "Watchdog",
    "Restart",
    "Condition",
    "Wants=",
    "Requires=",
    "After=",
    "Before=",
    "PartOf=",
    "TimeoutS",
    "RemainAfterExit=",
    "WantedBy=",
    "FailureAction=",
)
"""What belongs to the unit's own program, or to its place in the start."""


def main(unit: str, words: list[str]) -> int:
    """Run it; return the exit code."""
    name = f"sanmen-twin-{unit.removeprefix('sanmen-')}"
    kept = [
        line
        for line in (UNITS / unit).read_text().splitlines()
        if not line.startswith((*OWN, "#", "[Install]"))
    ]
    out = Path(f"/run/{name}.out")
    out.write_bytes(b"")
    command = shlex.join(["/opt/sanmen/bin/python", *words])
    kept += ["Type=oneshot", f"ExecStart={command}", f"StandardOutput=truncate:{out}"]
    kept += ["StandardError=journal", "TimeoutStartSec=120", f"BindReadOnlyPaths={DRIVE}"]
    (HERE / name).write_text("\n".join(kept) + "\n")
    done = subprocess.run(["systemctl", "start", name], check=False, capture_output=True, text=True)
    sys.stdout.write(out.read_text())
    if done.returncode:
        told = ["journalctl", "-u", name, "-n", "30", "--no-pager", "-o", "cat"]
        sys.stderr.write(subprocess.run(told, check=False, capture_output=True, text=True).stdout)
    subprocess.run(["systemctl", "reset-failed", name], check=False, capture_output=True)
    return done.returncode


sys.exit(main(sys.argv[1], sys.argv[2:]))
