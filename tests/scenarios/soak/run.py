"""Lets a simulated month pass at a gate with its three real rooms and says what leaks, as JSON.

    python tests/scenarios/soak/run.py --days 30 --seed 1 --json

As root: a room lets nobody else look at its memory, and the disk that is full now and then is a
small tmpfs. Days leap from visit to visit, as if the machine had been suspended between them: civil
time and time since boot go on, the deadlines between the rooms stay real (soak_shim.c). Every night
is swept, every Sunday the log is verified, and for some seconds gate's loop turns as fast as it
can. `--leak 4096` is the control: all rooms lose memory and descriptors, and it has to be found.
Progress goes to standard error. Ends with 1 if anything leaks, does not heal or says what a gate in
order does not say, and in a whole month also if a leak could not have been seen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

from soak_month import Month, Plan, failed  # noqa: E402 - found through the line above


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=30, help="to pass")
    parser.add_argument("--cards", type=int, default=150, help="card visits a day")
    parser.add_argument("--codes", type=int, default=15, help="visits with a code a day")
    parser.add_argument("--faces", type=int, default=6, help="visits of a face a day")
    parser.add_argument("--hurry", type=float, default=10.0, help="s a night, gate's loop hurries")
    parser.add_argument("--leak", type=int, default=0, help="bytes lost now and then: the control")
    parser.add_argument("--seed", type=int, default=1, help="of every choice but the timing")
    parser.add_argument("--series", type=Path, help="file for every sample, as JSON")
    parser.add_argument("--folder", type=Path, help="where the gate lies meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    given = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: a room lets nobody else look at its memory")
    # Ended from outside it still stops the rooms and unmounts the disk.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = Plan(given.days, (given.cards, given.codes, given.faces), given.hurry, given.leak)
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="sanmen-soak-") as folder:
        month = Month(Path(folder), wanted, given.seed, _progress)
        try:
            result = month.run()
            if given.series is not None:
                given.series.write_text(json.dumps(month.series()), "ascii")
        finally:
            month.close()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    result = {"machine": machine, "seed": given.seed, "leak": given.leak, **result}
    if given.json:
        lines = [json.dumps(result, indent=2, ensure_ascii=False)]
    else:
        lines = [f"{name} {json.dumps(what, ensure_ascii=False)}" for name, what in result.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if failed(result) else 0


def _progress(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
