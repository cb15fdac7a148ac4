"""`sanmen selftest`: every part, pass or fail, with the fix."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from appliance.config import load
from appliance.selftest import check_all


def selftest(
    config: Annotated[Path, typer.Option("--config", help="The gate's TOML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Check camera, relay, models, keys, clock and disk. The relay clicks; stop the gate first."""
    findings = check_all(load(config))
    passed = all(one.passed for one in findings)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings]))
    else:
        table = Table("part", "", "found", "fix")
        for one in findings:
            mark = "[green]pass[/]" if one.passed else "[bold red]FAIL[/]"
            table.add_row(f"{one.name} {one.part}", mark, one.found, "" if one.passed else one.fix)
        Console().print(table)
    if not passed:
        raise typer.Exit(1)
