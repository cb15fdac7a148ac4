"""`sanmen operator`: who may run the gate, each with a PIN typed unseen."""

from __future__ import annotations

import getpass
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import OperatorError
from appliance.gate.archive import Archive, open_archive
from appliance.gate.store.operators import Operator, Operators, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(help="Managers, auditors and technicians.", no_args_is_help=True)
ConfigFile = Annotated[Path, typer.Option("--config", help="The gate's TOML file.")]
Name = Annotated[str, typer.Argument(help="As typed at login.")]
Manager = Annotated[str, typer.Option("--as", help="The manager who does this.")]


@app.command("add")
def add(
    config: ConfigFile,
    name: Name,
    role: Annotated[Role, typer.Option(help="What this person does, and nothing else.")],
    manager: Manager = "",
) -> None:
    """Add an operator; the first manager of a gate needs nobody else."""
    with opened(config) as (_, operators):
        by = login(operators, manager, Role.MANAGER) if manager else None
        added = operators.add(name, role, new_pin(name), by)
    typer.echo(f"added {added.name}: {added.role.value}, {added.pseudonym} in the log")


@app.command("list")
def list_operators(config: ConfigFile) -> None:
    """List the operators and what the log calls them."""
    with opened(config) as (archive, operators):
        archive.journal.happened("operators.viewed")
        table = Table("name", "role", "in the log")
        for one in operators.all():
            table.add_row(one.name, one.role.value, one.pseudonym)
    Console().print(table)


@app.command("remove")
def remove(config: ConfigFile, name: Name, manager: Manager) -> None:
    """Remove an operator; the last manager stays."""
    with opened(config) as (_, operators):
        operators.remove(name, login(operators, manager, Role.MANAGER))
    typer.echo(f"removed {name}")


@app.command("pin")
def pin(
    config: ConfigFile,
    name: Name,
    role: Annotated[Role, typer.Option(help="The person's role.")],
) -> None:
    """Change one's own PIN."""
    with opened(config) as (_, operators):
        operators.change_pin(login(operators, name, role), new_pin(name))
    typer.echo("changed")


@contextmanager
def opened(config: Path) -> Iterator[tuple[Archive, Operators]]:
    """Open a gate's archive and its operators for a command."""
    clock = SystemClock()
    archive = open_archive(load(config), clock)
    try:
        yield archive, Operators(archive.roster.store, archive.journal, clock)
    finally:
        archive.close()


def login(operators: Operators, name: str, role: Role) -> Operator:
    """Ask for the PIN of `name` and return who that is.

    Raises:
        OperatorError: see `Operators.login`; also where there is no terminal.

    """
    return operators.login(name, ask_pin(f"PIN of {role.value} {name}: "), role)


def new_pin(name: str) -> str:
    """Ask for a new PIN twice.

    Raises:
        OperatorError: typed differently; or there is no terminal.

    """
    first = ask_pin(f"New PIN for {name}, at least 6 digits: ")
    if ask_pin("The same again: ") != first:
        raise OperatorError("PIN", "typed differently", "the same twice")
    return first


def ask_pin(prompt: str) -> str:
    """Ask on the terminal, unseen; a PIN in a pipe or an argument would stay in some history.

    Raises:
        OperatorError: there is no terminal, or it was left.

    """
    with warnings.catch_warnings():
        # Without a terminal, getpass would warn and read it in the open.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError, OSError) as error:
            raise OperatorError("PIN", "no terminal", "to be typed at one") from error
