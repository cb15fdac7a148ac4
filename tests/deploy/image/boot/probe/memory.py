"""Measures what units use now: PSS of all their processes, and what their group is charged with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

KB = 1024


def of_process(pid: str) -> dict[str, int]:
    """Return the sums of one process, kB by name."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}


def of_unit(unit: str) -> dict[str, float]:
    """Return what a unit uses."""
    show = ["systemctl", "show", "--value", "-p", "ControlGroup", unit]
    told = subprocess.run(show, capture_output=True, text=True, check=True)  # noqa: S603 - systemd's
    group = Path("/sys/fs/cgroup" + told.stdout.strip())
    processes = [of_process(pid) for pid in (group / "cgroup.procs").read_text().split()]
    return {
        "pss_mb": round(sum(one["Pss"] for one in processes) / KB, 1),
        "rss_mb": round(sum(one["Rss"] for one in processes) / KB, 1),
        "anonymous_mb": round(sum(one["Anonymous"] for one in processes) / KB, 1),
        "swapped_mb": round(sum(one["Swap"] for one in processes) / KB, 1),
        "group_mb": round(int((group / "memory.current").read_text()) / KB / KB, 1),
        "peak_mb": round(int((group / "memory.peak").read_text()) / KB / KB, 1)
        if (group / "memory.peak").exists()
        else 0.0,
        "processes": len(processes),
    }


machine = Path("/proc/meminfo").read_text()
available = {name: int(size) // KB for name, size in re.findall(r"(\w+):\s+(\d+) kB", machine)}
sys.stdout.write(
    json.dumps(
        {
            "rooms": {unit: of_unit(unit) for unit in sys.argv[1:]},
            "machine": {name: available[name] for name in ("MemTotal", "MemAvailable", "Shmem")},
        }
    )
)
