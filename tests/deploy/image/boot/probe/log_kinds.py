"""Prints number and kind of the log's events, oldest first; as the gate's user, with its key."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import open_archive

archive = open_archive(load(Path(sys.argv[1])), SystemClock())
try:
    entries = sorted((one.sequence, one.event.kind) for one in archive.log.tail(10_000))
finally:
    archive.close()
sys.stdout.write(json.dumps(entries))
