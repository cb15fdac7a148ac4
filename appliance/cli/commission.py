"""`sanmen commission`: a gate's store at first boot, and the signed record that it was proven."""

from __future__ import annotations

import typer

from appliance.cli.opened import ConfigFile  # noqa: TC001 - Typer reads it
from appliance.config import load
from appliance.gate.archive import create_archive, is_new

app = typer.Typer(help="A new gate: its store, and its commissioning.", no_args_is_help=True)


@app.command("store")
def store(config: ConfigFile) -> None:
    """Make the store and log of a new gate, or go on where a power cut stopped that."""
    settings = load(config)
    if is_new(settings):
        create_archive(settings)
        typer.echo(f"new gate: made its store in {settings.store.folder}")
    else:
        typer.echo(f"the store in {settings.store.folder} is there")
