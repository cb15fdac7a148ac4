"""Equality, measured: the command runs the real card, code and face in turn."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from appliance.cli import build
from appliance.cli.evaluate_parity import Times


def test_it_measures_all_three_doors_in_one_run() -> None:
    done = CliRunner().invoke(build(), ["evaluate", "parity", "--rounds", "2", "--json"])

    found = json.loads(done.stdout)
    assert {name: found[name]["presentations"] for name in ("card", "qr", "face")} == {
        "card": 2,
        "qr": 2,
        "face": 2,
    }
    equal = max(found["card"]["p95_ms"], found["qr"]["p95_ms"]) <= found["face"]["p95_ms"]
    assert found["card_and_qr_no_slower"] is equal
    assert done.exit_code == (0 if equal else 1)


def test_no_rounds_are_refused() -> None:
    done = CliRunner().invoke(build(), ["evaluate", "parity", "--rounds", "0"])

    assert done.exit_code == 2


def test_the_95th_percentile_is_the_19th_of_20() -> None:
    times = Times([float(number) for number in range(1, 21)])

    assert times.figures() == {"presentations": 20, "p50_ms": 10.5, "p95_ms": 19.0}
