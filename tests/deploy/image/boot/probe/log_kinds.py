"""Prints the kinds of the log's events, oldest first, and what was done to it, if anything.

As the gate's user, with its key. Reads the log as `sanmen audit verify` does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from appliance.config import load
from appliance.gate.archive import open_log
from appliance.gate.store.audit import Witnesses

log, generation = open_log(load(Path(sys.argv[1])))
try:
    kinds = [one.event.kind for one in sorted(log.tail(10_000), key=lambda one: one.sequence)]
    findings = log.verify(Witnesses((), generation))
finally:
    log.db.close()
wrong = [str(one) for one in findings if one.tampering]
sys.stdout.write(json.dumps({"kinds": kinds, "wrong": wrong}))
