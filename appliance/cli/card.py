"""`sanmen card`: the issuing desk; writes cards, enrols them, blocks lost ones."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from appliance.cli.card_master import create_master, open_master
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import CardError, RosterError
from appliance.gate import process as gate
from appliance.gate.archive import open_archive
from appliance.gate.enrolment.card_bulk import Bulk, Progress, read_rows
from appliance.gate.enrolment.card_desk import CardDesk, Slot
from appliance.gate.store.records import Profile
from hardware.sim.card import SoftCard
from hardware.sim.card_memory import Memory
from hardware.sim.reader import SimReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.gate.archive import Archive
    from appliance.sections import Config
    from hardware.ports import Reader

PATIENCE_NS = 60_000_000_000
"""How long the desk waits for a card, nanoseconds."""
app = typer.Typer(help="Issue, block and list cards.", no_args_is_help=True)
ConfigFile = Annotated[Path, typer.Option("--config", help="The gate's TOML file.")]
Name = Annotated[str, typer.Argument(help="Pseudonym, as `sanmen list` shows it.")]
Master = Annotated[Path, typer.Option("--master", help="The issuing master key's file.")]
Start = Annotated[str, typer.Option("--card", help="First digits of the card's id.")]
Soft = Annotated[
    Path | None,
    typer.Option("--soft", help="Simulation sites: a software card's file, made if missing."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


@app.command()
def master(path: Annotated[Path, typer.Argument(help="A new file, kept away from gates.")]) -> None:
    """Draw the issuing master key of a community into a new file under a passphrase."""
    phrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    create_master(path, phrase)
    Console().print(f"[green]made[/] {path}. Keep a copy in a safe: without it no card is issued.")


@app.command()
def issue(
    config: ConfigFile,
    master: Master,
    pseudonym: Name = "",
    household: Annotated[str, typer.Option(help="A new resident's flat or house.")] = "",
    label: Annotated[str, typer.Option(help="How the manager recognises a new resident.")] = "",
    soft: Soft = None,
) -> None:
    """Write a blank card for somebody on the roster, or for a new resident of a household."""
    if bool(pseudonym) == bool(household):
        raise RosterError("card", f"{pseudonym!r} of {household!r}", "a pseudonym or --household")
    with _desk(config) as (settings, archive, desk):
        if household:
            pseudonym = archive.roster.add(Profile(household, label, frozenset({"card"})))
            archive.journal.happened("enrolment.committed", pseudonym, face="no")
            Console().print(f"[green]enrolled[/] {pseudonym}, as yet without a card")
        archive.roster.get(pseudonym)
        _issue(settings, desk, pseudonym, master, soft)


@app.command()
def replace(
    config: ConfigFile, pseudonym: Name, master: Master, start: Start = "", soft: Soft = None
) -> None:
    """Block a lost card at once, then write a new one with the next issue number."""
    with _desk(config) as (settings, _, desk):
        blocked = desk.block(pseudonym, start.lower())
        Console().print(f"[green]blocked[/] {blocked} of {pseudonym}'s cards")
        _issue(settings, desk, pseudonym, master, soft)


@app.command()
def block(config: ConfigFile, pseudonym: Name, start: Start = "") -> None:
    """Block a lost card; at once, also at a gate that is running."""
    with _desk(config) as (_, _, desk):
        Console().print(f"[green]blocked[/] {desk.block(pseudonym, start.lower())}")


@app.command()
def unblock(config: ConfigFile, pseudonym: Name, start: Start = "") -> None:
    """Give a found card its rights back."""
    with _desk(config) as (_, _, desk):
        count = desk.block(pseudonym, start.lower(), blocked=False)
        Console().print(f"[green]unblocked[/] {count}")


@app.command("list")
def list_cards(config: ConfigFile, as_json: AsJson = False) -> None:
    """List the cards of all residents; this view is logged. No key is ever shown."""
    with _desk(config) as (_, archive, desk):
        archive.journal.happened("cards.viewed")
        rows = [
            {
                "pseudonym": one.pseudonym,
                "household": one.profile.household,
                "card": held.number.hex()[:8],
                "uid": held.uid.hex(),
                "issue": held.issue,
                "active": held.active,
            }
            for one in archive.roster.residents()
            for held in desk.cards(one.pseudonym)
        ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("pseudonym", "household", "card", "chip", "issue", "state")
    for row in rows:
        state = "active" if row["active"] else "[red]blocked[/]"
        *cells, _ = (str(value) for value in row.values())
        table.add_row(*cells, state)
    Console().print(table)


@app.command()
def bulk(
    config: ConfigFile,
    rows: Annotated[Path, typer.Argument(help="CSV: household, label, pseudonym.")],
    master: Master,
    state: Annotated[
        Path | None, typer.Option(help="Where the progress is kept; default: beside the CSV.")
    ] = None,
    soft: Annotated[
        Path | None, typer.Option("--soft", help="Simulation sites: a folder of software cards.")
    ] = None,
) -> None:
    """Issue a card for each row of a CSV; begin again after a break and it goes on."""
    wanted = read_rows(rows)
    out = Console(stderr=True)
    with _desk(config) as (settings, archive, desk):
        progress = Progress(state or rows.with_name(rows.name + ".state"))
        work = Bulk(desk, archive.roster, progress)
        left = work.open_rows(wanted)
        out.print(f"{len(wanted)} rows, {len(wanted) - len(left)} done before")
        key = _opened(master)
        with _slot(settings, soft, many=True) as (reader, slot):
            for row in track(left, description="issuing", console=out):
                out.print(f"line {row.line}: {row.household} {row.label}: hold a blank card")
                held = _hold(settings, reader, soft, f"line-{row.line}")
                slot.wait(PATIENCE_NS)
                made = work.issue(row, slot, key)
                out.print(f"line {row.line}: [green]card {made.file.card_id.hex()[:8]}[/]")
                if held is not None and isinstance(reader, SimReader):
                    reader.take_away(held)
                slot.wait_until_gone(PATIENCE_NS)
    Console().print(f"[green]all {len(wanted)} rows done[/]")


def _issue(
    settings: Config, desk: CardDesk, pseudonym: str, master: Path, soft: Path | None
) -> None:
    key = _opened(master)
    out = Console()
    with _slot(settings, soft) as (_, slot):
        out.print("Hold the blank card to the reader, and keep it there.")
        slot.wait(PATIENCE_NS)
        made = desk.issue(pseudonym, slot, key)
    out.print(
        f"[green]issued[/] card {made.file.card_id.hex()[:8]}, issue {made.file.issue}, "
        f"to {pseudonym}; read back and enrolled"
    )


def _opened(path: Path) -> bytes:
    return open_master(path, typer.prompt("Passphrase", hide_input=True))


@contextmanager
def _desk(path: Path) -> Iterator[tuple[Config, Archive, CardDesk]]:
    settings = load(path)
    archive = open_archive(settings, SystemClock())
    with ExitStack() as ending:
        ending.callback(archive.close)
        yield settings, archive, CardDesk(archive.roster, archive.journal, gate.card_site(settings))


@contextmanager
def _slot(
    settings: Config, soft: Path | None, *, many: bool = False
) -> Iterator[tuple[Reader, Slot]]:
    """Open the configured reader, or a simulated one with a software card before it."""
    clock = SystemClock()
    if soft is not None and not settings.site.simulation:
        raise CardError("--soft", str(soft), "a real card; software cards need site.simulation")
    reader: Reader = SimReader(clock) if soft else gate.open_reader(settings, clock)
    with ExitStack() as ending:
        ending.callback(reader.close)
        if soft is not None and not many and isinstance(reader, SimReader):
            reader.hold(_soft_card(soft))
        yield reader, Slot(reader, clock)


def _hold(settings: Config, reader: Reader, folder: Path | None, name: str) -> int | None:
    if folder is None or not isinstance(reader, SimReader) or not settings.site.simulation:
        return None
    folder.mkdir(exist_ok=True)
    return reader.hold(_soft_card(folder / f"{name}.card"))


def _soft_card(path: Path) -> SoftCard:
    if not path.exists():
        return SoftCard.blank(b"\x04" + secrets.token_bytes(6), kept=path)
    try:
        return SoftCard(Memory.load(path))
    except ValueError as fault:
        raise RosterError(f"--soft {path}", str(fault), "a software card") from fault


def issued_soft_card(archive: Archive, settings: Config, pseudonym: str) -> SoftCard:
    """Return a software card that was issued to a resident just now, with a master key of its own.

    For demo, bench and tests: hold it to a `SimReader` and the gate really talks to it.

    Raises:
        CardError, RosterError: as `CardDesk.issue`.

    """
    clock = SystemClock()
    card = SoftCard.blank(b"\x04" + secrets.token_bytes(6))
    reader = SimReader(clock)
    with ExitStack() as ending:
        ending.callback(reader.close)
        reader.hold(card)
        slot = Slot(reader, clock)
        slot.wait(PATIENCE_NS)
        desk = CardDesk(archive.roster, archive.journal, gate.card_site(settings))
        desk.issue(pseudonym, slot, secrets.token_bytes(16))
    return card
