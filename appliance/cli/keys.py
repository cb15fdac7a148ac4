"""`sanmen keys`: where the gate's keys come from, and new ones in place of the old."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.bench_store import store_costs
from appliance.clock import SystemClock
from appliance.config import load
from appliance.gate.archive import Archive, open_archive
from appliance.gate.store.renewal import Rotations, renew
from appliance.gate.store.roots import open_root, weakness

app = typer.Typer(
    help="The gate's keys: show, rotate, renew. The gate may go on working.", no_args_is_help=True
)
ConfigFile = Annotated[Path, typer.Option("--config", help="The gate's TOML file.")]


@app.command("show")
def show(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Show where the keys come from and how often they changed; no secret is printed."""
    settings = load(config)
    with ExitStack() as ending:
        store = _opened(config, ending).roster.store
        facts = {
            "root": open_root(settings.store).identity,
            "weak": weakness(settings.store) or "",
            "gate": store.gate_id.hex(),
            "public_key": store.signer.public_key.hex(),
            "kek": store.keyring.current,
            "renewals": Rotations(store).current,
            "generation": store.generation,
        }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    table = Table("", "found", show_header=False)
    for name, value in facts.items():
        table.add_row(name, str(value))
    Console().print(table)


@app.command("rotate")
def rotate(config: ConfigFile) -> None:
    """Wrap everybody's key by a new one and destroy the old; wrapped keys on flash become junk."""
    with ExitStack() as ending:
        archive = _opened(config, ending)
        number = archive.roster.store.keyring.rotate()
        archive.journal.happened("keys.rotated", kek=str(number))
    typer.echo(f"key-encryption key {number} is in force; the older ones are destroyed")


@app.command("renew")
def renew_references(config: ConfigFile) -> None:
    """Turn every face reference anew and give everybody a new key; nobody has to enrol again."""
    with ExitStack() as ending:
        archive = _opened(config, ending)
        number = renew(archive.roster.store)
        archive.journal.happened("keys.renewed", renewal=str(number))
    typer.echo(
        f"renewal {number}: references turned anew, all keys drawn anew, nobody enrols again"
    )


@app.command("bench")
def bench(
    residents: Annotated[int, typer.Option(min=1, max=50_000, help="With all doors.")] = 10_000,
) -> None:
    """Measure opening, loading, rotation, renewal and erasure of a store made for it; JSON."""
    typer.echo(json.dumps(store_costs(residents)))


def _opened(config: Path, ending: ExitStack) -> Archive:
    archive = open_archive(load(config), SystemClock())
    ending.callback(archive.close)
    return archive
