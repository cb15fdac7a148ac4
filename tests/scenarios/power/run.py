"""Cuts the power of a working gate thousands of times and says what was lost, as JSON.

    python tests/scenarios/power/run.py --kills 3000 --tears 3000 --yanks 0 --json

`--kills` ends a process at random moments of every act with SIGKILL; `--tears` replays a recording
of its writes up to a random one, with what was not synced dropped, torn or turned to noise;
`--yanks` (as root) shuts a real ext4 down under it, without its journal, and mounts it again.
Ends with 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

from power_kill import Campaign, Tally  # noqa: E402 - found through the line above
from power_tear import Tearing  # noqa: E402 - the same
from power_yank import Yanking  # noqa: E402 - the same


def _one(name: str, place: Path, seed: int, count: int) -> Tally:
    if name == "kills":
        return Campaign(place, seed).run(count)
    if name == "tears":
        return Tearing(place, seed).run(count)
    with Yanking(place, seed) as yanking:
        return yanking.run(count)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=3000, help="processes to kill")
    parser.add_argument("--tears", type=int, default=3000, help="recordings to cut")
    parser.add_argument("--yanks", type=int, default=0, help="file systems to shut down; root")
    parser.add_argument("--seed", type=int, default=1, help="of every choice but the timing")
    parser.add_argument("--folder", type=Path, help="where states lie meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    given = parser.parse_args()
    result: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "seed": given.seed,
    }
    failed = 0
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name, count in (("kills", given.kills), ("tears", given.tears), ("yanks", given.yanks)):
            if not count:
                continue
            place = Path(folder) / name
            place.mkdir()
            start = time.monotonic()
            tally = _one(name, place, given.seed, count)
            failed += tally.failed
            result[name] = {**tally.told(), "seconds": round(time.monotonic() - start, 1)}
    if given.json:
        lines = [json.dumps(result, indent=2, ensure_ascii=False)]
    else:
        lines = [f"{name} {json.dumps(what)}" for name, what in result.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
