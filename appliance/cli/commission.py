"""`sanmen commission`: the store of a new gate, and the signed record of its first trial."""

# ruff: noqa: RUF001 - Chinese has marks of its own

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from appliance.cli.opened import ConfigFile, Picture, hand_out, opened
from appliance.cli.operators import login
from appliance.config import load
from appliance.gate.archive import create_archive, is_new
from appliance.gate.commissioning import CHECKS, conclude
from appliance.gate.store.operators import Operators, Role
from appliance.selftest import check_all

if TYPE_CHECKING:
    from appliance.sections import Config

app = typer.Typer(help="A new gate: its store, and its commissioning.", no_args_is_help=True)
PARTS = {
    "camera": ("camera",),
    "relay": ("relay",),
    "door inputs": ("door-sensor", "rex", "fire"),
    "reader": ("reader",),
    "screen": ("screen",),
    "sound": ("sound",),
    "clock": ("clock",),
}
"""Part of the self-test -> the parts of a commissioning that cannot pass without it."""


@app.command("store")
def store(config: ConfigFile) -> None:
    """Make the store and log of a new gate, or go on where a power cut stopped that."""
    settings = load(config)
    if is_new(settings):
        create_archive(settings)
        typer.echo(f"new gate: made its store in {settings.store.folder}")
    else:
        typer.echo(f"the store in {settings.store.folder} is there")


@app.command("record")
def record(
    config: ConfigFile,
    technician: Annotated[str, typer.Option(help="Who tried it, as operator.")],
    manager: Annotated[str, typer.Option("--as", help="The manager who is there and agrees.")],
    png: Picture = None,
) -> None:
    """Run the self-test, ask what only people can see and hear, and sign what was found.

    Stop the gate first: the self-test takes its devices. A gate at which nothing failed is signed
    off, as at its screen: face may be used. Exit code 1 if a part failed.
    """
    settings = load(config)
    results = _tried(settings)
    with opened(config) as (_, archive, _rights):
        operators = Operators(archive.roster.store, archive.journal, archive.clock)
        signed = conclude(
            archive,
            settings,
            login(operators, technician, Role.TECHNICIAN),
            login(operators, manager, Role.MANAGER),
            results,
        )
    hand_out(signed, png)
    if False in results.values():
        raise typer.Exit(1)


def _tried(settings: Config) -> dict[str, bool | None]:
    """Return what became of each part; one the self-test fails is not asked about."""
    results: dict[str, bool | None] = dict.fromkeys(_absent(settings))
    for finding in check_all(settings):
        parts = [one for one in PARTS.get(finding.part, ()) if one not in results]
        if parts and not finding.passed:
            typer.echo(f"{finding.part}: {finding.found}\n  {finding.fix}")
            results |= dict.fromkeys(parts, False)
    for name, (chinese, english) in CHECKS.items():
        if name not in results:
            results[name] = typer.confirm(f"{chinese}正常？ {english}: is it so?")
    return results


def _absent(settings: Config) -> set[str]:
    """Return what this gate is configured without."""
    door = settings.door
    wires = {"door-sensor": door.door_pin, "rex": door.rex_pin, "fire": door.fire_pin}
    absent = {name for name, wire in wires.items() if wire == "none"}
    drivers = {"reader": settings.reader.driver, "sound": settings.sound.driver}
    return absent | {name for name, driver in drivers.items() if driver == "none"}
