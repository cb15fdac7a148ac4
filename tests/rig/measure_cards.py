"""Measures card to relay over a real pcscd: `python tests/rig/measure_cards.py 200`, as root."""

# ruff: noqa: E402 - a script finds its neighbours first

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import vpcd

from appliance.cli.bench_cards import bench_config, figures, measure
from appliance.clock import SystemClock
from appliance.gate import process as gate
from appliance.sections import ReaderSection

if __name__ == "__main__":
    if reason := vpcd.reason_to_skip():
        sys.exit(reason)
    pcscd = vpcd.Pcscd()
    try:
        with tempfile.TemporaryDirectory() as name:
            section = ReaderSection(driver="pcsc", source="Virtual PCD 00 00")
            config = bench_config(Path(name), section)
            reader = gate.open_reader(config, SystemClock())
            try:
                times = measure(config, reader, vpcd.FieldHand(), int(sys.argv[1]))
            finally:
                reader.close()
        sys.stdout.write(json.dumps(figures(times)) + "\n")
    finally:
        pcscd.stop()
