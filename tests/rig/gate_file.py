"""The configuration of a gate whose devices are all simulated, and what differs from it."""

from __future__ import annotations

import tomllib

import tomli_w

from appliance.cli.demo_screen import CONFIG


def gate_file(**differs: dict[str, object]) -> str:
    """Return the demonstration's TOML, with the keys of these tables set or added."""
    tables = tomllib.loads(CONFIG)
    for name, keys in differs.items():
        tables.setdefault(name, {}).update(keys)
    return tomli_w.dumps(tables)
