"""`sanmen backup` and `restore`: a whole gate for a replacement unit, sealed to words on paper."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from appliance.cli.opened import ConfigFile, opened, read_small
from appliance.clock import SystemClock
from appliance.config import load
from appliance.errors import KeyMissingError
from appliance.gate import backup as backups
from appliance.gate import backup_register as register
from appliance.gate.backup_format import (
    FINGERPRINT_DIGITS,
    LONGEST_BODY,
    LONGEST_HEADER,
    fingerprint,
    read_header,
)
from appliance.gate.backup_restore import plan
from appliance.gate.backup_restore import restore as fill
from appliance.gate.backup_words import Language, draw_words, recovery_key
from appliance.gate.store.files import publish

app = typer.Typer(help="Backups of a whole gate, each in the register.", no_args_is_help=True)
LONGEST_FILE = LONGEST_BODY + 2 * LONGEST_HEADER
LONGEST_LIST = 1 << 26
Reason = Annotated[str, typer.Option(help="Why; it stands in the log and the register.")]
File = Annotated[Path, typer.Argument(help="The backup.")]


@app.command()
def init(
    config: ConfigFile,
    language: Annotated[Language, typer.Option(help="Of the 24 words.")] = Language.CHINESE,
    renew: Annotated[bool, typer.Option("--renew", help="Draw new words; old ones end.")] = False,
) -> None:
    """Draw the recovery key and show it once; only its public half stays in the gate."""
    with opened(config) as (_, archive, _rights):
        store = archive.roster.store
        if register.has_recovery(store) and not renew:
            raise KeyMissingError("recovery key", "already drawn", "--renew for new words")
        words = draw_words(language)
        of_gate = fingerprint(store.signer.public_key)[:FINGERPRINT_DIGITS]
        typer.echo("Write this on paper and lock it away; it is not shown again.\n")
        parts = words.split()
        for start in range(0, len(parts), 6):
            numbered = enumerate(parts[start : start + 6], start + 1)
            typer.echo("  ".join(f"{number:2} {word}" for number, word in numbered))
        typer.echo(f"\ngate key {of_gate}")
        again = typer.prompt("Type the words from the paper", hide_input=False)
        public = recovery_key(again).public_key().public_bytes_raw()
        if public != recovery_key(words).public_key().public_bytes_raw():
            raise KeyMissingError("recovery words", "others", "those just shown; nothing was kept")
        archive.journal.happened("backup.recovery", renewed=str(renew), who=_who())
        register.set_recovery(store, public)
    typer.echo("recovery key kept; the gate has its public half alone")


@app.command()
def make(config: ConfigFile, file: File, reason: Reason) -> None:
    """Write a backup to a new file, best on another medium than the gate's card."""
    started = time.monotonic()
    with opened(config) as (_, archive, _rights):
        copy = backups.make(archive, file, _who(), reason)
    typer.echo(f"backup {copy.backup} in {copy.path}, {time.monotonic() - started:.1f} s")
    typer.echo("keep an erasure list beside it: `sanmen backup erasures`")


@app.command(name="list")
def list_copies(config: ConfigFile) -> None:
    """List the register of copies; this view is logged."""
    with opened(config) as (_, archive, _rights):
        archive.journal.happened("backup.viewed", who=_who())
        for copy in register.copies(archive.roster.store):
            at = datetime.fromtimestamp(copy.made_at, UTC).isoformat()
            there = "there" if Path(copy.path).is_file() else "out of reach"
            typer.echo(f"{copy.backup} {at} {copy.who} {copy.path} ({there}): {copy.reason}")


@app.command()
def erasures(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="A new file for the list.")],
    backup: Annotated[str, typer.Option(help="Id of the backup; the newest without it.")] = "",
) -> None:
    """Write, signed, who was erased: with it, nobody comes back out of that backup."""
    with opened(config) as (_, archive, _rights):
        known = register.copies(archive.roster.store)
        newest = known[-1].backup if known else ""
        publish(file, backups.erasure_list(archive, backup or newest).encode())
    typer.echo(f"erasure list in {file}")


def restore(
    file: File,
    config: ConfigFile,
    gate_key: Annotated[str, typer.Option(help="The old gate's key, from the paper.")],
    reason: Reason,
    erasure_list: Annotated[
        Path | None, typer.Option("--erasures", help="The old gate's erasure list.")
    ] = None,
    without_list: Annotated[
        bool,
        typer.Option(
            "--without-erasure-list",
            help="The old gate is gone: people erased since would come back, so every face is "
            "frozen until its owner confirms it.",
        ),
    ] = False,
) -> None:
    """Make this new unit out of a backup; asks for the recovery words."""
    settings = load(config)
    content = read_small(file, LONGEST_FILE)
    read_header(content)
    key = recovery_key(typer.prompt("Recovery words", hide_input=True))
    listed = (
        None
        if erasure_list is None
        else read_small(erasure_list, LONGEST_LIST).decode("ascii", "replace")
    )
    made = plan(content, key, gate_key, listed, without_list=without_list)
    done = fill(made, settings, SystemClock(), _who(), reason)
    typer.echo(
        f"restored {done.people} people, {done.faces} faces ({done.frozen} frozen until "
        f"confirmed: `sanmen consent thaw`)"
    )
    typer.echo(
        f"left out: {done.left_out} people erased, {done.faces_left_out} faces withdrawn or ended"
    )
    typer.echo("not in a backup: operators and the log; enrol the operators again")


def _who() -> str:
    """Return who runs the command, as the system knows them."""
    return f"uid {os.getuid()}"
