"""Plays presentation after presentation to vision's pipeline: does its memory stand still?

    python -m tests.rig.measure_vision_memory 900 CLIP ...

For so many seconds; told as JSON are the process's own memory after each tenth presentation, and
its growth in the run's second half. In the soak's month vision is started anew seven times, and its
lives are too short to come to this end (`tests/scenarios/soak`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import cv2

from appliance.cli.clip_cameras import ClipCameras
from appliance.cli.presentations import play
from appliance.config import Config
from appliance.gate.rules import cue_policies
from appliance.hardening import environment

EVERY: Final = 10
"""Presentations between two looks at the memory."""
INSIDE: Final = "SANMEN_MEASURED"


def own_kib() -> int:
    """Return this process's anonymous memory, KiB."""
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


def measure(seconds: float, clips: list[Path]) -> dict[str, object]:
    """Play the clips in turn, as fast as they go."""
    cv2.setNumThreads(1)
    gate = Config()
    cameras, policy = ClipCameras(gate), cue_policies(gate.pad)
    until, count, seen = time.monotonic() + seconds, 0, [own_kib()]
    while time.monotonic() < until:
        for clip in clips:
            for _name, _outcome in play(clip, cameras.pipeline(clip), policy):
                count += 1
                if count % EVERY == 0:
                    seen.append(own_kib())
    half = seen[len(seen) // 2 :]
    return {
        "presentations": count,
        "second_half_grew_kib": max(half) - half[0],
        "own_kib": seen,
    }


def main() -> int:
    """Run what the command line asks for, in the environment of a room."""
    seconds, clips = float(sys.argv[1]), [Path(one) for one in sys.argv[2:]]
    if INSIDE not in os.environ:
        again = [sys.executable, "-m", "tests.rig.measure_vision_memory", *sys.argv[1:]]
        wanted = environment(os.environ) | {INSIDE: "1"}
        return subprocess.run(again, env=wanted, check=False).returncode  # noqa: S603 - ourselves
    print(json.dumps(measure(seconds, clips)))  # noqa: T201 - the result
    return 0


if __name__ == "__main__":
    sys.exit(main())
